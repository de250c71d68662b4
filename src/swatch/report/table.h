/*
 * report_table: a report's rows as a table for people.
 *
 * For: report_command.c. Rows are what report_fetch() gives: JSON objects as ccusage prints them. Times are the
 * process's local ones.
 */
#ifndef SWATCH_SWATCH_REPORT_TABLE_H
#define SWATCH_SWATCH_REPORT_TABLE_H

#include <json-c/json.h>

#include "swatch/report/fetch.h"
#include "swatch/ui/table.h"

#define REPORT_MODEL_SIZE 160

/* Appends the table. Returns false when memory ran out. */
bool report_table_compose(const struct report_request *request, const struct report_data *data,
			  const struct table_device *device, struct buf *out);

/* ---- for report_table_blocks.c ---- */

/* The same for blocks, the active one explained below the table. */
bool report_blocks_compose(const struct report_request *request, const struct report_data *data,
			   const struct table_device *device, struct buf *out);

/* "claude-haiku-4-5-20251001" is "haiku-4-5". */
void report_short_model(const char *model, char out[REPORT_MODEL_SIZE]);

/* Fills a cell with the names in an array, whole and short. */
void report_put_models(struct table *table, size_t column, struct json_object *names);

/* Numbers and money. */
void report_put_count(struct table *table, size_t column, int64_t count);
void report_put_usd(struct table *table, size_t column, double usd);

/* A time as clock.h reads it, "2026-11-23 10:00"; the brief text is without the year when that is now's. */
void report_put_time(struct table *table, size_t column, const char *time, int64_t now_ms);

#endif
