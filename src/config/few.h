/*
 * statusline_config: the few settings that a statusline needs, read without anything else.
 *
 * For: statusline.c. The whole reader (base/config.h) refuses a file with any fault in it and takes a library; a
 * statusline runs every second and is shown whatever the file holds. This one takes [cache] directory, [daemon]
 * autostart and [statusline] format and preset by the same rules (comments, indented lines that go on) and passes over all else.
 * tests/unit/test_statusline_config.c holds the two against each other.
 */
#ifndef SWATCH_CONFIG_FEW_H
#define SWATCH_CONFIG_FEW_H

#include <stdbool.h>

#include "base/buf.h"

struct statusline_config {
	struct buf cache_directory, autostart, format, preset;   /* "": not set */
};

#define STATUSLINE_CONFIG_INIT { BUF_INIT, BUF_INIT, BUF_INIT, BUF_INIT }

/* Reads a file; what cannot be read sets nothing. */
void statusline_config_read(struct statusline_config *config, const char *path);

/* The same from text. */
void statusline_config_parse(struct statusline_config *config, const char *text, size_t len);

void statusline_config_release(struct statusline_config *config);

#endif
