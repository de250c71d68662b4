/* Where a statusline's input ends, and what it tells the daemon of it. */
#include "unit.h"

#include <unistd.h>

#include "base/clock.h"
#include "statusline_given.h"
#include "swatch/statusline/input.h"
#include "swatch/statusline/tick.h"

static void test_the_end_is_found_at_any_cut(void **state UNUSED)
{
	static const char text[] =
		"\xEF\xBB\xBF \n{\"a\":\"}\\\"{\",\"b\":[{},[\"]\"]],\"c\\\\\":{}} trailing {";
	size_t whole = strlen(text) - strlen(" trailing {");
	for (size_t cut = 0; cut <= strlen(text); cut++) {
		struct input_end end = { 0 };
		size_t took = input_end_take(&end, text, cut);
		assert_int_equal(took, cut < whole ? cut : whole);
		assert_true(end.found == (cut >= whole));
		took += input_end_take(&end, text + cut, strlen(text) - cut);
		assert_int_equal(took, whole);
	}
	struct input_end end = { 0 };
	input_end_take(&end, "hello {}", 8);
	assert_true(end.is_no_object && !end.found);
}

static void test_reading_never_waits_for_the_end_of_the_stream(void **state UNUSED)
{
	int ends[2];
	AUTO_BUF text = BUF_INIT;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], "{\"a\":1}{\"b\"", 11), 11);
	/* An hour: it is not the timeout that ends this. */
	assert_true(statusline_input_read(ends[0], HOUR_MS, &text));
	assert_string_equal(buf_str(&text), "{\"a\":1}");
	buf_clear(&text);
	int64_t began_ms = clock_mono_ms();
	assert_false(statusline_input_read(ends[0], 20, &text));
	assert_true(clock_mono_ms() - began_ms >= 20);
	assert_int_equal(write(ends[1], "{\"half\":", 8), 8);
	assert_false(statusline_input_read(ends[0], 20, &text));
	assert_string_equal(buf_str(&text), "{\"half\":");
	buf_clear(&text);
	assert_int_equal(write(ends[1], "not json", 8), 8);
	assert_false(statusline_input_read(ends[0], HOUR_MS, &text));
	close(ends[1]);
	assert_false(statusline_input_read(ends[0], HOUR_MS, &text));
	close(ends[0]);
	assert_false(statusline_input_read(ends[0], HOUR_MS, &text));
}

/* ---- the tick ---- */

static void expect_tick(const char *input, const char *billing, const char *session, const char *expected)
{
	AUTO_BUF line = BUF_INIT;
	take(input, billing, session, true);
	statusline_tick_write(&facts, &line);
	assert_string_equal(buf_str(&line), expected);
}

static void test_a_tick_tells_what_is_new(void **state UNUSED)
{
	static const char input[] =
		"{\"session_id\":\"abc\",\"cost\":{\"total_cost_usd\":1.25},\"context_window\":"
		"{\"context_window_size\":200000},\"rate_limits\":{\"five_hour\":\n{\"used_percentage\":42.5,"
		"\t\"resets_at\":1795449900}}}";
	expect_tick(
		input, BILLING(""), NULL,
		"{\"op\":\"tick\",\"sessionId\":\"abc\",\"contextWindowSize\":200000,\"costUSD\":1.250000,"
		"\"rateLimits\":"
		"{\"five_hour\": {\"used_percentage\":42.5, \"resets_at\":1795449900}}}\n");
	expect_tick(
		input,
		BILLING(",\"rateLimits\":{\"fiveHour\":{\"usedPercentage\":42.5,"
			"\"resetsAt\":1795449900000}}"),
		"{\"sessionId\":\"abc\",\"context\":{\"toldWindowSize\":200000},"
		"\"billing\":{\"toldCostUSD\":1.25}}",
		"");
	expect_tick(
		input,
		BILLING(",\"rateLimits\":{\"fiveHour\":{\"usedPercentage\":42.5,"
			"\"resetsAt\":1795449900000}}"),
		"{\"sessionId\":\"abc\",\"context\":{\"windowSize\":1000000,\"toldWindowSize\":200000},"
		"\"billing\":{\"toldCostUSD\":1}}",
		"{\"op\":\"tick\",\"sessionId\":\"abc\",\"costUSD\":1.250000}\n");
	/* The statusline sends the limits again when the cache's reading has not been confirmed for a while. */
	expect_tick(
		"{\"session_id\":\"abc\",\"rate_limits\":{\"five_hour\":{\"used_percentage\":50,"
		"\"resets_at\":1795449900}}}",
		BILLING(",\"rateLimits\":{\"fiveHour\":{\"usedPercentage\":50,\"resetsAt\":1795449900000,"
			"\"observedAt\":1795442600000}}"),
		NULL,
		"{\"op\":\"tick\",\"sessionId\":\"abc\",\"rateLimits\":{\"five_hour\":{"
		"\"used_percentage\":50,\"resets_at\":1795449900}}}\n");
	expect_tick(
		"{\"session_id\":\"abc\",\"rate_limits\":{\"five_hour\":{\"used_percentage\":50,"
		"\"resets_at\":1795449900}}}",
		BILLING(",\"rateLimits\":{\"fiveHour\":{\"usedPercentage\":50,\"resetsAt\":1795449900000,"
			"\"observedAt\":1795442650000}}"),
		NULL, "");
	expect_tick("{\"session_id\":\"../x\",\"cost\":{\"total_cost_usd\":1.25}}", NULL, NULL, "");
	expect_tick("{\"session_id\":\"abc\"}", NULL, NULL, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_end_is_found_at_any_cut),
		cmocka_unit_test(test_reading_never_waits_for_the_end_of_the_stream),
		cmocka_unit_test(test_a_tick_tells_what_is_new),
	};
	setenv("TZ", "UTC", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
