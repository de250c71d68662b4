/*
 * config_format: is [statusline] format of a config right? The config's own reader takes any text: the language is this
 * room's.
 *
 * For: cmd-config.c (--check) and doctor.
 */
#ifndef SWATCH_SWATCH_STATUSLINE_FORMAT_CHECK_H
#define SWATCH_SWATCH_STATUSLINE_FORMAT_CHECK_H

#include <stdbool.h>

#include "base/buf.h"
#include "config/config.h"

/* Appends the fault as config_read_file() says its own: "FILE:LINE: what". Returns true when there is none. */
bool config_format_check(const struct config *config, const char *path, struct buf *faults);

#endif
