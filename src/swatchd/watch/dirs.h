/*
 * watch/dirs: the table of directories that watch.c watches or polls: by path, and by inotify's watch
 * descriptor.
 *
 * For: watch.c alone. A directory has one or more roles; its inotify mask follows from them.
 */
#ifndef SWATCH_SWATCHD_WATCH_DIRS_H
#define SWATCH_SWATCHD_WATCH_DIRS_H

#include "swatchd/watch/internal.h"

enum watch_role {
	WATCH_ROLE_TREE = 1,       /* a root or a folder below it: holds transcripts */
	WATCH_ROLE_ANCHOR = 2,     /* a root may appear in it */
	WATCH_ROLE_PROCESSES = 4   /* a sessions/ directory: one file a live process */
};

struct watch_dir {
	char *path;
	int wd;                    /* -1: polled, or its watch went to another path of the same directory */
	dev_t dev;                 /* what its path led to when it was watched */
	ino_t ino;
	unsigned roles;            /* enum watch_role, or-ed */
	unsigned depth;            /* below the root; 0 for a root */
	size_t root_len;           /* the root's path and its slash */
	const char *polled_why;    /* NULL: inotify reports it */
	bool unlisted;             /* its listing failed; the next poll lists it again */
	bool said_too_deep;        /* the log says that the folders below it are not watched */
	bool queued;
	uint64_t anchor_turn;      /* the resolve turn that last wanted it as an anchor */
	struct watch_dir *next_pending;
};

/*
 * Gives the directory `path` the role, watches it and, for a role that has something to list, queues it for
 * listing. Returns the directory, or NULL when it is gone or is no directory, or, after a log message, when
 * memory ran out.
 */
struct watch_dir *watch_dirs_add(struct watch *watch, const char *path, enum watch_role role, size_t root_len,
				 unsigned depth);

/* Adds a folder in `above`, unless it is deeper than TRANSCRIPT_MAX_DEPTH, which is logged once. */
void watch_dirs_add_below(struct watch *watch, struct watch_dir *above, const char *path);

/* Takes a role away; drops the directory with its last role. */
void watch_dirs_remove_role(struct watch *watch, struct watch_dir *dir, enum watch_role role);

/* Drops one directory, or everything at and below `prefix`. */
void watch_dirs_drop(struct watch *watch, struct watch_dir *dir);
void watch_dirs_drop_tree(struct watch *watch, const char *prefix);

struct watch_dir *watch_dirs_by_path(const struct watch *watch, const char *path);
struct watch_dir *watch_dirs_by_wd(const struct watch *watch, int wd);

/* Forgets a watch descriptor that the kernel has dropped (IN_IGNORED). */
void watch_dirs_forget_wd(struct watch *watch, int wd);

/* Queues a directory for listing; lists the next one of the queue (false: the queue is empty). */
void watch_dirs_queue(struct watch *watch, struct watch_dir *dir);
bool watch_dirs_list_next(struct watch *watch);

/* Whether the path of a directory below a root leads to another one by now, or to none. */
bool watch_dirs_has_moved(const struct watch_dir *dir);

/* Queues every polled directory, and tries again to watch those whose reason may have passed. */
void watch_dirs_queue_polled(struct watch *watch);

/* Queues every directory there is. */
void watch_dirs_queue_all(struct watch *watch);

void watch_dirs_release(struct watch *watch);

/*
 * Writes why a directory is polled: "why" for people, "reason" for programs (limit, method, refused, memory,
 * filesystem), and for the limit the "sysctl" that sets it and the value "advised".
 */
void watch_write_why(const struct watch_dir *dir, struct jsonw *w);

#endif
