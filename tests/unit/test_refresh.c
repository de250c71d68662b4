/* When ccusage runs: with a clock that is turned by hand, and runs that a test ends as it likes. */
#include "unit.h"

#include <errno.h>
#include <math.h>
#include <signal.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/unused.h"
#include "json/get.h"
#include "swatchd/refresh/child.h"
#include "swatchd/refresh/refresh.h"
#include "turned_clock.h"

#define NOW INT64_C(1795435200000)   /* 2026-11-23T12:00:00Z */
#define SETTLE 2000
#define MAX_DELAY 10000
#define TTL_LOW 300000
#define TTL_MID 120000
#define TTL_HIGH 60000

/* ---- made-up children: the linker takes these before those of libswatchd.a ---- */

struct child {
	child_done *done;
	void *ctx;
};

static struct child the_child;
static struct child *running;     /* NULL: none */
static int started, stopped;
static char program[64];
static bool no_memory;

struct child *child_start(struct ev_loop *loop, const struct child_command *command, child_done *done,
			  void *ctx)
{
	(void)loop;
	assert_null(running);
	if (no_memory)
		return NULL;
	assert_string_equal(command->argv[1], "blocks");
	assert_int_equal(command->timeout_ms, 60000);
	assert_int_equal(command->memory_limit_bytes, 77);
	snprintf(program, sizeof(program), "%s", command->argv[0]);
	started++;
	the_child = (struct child){ done, ctx };
	running = &the_child;
	return running;
}

void child_stop(struct child *child)
{
	assert_ptr_equal(child, running);
	running = NULL;
	stopped++;
}

void child_describe(const struct run *run, enum sandbox_program kind UNUSED, char *const *words UNUSED,
		    struct buf *out)
{
	run_describe(run, out);
}

/* The run ends: like this, having printed that. */
static void end_run(enum run_outcome outcome, int code, const char *printed)
{
	struct run run = { .outcome = outcome, .code = code, .duration_ms = 700 };
	struct child *child = running;
	assert_non_null(child);
	running = NULL;
	buf_append_str(&run.out, printed);
	child->done(child->ctx, &run);
	buf_release(&run.out);
}

static void end_well(void)
{
	end_run(RUN_EXITED, 0, "{\"blocks\":[]}");
}

static void end_badly(void)
{
	end_run(RUN_EXITED, 3, "");
}

/* ---- the refresh under test ---- */

static struct config config;
static struct ev_loop *loop;
static struct refresh refresh;
static int started_calls, finished_calls;
static struct refresh_result last;
static char last_error[256];
static int64_t checked_due_ms;

static void on_started(void *ctx)
{
	assert_ptr_equal(ctx, &refresh);
	started_calls++;
}

static void on_finished(void *ctx, const struct refresh_result *result)
{
	assert_ptr_equal(ctx, &refresh);
	finished_calls++;
	last = *result;
	snprintf(last_error, sizeof(last_error), "%s", result->error ? result->error : "");
}

static bool looks;

static bool on_look(void *ctx, const struct refresh_result *result)
{
	assert_ptr_equal(ctx, &refresh);
	assert_non_null(result->answer);
	assert_int_equal(result->answered_ms, clock_wall_ms());
	return looks;
}

static const struct refresh_callbacks callbacks = { on_started, on_look, on_finished };

static char present[] = "/bin/sh blocks --json", absent[] = "/nonexistent/ccusage blocks",
	    unclosed[] = "ccusage 'blocks";

static void begin(void)
{
	turned_clock_set(NOW);
	started = stopped = started_calls = finished_calls = 0;
	running = NULL;
	no_memory = looks = false;
	checked_due_ms = 0;
	memset(&config, 0, sizeof(config));
	config.billing_source = BILLING_AUTO;
	config.ccusage_command = present;
	config.ccusage_settle_ms = SETTLE;
	config.ccusage_max_delay_ms = MAX_DELAY;
	config.ccusage_timeout_ms = 60000;
	config.ccusage_memory_limit_bytes = 77;
	config.ccusage_ttl_low_ms = TTL_LOW;
	config.ccusage_ttl_mid_ms = TTL_MID;
	config.ccusage_ttl_high_ms = TTL_HIGH;
	config.ccusage_burn_low_usd = 1.;
	config.ccusage_burn_high_usd = 5.;
	refresh_init(&refresh, loop, &config, &callbacks, &refresh);
}

