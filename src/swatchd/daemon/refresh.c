#include "swatchd/daemon/refresh.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "cache/read.h"
#include "ccusage/answer.h"
#include "swatchd/daemon/recall.h"
#include "swatchd/daemon/round.h"
#include "swatchd/daemon/waiters.h"

#define LAST_RUN_TRIES 5
/* More failures in a row were never counted. */
#define FAILURES_MAX 1000000

void daemon_refresh_started(void *ctx)
{
	struct daemon *daemon = ctx;
	billing_note_start(&daemon->billing, clock_wall_ms());
	if (events_begin(&daemon->events, "refresh-started"))
		events_end(&daemon->events);
}

static void emit_refresh_finished(struct daemon *daemon, const struct refresh_result *result)
{
	struct jsonw *w = events_begin(&daemon->events, "refresh-finished");
	if (!w)
		return;
	jsonw_put_bool(w, "ok", result->answer != NULL);
	jsonw_put_int(w, "durationMs", result->duration_ms);
	if (result->answer)
		jsonw_put_double(w, "costUSD", result->answer->present ? result->answer->cost_usd : 0.);
	else
		jsonw_put_string(w, "error", result->error);
	events_end(&daemon->events);
}

static void announce_source(struct daemon *daemon)
{
	const char *reason;
	bool shown = billing_shows_ccusage(&daemon->billing, &reason);
	const char *source = shown ? "ccusage" : "native";
	if (!shown)
		reason = "ccusage prices no model that swatch has no price for";
	log_warning("the figures shown are %s's from now on: %s", source, reason);
	struct jsonw *w = events_begin(&daemon->events, "billing-source");
	if (!w)
		return;
	jsonw_put_string(w, "source", source);
	jsonw_put_string(w, "reason", reason);
	events_end(&daemon->events);
}

/* Says once what an answer's difference comes from; newer models make one in nearly every answer. */
static void log_reasons(const struct daemon *daemon, audit_reasons before)
{
	const struct billing *billing = &daemon->billing;
	AUTO_BUF names = BUF_INIT;
	for (enum difference reason = 0; reason < DIFFERENCES; reason++)
		if (billing->reasons & AUDIT_REASON(reason))
			buf_printf(&names, "%s%s", names.len > 0 ? ", " : "", difference_name(reason));
	if (billing->reasons == before || names.len == 0)
		return;
	bool has_drift = billing->reasons & AUDIT_REASON(DIFFERENCE_UNKNOWN);
	log_line(has_drift ? LOG_LEVEL_WARNING : LOG_LEVEL_INFO,
		 "ccusage counts $%.2f %s than swatch in this block: %s", fabs(billing->difference_usd),
		 billing->difference_usd > 0. ? "more" : "less", buf_str(&names));
}

static void note_reasons(void *ctx, const struct audit_found *found)
{
	struct daemon *daemon = ctx;
	daemon->audit.running = NULL;
	daemon->audit.found = *found;
	refresh_end_look(&daemon->refresh);
}

bool daemon_look_into_answer(void *ctx, const struct refresh_result *result)
{
	struct daemon *daemon = ctx;
	daemon->audit.found = (struct audit_found){ .is_known = false };
	/* Before we compare, we read all that ccusage may have read. */
	if (daemon->history.read)
		daemon_do_round(daemon);
	if (!billing_wants_reasons(&daemon->billing, result->answer, result->answered_ms))
		return false;
	const struct audit_question question = {
		.answer = result->answer, .started_ms = billing_started_ms(&daemon->billing),
		.now_ms = result->answered_ms, .paths = daemon->config.watch_paths,
	};
	daemon_recall_rest(daemon);
	daemon->audit.running = audit_start(daemon->loop, daemon->ledger, &question, note_reasons, daemon);
	if (!daemon->audit.running)
		log_warning("cannot tell why ccusage's figures differ: out of memory");
	return daemon->audit.running != NULL;
}

static void take_answer(struct daemon *daemon, const struct refresh_result *result)
{
	struct billing *billing = &daemon->billing;
	audit_reasons before = billing->reasons;
	if (billing_note_answer(billing, result->answer, result->duration_ms, &daemon->audit.found,
				result->answered_ms))
		announce_source(daemon);
	log_reasons(daemon, before);
}

