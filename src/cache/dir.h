/*
 * cache_dir: where the cache files are, and a descriptor of that directory that is safe to write in.
 *
 * For: swatchd, and the commands. All file work in the cache goes through the descriptor, so that the
 * directory cannot be exchanged under a running program.
 */
#ifndef SWATCH_CACHE_DIR_H
#define SWATCH_CACHE_DIR_H

#include <stdbool.h>

#include "base/buf.h"
#include "config/config.h"

/*
 * The directory's absolute path: `override` when not NULL, else [cache] directory, else session-health in the
 * first item of CLAUDE_CONFIG_DIR (or beside it, where the item is a projects/ directory itself), else
 * ~/.claude/session-health. The caller frees it; NULL when there is no home directory or no memory.
 */
char *cache_dir_locate(const struct config *config, const char *override);

/*
 * Opens the directory; with `create` makes it, and missing ones above it, with mode 0700, and takes the
 * group's and other people's permissions off one that is ours (a umask of 002 is common). Refuses one that
 * belongs to another user, also when a symlink of ours leads there, one that a symlink of another user (root
 * excepted) leads to, and one that everybody (without `create`: also the group) may write. Returns a
 * descriptor (O_DIRECTORY|O_CLOEXEC), or -1 with a message and errno (ENOENT: it does not exist).
 */
int cache_dir_open(const char *path, bool create, struct buf *error);

/*
 * Whether the daemon could not write the shared figures when they changed last (a full disk, say): they are
 * old then, though it lives. It marks the file by a time of modification of 0.
 */
bool cache_is_unwritten(int dir_fd);

#endif
