/*
 * statusline/statusline: Claude Code's JSON in, one line out.
 *
 * For: the program `swatch` itself (swatch/main.c), which has no other command built in, because Claude Code
 * starts it several times a second; and commands/statusline.c.
 *
 * It prints something in every case. It waits only for the input, for 150 ms at most: no child, network or
 * lock.
 *
 *     input        stdin, up to the end of the object
 *     read, facts  JSON to facts (fact_table.h lists them), and what follows from them
 *     format       facts to text, by a format of the user's or of presets: fields, style, lines
 *     tick         tells the daemon what only a statusline knows
 *     autostart    starts a daemon when none runs
 *     subagents    the panel of subagents, instead of all that
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
 * Takes "--format F", "--preset P" (also with "=") and "--subagents". Returns false for any other option,
 * which commands/statusline.c understands.
 */
bool statusline_parse(int argc, char **argv, struct statusline_options *options);

/* Reads stdin, prints the line on stdout, tells the daemon. Always returns 0, the exit status. */
int statusline_run(const struct statusline_options *options);

/* `--preview`: appends every preset, or the given format, with made-up facts. */
void statusline_preview(const struct statusline_options *options, struct buf *out);

/* `--check-format`: checks the given format, or the configured one. Returns false with a message. */
bool statusline_check(const struct statusline_options *options, struct buf *error);

#endif
