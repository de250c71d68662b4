/*
 * statusline/autostart: starts swatchd where no service manager does (containers, WSL): `[daemon] autostart =
 * yes`.
 *
 * For: statusline.c, after it wrote the line, and only when no daemon lives.
 *
 * Many statuslines run at the same moment, and each of them would try a daemon that cannot start. So the file
 * CACHE_AUTOSTART_FILE in the cache directory has the time of the last try, and only the statusline that
 * holds its lock tries. Should two daemons start all the same, the cache's own lock ends one of them.
 */
#ifndef SWATCH_SWATCH_STATUSLINE_AUTOSTART_H
#define SWATCH_SWATCH_STATUSLINE_AUTOSTART_H

#include <stdint.h>

/* The time until the next try: what keeps swatchd from starting seldom goes away sooner. */
#define AUTOSTART_PAUSE_MS INT64_C(60000)

/*
 * Starts swatchd with --config and --cache as given here (NULL: without), unless a statusline tried a moment
 * ago. Prints nothing: swatchd's log tells why it did not start.
 */
void statusline_autostart(const char *config_option, const char *cache_option, const char *cache_dir);

#endif