static int set_up(void **state)
{
	(void)state;
	loop = ev_loop_new(EVFLAG_AUTO);
	begin();
	return loop ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	refresh_release(&refresh);
	assert_null(running);
	assert_false(ev_is_active(&refresh.due));
	ev_loop_destroy(loop);
	turned_clock_release();
	return 0;
}

/* The timer runs exactly when something is due, and was set for as long as that takes. */
static void check_timer(void)
{
	assert_int_equal(ev_is_active(&refresh.due) != 0, refresh.due_wall_ms != 0);
	if (refresh.due_wall_ms != checked_due_ms && (checked_due_ms = refresh.due_wall_ms) != 0) {
		double left_s = (double)(refresh.due_wall_ms - clock_wall_ms()) / 1000.;
		assert_true(left_s >= 0.);
		/* Its own clock is the real one, which went on since. */
		assert_true(ev_timer_remaining(loop, &refresh.due) <= left_s + 0.01);
		assert_true(ev_timer_remaining(loop, &refresh.due) >= left_s - 30.);
	}
	assert_int_equal(refresh.state == REFRESH_RUNNING, running != NULL || looks);
}

/* Time passes, and the timer ends whenever it is due. */
static void pass(int64_t ms)
{
	int64_t until_ms = clock_wall_ms() + ms;
	check_timer();
	while (refresh.due_wall_ms && refresh.due_wall_ms <= until_ms) {
		turned_clock_set(refresh.due_wall_ms);
		ev_timer_stop(loop, &refresh.due);
		ev_invoke(loop, &refresh.due, EV_TIMER);
		check_timer();
	}
	turned_clock_set(until_ms);
}

static void run_well(void)
{
	assert_int_equal(refresh_force(&refresh), 1);
	end_well();
}

/* ---- a burst ---- */

static void nothing_runs_without_activity(void **state)
{
	(void)state;
	assert_int_equal(refresh.state, REFRESH_CLEAN);
	pass(CLOCK_DAY_MS);
	assert_int_equal(started, 0);
}

static void a_burst_makes_one_run_when_it_has_settled(void **state)
{
	(void)state;
	refresh_note_activity(&refresh);
	assert_int_equal(refresh.state, REFRESH_SETTLING);
	pass(SETTLE - 500);
	refresh_note_activity(&refresh);
	pass(SETTLE - 1);
	assert_int_equal(started, 0);
	assert_int_equal(refresh.state, REFRESH_SETTLING);
	pass(1);
	assert_int_equal(started, 1);
	assert_string_equal(program, "/bin/sh");
	assert_int_equal(refresh.state, REFRESH_RUNNING);
	assert_int_equal(started_calls, 1);
	assert_int_equal(refresh.stats.last_started_ms, clock_wall_ms());
	turned_clock_advance(700);
	end_well();
	assert_int_equal(refresh.state, REFRESH_CLEAN);
	assert_int_equal(finished_calls, 1);
	assert_int_equal(last.duration_ms, 700);
	assert_int_equal(refresh.stats.last_finished_ms, clock_wall_ms());
	assert_int_equal(refresh.stats.bursts, 1);
	assert_int_equal(refresh.stats.coalesced, 1);
	assert_int_equal(refresh.stats.good, 1);
	assert_int_equal(refresh.stats.follow_ups, 0);
	pass(CLOCK_DAY_MS);
	assert_int_equal(started, 1);
}

static void a_burst_without_end_runs_at_max_delay(void **state)
{
	(void)state;
	int64_t waited = 0;
	for (; !running; waited += 500) {
		refresh_note_activity(&refresh);
		pass(500);
	}
	assert_int_equal(waited, MAX_DELAY);
}

