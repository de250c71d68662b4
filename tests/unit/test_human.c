/* human, event_text: how commands word numbers, times and events. */
#include "unit.h"

#include <math.h>
#include <time.h>

#include "base/clock.h"
#include "swatch/ui/event_text.h"
#include "swatch/ui/human.h"

/* 2026-11-23T14:05:00Z; the tests run in UTC. */
#define NOW_MS INT64_C(1795442700000)

static void test_numbers(void **state UNUSED)
{
	assert_string_equal(human_count(0, HUMAN_TEXT), "0");
	assert_string_equal(human_count(999, HUMAN_TEXT), "999");
	assert_string_equal(human_count(1503, HUMAN_TEXT), "1,503");
	assert_string_equal(human_count(-1234567, HUMAN_TEXT), "-1,234,567");
	assert_string_equal(human_count(-123, HUMAN_TEXT), "-123");
	assert_string_equal(human_amount(1503.9, HUMAN_TEXT), "1,503");
	assert_string_equal(human_amount(7.7e21, HUMAN_TEXT), "?");
	assert_string_equal(human_amount(-INFINITY, HUMAN_TEXT), "?");
	assert_string_equal(human_amount(NAN, HUMAN_TEXT), "?");
	assert_string_equal(human_count(INT64_MIN, HUMAN_TEXT), "-9,223,372,036,854,775,808");
	assert_string_equal(human_counted(1, "folder", HUMAN_TEXT), "1 folder");
	assert_string_equal(human_counted(0, "folder", HUMAN_TEXT), "0 folders");
	assert_string_equal(human_bytes(-1, HUMAN_TEXT), "0 B");
	assert_string_equal(human_bytes(1023, HUMAN_TEXT), "1023 B");
	assert_string_equal(human_bytes(1024, HUMAN_TEXT), "1.0 KB");
	assert_string_equal(human_bytes(1024 * 1024 - 1, HUMAN_TEXT), "1.0 MB");
	assert_string_equal(human_bytes(11745000, HUMAN_TEXT), "11.2 MB");
	assert_string_equal(human_bytes(INT64_MAX, HUMAN_TEXT), "8.0 EB");
}

static void test_money(void **state UNUSED)
{
	assert_string_equal(human_usd(0, HUMAN_TEXT), "$0.00");
	assert_string_equal(human_usd(12.344, HUMAN_TEXT), "$12.34");
	assert_string_equal(human_usd(0.999, HUMAN_TEXT), "$1.00");
	assert_string_equal(human_usd(1234.5, HUMAN_TEXT), "$1,234.50");
	assert_string_equal(human_usd(0.0042, HUMAN_TEXT), "$0.0042");
	assert_string_equal(human_usd(0.00001, HUMAN_TEXT), "$0.00");
	assert_string_equal(human_usd(-1.5, HUMAN_TEXT), "-$1.50");
	assert_string_equal(human_usd(-0.00001, HUMAN_TEXT), "$0.00");
	assert_string_equal(human_usd(1e300, HUMAN_TEXT), "$1,000,000,000,000.00");
	assert_string_equal(human_usd(NAN, HUMAN_TEXT), "?");
	assert_string_equal(human_usd(-INFINITY, HUMAN_TEXT), "?");
}

static void test_spans(void **state UNUSED)
{
	assert_string_equal(human_span(-5, HUMAN_TEXT), "0 s");
	assert_string_equal(human_span(45 * CLOCK_SECOND_MS, HUMAN_TEXT), "45 s");
	assert_string_equal(human_span(12 * CLOCK_MINUTE_MS, HUMAN_TEXT), "12 m");
	assert_string_equal(human_span(3 * CLOCK_HOUR_MS, HUMAN_TEXT), "3 h");
	assert_string_equal(human_span(133 * CLOCK_MINUTE_MS, HUMAN_TEXT), "2 h 13 m");
	assert_string_equal(human_span(76 * CLOCK_HOUR_MS, HUMAN_TEXT), "3 d 4 h");
	assert_string_equal(human_span(48 * CLOCK_HOUR_MS, HUMAN_TEXT), "2 d");
	assert_string_equal(human_duration(80, HUMAN_TEXT), "80 ms");
	assert_string_equal(human_duration(1234, HUMAN_TEXT), "1.2 s");
	assert_string_equal(human_duration(9949, HUMAN_TEXT), "9.9 s");
	assert_string_equal(human_duration(9951, HUMAN_TEXT), "9 s");
	assert_string_equal(human_duration(125000, HUMAN_TEXT), "2 m 5 s");
}

