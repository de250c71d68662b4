/*
 * argv: a command of the settings as an argument vector, and programs on PATH. No shell.
 *
 * For: everyone who runs a program.
 */
#ifndef SWATCH_BASE_ARGV_H
#define SWATCH_BASE_ARGV_H

#include "base/buf.h"

/*
 * Splits a command into words at blanks; '...' and "..." keep blanks, and a backslash keeps the next
 * character (but not inside '...'). Returns a NULL-ended vector that argv_free() frees; NULL with a message.
 */
char **argv_split(const char *command, struct buf *error);
void argv_free(char **words);

/*
 * The path of a program: a name with a slash as it is ("~" being the home directory), any other looked up on
 * PATH, of which empty and relative items do not count: what runs must not depend on the current directory.
 * The caller frees it. Returns NULL with errno: of the last obstacle that is not plain absence, else ENOENT.
 */
char *argv_find_program(const char *name);

/* The same in the directories of another list like PATH. */
char *argv_find_in(const char *list, const char *name);

#endif
