/*
 * find: finds tokens and keys in a line of a transcript.
 *
 * For: swatchd, which looks at each line that it reads for a session. Nothing here keeps, copies out or logs
 * what it finds: callers learn the kind and the place.
 *
 * A line is a few hundred bytes to some megabytes of JSON. anchors.h passes over it for three bytes that each
 * kind has; only there does forms.c compare prefix, length, checksum and randomness. Text may be escaped as
 * JSON escapes it.
 */
#ifndef SWATCH_SECRET_FIND_H
#define SWATCH_SECRET_FIND_H

#include <stddef.h>

#include "secret/kinds.h"

/* `at`: the offset in the line of the secret's first byte. */
typedef void secret_found(void *ctx, enum secret_kind kind, size_t at);

/* Calls `found` for each secret in the line, in their order. Not thread-safe: the first call makes tables. */
void secret_find(const char *line, size_t len, secret_found *found, void *ctx);

#endif
