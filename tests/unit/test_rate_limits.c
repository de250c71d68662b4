/* The server's limits: which of two readings counts, and when one is over. */
#include "unit.h"

#include <json-c/json.h>
#include <math.h>

#include "base/buf.h"
#include "swatchd/billing/account_limits.h"

#define NOW_MS INT64_C(1795442700000)
#define HOUR_MS INT64_C(3600000)

static bool merge(struct rate_limits *limits, const char *name, double percent, int64_t resets_ms)
{
	struct rate_limit reading;
	rate_limit_init(&reading, name);
	reading.used_percent = percent;
	reading.resets_ms = resets_ms;
	return rate_limits_merge(limits, &reading, NOW_MS);
}

static void test_names(void **state)
{
	(void)state;
	char name[RATE_LIMIT_NAME_SIZE];
	assert_true(rate_limit_name("five_hour", 9, name));
	assert_string_equal(name, RATE_LIMIT_FIVE_HOUR);
	assert_true(rate_limit_name("sevenDay", 8, name));
	assert_string_equal(name, RATE_LIMIT_SEVEN_DAY);
	assert_true(rate_limit_name("seven_day_opus4", 15, name));
	assert_string_equal(name, "sevenDayOpus4");
	assert_false(rate_limit_name("", 0, name));
	assert_false(rate_limit_name("_x", 2, name));
	assert_false(rate_limit_name("a b", 3, name));
	assert_false(rate_limit_name("a\"b", 3, name));
	assert_false(rate_limit_name("a23456789012345678901234567890123456789x", 40, name));
}

static void test_the_higher_of_one_window_counts(void **state)
{
	(void)state;
	struct rate_limits limits = { 0 };
	int64_t reset_ms = NOW_MS + 2 * HOUR_MS;
	assert_true(merge(&limits, RATE_LIMIT_FIVE_HOUR, 40., reset_ms));
	assert_false(merge(&limits, RATE_LIMIT_FIVE_HOUR, 40., reset_ms));
	assert_false(merge(&limits, RATE_LIMIT_FIVE_HOUR, 39., reset_ms));
	/* Rounded to another second by the server: still this window. */
	assert_false(merge(&limits, RATE_LIMIT_FIVE_HOUR, 39., reset_ms + 1000));
	assert_true(merge(&limits, RATE_LIMIT_FIVE_HOUR, 41., reset_ms - 1000));
	assert_true(rate_limits_find(&limits, RATE_LIMIT_FIVE_HOUR)->used_percent == 41.);
	assert_int_equal(limits.count, 1);
}

static void test_the_later_window_counts(void **state)
{
	(void)state;
	struct rate_limits limits = { 0 };
	assert_true(merge(&limits, RATE_LIMIT_FIVE_HOUR, 90., NOW_MS + HOUR_MS));
	assert_true(merge(&limits, RATE_LIMIT_FIVE_HOUR, 1., NOW_MS + 5 * HOUR_MS));
	assert_false(merge(&limits, RATE_LIMIT_FIVE_HOUR, 99., NOW_MS + HOUR_MS));
	assert_true(rate_limits_find(&limits, RATE_LIMIT_FIVE_HOUR)->used_percent == 1.);
}

static void test_what_cannot_be_is_refused(void **state)
{
	(void)state;
	struct rate_limits limits = { 0 };
	assert_false(merge(&limits, RATE_LIMIT_FIVE_HOUR, 40., NOW_MS));
	assert_false(merge(&limits, RATE_LIMIT_FIVE_HOUR, 40., NOW_MS - 1));
	assert_false(merge(&limits, RATE_LIMIT_FIVE_HOUR, 40., NOW_MS + 6 * HOUR_MS));
	assert_false(merge(&limits, RATE_LIMIT_SEVEN_DAY, 40., NOW_MS + 8 * 24 * HOUR_MS));
	assert_false(merge(&limits, RATE_LIMIT_FIVE_HOUR, -1., NOW_MS + HOUR_MS));
	assert_false(merge(&limits, RATE_LIMIT_FIVE_HOUR, NAN, NOW_MS + HOUR_MS));
	assert_false(merge(&limits, RATE_LIMIT_FIVE_HOUR, INFINITY, NOW_MS + HOUR_MS));
	assert_false(merge(&limits, "", 40., NOW_MS + HOUR_MS));
	assert_true(merge(&limits, "spendLimit", 140., NOW_MS + 20 * 24 * HOUR_MS));
	assert_int_equal(limits.count, 1);
}

