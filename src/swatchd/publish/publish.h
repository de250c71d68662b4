/*
 * publish: writes the cache files when something that a reader can see has changed.
 *
 * For: the daemon. Whoever changes something calls publish_note_change() and says what; this module alone
 * decides which files that touches and when they are written:
 *
 *     what changed              its session's  all sessions'  sessions.json  billing-shared.json  when
 *     PUBLISH_TRANSCRIPT        write                         write                               in turn
 *     PUBLISH_LINES             write                         write          write                in turn
 *     PUBLISH_FIGURES           write                                                             in turn
 *     PUBLISH_STATE             write                         write                               in turn
 *     PUBLISH_ACCOUNT                                                        write                in turn
 *     PUBLISH_TIME                             rewrite        write          write                at once
 *     PUBLISH_EVERYTHING                       rewrite        rewrite        rewrite              at once
 *     publish_remove_session()  remove now                    write                               in turn
 *
 * "write" composes the file, and replaces it when a reader would see a difference; "rewrite" replaces it in
 * any case. "in turn" is the end of this turn of the loop, but for a session's file and for
 * billing-shared.json no sooner than tail_delay after the last time, and for sessions.json no sooner than
 * PUBLISH_LIST_MS. "at once" is the end of this turn, too, but takes all that waits along. Sessions that
 * expire.h excludes have no file, and never get one here.
 *
 * Time alone changes the figures at known moments (a block's end, midnight, a limit's reset, a freshness
 * boundary, a prompt cache that goes cold, a session that was quiet for an hour): one timer waits for the
 * next of them. The shared figures in each session's file are a copy: the active sessions' copies follow
 * within PUBLISH_COPIES_MS, all others' at these moments; in between, within the same time, these say that
 * they are not fresh any more. After a failure publish tries again in PUBLISH_RETRY_MS.
 *
 * Thousands of files are not written in one turn of the loop, which would keep clients and news waiting:
 * after PUBLISH_TURN_MS the rest is left to the next turns. Such a pass goes once through what was dirty, the
 * shared files last.
 */
#ifndef SWATCH_SWATCHD_PUBLISH_PUBLISH_H
#define SWATCH_SWATCHD_PUBLISH_PUBLISH_H

#include <ev.h>

#include "json/write.h"
#include "swatchd/billing/billing.h"
#include "swatchd/control/events.h"
#include "swatchd/loop/moment.h"
#include "swatchd/session/session.h"

#define PUBLISH_LIST_MS INT64_C(1000)
#define PUBLISH_COPIES_MS INT64_C(10000)
#define PUBLISH_RETRY_MS INT64_C(5000)
/* One more file may come on top of this, which takes well under a millisecond where disks are healthy. */
#define PUBLISH_TURN_MS INT64_C(8)

enum publish_change {
	PUBLISH_TRANSCRIPT,      /* a look at a transcript of the session found no new line */
	PUBLISH_LINES,           /* lines of it were read */
	PUBLISH_FIGURES,         /* the session's cost, or its statusline's report */
	PUBLISH_STATE,           /* the session is active, idle, gets a file, or lost a transcript */
	PUBLISH_ACCOUNT,         /* ccusage's answer, or a limit of the account */
	PUBLISH_TIME,            /* the clock was set: everything that depends on the time */
	PUBLISH_EVERYTHING,      /* the files may be gone, or config or prices changed */
	/* publish's own: a moment of some sessions only, and old copies of the shared figures. */
	PUBLISH_SESSION_MOMENT, PUBLISH_COPIES, PUBLISH_BLOCK, PUBLISH_FRESHNESS
};

/* Makes sure that the directory exists; may call publish_set_directory(). False: nothing can be written. */
typedef bool publish_keeper(void *ctx);

/* Gets the figures after the files were written, whenever they may have changed. Must not change publish. */
typedef void publish_observer(void *ctx, const struct billing_view *view);

struct publish_stats {
	uint64_t written;
	uint64_t unchanged;      /* composed, and not written because nothing visible had changed */
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
	ev_prepare turn_end;
	ev_timer again;
	ev_timer copies;
	struct moment moment;
	bool held;               /* until publish_begin(), and after publish_hold() */
	bool noted, at_once;     /* something changed in this turn; and must not wait */
	uint64_t pass;           /* the number of this pass through what is dirty */
	bool pass_goes_on;       /* a turn of it had no time for all */
	int64_t turn_ends_mono_ms;   /* when this turn has written enough; 0: it writes all */
	struct session_file billing_file, list_file;
	struct session *dirty;   /* the sessions whose files are dirty, by next_dirty */
	int64_t next_cold_ms;    /* when the next prompt cache goes cold; 0: not known */
	int64_t next_quiet_ms;   /* when the next session's activity is an hour old; 0: not known */
	bool moment_is_shared;   /* the next moment changes the shared figures */
	bool was_fresh;
	int64_t block_start_ms;  /* of the ledger's active block; 0: none */
	int64_t failed_mono_ms;  /* of this pass; 0: no failure */
	int64_t last_failed_mono_ms;
	int64_t sweep_mono_ms;   /* when to retry removing a file; 0: no file waits */
	bool is_missing;         /* the keeper could not make the directory again */
	int last_errno;          /* the error that was logged; 0: all files can be written */
	struct publish_stats stats;
};

/* `dir_fd` and `dir_path` stay the caller's. Writes nothing before publish_begin(). */
void publish_init(struct publish *publish, struct ev_loop *loop, int dir_fd, const char *dir_path,
		  const struct config *config, struct sessions *sessions, struct billing *billing,
		  struct events *events);

void publish_set_observer(struct publish *publish, publish_observer *observer, void *ctx);
void publish_set_keeper(struct publish *publish, publish_keeper *keeper, void *ctx);

/* The directory was made again and is empty: writes everything into this one. */
void publish_set_directory(struct publish *publish, int dir_fd);

/*
 * The figures are whole: removes our files of excluded sessions, and writes all others at the end
 * of this turn. Before this, an earlier run's files stay as they are. Returns how many it removed.
 */
unsigned publish_begin(struct publish *publish);

/* The figures are not whole any more: the files stay as they are until publish_begin(). */
void publish_hold(struct publish *publish);

/* `session`: whose change it is; NULL for PUBLISH_ACCOUNT and everything below it. */
void publish_note_change(struct publish *publish, struct session *session, enum publish_change change);

/* Writes all that waits, now and in one turn, so that the caller can announce it. */
void publish_flush(struct publish *publish);

/* Removes the session's file if it is ours. The session may be freed after this. */
void publish_remove_session(struct publish *publish, struct session *session);

/* Removes our files of sessions that do not exist or shall have no file. Returns how many. */
unsigned publish_sweep(struct publish *publish);

/* Whether any write has failed since the start. */
bool publish_has_failed(const struct publish *publish);

/* Writes the "publish" object of the status answer into an open object. */
void publish_write_status(const struct publish *publish, struct jsonw *w);

void publish_release(struct publish *publish);

#endif
