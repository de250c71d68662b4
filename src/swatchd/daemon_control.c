/*
 * What the daemon answers on its socket (FORMATS section 7).
 */
#include "swatchd/daemon.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "cache/read.h"
#include "swatchd/sandbox/sandbox.h"

/* ---- status ---- */

static int64_t resident_bytes(void)
{
	char line[128];
	FILE *statm = fopen("/proc/self/statm", "re");
	if (!statm)
		return 0;
	/* The second number is of pages that are in memory. */
	char *second = fgets(line, sizeof(line), statm) ? strchr(line, ' ') : NULL;
	long pages = second ? strtol(second, NULL, 10) : 0;
	(void)fclose(statm);
	return (int64_t)pages * sysconf(_SC_PAGESIZE);
}

static void write_sessions(struct daemon *daemon, struct jsonw *w)
{
	int64_t active = 0, idle = 0, files = 0;
	size_t cursor = 0;
	const struct session *session;
	while ((session = sessions_each(&daemon->sessions, &cursor))) {
		active += session->state == SESSION_ACTIVE;
		idle += session->state == SESSION_IDLE;
		files += session->file.exists;
	}
	jsonw_put_int(w, "total", active + idle);
	jsonw_put_int(w, "active", active);
	jsonw_put_int(w, "idle", idle);
	jsonw_put_int(w, "files", files);
	jsonw_put_int(w, "liveProcesses", (int64_t)liveness_total(&daemon->liveness));
}

static void write_expire(const struct daemon *daemon, struct jsonw *w)
{
	jsonw_put_int(w, "removed", (int64_t)daemon->expire.removed + daemon->swept_files);
	jsonw_put_int(w, "sweptTempFiles", daemon->swept_temp_files);
	jsonw_put_int_or_null(w, "nextAt", daemon->expire.due.at_ms);
}

static void write_lock(const struct daemon *daemon, struct jsonw *w)
{
	char path[SESSION_PATH_MAX];
	snprintf(path, sizeof(path), "%s/%s", daemon->options.cache_path, CACHE_LOCK_FILE);
	jsonw_put_string(w, "path", path);
	jsonw_put_int(w, "waits", daemon->options.lock_contended ? 1 : 0);
	jsonw_put_int(w, "waitedMs", daemon->options.lock_waited_ms);
	jsonw_put_int(w, "contended", (int64_t)daemon->contended);
}

static void write_watch(const struct daemon *daemon, struct jsonw *w)
{
	watch_write_status(&daemon->watch, w);
	jsonw_put_int(w, "transcripts", (int64_t)tail_count(&daemon->tail));
}

static void write_tail(const struct daemon *daemon, struct jsonw *w)
{
	tail_write_status(&daemon->tail, w);
	jsonw_put_int(w, "malformedLines", (int64_t)daemon->malformed_lines);
}

static void begin_part(struct jsonw *w, const char *key)
{
	jsonw_key(w, key);
	jsonw_begin_object(w);
}

static void write_identity(const struct daemon *daemon, struct jsonw *w)
{
	jsonw_put_bool(w, "ok", true);
	jsonw_put_string(w, "version", PACKAGE_VERSION);
	jsonw_put_int(w, "pid", getpid());
	jsonw_put_int(w, "startedAt", daemon->started_ms);
	jsonw_put_bool(w, "readingHistory", daemon->reading_history);
	jsonw_put_string(w, "cacheDirectory", daemon->options.cache_path);
	jsonw_put_string(w, "socket", daemon->options.socket_path);
	jsonw_put_string(w, "configFile", daemon->options.config_path);
}

