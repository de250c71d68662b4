/*
 * printable: what of a text a terminal shows, and what it would obey.
 *
 * For: everything that writes other programs' words where people look at them: the log, an alert's message, the
 * commands' pages. There is one list of what is unsafe, and it is here.
 */
#ifndef SWATCH_BASE_PRINTABLE_H
#define SWATCH_BASE_PRINTABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/printable.h"

/*
 * True for what steers a terminal or turns a line around: control characters (C0, DEL, C1), bidirectional marks,
 * embeddings, overrides and isolates, line and paragraph separators.
 */
bool printable_is_unsafe(uint32_t code);

/*
 * Makes every byte '?' that must not be shown: those of what is unsafe, newlines and tabs included, and those that are
 * no UTF-8 (0x9B alone is C1 to a terminal that does not speak it).
 */
void printable_mask(char *text, size_t len);

/* Appends text with every character that printable_is_unsafe() calls unsafe, and every byte that is not UTF-8, as '?'. */
void printable_clean(struct buf *out, const char *text, size_t len);

/* The same for JSON text, whose strings stay what they are: the unsafe become \u escapes; newlines and tabs stay. */
void printable_clean_json(struct buf *out, const char *text, size_t len);

#endif
