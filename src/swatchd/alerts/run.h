/*
 * alert_run: runs [alerts] command, once for each crossing, one after the other.
 *
 * For: daemon/alerts.c. The command gets what child.h says: no shell, a group of its own, /dev/null as stdin,
 * its output bounded; it is killed at [alerts] timeout, and dies with the daemon. At most ALERT_RUN_WAITING
 * crossings wait; one more is dropped, which the log says.
 */
#ifndef SWATCH_SWATCHD_ALERTS_RUN_H
#define SWATCH_SWATCHD_ALERTS_RUN_H

#include <ev.h>
#include <json-c/json.h>
#include <stdbool.h>

#include "base/buf.h"
#include "config/config.h"
#include "json/write.h"
#include "swatchd/refresh/child.h"

#define ALERT_RUN_WAITING 16
#define ALERT_RUN_MAX_OUTPUT_BYTES ((size_t)64 << 10)

/* A crossing that waits, or whose command runs. */
struct alert_job {
	const char *rule;            /* static */
	struct buf environment;      /* "NAME=value" strings, each with a NUL behind it */
};

/* `error` is NULL when it went well, else for people. */
typedef void alert_run_done(void *ctx, const char *rule, int64_t duration_ms, const char *error);

struct alert_run {
	struct ev_loop *loop;
	const struct config *config;
	alert_run_done *done;
	void *ctx;
	char **words;                /* NULL: no command, or a faulty one */
	struct child *child;         /* NULL: nothing runs */
	const char *running_rule;
	struct alert_job waiting[ALERT_RUN_WAITING];
	size_t waiting_count;
	uint64_t good, failed, dropped;
	char last_error[448];        /* "": the last run went well */
};

void alert_run_init(struct alert_run *run, struct ev_loop *loop, const struct config *config,
		    alert_run_done *done, void *ctx);

/* Takes the command from the config, and logs when it cannot run. A run under way goes on. */
void alert_run_configure(struct alert_run *run);

/*
 * Takes `environment` over (it is empty afterwards), to be run when alert_run_start() is called: what it is
 * about has been put on record by then. Without a command nothing is run.
 */
void alert_run_add(struct alert_run *run, const char *rule, struct buf *environment);
void alert_run_start(struct alert_run *run);

/*
 * Writes those that wait as "waiting" into an open object, and takes them back. The file is written before a
 * command starts, and what runs is not in it, so that no command runs twice: without a running command the
 * first one is about to start, and is left out. Restoring returns whether any wait.
 */
void alert_run_write(const struct alert_run *run, struct jsonw *w);
bool alert_run_restore(struct alert_run *run, struct json_object *written, int64_t now_ms);

/* Kills the running command and forgets those that wait. */
void alert_run_release(struct alert_run *run);

#endif
