#include "swatchd/daemon/alerts.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/unused.h"
#include "cache/read.h"
#include "cache/write.h"
#include "swatchd/alerts/text.h"
#include "swatchd/daemon/facts.h"
#include "swatchd/daemon/history.h"
#include "swatchd/daemon/keep.h"
#include "swatchd/loop/loop.h"
#include "swatchd/publish/compose.h"

/* ---- a crossing ---- */

static void put_optional(struct jsonw *w, const char *key, const char *text)
{
	if (text)
		jsonw_put_string(w, key, text);
}

static void tell_followers(struct events *events, const struct alert *alert, const char *message)
{
	struct jsonw *w = events_begin(events, "alert");
	if (!w)
		return;
	jsonw_put_string(w, "rule", alert_rule_name(alert->rule));
	jsonw_put_double(w, "value", alert->value);
	jsonw_put_double(w, "limit", alert->limit);
	jsonw_put_string(w, "unit", alert_unit(alert->rule));
	put_optional(w, "limitName", alert->name);
	put_optional(w, "sessionId", alert->session_id);
	put_optional(w, "projectPath", alert->project);
	put_optional(w, "waitingFor", alert->waiting_for);
	if (alert->ends_ms > 0)
		jsonw_put_int(w, "resetsAt", alert->ends_ms);
	jsonw_put_string(w, "message", message);
	events_end(events);
}

static void on_fired(void *ctx, const struct alert *alert)
{
	struct daemon *daemon = ctx;
	struct daemon_alerts *alerts = &daemon->alerts;
	AUTO_BUF message = BUF_INIT;
	AUTO_BUF environment = BUF_INIT;
	alert_text_append_message(alert, &message);
	alert_text_append_environment(alert, buf_str(&message), &environment);
	alerts->fired++;
	alerts->last_ms = alert->at_ms;
	snprintf(alerts->last_message, sizeof(alerts->last_message), "%s", buf_str(&message));
	log_info("alert: %s", buf_str(&message));
	tell_followers(&daemon->events, alert, buf_str(&message));
	daemon_note_alert(daemon, alert);
	alert_run_add(&alerts->run, alert_rule_name(alert->rule), &environment);
}

/* ---- the records ---- */

static void restore(struct daemon *daemon)
{
	AUTO_JSON *written = cache_read_json(daemon->options.cache_fd, CACHE_ALERTS_FILE);
	if (!written && errno != ENOENT)
		log_warning("cannot read %s/%s: %s; an alert may come twice",
			    daemon->options.cache_path, CACHE_ALERTS_FILE,
			    errno == EBADMSG ? "it is damaged" : strerror(errno));
	alerts_restore(&daemon->alerts.rules, written, clock_wall_ms());
	/* The file must say that they started, before they do. */
	if (alert_run_restore(&daemon->alerts.run, written, clock_wall_ms()))
		alerts_note_lost(&daemon->alerts.rules);
}

static void save(struct daemon *daemon)
{
	struct daemon_alerts *alerts = &daemon->alerts;
	AUTO_BUF content = BUF_INIT;
	struct jsonw w;
	jsonw_init(&w, &content);
	jsonw_begin_object(&w);
	jsonw_put_int(&w, "schema", CACHE_SCHEMA);
	jsonw_put_string(&w, "writer", CACHE_WRITER);
	alerts_write(&alerts->rules, &w);
	alert_run_write(&alerts->run, &w);
	jsonw_end_object(&w);
	buf_append_char(&content, '\n');
	errno = ENOMEM;
	bool good = !content.failed && cache_write_file(daemon->options.cache_fd, CACHE_ALERTS_FILE,
							content.data, content.len) == 0;
	if (!good && !alerts->save_failed)
		log_warning("cannot write %s/%s: %s; after a restart alerts may come twice",
			    daemon->options.cache_path, CACHE_ALERTS_FILE, strerror(errno));
	alerts->save_failed = !good;
	/* After a failure the next change tries again; and the timer, since none may come. */
	alerts_note_saved(&alerts->rules);
	if (good)
		ev_timer_stop(daemon->loop, &alerts->save_again);
	else
		loop_set_timer(daemon->loop, &alerts->save_again, PUBLISH_RETRY_MS);
}

