#include "swatchd/daemon_refresh.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "cache/read.h"
#include "ccusage/answer.h"
#include "swatchd/daemon_round.h"
#include "swatchd/daemon_waiters.h"

#define LAST_RUN_TRIES 5

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
		reason = "they agree again";
	log_warning("the figures shown are %s's from now on: %s", source, reason);
	struct jsonw *w = events_begin(&daemon->events, "billing-source");
	if (!w)
		return;
	jsonw_put_string(w, "source", source);
	jsonw_put_string(w, "reason", reason);
	events_end(&daemon->events);
}

void daemon_refresh_finished(void *ctx, const struct refresh_result *result)
{
	struct daemon *daemon = ctx;
	daemon->refresh_failed = result->answer == NULL;
	/* Before we compare, we read all that ccusage may have read. */
	if (daemon->history.read)
		daemon_do_round(daemon);
	if (!result->answer)
		billing_note_failure(&daemon->billing, result->error, result->exit_status, result->failures,
				     result->next_attempt_ms);
	else if (billing_note_answer(&daemon->billing, result->answer, result->duration_ms, clock_wall_ms()))
		announce_source(daemon);
	publish_note_change(&daemon->publish, NULL, PUBLISH_ACCOUNT);
	publish_flush(&daemon->publish);
	emit_refresh_finished(daemon, result);
	daemon_answer_refresh_waiters(daemon, result);
	if (daemon->options.once)
		ev_break(daemon->loop, EVBREAK_ALL);
}

/* ---- the run before ---- */

/* Shows ccusage's last figures: old data beats no data, and its time is shown too. */
static void take_last_answer(struct daemon *daemon, struct json_object *billing, struct json_object *ccusage)
{
	struct billing_block answer = { 0 };
	struct json_object *block = json_get_object(billing, "block");
	const char *source = json_get_string(billing, "source");
	bool is_its_block = source && strcmp(source, "ccusage") == 0 && block;
	AUTO_BUF error = BUF_INIT;
	/* Beside native's block the file has only the sum of ccusage's figures. */
	if (!is_its_block || ccusage_answer_take_block(block, &answer, &error) != 0)
		answer.cost_usd = json_get_double(ccusage, "costUSD", 0.);
	billing_restore(&daemon->billing, &answer, json_get_int(ccusage, "lastFetched", 0),
			json_get_int(ccusage, "durationMs", 0), json_get_double(ccusage, "driftUSD", NAN));
	int64_t strikes = json_get_int(ccusage, "strikes", 0);
	billing_restore_audit(&daemon->billing, strikes > 0 && strikes < 1000 ? (unsigned)strikes : 0,
			      json_get_string(billing, "sourceReason"));
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
	billing_restore_limits(&daemon->billing, json_get_object(billing, "rateLimits"), clock_wall_ms());
}
