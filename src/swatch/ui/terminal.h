/*
 * ui/terminal: prints text to a terminal, and finds out what the terminal can show.
 *
 * For: every command. File names, other programs' output and the daemon's answers reach a terminal only
 * through here: they may contain escape sequences that retitle the window, or letters that turn the line
 * around.
 */
#ifndef SWATCH_SWATCH_UI_TERMINAL_H
#define SWATCH_SWATCH_UI_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/*
 * True when `fd` may get colours: it is a terminal that is not "dumb". CLICOLOR=0 forbids them,
 * CLICOLOR_FORCE wants them in pipes and files too, and NO_COLOR forbids them in any case.
 */
bool terminal_wants_colour(int fd);

/*
 * How many columns a line on `fd` may have: COLUMNS, else the terminal's width; 0: no limit, in a pipe or a
 * file.
 */
size_t terminal_columns(int fd);

/* True when the locale's characters are UTF-8, by LC_ALL, LC_CTYPE and LANG. */
bool terminal_speaks_utf8(void);

/*
 * Prints text that was cleaned to stdout, which main() checks in the end. When memory had run out for the
 * text, it prints an error instead and returns false.
 */
bool terminal_print(const struct buf *text);

/*
 * Prints JSON text as json_pretty() lays it out, cleaned for a terminal. Returns false as terminal_print()
 * does.
 */
bool terminal_print_json(const struct buf *json);

/* Flushes stdout. Returns false when this or an earlier write failed. */
bool terminal_flush(void);

/* The errno of the first write to stdout that failed; 0: none failed, or the reason is unknown. */
int terminal_output_errno(void);

/* Prints "swatch: text" on a line of stderr, cleaned. */
void terminal_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
