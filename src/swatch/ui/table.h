/*
 * ui/table: rows and columns as text, fitted to the width of the terminal.
 *
 * For: the reports and pricing.
 *
 * A cell has a whole text and may have a brief one. A table that is too wide first takes the brief texts,
 * then cuts the columns that may be cut, then leaves columns out, those with the highest `drop` first. Text
 * is cleaned for the terminal on its way in.
 *
 * Calling sequence: table_init(); for each row table_row() and its table_cell()s, in any order, or
 * table_span(); table_rule() for a line across; table_render(), which also reports that memory ran out;
 * table_release().
 */
#ifndef SWATCH_SWATCH_UI_TABLE_H
#define SWATCH_SWATCH_UI_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "swatch/ui/page.h"

#define TABLE_COLUMNS_MAX 12
#define TABLE_PIPE_COLUMNS 120

enum table_cut {
	TABLE_CUT_NEVER,
	TABLE_CUT_END,       /* "abcdef" in 4 columns: "abc…" */
	TABLE_CUT_START,     /* "…def": for paths, whose end tells more */
	TABLE_CUT_LIST       /* "a, b, c": whole items, and the number of the others: "a +2" */
};

struct table_column {
	const char *title;
	const char *brief_title; /* NULL: as `title` */
	bool is_number;      /* right-aligned */
	unsigned drop;       /* 0: never left out */
	enum table_cut cut;
	size_t least;        /* it is never cut to fewer columns */
	enum page_style style; /* for its cells in plain rows */
};

/* The place of a text in the table's, and its width in columns. */
struct table_text {
	uint32_t at, len, width;
};

struct table_cell {
	struct table_text text, brief;  /* brief: as `text` unless there is a shorter one */
};

struct table_line {
	enum page_style style;
	bool is_rule;
	bool is_span;        /* it has only the first cell */
	struct table_cell cells[TABLE_COLUMNS_MAX];
};

struct table {
	const struct table_column *columns;
	size_t column_count;
	struct table_line *lines;
	size_t line_count, line_cap;
	struct buf texts;    /* of all cells */
	bool failed;
};

/* Where the table is drawn. */
struct table_device {
	size_t width;        /* 0: no limit; in a pipe TABLE_PIPE_COLUMNS, unless COLUMNS says otherwise */
	bool colour;
	bool utf8;
};

/* Finds out what stdout can show. */
void table_device_find(struct table_device *device);

/* `columns` must outlive the table; at most TABLE_COLUMNS_MAX. */
void table_init(struct table *table, const struct table_column *columns, size_t column_count);

/* Starts a row. */
void table_row(struct table *table, enum page_style style);

/* A cell of the row started last: each once. `brief` may be NULL. */
void table_cell(struct table *table, size_t column, const char *text, const char *brief);

/* A cell with the texts of the one above. */
void table_cell_again(struct table *table, size_t column);

/* A row of one text across all columns. */
void table_span(struct table *table, enum page_style style, const char *text);

/* A line across all columns. */
void table_rule(struct table *table);

/* Appends a line that names the columns for which there was no room, if any. */
void table_append_left_out(const struct table *table, const struct table_device *device, struct buf *out);

/* Appends titles, a rule, and the rows. Returns false when memory ran out. */
bool table_render(const struct table *table, const struct table_device *device, struct buf *out);

void table_release(struct table *table);

#endif
