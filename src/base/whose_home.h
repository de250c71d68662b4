/*
 * whose_home: keeps root out of other people's homes.
 *
 * For: swatchd, and every command that writes or runs programs of the config. After sudo -E, or su without -,
 * root has the environment of the person who called it: files that it makes there belong to root, it follows
 * links that the person can plant, and it runs what that person's config names.
 */
#ifndef SWATCH_BASE_WHOSE_HOME_H
#define SWATCH_BASE_WHOSE_HOME_H

#include <stdbool.h>

#include "base/buf.h"

/*
 * Returns false, with a message, when this process is root's and HOME, CLAUDE_CONFIG_DIR or one of XDG's
 * directories belongs to somebody else.
 */
bool whose_home_is_ours(struct buf *error);

/* The same for one other variable. */
bool whose_home_has(const char *variable, struct buf *error);

#endif
