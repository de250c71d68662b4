/*
 * width: measures the columns that text takes on a terminal, and cuts it to a width.
 *
 * For: the commands' pages and tables, swatch top, the statusline. Wide characters take two columns,
 * and so does an emoji, however many characters make it (variation selector 16, skin tones, zero-width
 * joiners, the two letters of a flag, keycaps), as in Claude Code and most terminals; combining characters
 * and colour codes ("\033[...m") take none.
 */
#ifndef SWATCH_BASE_WIDTH_H
#define SWATCH_BASE_WIDTH_H

#include <stddef.h>

#include "base/buf.h"

size_t width_of(const char *text, size_t len);

/*
 * Returns the length of the first character (with what makes it an emoji), or colour code, of a text that is
 * not empty; *columns: its width.
 */
size_t width_of_next(const char *text, size_t len, size_t *columns);

/*
 * Appends the text, or as much of it as fits into `columns` with "…" at its end. Keeps all colour codes, so
 * that no colour runs into the text after it.
 */
void width_clip(struct buf *out, const char *text, size_t len, size_t columns);

#endif
