/* The server's limits: which of two readings counts, and when one is over. */
#include "unit.h"

#include <json-c/json.h>
#include <math.h>

#include "base/buf.h"
#include "base/clock.h"
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
	/* No more of the same age, but the two that everybody has. */
	assert_false(merge(&limits, "more", 1., NOW_MS + HOUR_MS));
	struct rate_limits full = limits;
	assert_true(merge(&full, RATE_LIMIT_SEVEN_DAY, 1., NOW_MS + HOUR_MS));
	assert_int_equal(full.count, RATE_LIMITS_MAX);
	assert_true(rate_limits_next_reset_ms(&limits) == NOW_MS + HOUR_MS);
	assert_false(rate_limits_expire(&limits, NOW_MS + HOUR_MS - 1));
	assert_true(rate_limits_expire(&limits, NOW_MS + 2 * HOUR_MS));
	assert_int_equal(limits.count, RATE_LIMITS_MAX - 2);
	assert_null(rate_limits_find(&limits, "n1"));
	assert_true(merge(&limits, "more", 1., NOW_MS + HOUR_MS));
}

static struct readings readings;

static bool take_tick(struct rate_limits *limits, struct json_object *told, const char *session_id,
		      int64_t at_ms)
{
	const struct account_teller teller = { .session_id = session_id, .now_ms = at_ms };
	return account_limits_take_tick(limits, &readings, told, &teller);
}

static int forget_readings(void **state)
{
	(void)state;
	memset(&readings, 0, sizeof(readings));
	return 0;
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
	struct json_object *told = json(
		"{\"five_hour\":{\"used_percentage\":\"42.5\",\"resets_at\":1795450000},"
		"\"seven_day\":{\"used_percentage\":12,\"resets_at\":\"2026-11-25T00:00:00Z\"},"
		"\"seven_day_opus\":{\"used_percentage\":3,\"resets_at\":1795450000000},"
		"\"spend_limit\":{\"used_percentage\":120,\"resets_at\":1795800000,\"used_usd\":60,"
		"\"limit_usd\":\"50\"},"
		"\"half\":{\"used_percentage\":1,\"resets_at\":1795800000,\"used_usd\":-1,"
		"\"limit_usd\":1e300},"
		"\"a b\":{\"used_percentage\":3,\"resets_at\":1795450000},\"x\":7,\"y\":null,"
		"\"z\":{\"used_percentage\":\"many\",\"resets_at\":1795450000},"
		"\"w\":{\"used_percentage\":1}}");
	assert_true(take_tick(&limits, told, "s1", NOW_MS));
	assert_false(take_tick(&limits, told, "s2", NOW_MS + 1000));
	json_object_put(told);
	assert_int_equal(limits.count, 5);
	const struct rate_limit *five = rate_limits_find(&limits, RATE_LIMIT_FIVE_HOUR);
	assert_true(five->used_percent == 42.5 && five->resets_ms == INT64_C(1795450000000));
	assert_true(five->since_ms == NOW_MS && five->observed_ms == NOW_MS + 1000);
	assert_string_equal(five->session_id, "s1");
	assert_true(rate_limits_find(&limits, "sevenDayOpus")->resets_ms == INT64_C(1795450000000));
	assert_true(rate_limits_find(&limits, "spendLimit")->limit_usd == 50.);
	const struct rate_limit *half = rate_limits_find(&limits, "half");
	assert_true(isnan(half->used_usd) && isnan(half->limit_usd));
	assert_false(take_tick(&limits, NULL, "s1", NOW_MS));
}

/* ---- readings of one window ---- */

/* A tick of a session that has the limit at `percent`. */
static bool tick(struct rate_limits *limits, const char *session_id, const char *name, double percent,
		 int64_t at_ms)
{
	char text[200];
	snprintf(text, sizeof(text), "{\"%s\":{\"used_percentage\":%g,\"resets_at\":%lld}}", name, percent,
		 (long long)(NOW_MS + 2 * HOUR_MS));
	struct json_object *object = json(text);
	bool changed = take_tick(limits, object, session_id, at_ms);
	json_object_put(object);
	return changed;
}

static double used(const struct rate_limits *limits, const char *name)
{
	const struct rate_limit *limit = rate_limits_find(limits, name);
	return limit ? limit->used_percent : NAN;
}

