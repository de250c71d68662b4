/*
 * argv: a command of the config as an argument vector, and its program on PATH. No shell.
 *
 * For: swatchd's refresh, and `swatch verify`: both run ccusage.
 */
#ifndef SWATCH_BASE_ARGV_H
#define SWATCH_BASE_ARGV_H

#include "base/buf.h"

/*
 * Splits a command into words at blanks; '...' and "..." keep blanks, a backslash keeps the next character (not
 * inside '...'). Returns a NULL-ended vector that argv_free() frees; NULL with a message.
 */
char **argv_split(const char *command, struct buf *error);
void argv_free(char **words);

/* The path of a program, looked up as execvp(3) does; the caller frees. NULL with errno when there is none. */
char *argv_find_program(const char *name);

#endif
