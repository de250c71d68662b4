/*
 * daemon: wires the modules together. The way of the data (DESIGN): watch -> tail -> scan -> ledger -> publish -> cache,
 * and beside it refresh, expire, liveness, control.
 *
 * For: main.c alone, which parses the command line, takes the lock, and runs the loop.
 */
#ifndef SWATCH_SWATCHD_DAEMON_H
#define SWATCH_SWATCHD_DAEMON_H

#include <ev.h>

#include "config/config.h"
#include "swatchd/alerts/alerts.h"
#include "swatchd/alerts/run.h"
#include "swatchd/billing/billing.h"
#include "swatchd/billing/pricing.h"
#include "swatchd/control/control.h"
#include "swatchd/control/events.h"
#include "swatchd/publish/publish.h"
#include "swatchd/refresh/refresh.h"
#include "swatchd/session/expire.h"
#include "swatchd/session/liveness.h"
#include "swatchd/session/session.h"
#include "swatchd/session/unknown_lines.h"
#include "swatchd/tail/tail.h"
#include "swatchd/watch/watch.h"

/* Clients that wait for something at the same time; more are told so. */
#define DAEMON_MAX_WAITERS 64

struct daemon_options {
	const char *config_path;     /* NULL: none */
	bool config_required;        /* named on the command line */
	const char *cache_path;
	int cache_fd, lock_fd;       /* the caller's to close; others than these, when the directory was made again */
	const char *socket_path;     /* NULL: no socket (--once) */
	bool once;
	bool no_refresh;
	int64_t lock_waited_ms;
	bool lock_contended;
};

/* daemon_alerts.c's. */
struct daemon_alerts {
	struct alerts rules;
	struct alert_run run;
	struct moment moment;        /* time alone makes the next crossing */
	uint64_t fired;
	int64_t last_ms;             /* 0: none yet */
	char last_message[320];
	bool save_failed;            /* said once */
};

/* daemon_clock.c's. */
struct daemon_clock {
	ev_prepare prepare;
	int64_t apart_ms;            /* the wall clock's lead over the monotonic one when they were last compared */
};

struct daemon {
	struct ev_loop *loop;
	struct daemon_options options;
	struct config config;
	struct events events;
	struct drift drift;
	struct ledger *ledger;
	struct pricing pricing;
	struct sessions sessions;
	struct watch watch;
	struct tail tail;
	struct liveness liveness;
	struct billing billing;
	struct refresh refresh;
	struct expire expire;
	struct publish publish;
	struct daemon_alerts alerts;
	struct daemon_clock clock;
	struct control control;
	bool has_control, has_watch, has_tail;
	bool first_walk;             /* the directories are being listed for the first time */
	bool reading_history;        /* what they held is being read, and the figures do not hold yet */
	bool history_read;           /* all of it was read */
	int64_t asked_unread_ms;     /* the age of the newest unread transcript when it was last asked if they hold */
	bool expire_wanted;          /* a session lost its last transcript */
	bool refresh_failed;         /* for --once */
	bool lost_cache;             /* the cache directory is gone for good: the daemon ends */
	int cache_errno;             /* why it could not be made again; said once */
	int64_t started_ms;
	uint64_t malformed_lines;
	uint64_t contended;
	unsigned swept_temp_files, swept_files;
	uint64_t sync_waiters[DAEMON_MAX_WAITERS], refresh_waiters[DAEMON_MAX_WAITERS];
	size_t sync_waiter_count, refresh_waiter_count;
};

/* Reads the config file again into `config`. Returns 0, or -1 with all its errors. */
int daemon_read_config(const struct daemon_options *options, struct config *config, struct buf *errors);

/* Makes [billing] timezone, or the one that was inherited, the process's. */
void daemon_apply_timezone(const struct config *config);

/* Watches the directories that the config and the environment name. Returns 0, or -1 when memory ran out. */
int daemon_set_roots(struct daemon *daemon);

/* Takes `config` over (it is the daemon's from then on), and starts everything. Returns 0, or -1 with a message. */
int daemon_start(struct daemon *daemon, struct ev_loop *loop, const struct daemon_options *options,
		 struct config *config, struct buf *error);

/* SIGHUP: a good config takes effect, a bad one changes nothing; both are said. */
void daemon_reload(struct daemon *daemon);

/* Reads and publishes everything that is pending now. */
void daemon_flush(struct daemon *daemon);

/* Ends everything within a moment, whatever children and clients do. */
void daemon_stop(struct daemon *daemon);

/* Answers a request of the control socket (daemon_control.c). */
void daemon_handle_request(void *ctx, struct control_client *client, const char *op, struct json_object *request);

/* What refresh tells, and what an earlier run of the daemon knew of ccusage (daemon_refresh.c). */
extern const struct refresh_callbacks daemon_refresh_callbacks;
void daemon_take_last_run(struct daemon *daemon);

/* Alerts (daemon_alerts.c): `view` are the figures as they are now; `ctx` is the daemon. */
void daemon_start_alerts(struct daemon *daemon);
void daemon_look_for_alerts(void *ctx, const struct billing_view *view);
void daemon_write_alerts_status(const struct daemon *daemon, struct jsonw *w);
void daemon_stop_alerts(struct daemon *daemon);

/* The publish_keeper (daemon_cache.c). */
bool daemon_keep_cache(void *ctx);

/*
 * The wall clock (daemon_clock.c). daemon_check_clock() publishes anew what hangs on the time when the clock was set or
 * the machine slept; each turn of the loop calls it, and who wants the figures of now.
 */
void daemon_watch_clock(struct daemon *daemon);
void daemon_check_clock(struct daemon *daemon);
void daemon_unwatch_clock(struct daemon *daemon);

/* Answers {"op":"report"}, and {"op":"spend"} (daemon_report.c). */
void daemon_answer_report(struct daemon *daemon, struct control_client *client, struct json_object *request);
void daemon_answer_spend(struct daemon *daemon, struct control_client *client, struct json_object *request);

/* Answers those who wait for the refresh that ended, or for all that was pending. */
void daemon_answer_refresh_waiters(struct daemon *daemon, const struct refresh_result *result);
void daemon_answer_sync_waiters(struct daemon *daemon);

#endif
