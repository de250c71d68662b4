/*
 * suggest: what a mistyped word was probably meant to be.
 *
 * For: command_table.c.
 */
#ifndef SWATCH_SWATCH_UI_SUGGEST_H
#define SWATCH_SWATCH_UI_SUGGEST_H

#include <stdbool.h>
#include <stddef.h>

/* Longer words are near to nothing. */
#define SUGGEST_MAX_LENGTH 31

/*
 * How many keystrokes lie between two words: a letter put in, left out, mistyped, or two neighbours exchanged, each
 * counts 1. SUGGEST_MAX_LENGTH + 1 when one of them is longer than SUGGEST_MAX_LENGTH.
 */
size_t suggest_distance(const char *typed, const char *meant);

/*
 * True when `typed` may have been meant as `meant`: a beginning of it of two letters or more, or at most one
 * keystroke in three wrong. *distance orders several such words: the smallest is the likeliest.
 */
bool suggest_is_near(const char *typed, const char *meant, size_t *distance);

#endif
