/*
 * The daemon's side of refresh: what ccusage answers, now and in the run before.
 */
#include "swatchd/daemon.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "cache/read.h"
#include "ccusage/answer.h"

#define LAST_RUN_TRIES 5

static void on_refresh_started(void *ctx)
{
	struct daemon *daemon = ctx;
	billing_note_start(&daemon->billing, clock_wall_ms());
	struct jsonw *w = events_begin(&daemon->events, "refresh-started");
	if (w)
		events_end(&daemon->events);
}

static void tell_refresh_finished(struct daemon *daemon, const struct refresh_result *result)
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

static void tell_source(struct daemon *daemon)
{
	const char *reason;
	bool shown = billing_shows_ccusage(&daemon->billing, &reason);
	const char *source = shown ? "ccusage" : "native";
	if (!shown)
		reason = "they agree again";
	log_warning("the figures shown are %s's from now on: %s", source, reason);
	struct jsonw *w = events_begin(&daemon->events, "billing-source");
	if (!w)
		return;
	jsonw_put_string(w, "source", source);
	jsonw_put_string(w, "reason", reason);
	events_end(&daemon->events);
}

static void on_refresh_finished(void *ctx, const struct refresh_result *result)
{
	struct daemon *daemon = ctx;
	daemon->refresh_failed = result->answer == NULL;
	/* What ccusage may have read is read by us as well before the two are compared. */
	if (daemon->history_read)
		daemon_flush(daemon);
	if (!result->answer)
		billing_note_failure(&daemon->billing, result->error, result->exit_status, result->failures,
				     result->next_attempt_ms);
	else if (billing_note_answer(&daemon->billing, result->answer, result->duration_ms, clock_wall_ms()))
		tell_source(daemon);
	publish_note_change(&daemon->publish, NULL, PUBLISH_ACCOUNT);
	publish_flush(&daemon->publish);
	tell_refresh_finished(daemon, result);
	daemon_answer_refresh_waiters(daemon, result);
	if (daemon->options.once)
		ev_break(daemon->loop, EVBREAK_ALL);
}

const struct refresh_callbacks daemon_refresh_callbacks = { on_refresh_started, on_refresh_finished };

/* ---- the run before ---- */

/* ccusage's last figures: old data beats no data, and its time says how old it is. */
static void take_last_answer(struct daemon *daemon, struct json_object *billing, struct json_object *ccusage)
{
	struct billing_block answer = { 0 };
	struct json_object *block = json_get_object(billing, "block");
	const char *source = json_get_string(billing, "source");
	bool is_its_block = source && strcmp(source, "ccusage") == 0 && block;
	struct buf error = BUF_INIT;
	/* What the file shows as native's block is not ccusage's: only the sum is known of that. */
	if (!is_its_block || ccusage_answer_take_block(block, &answer, &error) != 0)
		answer.cost_usd = json_get_double(ccusage, "costUSD", 0.);
	buf_release(&error);
	billing_restore(&daemon->billing, &answer, json_get_int(ccusage, "lastFetched", 0),
			json_get_int(ccusage, "durationMs", 0), json_get_double(ccusage, "driftUSD", NAN));
	int64_t strikes = json_get_int(ccusage, "strikes", 0);
	billing_restore_audit(&daemon->billing, strikes > 0 && strikes < 1000 ? (unsigned)strikes : 0,
			      json_get_string(billing, "sourceReason"));
}

/* What the last run knew of ccusage: its figures and their age. */
void daemon_take_last_run(struct daemon *daemon)
{
	struct json_object *billing = NULL;
	/* Once it is written again the old one is gone for good: a call that fails for a moment must not do that. */
	for (int tries = 0; tries < LAST_RUN_TRIES; tries++) {
		billing = cache_read_json(daemon->options.cache_fd, CACHE_BILLING_FILE);
		if (billing || cache_read_is_none(errno))
			break;
	}
	if (!billing && !cache_read_is_none(errno))
		log_warning("cannot read %s/%s: %s; what the last run knew of ccusage and of the usage limits is lost",
			    daemon->options.cache_path, CACHE_BILLING_FILE, strerror(errno));
	struct json_object *ccusage = json_get_object(billing, "ccusage");
	if (json_get_int(ccusage, "failures", 1) == 0)
		refresh_seed_fetched(&daemon->refresh, json_get_int(ccusage, "lastFetched", 0));
	take_last_answer(daemon, billing, ccusage);
	billing_restore_limits(&daemon->billing, json_get_object(billing, "rateLimits"), clock_wall_ms());
	json_object_put(billing);
}
