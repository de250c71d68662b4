/*
 * watch: says "this transcript may have changed", "this one is gone". Inotify on directories, never on files.
 *
 * For: daemon.c, which wires it to tail and liveness. It reads no transcript.
 *
 * A directory is watched before it is listed, so nothing that is written in between is missed: whatever the listing
 * finds is reported as changed, and the receiver (tail) compares it with what it knows. A report is therefore a hint
 * that may come twice, never a count. Where inotify does not report (network filesystems, the watch limit), the
 * directory is polled: every 2 s while something changed within the last minute, every 30 s otherwise.
 *
 * A root that does not exist yet is waited for by a watch on its nearest existing ancestor.
 * When the kernel's queue overflows, everything is listed again and the `recheck` callback asks the receiver to
 * look at every transcript that it knows.
 */
#ifndef SWATCH_SWATCHD_WATCH_WATCH_H
#define SWATCH_SWATCHD_WATCH_WATCH_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include <ev.h>

#include "base/strmap.h"
#include "json/write.h"
#include "swatchd/control/events.h"

/* Seconds between polls while active, and when not. */
#define WATCH_POLL_ACTIVE_S 2.0
#define WATCH_POLL_QUIET_S 30.0
/* "Active": something changed within this time. */
#define WATCH_ACTIVE_SPAN_MS INT64_C(60000)

struct watch_callbacks {
	/* `path` may be new, changed, or as before. `root_len`: where the part below the root's directory starts. */
	void (*file_seen)(void *ctx, const char *path, size_t root_len, bool polled);
	/* Whatever lay at `path` is no longer there. */
	void (*file_gone)(void *ctx, const char *path);
	/* Everything below `directory` is no longer there. */
	void (*tree_gone)(void *ctx, const char *directory);
	/* A file of a `sessions/` directory (FORMATS section 1) came, changed or went. */
	void (*process_file_changed)(void *ctx, const char *path);
	/* Look again at every transcript known; `polled_only`: at those reported with polled = true. */
	void (*recheck)(void *ctx, bool polled_only);
	/* Directories waited to be listed, and none does any more. Comes after the last report of what they hold. */
	void (*listed)(void *ctx);
};

struct watch_stats {
	uint64_t events;       /* inotify events read */
	uint64_t overflows;    /* IN_Q_OVERFLOW */
	uint64_t rescans;      /* times everything was listed again */
	uint64_t directories;  /* watched or polled now */
	uint64_t polled;       /* polled now */
	uint64_t unlisted;     /* could not be listed, and are to be */
};

enum watch_root_state { WATCH_ROOT_MISSING, WATCH_ROOT_WATCHED, WATCH_ROOT_SAME_AS_OTHER };

struct watch_root {
	char *path;            /* a projects/ directory, as the person's configuration spells it */
	char *config_path;     /* the directory that holds it */
	enum watch_root_state state;
	dev_t dev;
	ino_t ino;
};

struct watch_dir;

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
	bool lost;                     /* something was not seen (no memory, a failed call): all is examined again */
	bool unseen_reported;
	bool deaf;                     /* events cannot be read for now */
	bool force_look;               /* a root or an anchor was moved or deleted */
	uint64_t resolve_turn;         /* counts the looks for roots; anchors carry the turn that wanted them */
	struct watch_stats stats;
};

/*
 * Sets `watch` up on `loop`; nothing is watched before watch_set_roots(). `method` is enum watch_method.
 * Returns 0, or -1 with a message when the kernel gives no inotify instance (fs.inotify.max_user_instances).
 */
int watch_init(struct watch *watch, struct ev_loop *loop, int method, const struct watch_callbacks *callbacks,
	       void *ctx, struct events *events, struct buf *error);

/*
 * The projects/ directories to watch, existing or not; what was watched and is not among them is dropped.
 * `paths` are copied. Returns 0, or -1 when memory ran out.
 */
int watch_set_roots(struct watch *watch, const char *const *paths, size_t count);

/* Something was reported and could not be kept: everything is examined again with the next poll, which comes soon. */
void watch_note_lost(struct watch *watch);

/* Reads every event that the kernel holds and lists every directory that waits for it. */
void watch_drain(struct watch *watch);

/* Lists everything again, as after an overflow. */
void watch_rescan(struct watch *watch);

/* True while directories wait to be listed. */
bool watch_is_listing(const struct watch *watch);

/* Says that a transcript really changed: polls come sooner for a minute. */
void watch_note_activity(struct watch *watch);

/* Writes the "watch" object of the status answer, but for "transcripts", into an open object. */
void watch_write_status(const struct watch *watch, struct jsonw *w);

void watch_release(struct watch *watch);

#endif
