/*
 * top/canvas: a page of character cells, on which the live screen is drawn before it goes to the terminal.
 *
 * For: view.c and its parts, which draw, and screen.c, which shows it. Pure: the same in a test as on a
 * terminal.
 *
 * All text goes through top_canvas_put(), which makes it safe: control characters, overrides and invalid
 * UTF-8 become '?'; characters without a width go, except one accent on a letter; wide characters take two
 * cells; long text is cut with "…". On a terminal without UTF-8, other characters than ASCII become the
 * nearest one there, or '?'. Drawing outside of the canvas does nothing.
 */
#ifndef SWATCH_SWATCH_TOP_CANVAS_H
#define SWATCH_SWATCH_TOP_CANVAS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The widest field. */
#define TOP_FIELD_MAX 512

enum top_style {
	TOP_PLAIN, TOP_STRONG, TOP_QUIET, TOP_GOOD, TOP_NOTE, TOP_BAD, TOP_ACCENT, TOP_HEAD, TOP_STYLES
};

struct top_cell {
	uint32_t code;           /* 0: the second half of a wide character */
	uint32_t accent;         /* a combining character, or 0 */
	uint8_t style;
	bool marked;             /* in reverse */
};

struct top_canvas {
	size_t rows, columns;
	bool utf8;
	struct top_cell *cells;
};

/* Makes an empty canvas. Returns false when memory ran out; it then has no rows. */
bool top_canvas_init(struct top_canvas *canvas, size_t rows, size_t columns, bool utf8);
void top_canvas_release(struct top_canvas *canvas);

/* NULL outside of the canvas. */
struct top_cell *top_canvas_cell(const struct top_canvas *canvas, size_t row, size_t column);

/* Puts UTF-8 text at a place, cut to `width` columns. Returns how many it took. */
size_t top_canvas_put(struct top_canvas *canvas, size_t row, size_t column, size_t width,
		      enum top_style style, const char *text);

/* The same at the right end of the field. */
size_t top_canvas_put_right(struct top_canvas *canvas, size_t row, size_t column, size_t width,
			    enum top_style style, const char *text);

/* The same, but long text is cut at its beginning: for paths, whose end tells more. */
size_t top_canvas_put_tail(struct top_canvas *canvas, size_t row, size_t column, size_t width,
			   enum top_style style, const char *text);

/* Puts one character of our own `count` times. */
void top_canvas_fill(struct top_canvas *canvas, size_t row, size_t column, size_t count, enum top_style style,
		     uint32_t code);

/* How many columns the text would take. */
size_t top_canvas_width(const struct top_canvas *canvas, const char *text);

/* Marks a whole row. */
void top_canvas_mark_row(struct top_canvas *canvas, size_t row);

/* A bar of `percent`, 0 to 100 and more, in `width` columns. */
void top_canvas_bar(struct top_canvas *canvas, size_t row, size_t column, size_t width, enum top_style style,
		    double percent);

/* Copies `count` rows of another canvas of the same width. */
void top_canvas_copy(struct top_canvas *canvas, size_t row, const struct top_canvas *from, size_t from_row,
		     size_t count);

#endif
