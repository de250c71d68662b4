/* alerts: the account's limits, with a clock that is turned by hand. */
#include "unit.h"

#include "alert_looks.h"
#include "limits/limits.h"

static void a_limit_is_told_once_a_window(void **state UNUSED)
{
	const int64_t reset_ms = NOW_MS + 2 * HOUR_MS;
	config.alerts_five_hour_percent = numbers(80., 95.);
	config.alerts_other_limits_percent = numbers(50., 0.);
	look_at_limit(RATE_LIMIT_FIVE_HOUR, 79.9, reset_ms);
	assert_string_equal(take_told(), "");
	look_at_limit(RATE_LIMIT_FIVE_HOUR, 80., reset_ms);
	assert_string_equal(take_told(), "five_hour:80 ");
	assert_string_equal(last_alert.name, RATE_LIMIT_FIVE_HOUR);
	assert_string_equal(last_alert.session_id, "s1");
	/* Another terminal's reading of the same window, some seconds off. */
	look_at_limit(RATE_LIMIT_FIVE_HOUR, 81., reset_ms + 50000);
	look_at_limit(RATE_LIMIT_FIVE_HOUR, 82., reset_ms - 50000);
	assert_string_equal(take_told(), "");
	/* A late one, when it is just over. */
	now_ms = reset_ms + 1000;
	look_at_limit(RATE_LIMIT_FIVE_HOUR, 83., reset_ms + 30000);
	assert_string_equal(take_told(), "");
	look_at_limit(RATE_LIMIT_FIVE_HOUR, 90., reset_ms + 5 * HOUR_MS);
	assert_string_equal(take_told(), "five_hour:80 ");
	/* Each of the others has an alert for its own limit. */
	look_at_limit("sevenDayOpus", 60., NOW_MS + 3 * DAY_MS);
	assert_string_equal(take_told(), "other_limits:50 ");
	look_at_limit("spendLimit", 60., NOW_MS + 3 * DAY_MS);
	assert_string_equal(take_told(), "other_limits:50 ");
	look_at_limit("sevenDayOpus", 61., NOW_MS + 3 * DAY_MS);
	assert_string_equal(take_told(), "");
}

static void a_window_that_the_server_begins_early_is_another(void **state UNUSED)
{
	config.alerts_five_hour_percent = numbers(80., 0.);
	look_at_limit(RATE_LIMIT_FIVE_HOUR, 85., NOW_MS + 2 * HOUR_MS);
	assert_string_equal(take_told(), "five_hour:80 ");
	look_at_limit(RATE_LIMIT_FIVE_HOUR, 1., NOW_MS + 5 * HOUR_MS);
	look_at_limit(RATE_LIMIT_FIVE_HOUR, 80., NOW_MS + 5 * HOUR_MS);
	assert_string_equal(take_told(), "five_hour:80 ");
	/* A limit of unknown length whose reset goes ahead of the clock is one as long as it stays high. */
	config.alerts_other_limits_percent = numbers(80., 0.);
	for (int i = 0; i < 5; i++) {
		now_ms += HOUR_MS;
		look_at_limit("rolling", 85., now_ms + HOUR_MS + MINUTE_MS * i);
		assert_string_equal(take_told(), i == 0 ? "other_limits:80 " : "");
	}
}

static void a_limit_is_reached_and_reset(void **state UNUSED)
{
	const int64_t reset_ms = NOW_MS + 2 * HOUR_MS;
	look_at_limit(RATE_LIMIT_FIVE_HOUR, 99.9, reset_ms);
	assert_string_equal(take_told(), "");
	assert_int_equal(look_at_limit(RATE_LIMIT_FIVE_HOUR, 100., reset_ms), reset_ms);
	assert_string_equal(take_told(), "limit_reached:100 ");
	now_ms = reset_ms - 1;
	assert_int_equal(look_at_nothing(), reset_ms);
	assert_string_equal(take_told(), "");
	now_ms = reset_ms;
	assert_int_equal(look_at_nothing(), 0);
	assert_string_equal(take_told(), "limit_reset:100 ");
	assert_int_equal(last_alert.ends_ms, reset_ms);
	/* A late terminal says again what is over. */
	now_ms = reset_ms + 1000;
	look_at_limit(RATE_LIMIT_FIVE_HOUR, 100., reset_ms + 30000);
	now_ms = reset_ms + 30000;
	(void)look_at_nothing();
	assert_string_equal(take_told(), "");
	now_ms = reset_ms + HOUR_MS;
	(void)look_at_nothing();
	assert_int_equal(alerts.records.count, 0);
}

