/*
 * pretty: puts JSON text into lines, with two blanks a level, as ccusage prints it.
 *
 * For: the commands' --json. Numbers and strings stay the same, to the digit.
 */
#ifndef SWATCH_JSON_PRETTY_H
#define SWATCH_JSON_PRETTY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/*
 * Appends one JSON value without its blanks and without a newline at the end; indents lines after the first
 * by `level` more levels. Appends text that is not JSON as it is, with all that follows it.
 */
void json_pretty(struct buf *out, const char *json, size_t len, unsigned level);

/* Appends a newline and the blanks of a level. */
void json_pretty_newline(struct buf *out, unsigned level);

#endif
