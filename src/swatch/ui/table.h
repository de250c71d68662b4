/*
 * table: rows and columns as text, fitted to the width there is.
 *
 * For: the reports (report_table.c) and pricing.
 *
 * A cell has a whole text and, where one is worth it, a brief one. Too wide a table first takes the brief texts, then
 * cuts the columns that may be cut, then leaves columns out, those with the highest `drop` first, together. Text is cleaned
 * (terminal.h) on its way in.
 *
 * Calling sequence: table_init(); for each row table_row() and its table_cell()s, in any order, or table_span();
 * table_rule() where a line is to be drawn; table_render(); table_release(). When memory runs out, table_render() says so.
 */
#ifndef SWATCH_SWATCH_UI_TABLE_H
#define SWATCH_SWATCH_UI_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "swatch/ui/page.h"

#define TABLE_COLUMNS_MAX 12

enum table_cut {
	TABLE_CUT_NEVER,
	TABLE_CUT_END,       /* "abcdef" in 4 columns: "abc…" */
	TABLE_CUT_START,     /* "…def": of paths, whose end tells more */
	TABLE_CUT_LIST       /* "a, b, c": whole items, and how many more there are: "a +2" */
};

struct table_column {
	const char *title;
	const char *brief_title; /* NULL: as `title` */
	bool is_number;      /* set to the right */
	unsigned drop;       /* 0: never left out */
	enum table_cut cut;
	size_t least;        /* it is cut to so many columns, not to fewer */
	enum page_style style; /* of its cells in plain rows */
};

struct table_cell {
	char *text;
	char *brief;         /* NULL: as `text` */
};

struct table_line {
	enum page_style style;
	bool is_rule;
	bool is_span;        /* the first cell is all there is */
	struct table_cell cells[TABLE_COLUMNS_MAX];
};

struct table {
	const struct table_column *columns;
	size_t column_count;
	struct table_line *lines;
	size_t line_count, line_cap;
	bool failed;
};

/* What the table is drawn for. */
struct table_device {
	size_t width;        /* 0: as wide as it gets */
	bool colour;
	bool utf8;
};

/* The device that stdout is (terminal.h). */
void table_device_find(struct table_device *device);

/* `columns` must outlive the table; at most TABLE_COLUMNS_MAX. */
void table_init(struct table *table, const struct table_column *columns, size_t column_count);

/* Starts a row. */
void table_row(struct table *table, enum page_style style);

/* A cell of the row started last. `brief` may be NULL. */
void table_cell(struct table *table, size_t column, const char *text, const char *brief);

/* A row of one text that has the whole width, and none of the columns'. */
void table_span(struct table *table, enum page_style style, const char *text);

/* A line across all columns. */
void table_rule(struct table *table);

/* Appends titles, a rule, and the rows. Returns false when memory ran out. */
bool table_render(const struct table *table, const struct table_device *device, struct buf *out);

void table_release(struct table *table);

#endif