static void a_limit_that_is_reset_early_is_told(void **state UNUSED)
{
	look_at_limit(RATE_LIMIT_SEVEN_DAY, 100., NOW_MS + 4 * DAY_MS);
	assert_string_equal(take_told(), "limit_reached:100 ");
	look_at_limit(RATE_LIMIT_SEVEN_DAY, 3., NOW_MS + 7 * DAY_MS);
	assert_string_equal(take_told(), "limit_reset:100 ");
	assert_int_equal(look_at_nothing(), 0);
	assert_string_equal(take_told(), "");
}

/* One look at all limits. */
static void look_at_limits(const char *name, double percent, int64_t resets_ms)
{
	alerts_begin(&alerts, now_ms);
	if (name)
		alerts_note_limit(&alerts, name, percent, resets_ms, "s1");
	alerts_end_limits(&alerts);
	(void)alerts_end(&alerts);
}

static void a_limit_that_is_answered_is_over(void **state UNUSED)
{
	int64_t resets_ms = NOW_MS + 4 * DAY_MS;
	look_at_limits(RATE_LIMIT_SEVEN_DAY, 100., resets_ms);
	look_at_limits(RATE_LIMIT_SEVEN_DAY, 100., resets_ms);
	assert_string_equal(take_told(), "limit_reached:100 ");
	/* A lower reading of the same window, or none any more: extra usage, an upgrade. */
	look_at_limits(RATE_LIMIT_SEVEN_DAY, 40., resets_ms);
	assert_string_equal(take_told(), "limit_reset:100 ");
	assert_int_equal(last_alert.ends_ms, 0);
	look_at_limits(RATE_LIMIT_SEVEN_DAY, 100., resets_ms);
	assert_string_equal(take_told(), "limit_reached:100 ");
	look_at_limits(NULL, 0., 0);
	look_at_limits(NULL, 0., 0);
	assert_string_equal(take_told(), "limit_reset:100 ");
	now_ms = resets_ms;
	look_at_limits(NULL, 0., 0);
	assert_string_equal(take_told(), "");
}

static void a_limit_without_a_reset_is_told_once(void **state UNUSED)
{
	for (int i = 0; i < 5; i++) {
		look_at_limits(ALERTS_UNTOLD_LIMIT, 100., 0);
		assert_string_equal(take_told(), i == 0 ? "limit_reached:100 " : "");
		now_ms += DAY_MS;
		restart_daemon();
	}
	/* A statusline gives it a name. */
	look_at_limits(RATE_LIMIT_FIVE_HOUR, 100., now_ms + HOUR_MS);
	assert_string_equal(take_told(), "limit_reached:100 ");
	look_at_limits(ALERTS_UNTOLD_LIMIT, 100., 0);
	assert_string_equal(take_told(), "limit_reached:100 limit_reset:100 ");
	look_at_limits(NULL, 0., 0);
	assert_string_equal(take_told(), "limit_reset:100 ");
}

static void a_reset_alone_may_be_wanted(void **state UNUSED)
{
	config.alerts_limit_reached = 0;
	look_at_limit(ALERTS_UNTOLD_LIMIT, 100., NOW_MS + HOUR_MS);
	assert_string_equal(take_told(), "");
	now_ms += HOUR_MS;
	(void)look_at_nothing();
	assert_string_equal(take_told(), "limit_reset:100 ");
	config.alerts_limit_reset = 0;
	look_at_limit(ALERTS_UNTOLD_LIMIT, 100., now_ms + 3 * HOUR_MS);
	now_ms += 3 * HOUR_MS;
	(void)look_at_nothing();
	assert_string_equal(take_told(), "");
}

static void a_reset_while_nobody_looked_is_told_when_it_is_young(void **state UNUSED)
{
	for (int late = 0; late < 2; late++) {
		now_ms = NOW_MS + late * DAY_MS;
		look_at_limit(RATE_LIMIT_FIVE_HOUR, 100., now_ms + HOUR_MS);
		assert_string_equal(take_told(), "limit_reached:100 ");
		now_ms += HOUR_MS + (late ? ALERTS_LATE_MS + 1 : ALERTS_LATE_MS);
		restart_daemon();
		(void)look_at_nothing();
		assert_string_equal(take_told(), late ? "" : "limit_reset:100 ");
		restart_daemon();
		(void)look_at_nothing();
		assert_string_equal(take_told(), "");
		assert_int_equal(alerts.records.count, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(test) cmocka_unit_test_setup_teardown(test, alert_looks_set_up, alert_looks_tear_down)
		TEST(a_limit_is_told_once_a_window),
		TEST(a_window_that_the_server_begins_early_is_another),
		TEST(a_limit_is_reached_and_reset),
		TEST(a_limit_that_is_reset_early_is_told),
		TEST(a_limit_that_is_answered_is_over),
		TEST(a_limit_without_a_reset_is_told_once),
		TEST(a_reset_alone_may_be_wanted),
		TEST(a_reset_while_nobody_looked_is_told_when_it_is_young),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
