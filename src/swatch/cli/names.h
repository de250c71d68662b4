/*
 * cli/names: finds the session or project that somebody means by a short name.
 *
 * For: check (--session) and the reports (--project).
 */
#ifndef SWATCH_SWATCH_CLI_NAMES_H
#define SWATCH_SWATCH_CLI_NAMES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "cache/names.h"

/*
 * Takes a session's id, the beginning of one, or the name or path of a project (its last active session)
 * among the session files of the cache directory. Returns false with a message that names near ones when
 * there is none, or several ids begin like that.
 */
bool names_find_session(int dir_fd, const char *text, char id[CACHE_SESSION_ID_MAX + 1], struct buf *error);

/*
 * Takes a project's folder below projects/, its path, or the end of its name ("shop" for "-home-u-shop"), and
 * puts the folder into `out`. `paths` is [watch] paths. Returns false with a message that names near ones
 * when there is none, several fit, or `out` is too small. A folder's whole name is taken even if it is gone
 * from the disk.
 */
bool names_find_project(const char *paths, const char *text, char *out, size_t size, struct buf *error);

/* A folder's name without that of the home directory: "shop" for "-home-u-shop". Points into `folder`. */
const char *names_short_project(const char *folder);

#endif