static void answer_status(struct daemon *daemon, struct control_client *client)
{
	struct buf out = BUF_INIT;
	struct jsonw w;
	jsonw_init(&w, &out);
	jsonw_begin_object(&w);
	write_identity(daemon, &w);
	begin_part(&w, "watch");
	write_watch(daemon, &w);
	jsonw_end_object(&w);
	begin_part(&w, "tail");
	write_tail(daemon, &w);
	jsonw_end_object(&w);
	begin_part(&w, "sessions");
	write_sessions(daemon, &w);
	jsonw_end_object(&w);
	begin_part(&w, "refresh");
	refresh_write_status(&daemon->refresh, &w);
	jsonw_end_object(&w);
	begin_part(&w, "billing");
	billing_write_status(&daemon->billing, clock_wall_ms(), &w);
	jsonw_end_object(&w);
	begin_part(&w, "pricing");
	pricing_write_status(&daemon->pricing, &w);
	jsonw_end_object(&w);
	begin_part(&w, "publish");
	publish_write_status(&daemon->publish, &w);
	jsonw_end_object(&w);
	begin_part(&w, "expire");
	write_expire(daemon, &w);
	jsonw_end_object(&w);
	begin_part(&w, "alerts");
	daemon_write_alerts_status(daemon, &w);
	jsonw_end_object(&w);
	begin_part(&w, "lock");
	write_lock(daemon, &w);
	jsonw_end_object(&w);
	begin_part(&w, "control");
	control_write_status(&daemon->control, &w);
	jsonw_end_object(&w);
	begin_part(&w, "sandbox");
	sandbox_write_status(&w);
	jsonw_end_object(&w);
	begin_part(&w, "schema");
	drift_write_status(&daemon->drift, &w);
	jsonw_end_object(&w);
	begin_part(&w, "memory");
	jsonw_put_int(&w, "rssBytes", resident_bytes());
	jsonw_end_object(&w);
	jsonw_end_object(&w);
	control_answer_composed(client, &out);
	buf_release(&out);
}

/* ---- waiting clients ---- */

/* Returns false after an answer: there are too many. */
static bool add_waiter(struct control_client *client, uint64_t *waiters, size_t *count)
{
	if (*count == DAEMON_MAX_WAITERS) {
		control_answer_error(client, "too many clients wait for this already");
		return false;
	}
	waiters[(*count)++] = control_client_id(client);
	control_note_waiting(client);
	return true;
}

void daemon_answer_sync_waiters(struct daemon *daemon)
{
	if (daemon->sync_waiter_count == 0)
		return;
	publish_flush(&daemon->publish);
	for (size_t i = 0; i < daemon->sync_waiter_count; i++) {
		struct control_client *client = control_find_client(&daemon->control, daemon->sync_waiters[i]);
		if (client)
			control_answer_ok(client);
	}
	daemon->sync_waiter_count = 0;
}

static void answer_refresh(struct control_client *client, struct daemon *daemon, const struct refresh_result *result)
{
	struct buf out = BUF_INIT;
	struct jsonw w;
	struct billing_view view;
	if (!result->answer) {
		control_answer_error(client, result->error);
		return;
	}
	billing_make_view(&daemon->billing, clock_wall_ms(), &view);
	jsonw_init(&w, &out);
	jsonw_begin_object(&w);
	jsonw_put_bool(&w, "ok", true);
	jsonw_put_string(&w, "source", view.is_ccusage ? "ccusage" : "native");
	jsonw_put_double(&w, "costToday", view.today_usd);
	jsonw_put_double(&w, "blockCostUSD", view.block.present ? view.block.cost_usd : 0.);
	jsonw_put_double(&w, "burnRatePerHour", view.block.cost_per_hour_usd);
	jsonw_put_double(&w, "driftUSD", billing_drift_usd(&daemon->billing));
	jsonw_put_int(&w, "durationMs", result->duration_ms);
	jsonw_end_object(&w);
	control_answer_composed(client, &out);
	buf_release(&out);
}

void daemon_answer_refresh_waiters(struct daemon *daemon, const struct refresh_result *result)
{
	for (size_t i = 0; i < daemon->refresh_waiter_count; i++) {
		struct control_client *client = control_find_client(&daemon->control, daemon->refresh_waiters[i]);
		if (client)
			answer_refresh(client, daemon, result);
	}
	daemon->refresh_waiter_count = 0;
}

/* ---- requests ---- */

static void take_refresh(struct daemon *daemon, struct control_client *client, struct json_object *request)
{
	bool wait = json_get_bool(request, "wait", false);
	/* Registered first: a run that cannot be started is over at once. */
	if (wait && !add_waiter(client, daemon->refresh_waiters, &daemon->refresh_waiter_count))
		return;
	int started = refresh_force(&daemon->refresh);
	if (started < 0) {
		char text[320];
		snprintf(text, sizeof(text), "no refresh command: %s", refresh_why_off(&daemon->refresh));
		if (wait && daemon->refresh_waiter_count > 0)
			daemon->refresh_waiter_count--;
		control_answer_error(client, text);
		return;
	}
	if (wait)
		return;
	struct buf out = BUF_INIT;
	buf_printf(&out, "{\"ok\":true,\"started\":%s,\"joined\":%s}", started ? "true" : "false",
		   started ? "false" : "true");
	control_answer_composed(client, &out);
	buf_release(&out);
}