static void test_times(void **state UNUSED)
{
	assert_string_equal(human_clock(NOW_MS, NOW_MS, HUMAN_TEXT), "14:05");
	assert_string_equal(human_clock(NOW_MS - CLOCK_DAY_MS, NOW_MS, HUMAN_TEXT), "Nov 22 14:05");
	assert_string_equal(human_clock(NOW_MS - 365 * CLOCK_DAY_MS, NOW_MS, HUMAN_TEXT), "2025-11-23 14:05");
	assert_string_equal(human_clock(NOW_MS + CLOCK_DAY_MS - 1, NOW_MS, HUMAN_TEXT), "14:04");
	assert_string_equal(human_clock(NOW_MS + CLOCK_DAY_MS, NOW_MS, HUMAN_TEXT), "Nov 24 14:05");
	assert_string_equal(human_clock(-1, NOW_MS, HUMAN_TEXT), "?");
	assert_string_equal(human_clock(INT64_MAX, NOW_MS, HUMAN_TEXT), "?");
	assert_string_equal(human_clock_seconds(NOW_MS + 7000, HUMAN_TEXT), "14:05:07");
	assert_string_equal(human_clock_seconds(-1, HUMAN_TEXT), "--:--:--");
	assert_string_equal(human_ago(NOW_MS - 180000, NOW_MS, HUMAN_TEXT), "3m ago");
	assert_string_equal(human_ago(NOW_MS + 125000, NOW_MS, HUMAN_TEXT), "in 2m");
	assert_string_equal(human_ago(NOW_MS - 999, NOW_MS, HUMAN_TEXT), "just now");
	assert_string_equal(human_ago(INT64_MIN, NOW_MS, HUMAN_TEXT), "?");
}

/* ---- events ---- */

static void expect_event(const char *json, const char *expected)
{
	AUTO_BUF out = BUF_INIT;
	struct json_object *event = json_tokener_parse(json);
	assert_int_equal(event_text_append(&out, event), expected != NULL);
	if (expected)
		assert_string_equal(buf_str(&out), expected);
	json_object_put(event);
}

static void test_event_lines(void **state UNUSED)
{
	expect_event("{\"event\":\"stale\",\"at\":1795442700000}", "14:05:00 stale");
	expect_event(
		"{\"event\":\"session-removed\",\"at\":1795442700000,\"sessionId\":\"abc\","
		"\"reason\":\"age\"}",
		"14:05:00 session-removed   abc, age");
	expect_event(
		"{\"event\":\"refresh-finished\",\"at\":1795442700000,\"ok\":true,\"durationMs\":1234,"
		"\"costUSD\":3.5}",
		"14:05:00 refresh-finished  good, took 1.2 s, $3.50");
	expect_event(
		"{\"event\":\"refresh-finished\",\"at\":1795442700000,\"ok\":false,"
		"\"error\":\"x\\u001b[2J\"}",
		"14:05:00 refresh-finished  failed, error: x?[2J");
	expect_event("{\"event\":\"config-reloaded\",\"at\":1795442700000,\"ok\":true,\"error\":null}",
		     "14:05:00 config-reloaded   good");
	expect_event("{\"event\":\"new\",\"at\":1795442700000,\"n\":3,\"o\":{\"a\":1}}",
		     "14:05:00 new               n 3, o {\"a\":1}");
	expect_event("{\"event\":\"x\"}", "--:--:-- x");
	expect_event("{\"at\":1}", NULL);
	expect_event("{\"event\":5}", NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_money),
		cmocka_unit_test(test_spans),
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_event_lines),
	};
	setenv("TZ", "UTC", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