void daemon_refresh_finished(void *ctx, const struct refresh_result *result)
{
	struct daemon *daemon = ctx;
	daemon->refresh_failed = result->answer == NULL;
	if (!result->answer && daemon->history.read)
		daemon_do_round(daemon);
	if (!result->answer)
		billing_note_failure(&daemon->billing, result->error, result->exit_status, result->failures,
				     result->next_attempt_ms);
	else
		take_answer(daemon, result);
	publish_note_change(&daemon->publish, NULL, PUBLISH_ACCOUNT);
	publish_flush(&daemon->publish);
	emit_refresh_finished(daemon, result);
	daemon_answer_refresh_waiters(daemon, result);
	if (daemon->options.once)
		ev_break(daemon->loop, EVBREAK_ALL);
}

/* ---- the run before ---- */

/* A time that an earlier run wrote; 0 when it wrote no time, or one that lies ahead. */
static int64_t take_time(struct json_object *object, const char *key)
{
	int64_t at_ms = json_get_int(object, key, 0);
	return at_ms > 0 && at_ms <= clock_wall_ms() ? at_ms : 0;
}

/* The attempts failed: the figures stay stale, and the next attempt comes when it was to come. */
static void take_last_failure(struct daemon *daemon, struct json_object *ccusage)
{
	const char *error = json_get_string(ccusage, "error");
	int64_t failures = json_get_int(ccusage, "failures", 0),
		status = json_get_int(ccusage, "exitStatus", 0);
	int64_t next_ms = json_get_int(ccusage, "nextAttempt", 0);
	if (!error || failures <= 0 || failures > FAILURES_MAX || refresh_why_off(&daemon->refresh)[0])
		return;
	refresh_seed_failures(&daemon->refresh, (unsigned)failures, next_ms, error);
	billing_note_failure(&daemon->billing, error, status >= 0 && status < 256 ? (int)status : 0,
			     (unsigned)failures, daemon->refresh.due_wall_ms);
}

/* Shows ccusage's last figures: old data beats no data, and its time is shown too. */
static void take_last_answer(struct daemon *daemon, struct json_object *billing, struct json_object *ccusage)
{
	int64_t duration_ms = json_get_int(ccusage, "durationMs", 0);
	struct billing_last last = {
		.answered_at_ms = take_time(ccusage, "lastFetched"),
		.duration_ms = duration_ms > 0 && duration_ms < CLOCK_DAY_MS ? duration_ms : 0,
		.pending_since_ms = take_time(ccusage, "pendingSince"),
		.native_usd = json_get_double(ccusage, "nativeUSD", NAN),
		.difference_usd = json_get_double(ccusage, "differenceUSD", NAN),
		.drift_usd = json_get_double(ccusage, "driftUSD", NAN),
		.reasons = billing_read_reasons(ccusage),
		.reason = json_get_string(billing, "sourceReason"),
	};
	struct json_object *block = json_get_object(billing, "block");
	const char *source = json_get_string(billing, "source");
	bool is_its_block = source && strcmp(source, "ccusage") == 0 && block;
	AUTO_BUF error = BUF_INIT;
	/* Beside native's block the file has only the sum of ccusage's figures. */
	if (!is_its_block || ccusage_answer_take_block(block, &last.answer, &error) != 0)
		last.answer.cost_usd = json_get_double(ccusage, "costUSD", 0.);
	billing_restore(&daemon->billing, &last);
}

void daemon_take_last_run(struct daemon *daemon)
{
	AUTO_JSON *billing = NULL;
	/* Our first write replaces the old file for good, so try again when a read fails. */
	for (int tries = 0; tries < LAST_RUN_TRIES; tries++) {
		billing = cache_read_json(daemon->options.cache_fd, CACHE_BILLING_FILE);
		if (billing || cache_read_is_none(errno))
			break;
	}
	if (!billing && !cache_read_is_none(errno))
		log_warning("cannot read %s/%s: %s; what the last run knew of ccusage and of the usage "
			    "limits is lost", daemon->options.cache_path, CACHE_BILLING_FILE,
			    strerror(errno));
	struct json_object *ccusage = json_get_object(billing, "ccusage");
	if (json_get_int(ccusage, "failures", 1) == 0)
		refresh_seed_fetched(&daemon->refresh, json_get_int(ccusage, "lastFetched", 0));
	take_last_answer(daemon, billing, ccusage);
	take_last_failure(daemon, ccusage);
	billing_restore_limits(&daemon->billing, billing, clock_wall_ms());
}