static void write_removed(void *ctx, const struct session *session, enum expire_reason reason)
{
	struct jsonw *w = ctx;
	char name[CACHE_NAME_SIZE];
	if (!cache_session_file_name(session->id, name))
		return;
	jsonw_begin_object(w);
	jsonw_put_string(w, "sessionId", session->id);
	jsonw_put_string(w, "file", name);
	jsonw_put_string(w, "reason", expire_reason_name(reason));
	jsonw_put_int(w, "lastActivity", session->last_activity_ms);
	jsonw_end_object(w);
}

static void take_expire(struct daemon *daemon, struct control_client *client, struct json_object *request)
{
	bool dry_run = json_get_bool(request, "dryRun", false);
	struct buf out = BUF_INIT;
	struct jsonw w;
	/* A transcript that was deleted a moment ago is gone. */
	if (!dry_run)
		daemon_flush(daemon);
	jsonw_init(&w, &out);
	jsonw_begin_object(&w);
	jsonw_put_bool(&w, "ok", true);
	jsonw_put_bool(&w, "dryRun", dry_run);
	jsonw_key(&w, "removed");
	jsonw_begin_array(&w);
	/* What a run removes is what the look before it names: nothing happens in between. */
	expire_preview(&daemon->expire, write_removed, &w);
	jsonw_end_array(&w);
	if (!dry_run) {
		expire_run(&daemon->expire);
		daemon->swept_files += publish_sweep(&daemon->publish);
		publish_flush(&daemon->publish);
	}
	jsonw_put_int_or_null(&w, "nextAt", daemon->expire.due.at_ms);
	jsonw_end_object(&w);
	control_answer_composed(client, &out);
	buf_release(&out);
}

static void take_sync(struct daemon *daemon, struct control_client *client, bool rescan)
{
	if (rescan)
		watch_rescan(&daemon->watch);
	daemon_flush(daemon);
	/* After the flush: a file that went, the first of the events it reads, would answer before the others are read. */
	add_waiter(client, daemon->sync_waiters, &daemon->sync_waiter_count);
	/* With nothing to read, nobody else says that all is done. */
	if (tail_pending(&daemon->tail) == 0)
		daemon_answer_sync_waiters(daemon);
}

/* What a statusline knows: bounded, typed, and of a session that exists; anything else is passed over. */
static void take_tick(struct daemon *daemon, struct json_object *request)
{
	const char *id = json_get_string(request, "sessionId");
	struct session *session = id ? sessions_find(&daemon->sessions, id) : NULL;
	/* The limits are the account's: the session may not have written a line yet. */
	if (id && cache_session_id_is_valid(id, strlen(id))
	    && billing_take_tick(&daemon->billing, json_get_object(request, "rateLimits"), id, clock_wall_ms()))
		publish_note_change(&daemon->publish, NULL, PUBLISH_ACCOUNT);
	if (session && session_note_tick(session, json_get_int(request, "contextWindowSize", 0),
					 json_get_double(request, "costUSD", NAN)))
		publish_note_change(&daemon->publish, session, PUBLISH_FIGURES);
}

void daemon_handle_request(void *ctx, struct control_client *client, const char *op, struct json_object *request)
{
	struct daemon *daemon = ctx;
	if (strcmp(op, "status") == 0) {
		answer_status(daemon, client);
	} else if (strcmp(op, "refresh") == 0) {
		take_refresh(daemon, client, request);
	} else if (strcmp(op, "expire") == 0) {
		take_expire(daemon, client, request);
	} else if (strcmp(op, "report") == 0) {
		daemon_answer_report(daemon, client, request);
	} else if (strcmp(op, "spend") == 0) {
		daemon_answer_spend(daemon, client, request);
	} else if (strcmp(op, "sync") == 0) {
		take_sync(daemon, client, false);
	} else if (strcmp(op, "rescan") == 0) {
		take_sync(daemon, client, true);
	} else if (strcmp(op, "subscribe") == 0) {
		static const char subscribed[] = "{\"ok\":true,\"subscribed\":true}";
		control_answer(client, subscribed, sizeof(subscribed) - 1);
		control_subscribe(client);
	} else if (strcmp(op, "tick") == 0) {
		take_tick(daemon, request);
	} else if (strcmp(op, "contended") == 0) {
		daemon->contended++;
	} else {
		daemon->control.stats.bad_requests++;
		control_answer_error(client, "unknown \"op\"");
	}
}