/* While somebody looks into the answer, the run is under way: no other one begins. */
static void an_answer_is_looked_into_before_the_run_ends(void **state)
{
	(void)state;
	looks = true;
	run_well();
	int64_t answered_ms = clock_wall_ms();
	assert_int_equal(finished_calls, 0);
	assert_int_equal(refresh_force(&refresh), 0);
	refresh_note_activity(&refresh);
	pass(CLOCK_HOUR_MS);
	assert_true(started == 1 && refresh.state == REFRESH_RUNNING);
	refresh_end_look(&refresh);
	assert_int_equal(finished_calls, 1);
	assert_true(last.answer && !last.answer->present && last.duration_ms == 700
		    && last.answered_ms == answered_ms);
	assert_int_equal(refresh.stats.good, 1);
	looks = false;
	pass(SETTLE);
	assert_int_equal(refresh.stats.follow_ups, 1);
	/* A failed run has nothing to look into. */
	pass(TTL_LOW);
	assert_int_equal(started, 2);
	looks = true;
	end_badly();
	assert_int_equal(finished_calls, 2);
	looks = false;
}

static void activity_during_a_run_makes_one_follow_up(void **state)
{
	(void)state;
	assert_int_equal(refresh_force(&refresh), 1);
	for (int i = 0; i < 3; i++) {
		pass(1000);
		refresh_note_activity(&refresh);
	}
	assert_int_equal(refresh.stats.bursts, 1);
	end_well();
	assert_int_equal(refresh.state, REFRESH_SETTLING);
	assert_int_equal(refresh.stats.follow_ups, 1);
	pass(SETTLE - 1);
	assert_int_equal(refresh.state, REFRESH_SETTLING);
	pass(1);
	assert_int_equal(refresh.state, REFRESH_WAITING);
	pass(TTL_LOW - SETTLE - 1);
	assert_int_equal(started, 1);
	pass(1);
	assert_int_equal(started, 2);
	end_well();
	assert_int_equal(refresh.state, REFRESH_CLEAN);
	assert_int_equal(refresh.stats.follow_ups, 1);
}

static void activity_early_in_a_long_run_has_settled_at_its_end(void **state)
{
	(void)state;
	assert_int_equal(refresh_force(&refresh), 1);
	refresh_note_activity(&refresh);
	pass(50000);
	end_well();
	assert_int_equal(refresh.state, REFRESH_SETTLING);
	assert_int_equal(refresh.due_wall_ms, clock_wall_ms());
	pass(0);
	assert_int_equal(refresh.state, REFRESH_WAITING);
	assert_int_equal(refresh.due_wall_ms, clock_wall_ms() + TTL_LOW);
}

/* ---- the age of the figures ---- */

/* How long after an answer the next run starts, when activity begins at once. */
static int64_t wait_after_answer(double burn_usd)
{
	refresh_release(&refresh);
	begin();
	refresh_set_burn_rate(&refresh, burn_usd);
	run_well();
	int64_t answered_ms = clock_wall_ms();
	refresh_note_activity(&refresh);
	while (!running)
		pass(1000);
	end_well();
	return clock_wall_ms() - answered_ms;
}

static void figures_live_as_long_as_the_burn_rate_allows(void **state)
{
	(void)state;
	assert_int_equal(wait_after_answer(NAN), TTL_LOW);
	assert_int_equal(wait_after_answer(0.99), TTL_LOW);
	assert_int_equal(wait_after_answer(1.), TTL_MID);
	assert_int_equal(wait_after_answer(5.), TTL_MID);
	assert_int_equal(wait_after_answer(5.01), TTL_HIGH);
}

static void old_figures_are_not_waited_for(void **state)
{
	(void)state;
	run_well();
	pass(TTL_LOW);
	refresh_note_activity(&refresh);
	pass(SETTLE);
	assert_int_equal(started, 2);
	end_well();
}

