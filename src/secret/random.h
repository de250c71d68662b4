/*
 * random: tells made-up tokens from real ones, which are drawn at random or carry a checksum.
 *
 * For: forms.c.
 */
#ifndef SWATCH_SECRET_RANDOM_H
#define SWATCH_SECRET_RANDOM_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Whether the text could have been drawn at random: it has at least `min_bits` of entropy a character, no
 * part that repeats, no run such as "abcdef" or "654321", and none of the words that examples have in the
 * place of a token. Of a million random tokens, some ten fail.
 */
bool secret_is_random(const char *text, size_t len, double min_bits);

/* The entropy alone: for keys whose first lines are the same in all of them. */
bool secret_has_entropy(const char *text, size_t len, double min_bits);

/*
 * Whether the last six of the characters are the CRC-32 of those before, in base 62: GitHub's and npm's way.
 */
bool secret_has_checksum(const char *text, size_t len);

#endif
