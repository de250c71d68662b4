/*
 * command_line: swatchd's options.
 *
 * For: main.c alone.
 */
#ifndef SWATCH_SWATCHD_COMMAND_LINE_H
#define SWATCH_SWATCHD_COMMAND_LINE_H

#include <stdbool.h>

struct command_line {
	bool once, wait, no_refresh;
	const char *config_path, *cache_path;   /* NULL: not given */
	int log_level;                          /* -1: as the config says */
};

/* Exit statuses; swatchd(8) explains them. */
enum exit_status { EXIT_STOPPED = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_HELD = 3, EXIT_NOT_REFRESHED = 4 };

/* Returns -1 to go on; or the exit status, after --help, --version or a message about the usage. */
int command_line_parse(int argc, char **argv, struct command_line *out);

#endif
