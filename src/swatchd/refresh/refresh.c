#include "swatchd/refresh/refresh.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/unused.h"
#include "ccusage/answer.h"
#include "swatchd/billing/billing.h"
#include "swatchd/loop/loop.h"
#include "swatchd/refresh/child.h"

static void start_run(struct refresh *refresh);

static void set_due(struct refresh *refresh, enum refresh_state state, int64_t wait_ms)
{
	refresh->state = state;
	loop_set_timer(refresh->loop, &refresh->due, wait_ms);
	refresh->due_wall_ms = clock_wall_ms() + (wait_ms > 0 ? wait_ms : 0);
}

static void set_quiet(struct refresh *refresh, enum refresh_state state)
{
	refresh->state = state;
	ev_timer_stop(refresh->loop, &refresh->due);
	refresh->due_wall_ms = 0;
}

/* When the activity has settled: quiet for `settle`, or `max_delay` after the first of it. */
static int64_t settled_at_ms(const struct refresh *refresh)
{
	int64_t quiet_ms = refresh->last_mono_ms + refresh->config->ccusage_settle_ms;
	int64_t late_ms = refresh->first_mono_ms + refresh->config->ccusage_max_delay_ms;
	return quiet_ms < late_ms ? quiet_ms : late_ms;
}

/* The activity settled: runs, or waits until the figures are as old as their ttl. */
static void become_due(struct refresh *refresh)
{
	int64_t ttl_ms = billing_ttl_ms(refresh->config, refresh->burn_usd_per_hour);
	int64_t wait_ms = refresh->fetched_mono_ms ? refresh->fetched_mono_ms + ttl_ms - clock_mono_ms() : 0;
	if (wait_ms > 0)
		set_due(refresh, REFRESH_WAITING, wait_ms);
	else
		start_run(refresh);
}

static void on_due(struct ev_loop *loop UNUSED, ev_timer *watcher, int revents UNUSED)
{
	struct refresh *refresh = watcher->data;
	refresh->due_wall_ms = 0;
	if (refresh->state == REFRESH_SETTLING) {
		/* Events do not move the timer, so look here whether more came. */
		int64_t wait_ms = settled_at_ms(refresh) - clock_mono_ms();
		if (wait_ms > 0)
			set_due(refresh, REFRESH_SETTLING, wait_ms);
		else
			become_due(refresh);
	} else if (refresh->state == REFRESH_WAITING) {
		become_due(refresh);
	} else if (refresh->state == REFRESH_BACKOFF) {
		start_run(refresh);
	}
}

/* 5 s doubling to 10 min, and up to a tenth less, so that many machines do not try in step. */
static int64_t backoff_ms(unsigned failures)
{
	int64_t wait_ms = REFRESH_BACKOFF_FIRST_MS;
	for (unsigned i = 1; i < failures && wait_ms < REFRESH_BACKOFF_MAX_MS; i++)
		wait_ms *= 2;
	if (wait_ms > REFRESH_BACKOFF_MAX_MS)
		wait_ms = REFRESH_BACKOFF_MAX_MS;
	uint16_t random = 0;
	if (getrandom(&random, sizeof(random), GRND_NONBLOCK) != (ssize_t)sizeof(random))
		random = 0;
	return wait_ms - wait_ms / 10 * random / UINT16_MAX;
}

/* Nothing runs and nothing waits; forgets the activity noted for a run. */
static void turn_off(struct refresh *refresh)
{
	set_quiet(refresh, REFRESH_OFF);
	refresh->first_mono_ms = refresh->last_mono_ms = 0;
	refresh->follow_up = false;
}

static void note_failure(struct refresh *refresh, const char *error)
{
	refresh->stats.failed++;
	refresh->failures++;
	/* Logs a repeated failure only once. */
	if (!refresh->logged_error || strcmp(refresh->stats.last_error, error) != 0)
		log_warning("ccusage gave no figures: %s; the last good ones stay", error);
	snprintf(refresh->stats.last_error, sizeof(refresh->stats.last_error), "%s", error);
	refresh->logged_error = true;
}

static void note_good(struct refresh *refresh)
{
	refresh->stats.good++;
	if (refresh->stats.last_error[0])
		log_info("ccusage gives figures again");
	refresh->stats.last_error[0] = '\0';
	refresh->failures = 0;
	refresh->fetched_mono_ms = clock_mono_ms();
}

/* Every run ends here, with an answer or an error. The settings may have turned refreshing off meanwhile. */
static void end_run(struct refresh *refresh, struct refresh_result *result, const char *error)
{
	if (result->answer)
		note_good(refresh);
	else
		note_failure(refresh, error);
	if (refresh->why_off[0]) {
		turn_off(refresh);
	} else if (!result->answer) {
		set_due(refresh, REFRESH_BACKOFF, backoff_ms(refresh->failures));
	} else if (refresh->follow_up) {
		refresh->stats.follow_ups++;
		set_due(refresh, REFRESH_SETTLING, settled_at_ms(refresh) - clock_mono_ms());
	} else {
		set_quiet(refresh, REFRESH_CLEAN);
	}
	if (!result->answer) {
		result->error = refresh->stats.last_error;
		result->failures = refresh->failures;
		result->next_attempt_ms = refresh->due_wall_ms;
	}
	refresh->callbacks.finished(refresh->ctx, result);
}