static void test_a_lower_reading_counts_for_a_reason(void **state)
{
	(void)state;
	struct rate_limits limits = { 0 };
	assert_true(tick(&limits, "a", "five_hour", 80., NOW_MS));
	/* An idle terminal's old reading. */
	assert_false(tick(&limits, "b", "five_hour", 60., NOW_MS + 1000));
	assert_false(tick(&limits, "b", "five_hour", 60., NOW_MS + 2 * CLOCK_MINUTE_MS));
	assert_true(used(&limits, "fiveHour") == 80.);
	/* The same session tells less than before. */
	assert_true(tick(&limits, "a", "five_hour", 20., NOW_MS + 3 * CLOCK_MINUTE_MS));
	assert_true(used(&limits, "fiveHour") == 20.);
	/* A terminal that repeats what it had does not raise it again; one that got an answer does. */
	assert_false(tick(&limits, "b", "five_hour", 60., NOW_MS + 4 * CLOCK_MINUTE_MS));
	assert_true(used(&limits, "fiveHour") == 20.);
	assert_true(tick(&limits, "b", "five_hour", 61., NOW_MS + 5 * CLOCK_MINUTE_MS));
	/* Long after the last one, a session that begins knows better. */
	assert_true(tick(&limits, "c", "five_hour", 21., NOW_MS + 7 * CLOCK_MINUTE_MS));
	assert_true(used(&limits, "fiveHour") == 21.);
}

static void test_a_confirmed_value_is_news_once_a_minute(void **state)
{
	(void)state;
	struct rate_limits limits = { 0 };
	assert_true(tick(&limits, "a", "five_hour", 80., NOW_MS));
	assert_false(tick(&limits, "a", "five_hour", 80., NOW_MS + 59999));
	const struct rate_limit *five = rate_limits_find(&limits, RATE_LIMIT_FIVE_HOUR);
	assert_true(five->since_ms == NOW_MS && five->observed_ms == NOW_MS + 59999);
	assert_true(tick(&limits, "b", "five_hour", 80., NOW_MS + 60000));
	assert_false(tick(&limits, "b", "five_hour", 80., NOW_MS + 61000));
	assert_true(five->since_ms == NOW_MS && five->observed_ms == NOW_MS + 61000);
	/* Whoever asks gets the second confirmation, once. */
	assert_true(rate_limits_take_confirmed(&limits));
	assert_false(rate_limits_take_confirmed(&limits));
}

static void test_what_the_server_does_not_name_is_lacking(void **state)
{
	(void)state;
	struct rate_limits limits = { 0 };
	assert_false(rate_limits_lacks(&limits, RATE_LIMIT_FIVE_HOUR));
	assert_true(tick(&limits, "a", "seven_day", 30., NOW_MS));
	assert_true(rate_limits_lacks(&limits, RATE_LIMIT_FIVE_HOUR));
	assert_false(rate_limits_lacks(&limits, RATE_LIMIT_SEVEN_DAY));
	assert_true(tick(&limits, "b", "five_hour", 30., NOW_MS));
	assert_false(rate_limits_lacks(&limits, RATE_LIMIT_FIVE_HOUR));
	/* A client leaves out a window that was reset; it still exists. */
	(void)rate_limits_expire(&limits, NOW_MS + 2 * HOUR_MS);
	assert_false(rate_limits_lacks(&limits, RATE_LIMIT_FIVE_HOUR));
}

