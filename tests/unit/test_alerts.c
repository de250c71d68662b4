/* alerts: costs, contexts, prompt caches and sessions that wait; and what a restart leaves of the records. */
#include "unit.h"

#include <math.h>

#include "alert_looks.h"
#include "limits/limits.h"

#define START_MS (NOW_MS - 35 * MINUTE_MS)

static void a_block_crosses_each_limit_once(void **state UNUSED)
{
	config.alerts_block_cost_usd = numbers(20., 40.);
	look_at_block(19.99, START_MS);
	assert_string_equal(take_told(), "");
	look_at_block(20., START_MS);
	assert_string_equal(take_told(), "block_cost:20 ");
	assert_true(last_alert.value == 20. && last_alert.ends_ms == START_MS + 5 * HOUR_MS
		    && !last_alert.name && !last_alert.session_id);
	/* It wavers: an entry is found to be a copy of another. */
	look_at_block(19.5, START_MS);
	look_at_block(20.5, START_MS);
	look_at_block(NAN, START_MS);
	look_at_block(20.5, START_MS);
	assert_string_equal(take_told(), "");
	look_at_block(41., START_MS);
	assert_string_equal(take_told(), "block_cost:40 ");
	look_at_block(45., START_MS);
	assert_string_equal(take_told(), "");
}

static void limits_crossed_at_once_are_one_alert(void **state UNUSED)
{
	config.alerts_block_cost_usd = numbers(20., 40.);
	look_at_block(50., START_MS);
	assert_string_equal(take_told(), "block_cost:40 ");
	look_at_block(50., START_MS);
	assert_string_equal(take_told(), "");
	assert_int_equal(alerts.records.count, 2);
}

static void the_next_block_is_another_and_a_moved_one_is_not(void **state UNUSED)
{
	config.alerts_block_cost_usd = numbers(20., 0.);
	look_at_block(25., START_MS);
	assert_string_equal(take_told(), "block_cost:20 ");
	/* An older entry came to light: the same block begins earlier. */
	look_at_block(26., START_MS - HOUR_MS);
	assert_string_equal(take_told(), "");
	/* The next one begins where that ends, though the first had said later. */
	now_ms = START_MS + 4 * HOUR_MS + MINUTE_MS;
	look_at_block(21., START_MS + 4 * HOUR_MS);
	assert_string_equal(take_told(), "block_cost:20 ");
	/* Much later, and low at first. */
	now_ms = START_MS + 50 * HOUR_MS;
	look_at_block(1., START_MS + 50 * HOUR_MS);
	assert_string_equal(take_told(), "");
	look_at_block(20., START_MS + 50 * HOUR_MS);
	assert_string_equal(take_told(), "block_cost:20 ");
}

static void a_day_is_told_once_a_day(void **state UNUSED)
{
	const int64_t midnight_ms = NOW_MS - NOW_MS % DAY_MS;
	config.alerts_today_cost_usd = numbers(100., 0.);
	for (int64_t day = 0; day < 3; day++) {
		for (int look = 0; look < 3; look++) {
			now_ms = NOW_MS + day * DAY_MS + look;
			alerts_begin(&alerts, now_ms);
			alerts_note_day(&alerts, 120., midnight_ms + day * DAY_MS,
					midnight_ms + (day + 1) * DAY_MS);
			(void)alerts_end(&alerts);
			assert_string_equal(take_told(), look == 0 ? "today_cost:100 " : "");
		}
		assert_int_equal(alerts.records.count, 1);
	}
}