static void on_child_done(void *ctx, const struct run *run)
{
	struct refresh *refresh = ctx;
	struct refresh_result result = { .duration_ms = run->duration_ms };
	AUTO_BUF error = BUF_INIT;
	refresh->child = NULL;
	refresh->stats.last_finished_ms = clock_wall_ms();
	refresh->stats.last_duration_ms = run->duration_ms;
	if (run->outcome == RUN_EXITED)
		result.exit_status = run->code;
	else if (run->outcome == RUN_SIGNALED)
		result.exit_status = 128 + run->code;
	if (!run_is_good(run))
		child_describe(run, SANDBOX_REFRESH, refresh->command.words, &error);
	else if (ccusage_answer_parse(buf_str(&run->out), run->out.len, &refresh->answer, &error) == 0)
		result.answer = &refresh->answer;
	else if (error.len > 0)
		buf_append_str(&error, sandbox_hint(SANDBOX_REFRESH, refresh->command.words,
						    buf_str(&run->err)));
	if (result.answer) {
		result.answered_ms = refresh->stats.last_finished_ms;
		ccusage_answer_drop_future(&refresh->answer, result.answered_ms);
	}
	refresh->result = result;
	if (!result.answer || !refresh->callbacks.look || !refresh->callbacks.look(refresh->ctx, &result))
		end_run(refresh, &result, buf_message(&error));
}

static void start_run(struct refresh *refresh)
{
	set_quiet(refresh, REFRESH_RUNNING);
	refresh->stats.runs++;
	refresh->stats.last_started_ms = clock_wall_ms();
	refresh->follow_up = false;
	refresh->first_mono_ms = refresh->last_mono_ms = 0;
	refresh->callbacks.started(refresh->ctx);
	const struct child_command command = {
		.argv = refresh->command.words, .timeout_ms = refresh->config->ccusage_timeout_ms,
		.memory_limit_bytes = refresh->config->ccusage_memory_limit_bytes,
		.kind = SANDBOX_REFRESH,
	};
	refresh->child = child_start(refresh->loop, &command, on_child_done, refresh);
	if (!refresh->child)
		end_run(refresh, &(struct refresh_result){ .answer = NULL }, "out of memory");
}

void refresh_init(struct refresh *refresh, struct ev_loop *loop, const struct config *config,
		  const struct refresh_callbacks *callbacks, void *ctx)
{
	memset(refresh, 0, sizeof(*refresh));
	refresh->loop = loop;
	refresh->config = config;
	refresh->callbacks = *callbacks;
	refresh->ctx = ctx;
	refresh->burn_usd_per_hour = NAN;
	ev_init(&refresh->due, on_due);
	refresh->due.data = refresh;
	refresh->state = REFRESH_CLEAN;
	refresh_configure(refresh);
}

/* Reads the command. Sets why_off: "" when there is something to run. */
static void read_command(struct refresh *refresh)
{
	const struct config *config = refresh->config;
	const struct ccusage_command *command = &refresh->command;
	struct spawn_confinement confinement;
	AUTO_BUF error = BUF_INIT;
	refresh->why_off[0] = '\0';
	ccusage_command_release(&refresh->command);
	if (config->billing_source == BILLING_NATIVE)
		snprintf(refresh->why_off, sizeof(refresh->why_off), "[billing] source = native");
	else if (!ccusage_command_parse(&refresh->command, config->ccusage_command, true, &error))
		snprintf(refresh->why_off, sizeof(refresh->why_off), "[ccusage] command: %s",
			 buf_message(&error));
	else if (config->billing_source == BILLING_AUTO && !command->path)
		snprintf(refresh->why_off, sizeof(refresh->why_off), "%.100s: %s", command->words[0],
			 command->why_not_found == ENOENT ? "no such program on PATH"
							  : strerror(command->why_not_found));
	else if (!sandbox_confine(SANDBOX_REFRESH, &confinement, &error))
		snprintf(refresh->why_off, sizeof(refresh->why_off), "%s", buf_message(&error));
}

void refresh_configure(struct refresh *refresh)
{
	read_command(refresh);
	/* A run under way goes on: the child has its words. end_run() turns off what is off by then. */
	if (refresh->state == REFRESH_RUNNING)
		return;
	if (refresh->why_off[0])
		turn_off(refresh);
	else if (refresh->state == REFRESH_OFF)
		set_due(refresh, REFRESH_SETTLING,
			0); /* nobody may write for hours: its figures are wanted now */
	else if (refresh->state == REFRESH_WAITING)
		become_due(refresh);  /* the ttl may have changed */
}

