/*
 * report/pricing_page: prices of models as a table for people, and as JSON.
 *
 * For: commands/pricing.c.
 */
#ifndef SWATCH_SWATCH_REPORT_PRICING_PAGE_H
#define SWATCH_SWATCH_REPORT_PRICING_PAGE_H

#include "price/load.h"
#include "swatch/ui/table.h"

/* Appends the table of `models`, and explains its words. Returns false when memory ran out. */
bool pricing_compose(const struct prices *prices, const char *const *models, size_t count,
		     const struct table_device *device, struct buf *out);

/* Appends {"models": [...], "pricingFile": ...}, in lines. */
void pricing_write_json(const struct prices *prices, const char *const *models, size_t count,
			struct buf *out);

#endif