static void a_context_is_armed_again_by_a_compaction(void **state UNUSED)
{
	config.alerts_context_percent = numbers(80., 0.);
	look_at_context("s1", 79.9, 0);
	assert_string_equal(take_told(), "");
	look_at_context("s1", 80., 0);
	assert_string_equal(take_told(), "context:80 ");
	assert_string_equal(last_alert.session_id, "s1");
	assert_string_equal(last_alert.project, "/home/u/p");
	look_at_context("s2", 81., 0);
	assert_string_equal(take_told(), "context:80 ");
	/* Old tool results were cleared: it wavers. */
	look_at_context("s1", 70., 0);
	look_at_context("s1", 84., 0);
	assert_string_equal(take_told(), "");
	/* A compaction that left much. */
	now_ms += MINUTE_MS;
	look_at_context("s1", 65., now_ms);
	look_at_context("s1", 82., now_ms);
	assert_string_equal(take_told(), "context:80 ");
	/* It fell far without a mark. */
	look_at_context("s1", 59.9, now_ms);
	look_at_context("s1", 80., now_ms);
	assert_string_equal(take_told(), "context:80 ");
	look_at_context("s2", 90., 0);
	assert_string_equal(take_told(), "");
}

static void a_cache_is_told_once_until_it_is_written_again(void **state UNUSED)
{
	const int64_t life_ms = 5 * MINUTE_MS;
	int64_t cold_ms = NOW_MS + life_ms;
	config.alerts_cache_cools_ms = 2 * MINUTE_MS;
	/* Time alone makes the crossing. */
	assert_int_equal(look_at_cache("s1", cold_ms, life_ms), cold_ms - 2 * MINUTE_MS);
	assert_string_equal(take_told(), "");
	now_ms = cold_ms - 2 * MINUTE_MS;
	assert_int_equal(look_at_cache("s1", cold_ms, life_ms), 0);
	assert_string_equal(take_told(), "cache_cools:120 ");
	assert_true(last_alert.value == 120. && last_alert.ends_ms == cold_ms);
	now_ms += MINUTE_MS;
	(void)look_at_cache("s1", cold_ms, life_ms);
	config.alerts_cache_cools_ms = 3 * MINUTE_MS;
	(void)look_at_cache("s1", cold_ms, life_ms);
	restart_daemon();
	(void)look_at_cache("s1", cold_ms, life_ms);
	assert_string_equal(take_told(), "");
	config.alerts_cache_cools_ms = 2 * MINUTE_MS;
	cold_ms = now_ms + life_ms;
	assert_int_equal(look_at_cache("s1", cold_ms, life_ms), cold_ms - 2 * MINUTE_MS);
	now_ms = cold_ms - MINUTE_MS;
	(void)look_at_cache("s1", cold_ms, life_ms);
	assert_string_equal(take_told(), "cache_cools:120 ");
	/* Cold already, without a cache, and one that never lasts as long. */
	assert_int_equal(look_at_cache("s2", now_ms, life_ms), 0);
	assert_int_equal(look_at_cache("s2", 0, 0), 0);
	config.alerts_cache_cools_ms = life_ms;
	assert_int_equal(look_at_cache("s2", now_ms + MINUTE_MS, life_ms), 0);
	config.alerts_cache_cools_ms = 0;
	assert_int_equal(look_at_cache("s2", now_ms + MINUTE_MS, life_ms), 0);
	assert_string_equal(take_told(), "");
}

static void a_wait_is_told_once_when_it_has_been_long_enough(void **state UNUSED)
{
	int64_t since_ms = NOW_MS - MINUTE_MS;
	config.alerts_waiting_ms = 2 * MINUTE_MS;
	assert_int_equal(look_at_waiting("s1", "permission prompt", since_ms), NOW_MS + MINUTE_MS);
	assert_string_equal(take_told(), "");
	now_ms = NOW_MS + MINUTE_MS + 500;
	assert_int_equal(look_at_waiting("s1", "permission prompt", since_ms), 0);
	assert_string_equal(take_told(), "waiting:120 ");
	assert_true(last_alert.value == 120.5 && last_alert.ends_ms == 0);
	assert_string_equal(last_alert.waiting_for, "permission prompt");
	restart_daemon();
	now_ms += HOUR_MS;
	assert_int_equal(look_at_waiting("s1", "permission prompt", since_ms), 0);
	assert_string_equal(take_told(), "");
	/* The next wait of it, and that of another session. */
	(void)look_at_waiting("s1", "", now_ms - 3 * MINUTE_MS);
	assert_string_equal(take_told(), "waiting:120 ");
	(void)look_at_waiting("s2", "", now_ms - 3 * MINUTE_MS);
	assert_string_equal(take_told(), "waiting:120 ");
	config.alerts_waiting_ms = 0;
	assert_int_equal(look_at_waiting("s3", "", since_ms), 0);
	assert_string_equal(take_told(), "");
}

