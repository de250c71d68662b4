/* refresh: runs that fail, on and off, and every state with every event. */
#include "unit.h"

#include <errno.h>
#include <signal.h>

#include "base/log.h"
#include "json/get.h"
#include "refresh_runs.h"

/* ---- failures ---- */

static void every_kind_of_failure_is_reported_and_tried_again(void **state UNUSED)
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

static void it_backs_off_twice_as_long_each_time_and_never_in_step(void **state UNUSED)
{
	int64_t expected_ms = REFRESH_BACKOFF_FIRST_MS, at_max_ms = 0;
	bool differ = false;
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

static void without_memory_for_a_child_it_tries_again(void **state UNUSED)
{
	no_memory = true;
	assert_int_equal(refresh_force(&refresh), 1);
	assert_string_equal(last_error, "out of memory");
	assert_int_equal(refresh.state, REFRESH_BACKOFF);
	assert_int_equal(finished_calls, 1);
}

static void failures_of_an_earlier_daemon_count(void **state UNUSED)
{
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
	begin_again();
	refresh_seed_failures(&refresh, 1, NOW + CLOCK_DAY_MS, "x");
	assert_int_equal(refresh.due_wall_ms, NOW + REFRESH_BACKOFF_MAX_MS);
	begin_again();
	refresh_seed_failures(&refresh, 1, NOW - CLOCK_DAY_MS, "x");
	pass(0);
	assert_int_equal(started, 1);
	end_well();
	/* Off, or without failures, nothing waits. */
	begin_again();
	refresh_seed_failures(&refresh, 0, NOW, "");
	assert_int_equal(refresh.state, REFRESH_CLEAN);
	config.billing_source = BILLING_NATIVE;
	refresh_configure(&refresh);
	refresh_seed_failures(&refresh, 1, NOW, "x");
	assert_int_equal(refresh.state, REFRESH_OFF);
}

static void a_release_ends_the_run(void **state UNUSED)
{
	assert_int_equal(refresh_force(&refresh), 1);
	refresh_release(&refresh);
	assert_int_equal(stopped, 1);
	assert_int_equal(finished_calls, 0);
}

/* ---- on and off ---- */

static void it_is_off_where_there_is_nothing_to_run(void **state UNUSED)
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
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		begin_again();
		config.billing_source = cases[i].source;
		config.ccusage_command = cases[i].command;
		refresh_configure(&refresh);
		assert_string_equal(refresh_why_off(&refresh), cases[i].why);
		assert_int_equal(refresh.state, *cases[i].why ? REFRESH_OFF : REFRESH_CLEAN);
	}
}

static void a_program_that_was_installed_meanwhile_is_found(void **state UNUSED)
{
	config.ccusage_command = absent;
	refresh_configure(&refresh);
	assert_int_equal(refresh_force(&refresh), -1);
	config.ccusage_command = present;
	assert_int_equal(refresh_force(&refresh), 1);
	end_well();
}

static void what_was_noted_before_it_was_off_is_forgotten(void **state UNUSED)
{
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

static void turned_on_it_runs_although_nobody_writes(void **state UNUSED)
{
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
	begin_again();
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

static void every_state_meets_every_event(void **state UNUSED)
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

static void the_status_says_what_is_due_and_why(void **state UNUSED)
{
	static const struct { enum refresh_state state; const char *name, *reason; } cases[] = {
		{ REFRESH_OFF, "\"off\"", "\"nextDueReason\":\"[billing] source = native\"" },
		{ REFRESH_CLEAN, "\"clean\"", "\"nextDueReason\":null" },
		{ REFRESH_SETTLING, "\"settling\"", "\"nextDueReason\":\"activity settles\"" },
		{ REFRESH_WAITING, "\"waiting\"", "ttl\"" },
		{ REFRESH_RUNNING, "\"running\"", "\"nextDueReason\":null" },
		{ REFRESH_BACKOFF, "\"backoff\"", "\"nextDueReason\":\"the last run failed\"" },
	};
	for (size_t i = 0; i < 6; i++) {
		AUTO_BUF text = BUF_INIT;
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
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		REFRESH_TEST(every_kind_of_failure_is_reported_and_tried_again),
		REFRESH_TEST(it_backs_off_twice_as_long_each_time_and_never_in_step),
		REFRESH_TEST(without_memory_for_a_child_it_tries_again),
		REFRESH_TEST(failures_of_an_earlier_daemon_count),
		REFRESH_TEST(a_release_ends_the_run),
		REFRESH_TEST(it_is_off_where_there_is_nothing_to_run),
		REFRESH_TEST(a_program_that_was_installed_meanwhile_is_found),
		REFRESH_TEST(what_was_noted_before_it_was_off_is_forgotten),
		REFRESH_TEST(turned_on_it_runs_although_nobody_writes),
		REFRESH_TEST(every_state_meets_every_event),
		REFRESH_TEST(the_status_says_what_is_due_and_why),
	};
	log_init("test", LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