static void on_save_again(struct ev_loop *loop UNUSED, ev_timer *watcher, int revents UNUSED)
{
	save(watcher->data);
}

/* ---- a command ---- */

static void on_run_done(void *ctx, const char *rule, int64_t duration_ms, const char *error)
{
	struct daemon *daemon = ctx;
	/* The next one starts now, and must not start again after a crash. */
	if (daemon->alerts.run.waiting_count > 0)
		save(daemon);
	struct jsonw *w = events_begin(&daemon->events, "alert-finished");
	if (!w)
		return;
	jsonw_put_string(w, "rule", rule);
	jsonw_put_bool(w, "ok", error == NULL);
	jsonw_put_int(w, "durationMs", duration_ms);
	jsonw_put_string(w, "error", error);
	events_end(&daemon->events);
}

/* ---- the figures they look at ---- */

static void look_at_account(struct alerts *rules, const struct billing_view *view)
{
	bool any_reached = false;
	if (view->known && view->block.present)
		alerts_note_block(rules, view->block.cost_usd, view->block.start_ms, view->block.end_ms);
	if (view->known)
		alerts_note_day(rules, view->today_usd, view->day_start_ms, view->day_end_ms);
	for (size_t i = 0; i < view->limits.count; i++) {
		const struct rate_limit *limit = &view->limits.all[i];
		any_reached = any_reached || limit->used_percent >= 100.;
		alerts_note_limit(rules, limit->name, limit->used_percent, limit->resets_ms,
				  limit->session_id[0] ? limit->session_id : NULL);
	}
	/* A marker without a limit's name is about the limit that is used up, if one is. */
	if (view->limited && !view->limit.name[0] && !any_reached)
		alerts_note_limit(rules, ALERTS_UNTOLD_LIMIT, 100., view->limit.resets_ms,
				  view->limit.session_id);
	alerts_end_limits(rules);
}

/* Of the first place of each kind: later ones are mostly copies. */
static void look_at_secrets(struct alerts *rules, const struct session *session,
			    const struct session_transcript *part)
{
	for (size_t i = 0; i < session->secrets.count; i++) {
		const struct session_secret *place = &session->secrets.places[i];
		alerts_note_secret(rules, session->id, part ? part->cwd : NULL, secret_kind_name(place->kind),
				   place->at_ms);
	}
}

static void look_at_session(struct alerts *rules, const struct session *session, const struct ledger *ledger)
{
	bool has_figures = rules->config->alerts_context_percent.count > 0
			   || rules->config->alerts_cache_cools_ms > 0;
	/* There may be thousands of sessions of which nothing is to be known. */
	if (!has_figures && session_status(session)->doing != SESSION_WAITING && session->secrets.count == 0)
		return;
	const struct session_transcript *part = session_main(session);
	struct compose_context context;
	if (session_status(session)->doing == SESSION_WAITING)
		alerts_note_waiting(rules, session->id, part ? part->cwd : NULL,
				    session_status(session)->waiting_for, session_status(session)->since_ms);
	look_at_secrets(rules, session, part);
	/* Half a transcript may show figures that a later line corrects. */
	if (!has_figures || !part || !compose_is_synced(part))
		return;
	compose_find_context(session, part, ledger, &context);
	if (session->state == SESSION_ACTIVE && context.known)
		alerts_note_context(rules, session->id, part->cwd, context.percent, part->compacted_ms);
	/* A cache may outlive the session's active time; nobody needs it once the process has ended. */
	if (session->live_processes > 0 || session->process_ended_ms == 0)
		alerts_note_cache(rules, session->id, part->cwd, session_cache_cold_ms(part),
				  session_cache_life_ms(part));
}