static void test_hits_are_shown_by_name(void **state)
{
	(void)state;
	struct rate_limits limits = { 0 };
	const struct ledger_limit hits[] = {
		{ .noted_ms = NOW_MS - 5,
		  .resets_ms = NOW_MS + HOUR_MS,
		  .name = "seven_day_opus",
		  .session_id = "s9" },
		{ .noted_ms = NOW_MS - 6, .resets_ms = 0, .name = "five_hour", .session_id = "s9" },
		{ .noted_ms = NOW_MS - 7, .resets_ms = 0, .name = "", .session_id = "s9" },
	};
	assert_true(merge(&limits, RATE_LIMIT_FIVE_HOUR, 40., NOW_MS + 2 * HOUR_MS));
	account_limits_take_hits(&limits, hits, 3, NOW_MS);
	assert_int_equal(limits.count, 2);
	const struct rate_limit *opus = rate_limits_find(&limits, "sevenDayOpus");
	assert_true(opus->was_hit && opus->used_percent == 100. && opus->resets_ms == NOW_MS + HOUR_MS);
	assert_string_equal(opus->model, "opus");
	/* A statusline knows when the window resets. */
	const struct rate_limit *five = rate_limits_find(&limits, RATE_LIMIT_FIVE_HOUR);
	assert_true(five->was_hit && five->used_percent == 100. && five->resets_ms == NOW_MS + 2 * HOUR_MS);
	/* A window that began after the hit is another. */
	struct rate_limits later = { 0 };
	struct rate_limit reading;
	rate_limit_init(&reading, RATE_LIMIT_FIVE_HOUR);
	reading.used_percent = 1.;
	reading.resets_ms = NOW_MS + 5 * HOUR_MS;
	reading.observed_ms = NOW_MS;
	assert_true(rate_limits_merge(&later, &reading, NOW_MS));
	const struct ledger_limit old = { .noted_ms = NOW_MS - 5,
					  .resets_ms = NOW_MS + HOUR_MS,
					  .name = "five_hour" };
	account_limits_take_hits(&later, &old, 1, NOW_MS);
	assert_true(used(&later, "fiveHour") == 1.);
}

static void test_limits_of_models(void **state)
{
	(void)state;
	static const struct { const char *name, *model; bool holds;
	} cases[] = {
		{ "seven_day_opus", "claude-opus-4-6", true },
		{ "sevenDayOpus", "us.anthropic.claude-opus-5-5", true },
		{ "seven_day_opus", "claude-sonnet-5-5", false },
		{ "seven_day", "claude-sonnet-5-5", true },
		{ "five_hour_haiku", "claude-haiku-4-5", true },
		{ "five_hour_haiku", "claude-opus-4-5", false },
		{ "seven_day_opus_5_5", "claude-opus-5-5-20261001", true },
		{ "sevenDayOpus55", "claude-opus-5-5", true },
		{ "seven_day_opus_5_5", "claude-opus-5", false },
		{ "seven_day_opus_5", "claude-opus-5-5", false },
		{ "seven_day_zephyr", "claude-zephyr-1", true },
		{ "seven_day_zephyr", "claude-opus-5", true },
		{ "overage", "claude-opus-5", true },
		{ "seven_day_fable", "", true },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(rate_limit_holds_for(cases[i].name, cases[i].model), cases[i].holds);
	char model[RATE_LIMIT_NAME_SIZE];
	rate_limit_model("seven_day_zephyr", NULL, model);
	assert_string_equal(model, "");
	rate_limit_model("seven_day_zephyr", "claude-zephyr-1", model);
	assert_string_equal(model, "zephyr");
}

static void test_labels(void **state)
{
	(void)state;
	static const char *const labels[][3] = {
		{ "fiveHour", "5h", "5-hour limit" },
		{ "seven_day", "7d", "7-day limit" },
		{ "sevenDayOpus", "7d opus", "7-day Opus limit" },
		{ "seven_day_opus_5_5", "7d opus 5.5", "7-day Opus 5.5 limit" },
		{ "sevenDayOpus55", "7d opus 5.5", "7-day Opus 5.5 limit" },
		{ "spendLimit", "spend", "spending limit" },
		{ "overage", "overage", "limit overage" },
		{ "fiveHourTeam", "5h team", "5-hour team limit" },
		{ "", "", "usage limit" },
	};
	for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]); i++) {
		char text[RATE_LIMIT_LABEL_SIZE];
		rate_limit_label(labels[i][0], text);
		assert_string_equal(text, labels[i][1]);
		rate_limit_title(labels[i][0], text);
		assert_string_equal(text, labels[i][2]);
	}
}

