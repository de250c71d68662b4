/*
 * terminal: text on its way to a person's screen.
 *
 * For: every command. File names, other programs' words and the daemon's answers reach a terminal only through here:
 * they may hold escape sequences that retitle the window, or letters that turn the line around.
 */
#ifndef SWATCH_SWATCH_UI_TERMINAL_H
#define SWATCH_SWATCH_UI_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/*
 * True when colours may be written to `fd`: a terminal that is not "dumb". NO_COLOR and CLICOLOR=0 forbid them,
 * CLICOLOR_FORCE wants them in pipes and files too; NO_COLOR is the strongest.
 */
bool terminal_wants_colour(int fd);

/* How many columns a line on `fd` may have: COLUMNS, else the terminal's width; 0: no limit (a pipe or a file). */
size_t terminal_columns(int fd);

/* True when the locale's characters are UTF-8, by LC_ALL, LC_CTYPE and LANG. */
bool terminal_speaks_utf8(void);

/*
 * Writes what was composed, and cleaned, to stdout, which the dispatcher checks in the end. Returns false when memory had
 * run out for it: that is said, and nothing is written.
 */
bool terminal_print(const struct buf *text);

/* Prints JSON text to stdout as json_pretty() lays it out, cleaned for a terminal. Returns false as terminal_print() does. */
bool terminal_print_json(const struct buf *json);

/* Writes what stdio still has of stdout. Returns false when this or any write before it failed. */
bool terminal_flush(void);

/* The errno of the first write to stdout that is known to have failed; 0: none is, or it is not known why. */
int terminal_output_errno(void);

/* "swatch: text" on stderr, cleaned, one line. */
void terminal_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
