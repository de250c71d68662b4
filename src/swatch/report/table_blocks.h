/*
 * report/table_blocks: the table of 5-hour blocks, and below it the active block's rate and projection.
 *
 * For: table.c.
 */
#ifndef SWATCH_SWATCH_REPORT_TABLE_BLOCKS_H
#define SWATCH_SWATCH_REPORT_TABLE_BLOCKS_H

#include <stdint.h>

#include "report/rows.h"
#include "swatch/ui/table.h"

/* Appends the table as of `now_ms`. Returns false when memory ran out. */
bool report_blocks_compose(int64_t now_ms, const struct report *report, const struct table_device *device,
			   struct buf *out);

#endif
