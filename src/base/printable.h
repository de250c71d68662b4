/*
 * printable: tells the characters that a terminal shows from those that it would obey.
 *
 * For: everything that writes other programs' words where people look at them: the log, an alert's message, the
 * commands' pages. This is the one list of unsafe characters.
 */
#ifndef SWATCH_BASE_PRINTABLE_H
#define SWATCH_BASE_PRINTABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/*
 * True for what steers a terminal or turns a line around: control characters (C0, DEL, C1), bidirectional marks,
 * embeddings, overrides and isolates, line and paragraph separators.
 */
bool printable_is_unsafe(uint32_t code);

/*
 * Replaces every byte that must not be shown with '?': those of unsafe characters, newlines and tabs included, and those
 * that are not UTF-8 (a terminal that does not speak UTF-8 takes 0x9B alone for a C1 control).
 */
void printable_mask(char *text, size_t len);

/* Appends text with every character that printable_is_unsafe() calls unsafe, and every byte that is not UTF-8, as '?'. */
void printable_clean(struct buf *out, const char *text, size_t len);

/* The same for JSON text, whose strings keep their meaning: unsafe characters become \u escapes; newlines and tabs stay. */
void printable_clean_json(struct buf *out, const char *text, size_t len);

#endif
