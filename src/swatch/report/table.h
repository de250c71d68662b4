/*
 * report/table: a report's rows as a table for people. Times are local.
 *
 * For: command.c, with the rows that report_fetch() gives.
 */
#ifndef SWATCH_SWATCH_REPORT_TABLE_H
#define SWATCH_SWATCH_REPORT_TABLE_H

#include "report/rows.h"
#include "swatch/report/options.h"
#include "swatch/ui/table.h"

/* Appends the table. Returns false when memory ran out. */
bool report_table_compose(const struct report_request *request, const struct report *report,
			  const struct table_device *device, struct buf *out);

#endif
