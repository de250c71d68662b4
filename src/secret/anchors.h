/*
 * anchors: passes over text for the places where a token may begin: three bytes out of each known prefix.
 *
 * For: find.c. With AVX2 it looks at 64 bytes a turn: for each of three neighbouring bytes, two tables by
 * half a byte say which of eight sets of anchors it fits (as Hyperscan's Teddy does). The sets keep anchors
 * together whose bytes are alike, so that few other places fit: one in some 5000 bytes of transcripts and
 * source code. Other machines do the same byte by byte.
 */
#ifndef SWATCH_SECRET_ANCHORS_H
#define SWATCH_SECRET_ANCHORS_H

#include <stdbool.h>
#include <stddef.h>

#define SECRET_ANCHOR_LEN 3
#define SECRET_ANCHOR_SETS 8

/* Puts an anchor of three ASCII characters into one of the sets, before the first search. */
void secret_anchors_add(const char *anchor, unsigned set);

/*
 * Returns the first place in [at, end) that fits a set, or NULL; *sets gets a bit for each set that it fits.
 * It may be another text than an anchor.
 */
const char *secret_anchors_next(const char *at, const char *end, unsigned *sets);

/* The same without AVX2, for the tests. */
const char *secret_anchors_next_plain(const char *at, const char *end, unsigned *sets);

#endif
