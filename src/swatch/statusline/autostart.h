/*
 * statusline_autostart: starts swatchd where no service manager does (containers, WSL): `[daemon] autostart = yes`.
 *
 * For: statusline.c, after the line was written, and only when no daemon lives.
 *
 * Many statuslines run at the same moment, and a daemon that cannot start would be tried at each of them: the file
 * CACHE_AUTOSTART_FILE in the cache directory tells when it was last tried, and whoever holds its lock tries it alone.
 * Should two daemons start all the same, the cache's own lock ends one of them.
 */
#ifndef SWATCH_SWATCH_STATUSLINE_AUTOSTART_H
#define SWATCH_SWATCH_STATUSLINE_AUTOSTART_H

#include <stdint.h>

#include "swatch/statusline/statusline.h"

/* It is not tried again sooner: what keeps swatchd from starting is seldom over in less. */
#define AUTOSTART_PAUSE_MS INT64_C(60000)

/* Starts swatchd with the same --config and --cache, unless it was tried a moment ago. Says nothing: its log does. */
void statusline_autostart(const struct statusline_options *options, const char *cache_dir);

#endif