static void another_ttl_counts_at_once(void **state)
{
	(void)state;
	run_well();
	refresh_note_activity(&refresh);
	pass(TTL_HIGH);
	assert_int_equal(refresh.state, REFRESH_WAITING);
	config.ccusage_ttl_low_ms = TTL_MID;
	refresh_configure(&refresh);
	assert_int_equal(refresh.state, REFRESH_WAITING);
	config.ccusage_ttl_low_ms = TTL_HIGH;
	refresh_configure(&refresh);
	assert_int_equal(started, 2);
	end_well();
}

static void an_answer_of_an_earlier_daemon_counts(void **state)
{
	static const struct { int64_t age_ms; bool counts; } cases[] = {
		{ 100000, true }, { 0, true }, { -1, false }, { NOW, false },
	};
	(void)state;
	for (size_t i = 0; i < 4; i++) {
		refresh_release(&refresh);
		begin();
		refresh_seed_fetched(&refresh, NOW - cases[i].age_ms);
		refresh_note_activity(&refresh);
		pass(SETTLE);
		assert_int_equal(running == NULL, cases[i].counts);
		pass(TTL_LOW - cases[i].age_ms - SETTLE - 1 > 0 ? TTL_LOW - cases[i].age_ms - SETTLE - 1 : 0);
		assert_int_equal(running == NULL, cases[i].counts);
		pass(1);
		end_well();
	}
}

/* ---- failures ---- */

