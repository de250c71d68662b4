/*
 * width: how many columns text takes on a terminal, and cutting it to a width.
 *
 * For: the commands' pages and tables, swatch top, the statusline. Wide characters take two columns, combining ones none,
 * colour codes ("\033[...m") none: those are kept when text is cut, so that no colour runs into what comes after it.
 */
#ifndef SWATCH_BASE_WIDTH_H
#define SWATCH_BASE_WIDTH_H

#include <stddef.h>

#include "base/buf.h"

size_t width_of(const char *text, size_t len);

/* The length of the character, or colour code, that `text` begins with, and how many columns it takes. `len` is not 0. */
size_t width_of_next(const char *text, size_t len, size_t *columns);

/* Appends the text, or as much of it as fits into `columns` with "…" behind it. All colour codes stay. */
void width_clip(struct buf *out, const char *text, size_t len, size_t columns);

#endif