static void test_the_one_that_is_hit_first_comes_first(void **state)
{
	(void)state;
	struct rate_limits limits = { 0 };
	const struct rate_limit *order[RATE_LIMITS_MAX];
	/* 60% in the first hour of five: it is used up in 40 minutes. 90% at the end of a week: it is not. */
	assert_true(merge(&limits, RATE_LIMIT_SEVEN_DAY, 90., NOW_MS + 4 * HOUR_MS));
	assert_true(merge(&limits, RATE_LIMIT_FIVE_HOUR, 60., NOW_MS + 4 * HOUR_MS));
	assert_true(merge(&limits, "spendLimit", 95., NOW_MS + 90 * HOUR_MS));
	rate_limits_order(&limits, NOW_MS, order);
	assert_string_equal(order[0]->name, "fiveHour");
	assert_string_equal(order[1]->name, "spendLimit");
	assert_string_equal(order[2]->name, "sevenDay");
	assert_true(fabs(rate_limit_pace(order[0], NOW_MS) - 3.) < 1e-9);
	assert_true(isnan(rate_limit_pace(order[1], NOW_MS)));
}

static void test_what_is_written_reads_back(void **state)
{
	(void)state;
	struct rate_limits limits = { 0 }, again = { 0 }, hits = { 0 };
	struct buf text = BUF_INIT;
	struct jsonw w;
	const struct ledger_limit hit = { .noted_ms = NOW_MS - 5,
					  .resets_ms = NOW_MS + HOUR_MS,
					  .name = "seven_day_opus",
					  .session_id = "s9" };
	assert_true(tick(&limits, "s1", "seven_day", 7.25, NOW_MS - 9));
	assert_false(tick(&limits, "s1", "seven_day", 7.25, NOW_MS - 7));
	account_limits_take_hits(&limits, &hit, 1, NOW_MS);
	jsonw_init(&w, &text);
	jsonw_begin_object(&w);
	account_limits_write(&limits, &w);
	jsonw_end_object(&w);
	struct json_object *object = json(buf_str(&text)), *inner = NULL;
	assert_true(json_object_object_get_ex(object, "rateLimits", &inner));
	account_limits_restore(&again, &hits, inner, NOW_MS);
	json_object_put(object);
	buf_release(&text);
	assert_int_equal(again.count, 1);
	assert_int_equal(hits.count, 1);
	assert_true(again.lacks_five_hour && !again.lacks_seven_day);
	const struct rate_limit *week = rate_limits_find(&again, RATE_LIMIT_SEVEN_DAY);
	assert_true(week->used_percent == 7.25 && week->since_ms == NOW_MS - 9
		    && week->observed_ms == NOW_MS - 7);
	assert_string_equal(week->session_id, "s1");
	assert_false(week->was_hit);
	assert_true(hits.all[0].was_hit && hits.all[0].observed_ms == NOW_MS - 5);
	assert_string_equal(hits.all[0].session_id, "s9");
	/* It holds until the ledger has an answer to it. */
	struct ledger *ledger = ledger_new();
	const struct scan_usage answer = { .present = true,
					   .timestamp_ms = NOW_MS + 1,
					   .model = { "claude-opus-5", 13 },
					   .message_id = { "m", 1 },
					   .tokens = { .output = 1 } };
	account_limits_take_old_hits(&again, &hits, ledger, NOW_MS + 2);
	assert_true(used(&again, "sevenDayOpus") == 100.);
	again.count = 0;
	assert_int_equal(ledger_add(ledger, ledger_add_file(ledger, "/p/s.jsonl", 3, "s", false), 0, &answer),
			 1);
	account_limits_take_old_hits(&again, &hits, ledger, NOW_MS + 2);
	assert_int_equal(again.count, 0);
	ledger_free(ledger);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_the_higher_of_one_window_counts),
		cmocka_unit_test(test_the_later_window_counts),
		cmocka_unit_test(test_what_cannot_be_is_refused),
		cmocka_unit_test(test_limits_expire_and_are_bounded),
		cmocka_unit_test_setup(test_ticks_are_taken_as_they_come, forget_readings),
		cmocka_unit_test_setup(test_a_lower_reading_counts_for_a_reason, forget_readings),
		cmocka_unit_test_setup(test_a_confirmed_value_is_news_once_a_minute, forget_readings),
		cmocka_unit_test_setup(test_what_the_server_does_not_name_is_lacking, forget_readings),
		cmocka_unit_test_setup(test_what_is_written_reads_back, forget_readings),
		cmocka_unit_test(test_hits_are_shown_by_name),
		cmocka_unit_test(test_limits_of_models),
		cmocka_unit_test(test_labels),
		cmocka_unit_test(test_the_one_that_is_hit_first_comes_first),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
