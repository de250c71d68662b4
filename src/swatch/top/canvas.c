#include "swatch/top/canvas.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "base/printable.h"
#include "base/utf8.h"
#include "base/width.h"
#include "swatch/ui/terminal.h"

#define ELLIPSIS 0x2026U
/* The rest of a longer text is ignored. */
#define TEXT_MAX_BYTES ((size_t)TOP_FIELD_MAX * 8)

/* ---- the page ---- */

bool top_canvas_init(struct top_canvas *canvas, size_t rows, size_t columns, bool utf8)
{
	memset(canvas, 0, sizeof(*canvas));
	canvas->utf8 = utf8;
	canvas->cells = calloc(rows * columns + 1, sizeof(*canvas->cells));
	if (!canvas->cells)
		return false;
	canvas->rows = rows;
	canvas->columns = columns;
	for (size_t i = 0; i < rows * columns; i++)
		canvas->cells[i].code = ' ';
	return true;
}

void top_canvas_release(struct top_canvas *canvas)
{
	free(canvas->cells);
	memset(canvas, 0, sizeof(*canvas));
}

struct top_cell *top_canvas_cell(const struct top_canvas *canvas, size_t row, size_t column)
{
	bool is_inside = row < canvas->rows && column < canvas->columns;
	return is_inside ? &canvas->cells[row * canvas->columns + column] : NULL;
}

/* ---- text ---- */

/* The nearest character for a terminal without UTF-8. */
static uint32_t in_ascii(uint32_t code)
{
	static const struct {
		uint32_t code;
		char ascii;
	} nearest[] = {
		{ 0xB7, '-' }, { ELLIPSIS, '~' }, { 0x2013, '-' }, { 0x2014, '-' }, { 0x2018, '\'' },
		{ 0x2019, '\'' }, { 0x201C, '"' }, { 0x201D, '"' }, { 0x2191, '^' }, { 0x2193, 'v' },
		{ 0x2500, '-' }, { 0x2581, ':' }, { 0x2582, ':' }, { 0x2583, '-' }, { 0x2584, '=' },
		{ 0x2585, '+' }, { 0x2586, '*' }, { 0x2587, '%' }, { 0x2588, '#' }, { 0x2591, '-' },
		{ 0x25B2, '^' }, { 0x25BC, 'v' }, { 0x25CB, '.' }, { 0x25CF, '*' },
	};
	if (code < 0x80)
		return code;
	for (size_t i = 0; i < sizeof(nearest) / sizeof(nearest[0]); i++)
		if (nearest[i].code == code)
			return (uint32_t)(unsigned char)nearest[i].ascii;
	return '?';
}

/* A field's text as safe cells. */
struct run {
	struct top_cell cells[TOP_FIELD_MAX];
	size_t width;
	bool cut;                /* the text was longer */
};

static void add_char(struct run *run, const struct top_canvas *canvas, uint32_t code, size_t columns)
{
	if (!canvas->utf8)
		code = in_ascii(code);
	if (run->width + columns > TOP_FIELD_MAX) {
		run->cut = true;
		return;
	}
	for (size_t i = 0; i < columns; i++)
		run->cells[run->width++] = (struct top_cell){ .code = i == 0 || !canvas->utf8 ? code : 0 };
}

/* Of the characters without a width, only the first accent on a letter stays. */
static void add_accent(struct run *run, const struct top_canvas *canvas, uint32_t code)
{
	struct top_cell *last = run->width > 0 ? &run->cells[run->width - 1] : NULL;
	if (canvas->utf8 && last && last->code > ' ' && last->accent == 0 && code >= 0x300 && code < 0x370)
		last->accent = code;
}

static void make_run(struct run *run, const struct top_canvas *canvas, const char *text, size_t len)
{
	run->width = 0;
	run->cut = false;
	uint32_t before = 0;
	while (len > 0 && !run->cut) {
		uint32_t code = 0;
		size_t took = utf8_decode(text, len, &code);
		if (took == 0 || printable_is_unsafe_at(before, code, text, len, took)) {
			add_char(run, canvas, '?', 1);
		} else {
			size_t columns = width_of(text, took);
			/* A terminal may show an unknown character in another width. */
			bool is_unknown = code >= 0x300 && wcwidth((wchar_t)code) < 0;
			if (columns > 0)
				add_char(run, canvas, is_unknown ? '?' : code, is_unknown ? 1 : columns);
			else
				add_accent(run, canvas, code);
		}
		before = code;
		took = took ? took : 1;
		text += took;
		len -= took;
	}
}

static void put_cells(struct top_canvas *canvas, size_t row, size_t column, enum top_style style,
		      const struct run *run, size_t from, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct top_cell *cell = top_canvas_cell(canvas, row, column + i);
		if (!cell)
			return;
		*cell = run->cells[from + i];
		cell->style = (uint8_t)style;
	}
}

