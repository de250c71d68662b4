/*
 * statusline/format_check: checks [statusline] format of a config. The config's own reader takes any text,
 * because only this room knows the language.
 *
 * For: commands/config.c (--check) and doctor.
 */
#ifndef SWATCH_SWATCH_STATUSLINE_FORMAT_CHECK_H
#define SWATCH_SWATCH_STATUSLINE_FORMAT_CHECK_H

#include <stdbool.h>

#include "base/buf.h"
#include "config/config.h"

/* Returns false, and appends "FILE:LINE: what" as config_read_file() does, when the format is wrong. */
bool config_format_check(const struct config *config, const char *path, struct buf *faults);

#endif
