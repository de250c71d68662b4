/*
 * report/table: a report's rows as a table for people.
 *
 * For: command.c. Rows are what report_fetch() gives: JSON objects as ccusage prints them. Times are the
 * process's local ones.
 */
#ifndef SWATCH_SWATCH_REPORT_TABLE_H
#define SWATCH_SWATCH_REPORT_TABLE_H

#include "swatch/report/data.h"
#include "swatch/report/options.h"
#include "swatch/ui/table.h"

/* Appends the table. Returns false when memory ran out. */
bool report_table_compose(const struct report_request *request, const struct report_data *data,
			  const struct table_device *device, struct buf *out);

#endif
