/*
 * few: reads the few settings that a statusline needs, and nothing else.
 *
 * For: swatch/statusline. config_read_file() refuses a file with any fault in it and links much code; a
 * statusline runs several times a second and shows something whatever the file holds. This reads [cache]
 * directory, [daemon] autostart and [statusline] format and preset by the same grammar (base/ini.h) and skips
 * the rest. tests/unit/test_config_few.c compares the two readers.
 */
#ifndef SWATCH_CONFIG_FEW_H
#define SWATCH_CONFIG_FEW_H

#include <stddef.h>

#include "base/buf.h"

struct config_few {
	struct buf cache_directory, autostart, format, preset;   /* "": not set */
};

#define CONFIG_FEW_INIT { BUF_INIT, BUF_INIT, BUF_INIT, BUF_INIT }

/* Reads a file; sets nothing when that fails. */
void config_few_read(struct config_few *few, const char *path);

/* The same from text. */
void config_few_parse(struct config_few *few, const char *text, size_t len);

void config_few_release(struct config_few *few);

#endif
