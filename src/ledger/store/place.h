/*
 * store/place: what a transcript's path in the ledger's file can be, and whether the transcript is on disk.
 *
 * For: the parts of the store that read the file, in which anybody may have written anything.
 */
#ifndef SWATCH_LEDGER_STORE_PLACE_H
#define SWATCH_LEDGER_STORE_PLACE_H

#include <stdbool.h>
#include <stdint.h>

/* Whether the path can be a transcript's, and `root_len` bytes of it lead to its projects/ directory. */
bool store_place_is_valid(const char *path, int64_t root_len);

/* Whether a transcript is not on disk; false also when nobody can look. */
bool store_place_is_empty(const char *path);

#endif