static void look_at_sessions(struct daemon *daemon)
{
	const struct config *config = &daemon->config;
	if (config->alerts_context_percent.count == 0 && config->alerts_cache_cools_ms == 0
	    && config->alerts_waiting_ms == 0 && !config->alerts_secret)
		return;
	for (const struct session *session = daemon->sessions.shown; session; session = session->next_shown)
		look_at_session(&daemon->alerts.rules, session, daemon->ledger);
}

/* One word an hour is enough. */
static void note_full(struct daemon *daemon, int64_t now_ms)
{
	struct daemon_alerts *alerts = &daemon->alerts;
	if (alerts->full_ms > 0 && now_ms - alerts->full_ms < CLOCK_HOUR_MS)
		return;
	alerts->full_ms = now_ms;
	log_warning("%d crossings are on record: further alerts are not given until some are over",
		    ALERTS_RECORDS_MAX);
}

void daemon_look_for_alerts(void *ctx, const struct billing_view *view)
{
	struct daemon *daemon = ctx;
	struct daemon_alerts *alerts = &daemon->alerts;
	/* Old figures are not news, and --once only looks once. */
	if (!daemon_is_news(daemon) || daemon->options.once)
		return;
	alerts_begin(&alerts->rules, view->at_ms);
	look_at_account(&alerts->rules, view);
	look_at_sessions(daemon);
	int64_t next_ms = alerts_end(&alerts->rules);
	if (alerts_take_full(&alerts->rules))
		note_full(daemon, view->at_ms);
	if (alerts_are_unsaved(&alerts->rules))
		save(daemon);
	daemon_keep_soon(daemon);
	/* The records are written by now, so no command runs twice even if we crash. */
	alert_run_start(&alerts->run);
	moment_set(&alerts->moment, next_ms);
}

static void on_moment(void *ctx)
{
	struct daemon *daemon = ctx;
	struct billing_view view;
	billing_make_view(&daemon->billing, clock_wall_ms(), &view);
	daemon_look_for_alerts(daemon, &view);
}

/* ---- for the daemon ---- */

void daemon_start_alerts(struct daemon *daemon)
{
	struct daemon_alerts *alerts = &daemon->alerts;
	alerts_init(&alerts->rules, &daemon->config, on_fired, daemon);
	alert_run_init(&alerts->run, daemon->loop, &daemon->config, on_run_done, daemon);
	moment_init(&alerts->moment, daemon->loop, on_moment, daemon);
	ev_init(&alerts->save_again, on_save_again);
	alerts->save_again.data = daemon;
	restore(daemon);
}

void daemon_write_alerts_status(const struct daemon *daemon, struct jsonw *w)
{
	const struct daemon_alerts *alerts = &daemon->alerts;
	const char *command = daemon->config.alerts_command;
	jsonw_put_string(w, "command", command[0] ? command : NULL);
	jsonw_put_int(w, "fired", (int64_t)alerts->fired);
	jsonw_put_int(w, "good", (int64_t)alerts->run.good);
	jsonw_put_int(w, "failed", (int64_t)alerts->run.failed);
	jsonw_put_int(w, "dropped", (int64_t)alerts->run.dropped);
	jsonw_put_int(w, "waiting", (int64_t)alerts->run.waiting_count + (alerts->run.child != NULL));
	jsonw_put_string(w, "lastError", alerts->run.last_error[0] ? alerts->run.last_error : NULL);
	jsonw_put_string(w, "lastMessage", alerts->last_message[0] ? alerts->last_message : NULL);
	jsonw_put_int_or_null(w, "lastAt", alerts->last_ms);
	jsonw_put_int_or_null(w, "nextAt", alerts->moment.at_ms);
}

void daemon_rewrite_alerts(struct daemon *daemon)
{
	alerts_note_lost(&daemon->alerts.rules);
}

void daemon_stop_alerts(struct daemon *daemon)
{
	/* The last chance: without the records, the next start gives these alerts again. */
	if (daemon->alerts.save_failed && !daemon->cache.lost)
		save(daemon);
	ev_timer_stop(daemon->loop, &daemon->alerts.save_again);
	moment_set(&daemon->alerts.moment, 0);
	alert_run_release(&daemon->alerts.run);
	alerts_release(&daemon->alerts.rules);
}
