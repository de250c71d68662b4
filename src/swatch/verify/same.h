/*
 * verify_same: whether two rows of a report are the same.
 *
 * For: verify_rows.c.
 */
#ifndef SWATCH_SWATCH_VERIFY_SAME_H
#define SWATCH_SWATCH_VERIFY_SAME_H

#include <json-c/json.h>
#include <stdbool.h>

#include "base/buf.h"

/*
 * Money agrees to 1e-9 USD, lists hold the same in whatever order, and null is as good as nothing. Left out
 * are missingPricing, and of a block what hangs on the moment: whether it is active, its rate and its
 * projection. A row that is NULL equals none but NULL. What differs is appended to `difference`: "totalCost
 * 1.25, expected 1.24".
 */
bool verify_same_rows(struct json_object *row, struct json_object *expected, bool is_block, struct buf *difference);

#endif
