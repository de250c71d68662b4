/*
 * top_canvas: a page of character cells, on which the live screen is drawn before it goes to the terminal.
 *
 * For: top_view.c and its neighbours draw, top_screen.c shows. Pure: the same in a test as on a terminal.
 *
 * Nothing but what top_canvas_put() lets through reaches a terminal: control characters, overrides and what is no UTF-8
 * become '?', characters without a width go (but one accent on a letter stays), wide characters take two cells, and
 * what does not fit is cut with "…". Where the terminal has no UTF-8, every character that is not ASCII gets its nearest
 * there, or '?'. Places outside of the canvas take nothing.
 */
#ifndef SWATCH_SWATCH_TOP_CANVAS_H
#define SWATCH_SWATCH_TOP_CANVAS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* No field is wider. */
#define TOP_FIELD_MAX 512

enum top_style { TOP_PLAIN, TOP_STRONG, TOP_QUIET, TOP_GOOD, TOP_NOTE, TOP_BAD, TOP_ACCENT, TOP_HEAD, TOP_STYLES };

struct top_cell {
	uint32_t code;           /* 0: the second half of a wide character */
	uint32_t accent;         /* a combining character; 0: none */
	uint8_t style;
	bool marked;             /* shown the other way round */
};

struct top_canvas {
	size_t rows, columns;
	bool utf8;
	struct top_cell *cells;
};

/* An empty canvas. Returns false when memory ran out: it then has no rows. */
bool top_canvas_init(struct top_canvas *canvas, size_t rows, size_t columns, bool utf8);
void top_canvas_release(struct top_canvas *canvas);

/* NULL outside of it. */
struct top_cell *top_canvas_cell(const struct top_canvas *canvas, size_t row, size_t column);

/* Puts UTF-8 text at a place, cut to `width` columns. Returns how many it took. */
size_t top_canvas_put(struct top_canvas *canvas, size_t row, size_t column, size_t width, enum top_style style,
		      const char *text);

/* The same at the right end of the field. */
size_t top_canvas_put_right(struct top_canvas *canvas, size_t row, size_t column, size_t width, enum top_style style,
			    const char *text);

/* The same, and what is too long is cut at its beginning: of paths, whose end tells more. */
size_t top_canvas_put_tail(struct top_canvas *canvas, size_t row, size_t column, size_t width, enum top_style style,
			   const char *text);

/* One character of our own, `count` times. */
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
void top_canvas_copy(struct top_canvas *canvas, size_t row, const struct top_canvas *from, size_t from_row, size_t count);

#endif
