/*
 * report/cells: the cells of the reports' tables: models, numbers, money, times.
 *
 * For: table.c and table_blocks.c.
 */
#ifndef SWATCH_SWATCH_REPORT_CELLS_H
#define SWATCH_SWATCH_REPORT_CELLS_H

#include <stdint.h>

#include "report/rows.h"
#include "swatch/ui/table.h"

#define REPORT_MODEL_SIZE 160

/* Fills a cell with the names of a row's models, whole and short. `above`: the row before it, or NULL. */
void report_put_models(struct table *table, size_t column, const struct report_row *row,
		       const struct report_row *above);

void report_put_count(struct table *table, size_t column, int64_t count);
void report_put_usd(struct table *table, size_t column, double usd);

/* Fills a cell with an RFC 3339 time as "2026-11-23 10:00"; the brief text leaves out the current year. */
void report_put_time(struct table *table, size_t column, int64_t at_ms, int64_t now_ms);

#endif
