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
 * bidirectional marks, embeddings, overrides and isolates, line and paragraph separators. And for those that
 * nobody sees, with which one name looks like another: soft hyphens, zero-width blanks and joiners, fillers,
 * tags, and the like.
 */
bool printable_is_unsafe(uint32_t code);

/*
 * The same for a character between two others (0: no character). A zero-width joiner is part of an emoji
 * where it joins two of them, and a zero-width non-joiner is spelling in scripts whose letters join.
 */
bool printable_is_unsafe_between(uint32_t before, uint32_t code, uint32_t after);

/* The same for the first character of a text, whose code and length utf8_decode() gave. */
bool printable_is_unsafe_at(uint32_t before, uint32_t code, const char *text, size_t len, size_t took);

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
