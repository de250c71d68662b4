/*
 * statusline_width: how many columns text takes on a terminal, and cutting it to a width.
 *
 * For: statusline_format.c. Wide characters take two columns, combining ones none, colour codes ("\033[...m") none:
 * those are kept when text is cut, so that nothing bleeds into what comes after it.
 */
#ifndef SWATCH_BASE_WIDTH_H
#define SWATCH_BASE_WIDTH_H

#include <stddef.h>

#include "base/buf.h"

size_t width_of(const char *text, size_t len);

/* Appends the text, or as much of it as leaves room for "…" within `columns`, and that. Colour codes all stay. */
void width_clip(struct buf *out, const char *text, size_t len, size_t columns);

#endif