static void test_limits_expire_and_are_bounded(void **state)
{
	(void)state;
	struct rate_limits limits = { 0 };
	for (int i = 0; i < RATE_LIMITS_MAX; i++) {
		char name[RATE_LIMIT_NAME_SIZE];
		snprintf(name, sizeof(name), "n%d", i);
		assert_true(merge(&limits, name, 1., NOW_MS + (1 + i) * HOUR_MS));
	}
	assert_false(merge(&limits, "more", 1., NOW_MS + HOUR_MS));
	assert_true(rate_limits_next_reset_ms(&limits) == NOW_MS + HOUR_MS);
	assert_false(rate_limits_expire(&limits, NOW_MS + HOUR_MS - 1));
	assert_true(rate_limits_expire(&limits, NOW_MS + 2 * HOUR_MS));
	assert_int_equal(limits.count, RATE_LIMITS_MAX - 2);
	assert_null(rate_limits_find(&limits, "n1"));
	assert_true(merge(&limits, "more", 1., NOW_MS + HOUR_MS));
}

static struct json_object *json(const char *text)
{
	struct json_object *object = json_tokener_parse(text);
	assert_non_null(object);
	return object;
}

static void test_ticks_are_taken_as_they_come(void **state)
{
	(void)state;
	struct rate_limits limits = { 0 };
	struct json_object *tick = json(
		"{\"five_hour\":{\"used_percentage\":\"42.5\",\"resets_at\":1795450000},"
		"\"seven_day\":{\"used_percentage\":12,\"resets_at\":\"2026-11-25T00:00:00Z\"},"
		"\"seven_day_opus\":{\"used_percentage\":3,\"resets_at\":1795450000000},"
		"\"spend_limit\":{\"used_percentage\":120,\"resets_at\":1795800000,\"used_usd\":60,\"limit_usd\":\"50\"},"
		"\"half\":{\"used_percentage\":1,\"resets_at\":1795800000,\"used_usd\":-1,\"limit_usd\":1e300},"
		"\"a b\":{\"used_percentage\":3,\"resets_at\":1795450000},\"x\":7,\"y\":null,"
		"\"z\":{\"used_percentage\":\"many\",\"resets_at\":1795450000},\"w\":{\"used_percentage\":1}}");
	assert_true(account_limits_take_tick(&limits, tick, "s1", NOW_MS));
	assert_false(account_limits_take_tick(&limits, tick, "s2", NOW_MS + 1000));
	json_object_put(tick);
	assert_int_equal(limits.count, 5);
	const struct rate_limit *five = rate_limits_find(&limits, RATE_LIMIT_FIVE_HOUR);
	assert_true(five->used_percent == 42.5 && five->resets_ms == INT64_C(1795450000000));
	assert_true(five->observed_ms == NOW_MS);
	assert_string_equal(five->session_id, "s1");
	assert_true(rate_limits_find(&limits, "sevenDayOpus")->resets_ms == INT64_C(1795450000000));
	assert_true(rate_limits_find(&limits, "spendLimit")->limit_usd == 50.);
	const struct rate_limit *half = rate_limits_find(&limits, "half");
	assert_true(isnan(half->used_usd) && isnan(half->limit_usd));
	assert_false(account_limits_take_tick(&limits, NULL, "s1", NOW_MS));
}

static void test_what_is_written_reads_back(void **state)
{
	(void)state;
	struct rate_limits limits = { 0 }, again = { 0 };
	struct buf text = BUF_INIT;
	struct jsonw w;
	struct ledger_limit hit = { .noted_ms = NOW_MS - 5, .resets_ms = NOW_MS + HOUR_MS, .kind = SCAN_LIMIT_FIVE_HOUR,
				    .session_id = "s9" };
	merge(&limits, RATE_LIMIT_FIVE_HOUR, 40., NOW_MS + HOUR_MS);
	merge(&limits, RATE_LIMIT_SEVEN_DAY, 7.25, NOW_MS + 30 * HOUR_MS);
	account_limits_take_marker(&limits, &hit, NOW_MS);
	hit.kind = SCAN_LIMIT_OTHER;
	account_limits_take_marker(&limits, &hit, NOW_MS);
	jsonw_init(&w, &text);
	jsonw_begin_object(&w);
	account_limits_write(&limits, &w);
	jsonw_end_object(&w);
	struct json_object *object = json(buf_str(&text)), *inner = NULL;
	assert_true(json_object_object_get_ex(object, "rateLimits", &inner));
	account_limits_restore(&again, inner, NOW_MS);
	json_object_put(object);
	buf_release(&text);
	assert_int_equal(again.count, 2);
	const struct rate_limit *five = rate_limits_find(&again, RATE_LIMIT_FIVE_HOUR);
	assert_true(five->used_percent == 100. && five->observed_ms == NOW_MS - 5 && five->from_transcript);
	assert_string_equal(five->session_id, "s9");
	assert_false(rate_limits_find(&again, RATE_LIMIT_SEVEN_DAY)->from_transcript);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_the_higher_of_one_window_counts),
		cmocka_unit_test(test_the_later_window_counts),
		cmocka_unit_test(test_what_cannot_be_is_refused),
		cmocka_unit_test(test_limits_expire_and_are_bounded),
		cmocka_unit_test(test_ticks_are_taken_as_they_come),
		cmocka_unit_test(test_what_is_written_reads_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