static void every_kind_of_failure_is_reported_and_tried_again(void **state)
{
	static const struct {
		enum run_outcome outcome;
		int code;
		const char *printed;
		int status;
		const char *says;
	} cases[] = {
		{ RUN_EXITED, 2, "{\"blocks\":[]}", 2, "exit status 2" },
		{ RUN_SIGNALED, SIGKILL, "", 128 + SIGKILL, "killed by signal 9" },
		{ RUN_TIMED_OUT, 0, "", 0, "still running" },
		{ RUN_TOO_LONG, 0, "", 0, "printed more than" },
		{ RUN_NOT_HEARD, EIO, "", 0, "cannot be read" },
		{ RUN_NOT_STARTED, ENOENT, "", 0, "cannot be started" },
		{ RUN_EXITED, 0, "", 0, "printed nothing" },
		{ RUN_EXITED, 0, "{}", 0, "not a JSON object" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(refresh_force(&refresh), 1);
		end_run(cases[i].outcome, cases[i].code, cases[i].printed);
		assert_null(last.answer);
		assert_int_equal(last.exit_status, cases[i].status);
		assert_non_null(strstr(last_error, cases[i].says));
		assert_string_equal(refresh.stats.last_error, last_error);
		assert_int_equal(last.failures, i + 1);
		assert_int_equal(refresh.state, REFRESH_BACKOFF);
		assert_int_equal(last.next_attempt_ms, refresh.due_wall_ms);
		assert_true(last.next_attempt_ms > clock_wall_ms());
	}
	assert_int_equal(refresh.stats.failed, sizeof(cases) / sizeof(cases[0]));
	run_well();
	assert_string_equal(refresh.stats.last_error, "");
	assert_int_equal(refresh.failures, 0);
}

static void it_backs_off_twice_as_long_each_time_and_never_in_step(void **state)
{
	int64_t expected_ms = REFRESH_BACKOFF_FIRST_MS, at_max_ms = 0;
	bool differ = false;
	(void)state;
	assert_int_equal(refresh_force(&refresh), 1);
	for (int i = 0; i < 30; i++) {
		end_badly();
		int64_t wait_ms = refresh.due_wall_ms - clock_wall_ms();
		assert_true(wait_ms <= expected_ms);
		assert_true(wait_ms >= expected_ms - expected_ms / 10);
		if (expected_ms == REFRESH_BACKOFF_MAX_MS) {
			differ = differ || (at_max_ms && wait_ms != at_max_ms);
			at_max_ms = wait_ms;
		}
		/* Activity changes nothing. */
		refresh_note_activity(&refresh);
		assert_int_equal(refresh.due_wall_ms - clock_wall_ms(), wait_ms);
		pass(wait_ms);
		assert_int_equal(refresh.state, REFRESH_RUNNING);
		expected_ms = expected_ms * 2 < REFRESH_BACKOFF_MAX_MS ? expected_ms * 2
								       : REFRESH_BACKOFF_MAX_MS;
	}
	assert_true(differ);
	end_well();
	assert_int_equal(refresh.state, REFRESH_CLEAN);
	assert_int_equal(refresh_force(&refresh), 1);
	end_badly();
	assert_true(refresh.due_wall_ms - clock_wall_ms() <= REFRESH_BACKOFF_FIRST_MS);
}

static void without_memory_for_a_child_it_tries_again(void **state)
{
	(void)state;
	no_memory = true;
	assert_int_equal(refresh_force(&refresh), 1);
	assert_string_equal(last_error, "out of memory");
	assert_int_equal(refresh.state, REFRESH_BACKOFF);
	assert_int_equal(finished_calls, 1);
}

/* ---- on and off ---- */

static void it_is_off_where_there_is_nothing_to_run(void **state)
{
	static const struct { int source; char *command; const char *why;
	} cases[] = {
		{ BILLING_AUTO, present, "" },
		{ BILLING_AUTO, absent, "/nonexistent/ccusage: no such program on PATH" },
		{ BILLING_AUTO, unclosed, "[ccusage] command: a quote is not closed" },
		{ BILLING_CCUSAGE, present, "" },
		{ BILLING_CCUSAGE, absent, "" }, /* it is wanted: each run says that it is not there */
		{ BILLING_CCUSAGE, unclosed, "[ccusage] command: a quote is not closed" },
		{ BILLING_NATIVE, present, "[billing] source = native" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		refresh_release(&refresh);
		begin();
		config.billing_source = cases[i].source;
		config.ccusage_command = cases[i].command;
		refresh_configure(&refresh);
		assert_string_equal(refresh_why_off(&refresh), cases[i].why);
		assert_int_equal(refresh.state, *cases[i].why ? REFRESH_OFF : REFRESH_CLEAN);
	}
}

static void a_program_that_was_installed_meanwhile_is_found(void **state)
{
	(void)state;
	config.ccusage_command = absent;
	refresh_configure(&refresh);
	assert_int_equal(refresh_force(&refresh), -1);
	config.ccusage_command = present;
	assert_int_equal(refresh_force(&refresh), 1);
	end_well();
}

static void what_was_noted_before_it_was_off_is_forgotten(void **state)
{
	(void)state;
	refresh_note_activity(&refresh);
	config.billing_source = BILLING_NATIVE;
	refresh_configure(&refresh);
	pass(CLOCK_HOUR_MS);
	config.billing_source = BILLING_AUTO;
	refresh_configure(&refresh);
	refresh_note_activity(&refresh);
	assert_int_equal(refresh.stats.bursts, 2);
	pass(SETTLE - 1);
	assert_int_equal(started, 0);
	pass(1);
	assert_int_equal(started, 1);
	end_well();
}

static void turned_on_it_runs_although_nobody_writes(void **state)
{
	(void)state;
	config.billing_source = BILLING_NATIVE;
	refresh_configure(&refresh);
	pass(CLOCK_HOUR_MS);
	config.billing_source = BILLING_CCUSAGE;
	refresh_configure(&refresh);
	assert_int_equal(started, 0);
	pass(0);
	assert_int_equal(started, 1);
	end_well();
	assert_int_equal(refresh.state, REFRESH_CLEAN);
}

static void failures_of_an_earlier_daemon_count(void **state)
{
	(void)state;
	refresh_seed_failures(&refresh, 3, NOW + 15000, "exit status 1");
	assert_int_equal(refresh.state, REFRESH_BACKOFF);
	refresh_note_activity(&refresh);
	pass(14999);
	assert_int_equal(started, 0);
	pass(1);
	assert_int_equal(started, 1);
	end_badly();
	assert_int_equal(last.failures, 4);
	assert_true(last.next_attempt_ms - clock_wall_ms() > 3 * REFRESH_BACKOFF_FIRST_MS);
	/* A time far away, or one that has passed. */
	refresh_release(&refresh);
	begin();
	refresh_seed_failures(&refresh, 1, NOW + CLOCK_DAY_MS, "x");
	assert_int_equal(refresh.due_wall_ms, NOW + REFRESH_BACKOFF_MAX_MS);
	refresh_release(&refresh);
	begin();
	refresh_seed_failures(&refresh, 1, NOW - CLOCK_DAY_MS, "x");
	pass(0);
	assert_int_equal(started, 1);
	end_well();
	/* Off, or without failures, nothing waits. */
	refresh_release(&refresh);
	begin();
	refresh_seed_failures(&refresh, 0, NOW, "");
	assert_int_equal(refresh.state, REFRESH_CLEAN);
	config.billing_source = BILLING_NATIVE;
	refresh_configure(&refresh);
	refresh_seed_failures(&refresh, 1, NOW, "x");
	assert_int_equal(refresh.state, REFRESH_OFF);
}

static void a_release_ends_the_run(void **state)
{
	(void)state;
	assert_int_equal(refresh_force(&refresh), 1);
	refresh_release(&refresh);
	assert_int_equal(stopped, 1);
	assert_int_equal(finished_calls, 0);
}

/* ---- every state meets every event ---- */

enum event {
	ACTIVITY,
	TIME,
	FORCE,
	OFF,
	ON,
	GOOD,
	BAD,
	OFF_GOOD,
	OFF_BAD,
	OFF_ON_GOOD,
	BUSY_OFF_GOOD,
	BUSY_OFF_BAD,
	EVENTS
};

static void bring_about(enum refresh_state state)
{
	refresh_release(&refresh);
	begin();
	if (state == REFRESH_OFF) {
		config.billing_source = BILLING_NATIVE;
		refresh_configure(&refresh);
	} else if (state == REFRESH_SETTLING) {
		refresh_note_activity(&refresh);
	} else if (state == REFRESH_WAITING) {
		run_well();
		refresh_note_activity(&refresh);
		pass(SETTLE);
	} else if (state == REFRESH_RUNNING) {
		refresh_force(&refresh);
	} else if (state == REFRESH_BACKOFF) {
		refresh_force(&refresh);
		end_badly();
	}
	assert_int_equal(refresh.state, state);
}

static void turn(int source)
{
	config.billing_source = source;
	refresh_configure(&refresh);
}

static void happen(enum event event)
{
	if (event == BUSY_OFF_GOOD || event == BUSY_OFF_BAD || event == ACTIVITY)
		refresh_note_activity(&refresh);
	if (event == OFF || event >= OFF_GOOD)
		turn(BILLING_NATIVE);
	if (event == ON || event == OFF_ON_GOOD)
		turn(BILLING_AUTO);
	if (event == TIME)
		pass(CLOCK_HOUR_MS);
	if (event == FORCE)
		(void)refresh_force(&refresh);
	if (running && (event == GOOD || event == OFF_GOOD || event == OFF_ON_GOOD || event == BUSY_OFF_GOOD))
		end_well();
	if (running && (event == BAD || event == OFF_BAD || event == BUSY_OFF_BAD))
		end_badly();
}

static void every_state_meets_every_event(void **unused)
{
	enum {
		O = REFRESH_OFF,
		C = REFRESH_CLEAN,
		S = REFRESH_SETTLING,
		W = REFRESH_WAITING,
		R = REFRESH_RUNNING,
		B = REFRESH_BACKOFF
	};
	static const int expected[6][EVENTS] = {
		/*       activity time force off on good bad, off good, bad, off-on good, busy off good, bad
		 */
		[O] = { O, O, O, O, S, O, O, O, O, S, O, O }, [C] = { S, C, R, O, C, C, C, O, O, S, O, O },
		[S] = { S, R, R, O, S, S, S, O, O, S, O, O }, [W] = { W, R, R, O, W, W, W, O, O, S, O, O },
		[R] = { R, R, R, R, R, C, B, O, O, C, O, O }, [B] = { B, R, R, O, B, B, B, O, O, S, O, O },
	};
	(void)unused;
	for (int from = 0; from < 6; from++)
		for (int event = 0; event < EVENTS; event++) {
			bring_about((enum refresh_state)from);
			happen((enum event)event);
			if ((int)refresh.state != expected[from][event])
				fail_msg("state %d, event %d: %d", from, event, refresh.state);
			check_timer();
			/* Whatever follows, nothing runs that is off, and nothing waits for ever. */
			pass(CLOCK_HOUR_MS);
			if (refresh.state == REFRESH_OFF)
				assert_null(running);
			assert_true(refresh.state == REFRESH_OFF || refresh.state == REFRESH_CLEAN
				    || running);
		}
}

static void the_status_says_what_is_due_and_why(void **unused)
{
	static const struct { enum refresh_state state; const char *name, *reason; } cases[] = {
		{ REFRESH_OFF, "\"off\"", "\"nextDueReason\":\"[billing] source = native\"" },
		{ REFRESH_CLEAN, "\"clean\"", "\"nextDueReason\":null" },
		{ REFRESH_SETTLING, "\"settling\"", "\"nextDueReason\":\"activity settles\"" },
		{ REFRESH_WAITING, "\"waiting\"", "ttl\"" },
		{ REFRESH_RUNNING, "\"running\"", "\"nextDueReason\":null" },
		{ REFRESH_BACKOFF, "\"backoff\"", "\"nextDueReason\":\"the last run failed\"" },
	};
	(void)unused;
	for (size_t i = 0; i < 6; i++) {
		struct buf text = BUF_INIT;
		struct jsonw w;
		bring_about(cases[i].state);
		jsonw_init(&w, &text);
		jsonw_begin_object(&w);
		refresh_write_status(&refresh, &w);
		jsonw_end_object(&w);
		assert_non_null(strstr(buf_str(&text), cases[i].name));
		assert_non_null(strstr(buf_str(&text), cases[i].reason));
		AUTO_JSON *status = json_tokener_parse(buf_str(&text));
		assert_int_equal(json_get_int(status, "nextDueAt", 0), refresh.due_wall_ms);
		buf_release(&text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(nothing_runs_without_activity, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_burst_makes_one_run_when_it_has_settled, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_burst_without_end_runs_at_max_delay, set_up, tear_down),
		cmocka_unit_test_setup_teardown(an_answer_is_looked_into_before_the_run_ends, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(activity_during_a_run_makes_one_follow_up, set_up, tear_down),
		cmocka_unit_test_setup_teardown(activity_early_in_a_long_run_has_settled_at_its_end, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(figures_live_as_long_as_the_burn_rate_allows, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(old_figures_are_not_waited_for, set_up, tear_down),
		cmocka_unit_test_setup_teardown(another_ttl_counts_at_once, set_up, tear_down),
		cmocka_unit_test_setup_teardown(an_answer_of_an_earlier_daemon_counts, set_up, tear_down),
		cmocka_unit_test_setup_teardown(every_kind_of_failure_is_reported_and_tried_again, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(it_backs_off_twice_as_long_each_time_and_never_in_step,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(without_memory_for_a_child_it_tries_again, set_up, tear_down),
		cmocka_unit_test_setup_teardown(it_is_off_where_there_is_nothing_to_run, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_program_that_was_installed_meanwhile_is_found, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(what_was_noted_before_it_was_off_is_forgotten, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(turned_on_it_runs_although_nobody_writes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(failures_of_an_earlier_daemon_count, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_release_ends_the_run, set_up, tear_down),
		cmocka_unit_test_setup_teardown(every_state_meets_every_event, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_status_says_what_is_due_and_why, set_up, tear_down),
	};
	log_init("test", LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
