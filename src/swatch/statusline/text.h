/*
 * statusline/text: whether a format's own text may reach the terminal.
 *
 * For: format.c. Texts that come out of the input are masked instead (base/printable.h).
 */
#ifndef SWATCH_SWATCH_STATUSLINE_TEXT_H
#define SWATCH_SWATCH_STATUSLINE_TEXT_H

#include <stddef.h>

/* Finds the first control character, or what is not UTF-8. Returns what is wrong at *at, or NULL. */
const char *statusline_text_find_fault(const char *text, size_t len, const char **at);

#endif
