/*
 * paths: path strings, and the few directories that the environment names.
 *
 * For: every room. The caller frees the strings that it gets; NULL means that memory ran out, unless a
 * comment says more.
 */
#ifndef SWATCH_BASE_PATHS_H
#define SWATCH_BASE_PATHS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/* $HOME when it is absolute, else the password database's; NULL when unknown. Do not free it. */
const char *paths_home(void);

/*
 * Tells people why a path in the home directory could not be made: there is no home directory, or no memory.
 */
const char *paths_why_none(void) __attribute__((returns_nonnull));

/*
 * Replaces a leading "~" with the home directory, and drops trailing slashes. NULL also without a home
 * directory.
 */
char *paths_expand(const char *text, size_t len);

/* The part of a path after the home directory: "" or "/...". NULL when the path is not in it. */
const char *paths_after_home(const char *path);

/* Appends a path as people write it: with "~" for the home directory. */
void paths_shorten(struct buf *out, const char *path);

/* directory + "/" + name. */
char *paths_join(const char *directory, const char *name);

/* ${XDG_CONFIG_HOME:-~/.config}; NULL when there is no home directory. */
char *paths_config_home(void);

/* ${XDG_STATE_HOME:-~/.local/state}; NULL when there is no home directory. */
char *paths_state_home(void);

/*
 * Returns the next item of a comma list, expanded and without the blanks around it; skips empty items.
 * *cursor starts at the list and moves on. NULL at the end, or when memory ran out.
 */
char *paths_next_item(const char **cursor);

/* The directory that a path is in: "/" of "/name", "." of "name". */
char *paths_parent(const char *path);

/* The part after the last slash; points into `path`. */
const char *paths_basename(const char *path);

/* Whether an errno tells that a path does not exist; any other errno tells only that we could not look. */
bool paths_is_gone(int why);

#endif
