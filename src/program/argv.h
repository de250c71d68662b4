/*
 * argv: argument vectors, from a command in the settings or word by word; and programs on PATH. No shell.
 *
 * For: everyone who runs a program.
 */
#ifndef SWATCH_PROGRAM_ARGV_H
#define SWATCH_PROGRAM_ARGV_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/* A vector that grows. Zero it first; argv_free(list.words) frees it. */
struct argv_list {
	char **words;    /* NULL-ended; NULL while it is empty */
	size_t count, cap;
};

/*
 * Adds a word, which the list then owns, also on failure. Returns false when memory ran out, or `word` is
 * NULL.
 */
bool argv_list_add(struct argv_list *list, char *word);

/*
 * Splits a command into words at blanks; '...' and "..." keep blanks, and a backslash keeps the next
 * character (but not inside '...'). Returns a NULL-ended vector that argv_free() frees; NULL with a message.
 */
char **argv_split(const char *command, struct buf *error);
void argv_free(char **words);

/* How many words a NULL-ended vector has; NULL has none. */
size_t argv_count(char *const *words);

/*
 * Finds a program: takes a name with a slash as it is ("~" is the home directory), and looks up any other on
 * PATH. Skips empty and relative items of PATH, since what runs must not depend on the current directory.
 * Returns the path, which the caller frees; NULL with errno: that of the last obstacle other than absence,
 * else ENOENT.
 */
char *argv_find_program(const char *name);

/* The same in the directories of another list like PATH. */
char *argv_find_in(const char *list, const char *name);

#endif
