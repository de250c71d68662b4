/*
 * pretty: JSON text set out in lines, two blanks a level, as ccusage prints it.
 *
 * For: the commands' --json. Numbers and strings stay as they are written, to the digit.
 */
#ifndef SWATCH_JSON_PRETTY_H
#define SWATCH_JSON_PRETTY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/*
 * Appends one JSON value; lines after the first are set in by `level` levels more. Blanks between its tokens are passed
 * over. No newline at the end. A value that is not JSON is shown as it is, with all that follows it.
 */
void json_pretty(struct buf *out, const char *json, size_t len, unsigned level);

/* A newline and the blanks of a level. */
void json_pretty_newline(struct buf *out, unsigned level);

#endif