/* ---- across a restart ---- */

static void a_restart_repeats_nothing(void **state UNUSED)
{
	config.alerts_block_cost_usd = numbers(20., 40.);
	config.alerts_five_hour_percent = numbers(80., 0.);
	config.alerts_context_percent = numbers(80., 0.);
	look_at_block(30., START_MS);
	look_at_limit(RATE_LIMIT_FIVE_HOUR, 100., NOW_MS + HOUR_MS);
	look_at_context("s1", 85., NOW_MS - HOUR_MS);
	assert_string_equal(take_told(), "block_cost:20 limit_reached:100 five_hour:80 context:80 ");
	for (int i = 0; i < 3; i++) {
		restart_daemon();
		now_ms += MINUTE_MS;
		look_at_block(31., START_MS);
		look_at_limit(RATE_LIMIT_FIVE_HOUR, 100., NOW_MS + HOUR_MS);
		look_at_context("s1", 85., NOW_MS - HOUR_MS);
		assert_string_equal(take_told(), "");
	}
	look_at_block(40., START_MS);
	assert_string_equal(take_told(), "block_cost:40 ");
}

static void what_was_written_by_others_is_passed_over(void **state UNUSED)
{
	static const char *const texts[] = {
		"{}",
		"{\"announced\":{}}",
		"{\"announced\":[1,null,\"x\",[],{}]}",
		"{\"announced\":[{\"rule\":\"block_cost\",\"limit\":20,\"subject\":\"x\",\"until\":1,"
		"\"at\":1}]}",
		"{\"announced\":[{\"rule\":\"nothing\",\"limit\":20,\"subject\":\"\",\"until\":1,\"at\":1}]}",
		"{\"announced\":[{\"rule\":\"block_cost\",\"limit\":-1,\"subject\":\"\",\"until\":1,"
		"\"at\":1}]}",
		"{\"announced\":[{\"rule\":\"block_cost\",\"limit\":1e999,\"subject\":\"\",\"until\":1,"
		"\"at\":1}]}",
		"{\"announced\":[{\"rule\":\"block_cost\",\"limit\":20,\"subject\":\"\",\"until\":9e18,"
		"\"at\":1}]}",
		"{\"announced\":[{\"rule\":\"block_cost\",\"limit\":20,\"subject\":\"\","
		"\"until\":9223372036854775807,\"at\":1}]}",
		"{\"announced\":[{\"rule\":\"block_cost\",\"limit\":20,\"subject\":\"\",\"until\":1,"
		"\"at\":-9223372036854775807}]}",
		"{\"announced\":[{\"rule\":\"context\",\"limit\":20,\"subject\":\"../x\",\"until\":1,"
		"\"at\":1}]}",
		"{\"announced\":[{\"rule\":\"limit_reached\",\"limit\":100,\"subject\":\"a b\",\"until\":1,"
		"\"at\":1}]}",
		"{\"announced\":[{\"rule\":\"limit_reset\",\"limit\":100,\"subject\":\"fiveHour\","
		"\"until\":1,\"at\":1}]}",
	};
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct json_object *written = json_tokener_parse(texts[i]);
		alerts_restore(&alerts, written, NOW_MS);
		json_object_put(written);
		assert_int_equal(alerts.records.count, 0);
	}
	alerts_restore(&alerts, NULL, NOW_MS);
	assert_int_equal(alerts.records.count, 0);
}

