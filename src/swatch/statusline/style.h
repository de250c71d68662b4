/*
 * statusline/style: colours and styles by name, and the codes that a terminal takes.
 *
 * For: format.c and lines.c.
 */
#ifndef SWATCH_SWATCH_STATUSLINE_STYLE_H
#define SWATCH_SWATCH_STATUSLINE_STYLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* 0..255: of the palette; from STYLE_RGB on: 24 bits of red, green, blue. */
#define STYLE_NO_COLOUR (-1)
#define STYLE_RGB 0x1000000

struct statusline_style {
	int32_t foreground, background;
	unsigned bits;   /* bold, dim, italic, underline, reverse */
};

extern const struct statusline_style statusline_style_none;

/*
 * Adds words joined with '+' to a style: red, bright-red, 208, ff8800, each also with bg- before it; bold,
 * dim, italic, underline, reverse; none. Returns false for an unknown word; the style may be half changed
 * then.
 */
bool statusline_style_add(struct statusline_style *style, const char *words, size_t len);

bool statusline_style_equals(const struct statusline_style *a, const struct statusline_style *b);

/* Writes the code that changes a terminal from any style to this one. */
void statusline_style_write(const struct statusline_style *style, struct buf *out);

#endif
