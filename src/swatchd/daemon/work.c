/*
 * The requests that make the daemon work: refresh, expire, sync and rescan.
 */
#include "swatchd/daemon/answers.h"

#include <stdio.h>

#include "base/unused.h"
#include "cache/read.h"
#include "swatchd/daemon/round.h"
#include "swatchd/daemon/waiters.h"

void daemon_answer_refresh(void *ctx, struct control_client *client, struct json_object *request)
{
	struct daemon *daemon = ctx;
	bool wait = json_get_bool(request, "wait", false);
	/* Registered first: a run that cannot be started is over at once. */
	if (wait && !daemon_add_waiter(daemon, &daemon->refresh_waiters, client))
		return;
	int started = refresh_force(&daemon->refresh);
	if (started < 0) {
		char text[320];
		snprintf(text, sizeof(text), "no refresh command: %s", refresh_why_off(&daemon->refresh));
		if (wait)
			daemon_drop_last_waiter(&daemon->refresh_waiters);
		control_answer_error(client, text);
		return;
	}
	if (wait)
		return;
	AUTO_BUF out = BUF_INIT;
	buf_printf(&out, "{\"ok\":true,\"started\":%s,\"joined\":%s}", started ? "true" : "false",
		   started ? "false" : "true");
	control_answer_composed(client, &out);
}

/* So much waits to be read that doing it now would keep everybody else waiting. */
static bool is_reading_much(const struct daemon *daemon)
{
	return !daemon->history.read || tail_has_backlog(daemon->tail);
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

void daemon_answer_expire(void *ctx, struct control_client *client, struct json_object *request)
{
	struct daemon *daemon = ctx;
	bool dry_run = json_get_bool(request, "dryRun", false);
	AUTO_BUF out = BUF_INIT;
	struct jsonw w;
	/* First notice the transcripts that somebody deleted a moment ago. */
	if (!dry_run && !is_reading_much(daemon))
		daemon_do_round(daemon);
	jsonw_init(&w, &out);
	jsonw_begin_object(&w);
	jsonw_put_bool(&w, "ok", true);
	jsonw_put_bool(&w, "dryRun", dry_run);
	jsonw_key_array(&w, "removed");
	/* Nothing happens between this look and the run, so the run removes exactly these. */
	expire_preview(&daemon->expire, write_removed, &w);
	jsonw_end_array(&w);
	if (!dry_run) {
		expire_run(&daemon->expire);
		daemon->history.swept_files += publish_sweep(&daemon->publish);
		publish_flush(&daemon->publish);
	}
	jsonw_put_int_or_null(&w, "nextAt", daemon->expire.due.at_ms);
	jsonw_end_object(&w);
	control_answer_composed(client, &out);
}

static void answer_when_done(struct daemon *daemon, struct control_client *client)
{
	if (!is_reading_much(daemon))
		daemon_do_round(daemon);
	else if (!daemon->history.first_walk)
		watch_drain(daemon->watch);
	/* After the round, in which a deleted file could answer before the later events are read. */
	(void)daemon_add_waiter(daemon, &daemon->sync_waiters, client);
	/* Otherwise the end of the reading answers. */
	if (!daemon->history.first_walk && tail_pending(daemon->tail) == 0)
		daemon_answer_sync_waiters(daemon);
}

void daemon_answer_sync(void *ctx, struct control_client *client, struct json_object *request UNUSED)
{
	struct daemon *daemon = ctx;
	/* Limits that statuslines confirmed are not news enough to write a file by themselves. */
	if (billing_take_confirmed(&daemon->billing))
		publish_note_change(&daemon->publish, NULL, PUBLISH_ACCOUNT);
	answer_when_done(daemon, client);
}

void daemon_answer_rescan(void *ctx, struct control_client *client, struct json_object *request UNUSED)
{
	struct daemon *daemon = ctx;
	watch_rescan(daemon->watch);
	answer_when_done(daemon, client);
}