const char *refresh_why_off(const struct refresh *refresh)
{
	return refresh->why_off;
}

void refresh_note_activity(struct refresh *refresh)
{
	if (refresh->state == REFRESH_OFF)
		return;
	int64_t now_ms = clock_mono_ms();
	refresh->last_mono_ms = now_ms;
	if (refresh->first_mono_ms == 0) {
		refresh->first_mono_ms = now_ms;
		refresh->stats.bursts++;
	} else {
		refresh->stats.coalesced++;
	}
	if (refresh->state == REFRESH_RUNNING)
		refresh->follow_up = true;
	else if (refresh->state == REFRESH_CLEAN)
		set_due(refresh, REFRESH_SETTLING, settled_at_ms(refresh) - now_ms);
}

int refresh_force(struct refresh *refresh)
{
	if (refresh->state == REFRESH_RUNNING)
		return 0;
	if (refresh->state == REFRESH_OFF)
		refresh_configure(refresh);  /* ccusage may have been installed meanwhile */
	if (refresh->state == REFRESH_OFF)
		return -1;
	start_run(refresh);
	return 1;
}

void refresh_end_look(struct refresh *refresh)
{
	end_run(refresh, &refresh->result, "");
}

void refresh_set_burn_rate(struct refresh *refresh, double usd_per_hour)
{
	refresh->burn_usd_per_hour = usd_per_hour;
}

void refresh_seed_fetched(struct refresh *refresh, int64_t fetched_wall_ms)
{
	int64_t age_ms = clock_wall_ms() - fetched_wall_ms;
	if (fetched_wall_ms > 0 && age_ms >= 0 && age_ms < clock_mono_ms())
		refresh->fetched_mono_ms = clock_mono_ms() - age_ms;
}

void refresh_seed_failures(struct refresh *refresh, unsigned failures, int64_t next_attempt_ms,
			   const char *error)
{
	if (failures == 0 || refresh->state != REFRESH_CLEAN)
		return;
	int64_t wait_ms = next_attempt_ms - clock_wall_ms();
	refresh->failures = failures;
	snprintf(refresh->stats.last_error, sizeof(refresh->stats.last_error), "%s", error);
	/* A clock that was set back must not make the wait longer than any. */
	set_due(refresh, REFRESH_BACKOFF,
		wait_ms < REFRESH_BACKOFF_MAX_MS ? wait_ms : REFRESH_BACKOFF_MAX_MS);
}

void refresh_write_status(const struct refresh *refresh, struct jsonw *w)
{
	/* The names of the states, and why the next run is due when it is. */
	static const struct { const char *name, *reason; } states[] = {
		[REFRESH_OFF] = { "off", NULL },
		[REFRESH_CLEAN] = { "clean", NULL },
		[REFRESH_SETTLING] = { "settling", "activity settles" },
		[REFRESH_WAITING] = { "waiting", "the figures are younger than their ttl" },
		[REFRESH_RUNNING] = { "running", NULL },
		[REFRESH_BACKOFF] = { "backoff", "the last run failed" },
	};
	const struct refresh_stats *stats = &refresh->stats;
	bool is_off = refresh->state == REFRESH_OFF;
	jsonw_put_string(w, "state", states[refresh->state].name);
	jsonw_put_string(w, "command", refresh->config->ccusage_command);
	jsonw_put_int(w, "bursts", (int64_t)stats->bursts);
	jsonw_put_int(w, "runs", (int64_t)stats->runs);
	jsonw_put_int(w, "good", (int64_t)stats->good);
	jsonw_put_int(w, "failed", (int64_t)stats->failed);
	jsonw_put_int(w, "coalesced", (int64_t)stats->coalesced);
	jsonw_put_int(w, "followUps", (int64_t)stats->follow_ups);
	jsonw_put_int(w, "consecutiveFailures", refresh->failures);
	jsonw_put_int_or_null(w, "lastStartedAt", stats->last_started_ms);
	jsonw_put_int_or_null(w, "lastFinishedAt", stats->last_finished_ms);
	if (stats->last_finished_ms > 0)
		jsonw_put_int(w, "lastDurationMs", stats->last_duration_ms);
	else
		jsonw_put_null(w, "lastDurationMs");
	jsonw_put_string(w, "lastError", stats->last_error[0] ? stats->last_error : NULL);
	jsonw_put_int_or_null(w, "nextDueAt", refresh->due_wall_ms);
	jsonw_put_string(w, "nextDueReason", is_off ? refresh->why_off : states[refresh->state].reason);
}

void refresh_release(struct refresh *refresh)
{
	ev_timer_stop(refresh->loop, &refresh->due);
	if (refresh->child)
		child_stop(refresh->child);
	refresh->child = NULL;
	ccusage_command_release(&refresh->command);
}
