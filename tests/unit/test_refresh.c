/* refresh: when ccusage runs after a burst, and how long its figures live. */
#include "unit.h"

#include <math.h>

#include "base/log.h"
#include "refresh_runs.h"
#include "turned_clock.h"

static void nothing_runs_without_activity(void **state UNUSED)
{
	assert_int_equal(refresh.state, REFRESH_CLEAN);
	pass(CLOCK_DAY_MS);
	assert_int_equal(started, 0);
}

static void a_burst_makes_one_run_when_it_has_settled(void **state UNUSED)
{
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

static void a_burst_without_end_runs_at_max_delay(void **state UNUSED)
{
	int64_t waited = 0;
	for (; !running; waited += 500) {
		refresh_note_activity(&refresh);
		pass(500);
	}
	assert_int_equal(waited, MAX_DELAY);
}

/* While somebody looks into the answer, the run is under way: no other one begins. */
static void an_answer_is_looked_into_before_the_run_ends(void **state UNUSED)
{
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

static void activity_during_a_run_makes_one_follow_up(void **state UNUSED)
{
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

static void activity_early_in_a_long_run_has_settled_at_its_end(void **state UNUSED)
{
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
	begin_again();
	refresh_set_burn_rate(&refresh, burn_usd);
	run_well();
	int64_t answered_ms = clock_wall_ms();
	refresh_note_activity(&refresh);
	while (!running)
		pass(1000);
	end_well();
	return clock_wall_ms() - answered_ms;
}

static void figures_live_as_long_as_the_burn_rate_allows(void **state UNUSED)
{
	assert_int_equal(wait_after_answer(NAN), TTL_LOW);
	assert_int_equal(wait_after_answer(0.99), TTL_LOW);
	assert_int_equal(wait_after_answer(1.), TTL_MID);
	assert_int_equal(wait_after_answer(5.), TTL_MID);
	assert_int_equal(wait_after_answer(5.01), TTL_HIGH);
}

static void old_figures_are_not_waited_for(void **state UNUSED)
{
	run_well();
	pass(TTL_LOW);
	refresh_note_activity(&refresh);
	pass(SETTLE);
	assert_int_equal(started, 2);
	end_well();
}

static void another_ttl_counts_at_once(void **state UNUSED)
{
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

static void an_answer_of_an_earlier_daemon_counts(void **state UNUSED)
{
	static const struct { int64_t age_ms; bool counts; } cases[] = {
		{ 100000, true }, { 0, true }, { -1, false }, { NOW, false },
	};
	for (size_t i = 0; i < 4; i++) {
		begin_again();
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		REFRESH_TEST(nothing_runs_without_activity),
		REFRESH_TEST(a_burst_makes_one_run_when_it_has_settled),
		REFRESH_TEST(a_burst_without_end_runs_at_max_delay),
		REFRESH_TEST(an_answer_is_looked_into_before_the_run_ends),
		REFRESH_TEST(activity_during_a_run_makes_one_follow_up),
		REFRESH_TEST(activity_early_in_a_long_run_has_settled_at_its_end),
		REFRESH_TEST(figures_live_as_long_as_the_burn_rate_allows),
		REFRESH_TEST(old_figures_are_not_waited_for),
		REFRESH_TEST(another_ttl_counts_at_once),
		REFRESH_TEST(an_answer_of_an_earlier_daemon_counts),
	};
	log_init("test", LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
