/*
 * ui/suggest: finds the word that somebody probably meant.
 *
 * For: commands/table.c.
 */
#ifndef SWATCH_SWATCH_UI_SUGGEST_H
#define SWATCH_SWATCH_UI_SUGGEST_H

#include <stdbool.h>
#include <stddef.h>

/* Longer words are not near to any. */
#define SUGGEST_MAX_LENGTH 31

/*
 * The number of typing errors between two words: a letter added, left out, or replaced, or two neighbours
 * exchanged. It is SUGGEST_MAX_LENGTH + 1 when one of the words is longer than SUGGEST_MAX_LENGTH.
 */
size_t suggest_distance(const char *typed, const char *meant);

/*
 * True when somebody who typed `typed` may have meant `meant`: it is the beginning of that, of two letters or
 * more, or at most one keystroke in three is wrong. Of several such words, the one with the smallest
 * *distance is the likeliest.
 */
bool suggest_is_near(const char *typed, const char *meant, size_t *distance);

#endif
