/*
 * watch/internal: the state that the files of this folder share: watch.c reads the events and decides when to
 * poll, roots.c has the projects/ directories, dirs.c the table of all directories.
 *
 * For: these files; everyone else includes watch.h.
 */
#ifndef SWATCH_SWATCHD_WATCH_INTERNAL_H
#define SWATCH_SWATCHD_WATCH_INTERNAL_H

#include <sys/stat.h>

#include "base/strmap.h"
#include "swatchd/watch/watch.h"

struct watch_dir;
struct watch_step;

struct watch_stats {
	uint64_t events;       /* inotify events read */
	uint64_t overflows;    /* IN_Q_OVERFLOW */
	uint64_t rescans;      /* how often everything was listed again */
	uint64_t directories;  /* watched or polled now */
	uint64_t polled;       /* polled now */
	uint64_t unlisted;     /* could not be listed; the next poll tries again */
};

enum watch_root_state { WATCH_ROOT_MISSING, WATCH_ROOT_WATCHED, WATCH_ROOT_SAME_AS_OTHER };

struct watch_root {
	char *path;            /* a projects/ directory, as the user's configuration spells it */
	char *config_path;     /* the directory that holds it */
	enum watch_root_state state;
	dev_t dev;
	ino_t ino;
	bool was_watched;      /* once; MISSING: what was in it is not seen any more */
};

#define WATCH_GUARDS_MAX 4

/* ways.c alone sets these. */
struct watch_ways {
	struct ev_loop *loop;
	void (*changed)(struct watch *watch, bool mounted);
	int fd;                        /* inotify; -1: none */
	ev_io readable;
	int mountinfo_fd, mounts_epoll_fd;
	ev_io mounts;
	struct watch_step *steps;
	size_t count, cap;
	char *guards[WATCH_GUARDS_MAX];  /* other places than roots; watch_guard() adds them */
	size_t guard_count;
	bool is_unwatched, said_unwatched;
};

struct watch {
	struct ev_loop *loop;
	struct watch_callbacks callbacks;
	void *ctx;
	struct events *events;
	int method;                    /* enum watch_method of the config */
	int inotify_fd;
	ev_io readable;
	ev_timer poll_timer;
	ev_idle listing;               /* runs while `pending` holds directories to list */
	struct watch_root *roots;
	size_t root_count;
	struct strmap dirs_by_path;    /* -> struct watch_dir */
	struct strmap dirs_by_wd;      /* key: the bytes of the int */
	struct watch_dir *pending;     /* to be listed, a linked list */
	struct watch_dir *pending_tail;
	int64_t last_change_mono_ms;
	bool limit_reported;
	bool polling_reported;
	bool lost;                     /* a report was lost (no memory, a failed call): examine all again */
	bool unseen_reported;
	bool deaf;                     /* events cannot be read for now */
	bool force_look;               /* a root or an anchor was moved or deleted */
	struct watch_ways ways;
	bool looking;                  /* the ways are being followed anew */
	uint64_t resolve_turn;         /* counts the looks for roots; an anchor has the last that wanted it */
	struct watch_stats stats;
};

#endif