static void put_ellipsis(struct top_canvas *canvas, size_t row, size_t column, enum top_style style)
{
	top_canvas_fill(canvas, row, column, 1, style, ELLIPSIS);
}

/* The width of a field inside the canvas. */
static size_t room(const struct top_canvas *canvas, size_t row, size_t column, size_t width)
{
	if (row >= canvas->rows || column >= canvas->columns)
		return 0;
	if (width > canvas->columns - column)
		width = canvas->columns - column;
	return width < TOP_FIELD_MAX ? width : TOP_FIELD_MAX - 1;
}

size_t top_canvas_put(struct top_canvas *canvas, size_t row, size_t column, size_t width,
		      enum top_style style, const char *text)
{
	struct run run;
	width = room(canvas, row, column, width);
	if (width == 0)
		return 0;
	make_run(&run, canvas, text, strnlen(text, TEXT_MAX_BYTES));
	if (run.width <= width && !run.cut) {
		put_cells(canvas, row, column, style, &run, 0, run.width);
		return run.width;
	}
	size_t kept = width - 1;
	/* Do not leave half of a wide character. */
	while (kept > 0 && run.cells[kept].code == 0)
		kept--;
	put_cells(canvas, row, column, style, &run, 0, kept);
	put_ellipsis(canvas, row, column + kept, style);
	return kept + 1;
}

size_t top_canvas_put_right(struct top_canvas *canvas, size_t row, size_t column, size_t width,
			    enum top_style style, const char *text)
{
	size_t takes = top_canvas_width(canvas, text);
	width = room(canvas, row, column, width);
	return top_canvas_put(canvas, row, takes < width ? column + width - takes : column, width, style,
			      text);
}

size_t top_canvas_put_tail(struct top_canvas *canvas, size_t row, size_t column, size_t width,
			   enum top_style style, const char *text)
{
	struct run run;
	size_t len = strlen(text);
	width = room(canvas, row, column, width);
	if (width == 0)
		return 0;
	/* The last bytes are enough; begin with a whole character. */
	size_t skipped = len > TOP_FIELD_MAX ? len - TOP_FIELD_MAX : 0;
	while (skipped > 0 && skipped < len && ((unsigned char)text[skipped] & 0xC0) == 0x80)
		skipped++;
	make_run(&run, canvas, text + skipped, len - skipped);
	if (run.width <= width && skipped == 0) {
		put_cells(canvas, row, column, style, &run, 0, run.width);
		return run.width;
	}
	size_t from = run.width > width - 1 ? run.width - (width - 1) : 0;
	while (from < run.width && run.cells[from].code == 0)
		from++;
	put_ellipsis(canvas, row, column, style);
	put_cells(canvas, row, column + 1, style, &run, from, run.width - from);
	return 1 + run.width - from;
}

void top_canvas_fill(struct top_canvas *canvas, size_t row, size_t column, size_t count, enum top_style style,
		     uint32_t code)
{
	code = canvas->utf8 ? code : in_ascii(code);
	for (size_t i = 0; i < count; i++) {
		struct top_cell *cell = top_canvas_cell(canvas, row, column + i);
		if (!cell)
			return;
		*cell = (struct top_cell){ .code = code, .style = (uint8_t)style };
	}
}

size_t top_canvas_width(const struct top_canvas *canvas, const char *text)
{
	struct run run;
	make_run(&run, canvas, text, strnlen(text, TEXT_MAX_BYTES));
	return run.width;
}

void top_canvas_mark_row(struct top_canvas *canvas, size_t row)
{
	for (size_t column = 0; column < canvas->columns; column++) {
		struct top_cell *cell = top_canvas_cell(canvas, row, column);
		if (cell)
			cell->marked = true;
	}
}

void top_canvas_bar(struct top_canvas *canvas, size_t row, size_t column, size_t width, enum top_style style,
		    double percent)
{
	double share = fmin(fmax(isnan(percent) ? 0 : percent, 0), 100) / 100;
	size_t full = (size_t)floor(share * (double)width + 0.5);
	/* A little shows as one cell, and nearly all leaves one free. */
	if (full == 0 && percent > 0 && width > 0)
		full = 1;
	if (full == width && share < 1 && width > 1)
		full = width - 1;
	top_canvas_fill(canvas, row, column, full, style, 0x2588);
	top_canvas_fill(canvas, row, column + full, width - full, TOP_QUIET, 0x2591);
}

void top_canvas_copy(struct top_canvas *canvas, size_t row, const struct top_canvas *from, size_t from_row,
		     size_t count)
{
	if (canvas->columns != from->columns)
		return;
	for (size_t i = 0; i < count && row + i < canvas->rows && from_row + i < from->rows; i++)
		memcpy(top_canvas_cell(canvas, row + i, 0), top_canvas_cell(from, from_row + i, 0),
		       canvas->columns * sizeof(struct top_cell));
}
