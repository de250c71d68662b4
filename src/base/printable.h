/*
 * printable: distinguishes characters that a terminal shows from those that it would obey.
 *
 * For: everything that shows other programs' words to people: the log, an alert's message, the commands'
 * pages.
 */
#ifndef SWATCH_BASE_PRINTABLE_H
#define SWATCH_BASE_PRINTABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/*
 * True for characters that control a terminal or reverse a line: control characters (C0, DEL, C1),
 * bidirectional marks, embeddings, overrides and isolates, line and paragraph separators.
 */
bool printable_is_unsafe(uint32_t code);

/*
 * Replaces with '?' every byte of unsafe characters, newlines and tabs included, and every byte that is not
 * UTF-8 (to a terminal without UTF-8, 0x9B alone is a C1 control).
 */
void printable_mask(char *text, size_t len);

/* Appends text with a '?' for every unsafe character and for every byte that is not UTF-8. */
void printable_clean(struct buf *out, const char *text, size_t len);

/*
 * The same for JSON text: unsafe characters become \u escapes, so strings keep their meaning; newlines and
 * tabs stay.
 */
void printable_clean_json(struct buf *out, const char *text, size_t len);

#endif
