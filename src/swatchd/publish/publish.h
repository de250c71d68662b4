/*
 * publish: writes the cache files when something a reader can see has changed.
 *
 * For: daemon.c marks what changed and calls publish_flush() at the end of each turn of work.
 *
 * A session's file is written at most once every tail_delay, billing-shared.json likewise, sessions.json at most every
 * PUBLISH_LIST_MS; what comes sooner waits for a timer. The figures change by time alone at known moments (a block's
 * end, midnight, a usage limit's reset, a freshness boundary, a prompt cache going cold): one timer waits for the next
 * of them. The shared figures in each session's file are a copy: the active sessions' copies follow within
 * PUBLISH_COPIES_MS, all others' at these moments.
 */
#ifndef SWATCH_SWATCHD_PUBLISH_PUBLISH_H
#define SWATCH_SWATCHD_PUBLISH_PUBLISH_H

#include <ev.h>

#include "json/write.h"
#include "swatchd/billing/billing.h"
#include "swatchd/control/events.h"
#include "swatchd/loop/moment.h"
#include "swatchd/session/expire.h"
#include "swatchd/session/session.h"

#define PUBLISH_LIST_MS INT64_C(1000)
#define PUBLISH_COPIES_MS INT64_C(10000)
/* A file that could not be written is tried again after this, or with the next change. */
#define PUBLISH_RETRY_MS INT64_C(5000)

/* Sees to it that there is a directory to write in; may change dir_fd and mark. False: not now. */
typedef bool publish_keeper(void *ctx);

/* Is shown the figures whenever they may have changed, after the files were written. Must not mark or flush. */
typedef void publish_observer(void *ctx, const struct billing_view *view);

struct publish_stats {
	uint64_t written;
	uint64_t unchanged;      /* composed, and found to be as before */
	uint64_t failed;
	char last_error[256];    /* "": the last write was good */
};

struct publish {
	struct ev_loop *loop;
	int dir_fd;
	const char *dir_path;
	const struct config *config;
	struct sessions *sessions;
	struct billing *billing;
	struct events *events;
	publish_observer *observer;  /* NULL: none */
	void *observer_ctx;
	publish_keeper *keeper;      /* NULL: none */
	void *keeper_ctx;
	ev_timer again;
	ev_timer copies;
	struct moment moment;
	bool held;               /* nothing is written yet: the first walk is under way */
	bool billing_dirty, list_dirty;
	struct session *dirty;   /* the sessions whose files are to be written, by next_dirty */
	int64_t next_cold_ms;    /* the next moment a prompt cache goes cold; 0: none is known */
	int64_t next_quiet_ms;   /* the next moment a session's activity is an hour old; 0: none is known */
	bool moment_is_shared;   /* the moment waited for changes the shared figures */
	bool was_fresh;
	uint64_t billing_hash, list_hash;
	int64_t billing_mono_ms, list_mono_ms;
	int64_t failed_mono_ms;  /* 0: nothing waits for a retry */
	int64_t last_failed_mono_ms;
	int64_t sweep_mono_ms;   /* a file that is to go could not be removed: the next try; 0: none waits */
	int last_errno;          /* logged once; 0 again when all could be written */
	struct publish_stats stats;
};

/* `dir_fd` and `dir_path` stay the caller's. Starts held: publish_release_hold() lets the first files out. */
void publish_init(struct publish *publish, struct ev_loop *loop, int dir_fd, const char *dir_path,
		  const struct config *config, struct sessions *sessions, struct billing *billing,
		  struct events *events);

void publish_set_observer(struct publish *publish, publish_observer *observer, void *ctx);

/* Asked before files are written. */
void publish_set_keeper(struct publish *publish, publish_keeper *keeper, void *ctx);

void publish_release_hold(struct publish *publish);

void publish_mark_session(struct publish *publish, struct session *session);
void publish_mark_billing(struct publish *publish);
void publish_mark_list(struct publish *publish);
/* Everything, whatever its hash: the files may have been deleted or replaced. */
void publish_mark_all(struct publish *publish);

/* Everything that hangs on the time: the clock was set. */
void publish_mark_time(struct publish *publish);

/* Writes what is due, and sets the timers for the rest. `now`: writes everything that is marked. */
void publish_flush(struct publish *publish, bool now);

/* Removes a session's file when it is ours. */
void publish_remove_session(struct publish *publish, struct session *session);

/* Removes our files of sessions that do not exist, or shall have none. Returns how many. */
unsigned publish_sweep(struct publish *publish);

/* Writes the "publish" object of the status answer into an open object. */
void publish_write_status(const struct publish *publish, struct jsonw *w);

void publish_release(struct publish *publish);

#endif
