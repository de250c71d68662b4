/*
 * verify/same: compares two rows of a report.
 *
 * For: rows.c.
 */
#ifndef SWATCH_SWATCH_VERIFY_SAME_H
#define SWATCH_SWATCH_VERIFY_SAME_H

#include <json-c/json.h>
#include <stdbool.h>

#include "base/buf.h"

/*
 * Money may differ by 1e-9 USD, the order of lists does not matter, and null equals a missing member. It does
 * not compare missingPricing, nor what depends on the moment in a block: whether it is active, its rate and
 * its projection. NULL, a missing row, equals only NULL. Appends what differs to `difference`: "totalCost
 * 1.25, expected 1.24".
 */
bool verify_same_rows(struct json_object *row, struct json_object *expected, bool is_block,
		      struct buf *difference);

#endif
