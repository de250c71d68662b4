/*
 * watch: reports "this transcript may have changed" and "this one is gone". Inotify on directories, never on
 * files.
 *
 * For: daemon.c, which passes the reports on to tail and liveness. watch reads no transcript.
 *
 * It watches a directory before it lists it, so it misses nothing that somebody writes in between: it reports
 * whatever the listing finds as changed, and the receiver (tail) compares that with what it knows. A report
 * is a hint that may come twice, never a count. Where inotify does not report (network filesystems, the watch
 * limit), watch polls the directory: every 2 s while something changed within the last minute, every 30 s
 * otherwise.
 *
 * A root's path may come to lead elsewhere: a link is pointed to another directory, a parent is renamed, a
 * file system is mounted or unmounted (ways.h). Then watch reports the old tree as gone and lists the new
 * one.
 *
 * While a root does not exist, watch waits for it on its nearest existing ancestor. When the kernel's queue
 * overflows, watch lists everything again, and the `recheck` callback asks the receiver to look at every
 * transcript that it knows.
 */
#ifndef SWATCH_SWATCHD_WATCH_WATCH_H
#define SWATCH_SWATCHD_WATCH_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include <ev.h>

#include "base/buf.h"
#include "json/write.h"
#include "swatchd/control/events.h"

/* Seconds between polls while active, and when not. */
#define WATCH_POLL_ACTIVE_S 2.0
#define WATCH_POLL_QUIET_S 30.0
/* "Active": something changed within this time. */
#define WATCH_ACTIVE_SPAN_MS INT64_C(60000)

struct watch_callbacks {
	/* `path` may be new, changed, or as before; path + root_len is relative to the root. */
	void (*file_seen)(void *ctx, const char *path, size_t root_len, bool polled);
	/* The file at `path` is gone. */
	void (*file_gone)(void *ctx, const char *path);
	/* Everything below `directory` is gone. */
	void (*tree_gone)(void *ctx, const char *directory);
	/* A file in `sessions/`, where each running Claude Code has one, came, changed or went. */
	void (*process_file_changed)(void *ctx, const char *path);
	/* Look again at every known transcript; with `polled_only`, at those reported with polled = true. */
	void (*recheck)(void *ctx, bool polled_only);
	/* A way to a root or a guarded place may lead elsewhere: before the roots are looked at again. */
	void (*place_changed)(void *ctx);
	/* All directories have been listed and their files reported. */
	void (*listed)(void *ctx);
};

struct watch;

/*
 * Makes a watch on `loop`, which watches nothing before watch_set_roots(). `method` is enum watch_method.
 * Returns NULL when the kernel gives no inotify instance (fs.inotify.max_user_instances), or memory ran out.
 * Free it with watch_free().
 */
struct watch *watch_new(struct ev_loop *loop, int method, const struct watch_callbacks *callbacks, void *ctx,
			struct events *events, struct buf *error);

/*
 * Watches these projects/ directories, existing or not, and no others any more. Copies `paths`. Returns 0, or
 * -1 when memory ran out.
 */
int watch_set_roots(struct watch *watch, const char *const *paths, size_t count);

/*
 * Calls place_changed when the way to `path`, which may be a file, may lead elsewhere, or the file goes. For
 * the cache directory and the socket. Before watch_set_roots(), for at most four paths.
 */
void watch_guard(struct watch *watch, const char *path);

/*
 * Why something that should be watched is not seen at the moment: text for people, good until the next call.
 * NULL: everything is seen.
 */
const char *watch_why_blind(const struct watch *watch);

/* The receiver could not keep a report: the next poll, which comes soon, examines everything again. */
void watch_note_lost(struct watch *watch);

/* Reads every event that the kernel holds and lists every directory that waits for it. */
void watch_drain(struct watch *watch);

/* Lists everything again, as after an overflow. */
void watch_rescan(struct watch *watch);

/* True while directories wait to be listed. */
bool watch_is_listing(const struct watch *watch);

/* A transcript really changed: polls come sooner for a minute. */
void watch_note_activity(struct watch *watch);

/* Writes the "watch" object of the status answer, but for "transcripts", into an open object. */
void watch_write_status(const struct watch *watch, struct jsonw *w);

/* `watch` may be NULL. */
void watch_free(struct watch *watch);

#endif
