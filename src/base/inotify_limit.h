/*
 * inotify_limit: how many inotify watches and instances the kernel allows this user, and which sysctl sets
 * that.
 *
 * For: the daemon's watch, which reports that it has reached the limit, and doctor. A user namespace (a
 * container) has limits of its own beside those of the user; the smaller one counts. Only the daemon's own
 * namespace tells.
 */
#ifndef SWATCH_BASE_INOTIFY_LIMIT_H
#define SWATCH_BASE_INOTIFY_LIMIT_H

#include <stdint.h>

enum inotify_resource { INOTIFY_WATCHES, INOTIFY_INSTANCES };

struct inotify_limit {
	const char *sysctl;     /* the one that sets the limit, such as "fs.inotify.max_user_watches" */
	int64_t most;           /* -1: unknown */
	int64_t advised;        /* a good value to raise it to */
};

struct inotify_limit inotify_limit_find(enum inotify_resource resource);

#endif
