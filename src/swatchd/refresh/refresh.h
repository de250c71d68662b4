/*
 * refresh: a burst of activity makes at most one run of ccusage, and there are never two runs at a time.
 *
 * For: daemon.c, which reports activity here, and takes the answers to billing.
 *
 *     CLEAN --activity--> SETTLING --quiet for settle, or max_delay since the first--> due
 *     due: figures younger than ttl -> WAITING until they are that old -> RUNNING
 *     RUNNING --activity--> remembers one follow-up
 *     RUNNING --good--> CLEAN, or SETTLING when it remembered; --bad--> BACKOFF -> RUNNING
 *     any --turned off--> OFF, a run only when it has ended; OFF --turned on--> due
 *
 * No timer runs in CLEAN and in OFF.
 */
#ifndef SWATCH_SWATCHD_REFRESH_REFRESH_H
#define SWATCH_SWATCHD_REFRESH_REFRESH_H

#include <ev.h>

#include "ccusage/block.h"
#include "ccusage/command.h"
#include "config/config.h"
#include "json/write.h"

#define REFRESH_BACKOFF_FIRST_MS INT64_C(5000)
#define REFRESH_BACKOFF_MAX_MS INT64_C(600000)

enum refresh_state { REFRESH_OFF, REFRESH_CLEAN, REFRESH_SETTLING, REFRESH_WAITING, REFRESH_RUNNING,
		     REFRESH_BACKOFF };

struct refresh_result {
	const struct billing_block *answer;  /* NULL: it failed */
	int64_t answered_ms;                 /* wall clock, when there is an answer */
	const char *error;                   /* for people, when it failed */
	int exit_status;                     /* 0 when it never exited */
	int64_t duration_ms;
	unsigned failures;                   /* in a row, this one included */
	int64_t next_attempt_ms;             /* wall clock; 0: not set */
};

struct refresh_callbacks {
	void (*started)(void *ctx);
	/*
	 * An answer came. Returns true to look into it first: the run then counts as under way until
	 * refresh_end_look(), which calls finished(). May be NULL.
	 */
	bool (*look)(void *ctx, const struct refresh_result *result);
	void (*finished)(void *ctx, const struct refresh_result *result);
};

struct refresh_stats {
	uint64_t bursts;       /* times activity began after quiet */
	uint64_t runs, good, failed;
	uint64_t coalesced;    /* activity that joined a run already due */
	uint64_t follow_ups;
	int64_t last_started_ms, last_finished_ms, last_duration_ms;  /* wall clock; 0: never */
	char last_error[512];  /* "": the last run was good */
};

struct refresh {
	struct ev_loop *loop;
	const struct config *config;
	struct refresh_callbacks callbacks;
	void *ctx;
	enum refresh_state state;
	struct ccusage_command command;
	char why_off[256];           /* "": it is on */
	struct child *child;
	struct billing_block answer; /* of the run under way, while somebody looks into it */
	struct refresh_result result;
	ev_timer due;
	int64_t first_mono_ms, last_mono_ms;   /* of the activity that waits for a run; 0: no activity */
	int64_t fetched_mono_ms;     /* when the last good answer came; 0: never */
	int64_t due_wall_ms;         /* 0: no timer runs */
	bool follow_up;
	unsigned failures;           /* in a row */
	bool logged_error;           /* last_error is in this process's log, not only in an earlier one's */
	double burn_usd_per_hour;    /* NaN: no activity */
	struct refresh_stats stats;
};

void refresh_init(struct refresh *refresh, struct ev_loop *loop, const struct config *config,
		  const struct refresh_callbacks *callbacks, void *ctx);

/*
 * Reads the command from the config (again), and turns refreshing off if [billing] source is native, if there
 * is no command, or if source is auto and the program is not installed. Turns it on otherwise.
 */
void refresh_configure(struct refresh *refresh);

/* Why it is off, for people; "": it is on. */
const char *refresh_why_off(const struct refresh *refresh);

/* A transcript grew. */
void refresh_note_activity(struct refresh *refresh);

/*
 * Runs now, without settle, ttl or backoff. Returns 1 when that started a run, 0 when one is under way, -1
 * when off.
 */
int refresh_force(struct refresh *refresh);

/* The answer that look() was called with has been looked into. */
void refresh_end_look(struct refresh *refresh);

/* The burn rate, in dollars an hour, that decides the ttl; NaN: no activity. */
void refresh_set_burn_rate(struct refresh *refresh, double usd_per_hour);

/* An earlier run of the daemon got an answer at this time: it counts for the ttl. */
void refresh_seed_fetched(struct refresh *refresh, int64_t fetched_wall_ms);

/* The last runs of an earlier daemon failed, so many in a row: the next one comes when it would have come. */
void refresh_seed_failures(struct refresh *refresh, unsigned failures, int64_t next_attempt_ms,
			   const char *error);

/* Writes the "refresh" object of the status answer into an open object. */
void refresh_write_status(const struct refresh *refresh, struct jsonw *w);

/* Kills a run that is under way, without its callback, and stops the timers. */
void refresh_release(struct refresh *refresh);

#endif