static void no_record_goes_before_its_crossing_is_over(void **state UNUSED)
{
	char id[32];
	config.alerts_context_percent = numbers(80., 0.);
	for (int i = 0; i < ALERTS_RECORDS_MAX + 10; i++) {
		snprintf(id, sizeof(id), "s%d", i);
		now_ms += MINUTE_MS / ALERTS_A_MINUTE + 1;
		look_at_context(id, 90., 0);
		assert_string_equal(take_told(), i < ALERTS_RECORDS_MAX ? "context:80 " : "");
		assert_int_equal(alerts_take_full(&alerts), i >= ALERTS_RECORDS_MAX);
	}
	assert_int_equal(alerts.records.count, ALERTS_RECORDS_MAX);
	restart_daemon();
	assert_int_equal(alerts.records.count, ALERTS_RECORDS_MAX);
	/* Those that were told are not told again, however often somebody looks. */
	for (int i = 0; i < ALERTS_RECORDS_MAX; i += 100) {
		snprintf(id, sizeof(id), "s%d", i);
		look_at_context(id, 90., 0);
	}
	assert_string_equal(take_told(), "");
	/* One that is over makes room. */
	look_at_context("s0", 1., 0);
	look_at_context("new", 90., 0);
	assert_string_equal(take_told(), "context:80 ");
	/* Sessions are forgotten some day. */
	now_ms += 31 * DAY_MS;
	(void)look_at_nothing();
	assert_int_equal(alerts.records.count, 0);
}

static void too_many_in_a_minute_are_summed_up(void **state UNUSED)
{
	config.alerts_context_percent = numbers(80., 0.);
	config.alerts_cache_cools_ms = 2 * MINUTE_MS;
	alerts_begin(&alerts, now_ms);
	for (int i = 0; i < ALERTS_A_MINUTE + 5; i++) {
		char id[32];
		snprintf(id, sizeof(id), "s%d", i);
		alerts_note_context(&alerts, id, NULL, 90., 0);
	}
	alerts_note_cache(&alerts, "c", NULL, now_ms + MINUTE_MS, 5 * MINUTE_MS);
	int64_t next_ms = alerts_end(&alerts);
	assert_int_equal(next_ms, now_ms + MINUTE_MS);
	const char *all = take_told();
	size_t count = 0;
	for (const char *at = all; (at = strstr(at, "context:80 ")); at++)
		count++;
	assert_int_equal(count, ALERTS_A_MINUTE);
	assert_null(strstr(all, "cache"));
	/* Alerts about the account come in any case. */
	(void)look_at_limit(RATE_LIMIT_FIVE_HOUR, 100., NOW_MS + HOUR_MS);
	assert_string_equal(take_told(), "limit_reached:100 ");
	/* Nothing of it is lost by a restart. */
	restart_daemon();
	now_ms = next_ms;
	(void)look_at_nothing();
	assert_string_equal(take_told(), "more:10 ");
	assert_true(last_alert.value == 6.);
	(void)look_at_nothing();
	assert_string_equal(take_told(), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(test) cmocka_unit_test_setup_teardown(test, alert_looks_set_up, alert_looks_tear_down)
		TEST(a_block_crosses_each_limit_once),
		TEST(limits_crossed_at_once_are_one_alert),
		TEST(the_next_block_is_another_and_a_moved_one_is_not),
		TEST(a_day_is_told_once_a_day),
		TEST(a_context_is_armed_again_by_a_compaction),
		TEST(a_cache_is_told_once_until_it_is_written_again),
		TEST(a_wait_is_told_once_when_it_has_been_long_enough),
		TEST(a_restart_repeats_nothing),
		TEST(what_was_written_by_others_is_passed_over),
		TEST(no_record_goes_before_its_crossing_is_over),
		TEST(too_many_in_a_minute_are_summed_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
