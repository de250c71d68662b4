/*
 * statusline: Claude Code's JSON in, one line out (FORMATS section 5).
 *
 * For: the program `swatch` itself (front/main.c), which has nothing else in it, because it is started several times a
 * second; and cmd-statusline.c.
 *
 * Something is printed in every case, and nothing is waited for but the input, for 150 ms at most. No child, no
 * network, no lock.
 *
 *     statusline_input.c    stdin, up to the end of the object
 *     statusline_config.c   the settings that it needs
 *     statusline_read.c     JSON to facts (json_leaves.c); statusline_facts.c: what follows from them
 *     statusline_format.c   facts to text, by a format: statusline_fields.c, _style.c, _width.c, _presets.c
 *     statusline_tick.c     what the daemon is told
 *     statusline_autostart.c  a daemon where none runs
 *     statusline_subagents.c  the panel of subagents, instead of all that
 */
#ifndef SWATCH_SWATCH_STATUSLINE_STATUSLINE_H
#define SWATCH_SWATCH_STATUSLINE_STATUSLINE_H

#include <stdbool.h>

#include "base/buf.h"

struct statusline_options {
	const char *config_path;   /* --config; NULL: the default */
	const char *cache_path;    /* --cache; NULL: as configured */
	const char *format;        /* --format; NULL: as configured */
	const char *preset;        /* --preset; NULL: as configured */
	bool subagents;            /* --subagents: rows of that panel, and no line */
};

/*
 * Takes "--format F", "--preset P" (also with "=") and "--subagents", the arguments of a statusline that just runs. Returns false for
 * any other, which are cmd-statusline.c's.
 */
bool statusline_parse(int argc, char **argv, struct statusline_options *options);

/* Reads stdin, prints the line on stdout, tells the daemon. Returns the exit status: 0, whatever happened. */
int statusline_run(const struct statusline_options *options);

/* `--preview`: every preset, or the format asked for, with made-up facts. */
void statusline_preview(const struct statusline_options *options, struct buf *out);

/* `--check-format`: the one asked for, or the configured one. False after a message for people. */
bool statusline_check(const struct statusline_options *options, struct buf *error);

#endif
