/*
 * few: the few settings that a statusline needs, read without anything else.
 *
 * For: swatch/statusline. config_read_file() refuses a file with any fault in it and links much; a statusline runs
 * several times a second and shows something whatever the file holds. This reads [cache] directory, [daemon] autostart
 * and [statusline] format and preset by the same grammar (base/ini.h) and passes over everything else.
 * tests/unit/test_config_few.c holds the two against each other.
 */
#ifndef SWATCH_CONFIG_FEW_H
#define SWATCH_CONFIG_FEW_H

#include <stddef.h>

#include "base/buf.h"

struct config_few {
	struct buf cache_directory, autostart, format, preset;   /* "": not set */
};

#define CONFIG_FEW_INIT { BUF_INIT, BUF_INIT, BUF_INIT, BUF_INIT }

/* Reads a file. One that cannot be read sets nothing. */
void config_few_read(struct config_few *few, const char *path);

/* The same from text. */
void config_few_parse(struct config_few *few, const char *text, size_t len);

void config_few_release(struct config_few *few);

#endif
