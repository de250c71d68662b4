/*
 * cli/names: finds the session or project that somebody means by a short name.
 *
 * For: check (--session), the reports (--project), and the shells' completions.
 */
#ifndef SWATCH_SWATCH_CLI_NAMES_H
#define SWATCH_SWATCH_CLI_NAMES_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "cache/names.h"

/*
 * Takes a session's id, the beginning of one, or the name or path of a project (its last active session)
 * among the session files of the cache directory. Returns false with a message that names near ones when
 * no session fits, or several ids begin like that.
 */
bool names_find_session(int dir_fd, const char *text, char id[CACHE_SESSION_ID_MAX + 1], struct buf *error);

/*
 * Takes a project's folder below projects/, its path, or the end of its name ("shop" for "-home-u-shop"), and
 * puts the folder into `out`. `paths` is [watch] paths. Returns false with a message that names near ones
 * when no project fits, several fit, or `out` is too small. A folder's whole name is taken even if it is gone
 * from the disk, and what stands for it in the ledger's file ("#1a2b3c4d", or more of it).
 */
bool names_find_project(const char *paths, const char *text, char *out, size_t size, struct buf *error);

/* The same among the given folders. */
bool names_find_project_among(const char *const *folders, size_t count, const char *text, char *out,
			      size_t size, struct buf *error);

/* How Claude Code names the folder of a path; of another text, all but letters and digits become '-'. */
void names_encode_project(const char *text, char out[PATH_MAX]);

/*
 * Appends what names_find_session() takes, for a shell to choose from: a line for each session with the
 * shortest beginning of its id that is its own, of at least 8 characters, a tab, and its project; then one
 * for each project. Names that a shell would have to quote are left out, and there are at most
 * NAMES_LISTED_MAX.
 */
#define NAMES_LISTED_MAX 400
void names_list_sessions(int dir_fd, struct buf *out);

/* The same for names_find_project(): the short name of each project, and nothing beside it. */
void names_list_projects(const char *paths, struct buf *out);

/* A folder's name without that of the home directory: "shop" for "-home-u-shop". Points into `folder`. */
const char *names_short_project(const char *folder);

/* The same for people: "project 1a2b3c4d" where only a hash of the name is known. */
#define NAMES_HASH_SHOWN 32
const char *names_show_project(const char *folder, char hashed[NAMES_HASH_SHOWN]);

#endif
