/* What a statusline makes of its input and of the session's cache file, whatever is in them. */
#include "unit.h"

#include <math.h>

#include "statusline_given.h"

static void test_input_as_claude_code_writes_it(void **state UNUSED)
{
	take("{\"session_id\":\"abc\",\"model\":{\"id\":\"claude-opus-4-6\",\"display_name\":\"Opus 4.6\"},"
	     "\"cwd\":\"/w/p\","
	     "\"workspace\":{\"current_dir\":\"/w/p/sub\",\"project_dir\":\"/w/p\"},"
	     "\"cost\":{\"total_cost_usd\":\"1.25\"},"
	     "\"context_window\":{\"context_window_size\":200000,\"used_percentage\":21,"
	     "\"current_usage\":{\"input_tokens\":3,"
	     "\"output_tokens\":10,\"cache_creation_input_tokens\":800,"
	     "\"cache_read_input_tokens\":\"41000\"}},"
	     "\"rate_limits\":{\"five_hour\":{\"used_percentage\":42.5,\"resets_at\":1795449900},"
	     "\"seven_day_opus\":"
	     "{\"used_percentage\":3,\"resets_at\":1795449900}},\"prompt_cache\":{\"warm\":true,"
	     "\"ttl\":\"5m\","
	     "\"expires_at\":1795442820,\"recache_tokens_if_cold\":100000,\"hit_ratio\":0.875},"
	     "\"fast_mode\":false}",
	     NULL, NULL, false);
	assert_string_equal(facts.model, "Opus 4.6");
	assert_string_equal(facts.dir, "sub");
	assert_string_equal(facts.project, "p");
	assert_true(facts.number[FACT_SESSION_USD] == 1.25 && facts.number[FACT_CONTEXT_TOKENS] == 41803.
		    && facts.number[FACT_CONTEXT_PERCENT] == 21.);
	assert_true(facts.number[FACT_RATE_5H] == 42.5
		    && facts.number[FACT_RATE_5H_LEFT_MS] == 2. * (double)HOUR_MS);
	/* 42.5% used, 60% of the window over. */
	assert_true(fabs(facts.number[FACT_RATE_5H_PACE] - 0.425 / 0.6) < 1e-9);
	assert_string_equal(facts.limits_other, "sevenDayOpus 3%");
	assert_string_equal(facts.cache, "warm");
	assert_true(facts.number[FACT_CACHE_LEFT_MS] == 120000.
		    && facts.number[FACT_CACHE_HIT_PERCENT] == 87.5);
	/* 100,000 tokens written for 5 minutes at $6.25 a million. */
	assert_true(fabs(facts.number[FACT_COLD_USD] - 0.625) < 1e-9);
	/* The server's window tells the time left, without any cache. */
	assert_true(facts.number[FACT_BLOCK_LEFT_MS] == 2. * (double)HOUR_MS
		    && isnan(facts.number[FACT_BLOCK_USD]));
	assert_true(isnan(facts.number[FACT_TODAY_USD]));
	assert_string_equal(facts.note, "swatchd is not running");
}

/* A number that no rule sets must not show as 0. */
static void test_every_number_is_unknown_at_first(void **state UNUSED)
{
	memset(&facts, 0, sizeof(facts));
	facts_init(&facts, NOW_MS);
	for (size_t i = 0; i < FACT_COUNT; i++)
		assert_true(i == FACT_ROOM ? facts.number[i] == STATUSLINE_ROOM_MOST
					   : isnan(facts.number[i]));
}

static void test_wrong_types_are_left_out(void **state UNUSED)
{
	take("{\"session_id\":7,\"model\":\"claude-x\",\"cost\":null,\"context_window\":[1],"
	     "\"rate_limits\":{\"five_hour\":null,"
	     "\"seven_day\":\"no\",\"a\":{\"used_percentage\":{}}},\"prompt_cache\":true,\"cwd\":{\"a\":1},"
	     "\"pr\":{\"number\":-3}}",
	     NULL, NULL, false);
	assert_string_equal(facts.model, "claude-x");
	assert_string_equal(facts.session_id, "");
	assert_true(isnan(facts.number[FACT_SESSION_USD]) && isnan(facts.number[FACT_CONTEXT_PERCENT])
		    && isnan(facts.number[FACT_RATE_5H]) && isnan(facts.number[FACT_PR]));
	assert_string_equal(facts.cache, "");
	static const char *const rubbish[] = { "",  "null",	   "[]",       "7",    "\"x\"",
					       "{", "{\"model\":", "not json", "{}{}", "\xFF" };
	for (size_t i = 0; i < sizeof(rubbish) / sizeof(rubbish[0]); i++) {
		take(rubbish[i], rubbish[i], rubbish[i], false);
		assert_string_equal(facts.model, "");
		assert_false(facts.has_session);
	}
	/* What came before the end of a text that was cut off counts. */
	take("{\"model\":{\"display_name\":\"Opus\"},\"cost\":{\"total_cost_usd\":1.5,\"total_dur", NULL,
	     NULL, false);
	assert_string_equal(facts.model, "Opus");
	assert_true(facts.number[FACT_SESSION_USD] == 1.5);
	take("{\"model\":{\"display_name\":\"a\\u001b[31m\\u0007\\u202eb\\n\"},"
	     "\"cost\":{\"total_cost_usd\":1e300}}",
	     NULL, NULL, false);
	assert_string_equal(facts.model, "a?[31m??b?");
	assert_true(isnan(facts.number[FACT_SESSION_USD]));
}

static void test_half_of_what_was_told_is_not_told(void **state UNUSED)
{
	/* Cut off in a number: 4.27, 42 and 200000 are not 4.2, 4 and 200. */
	take("{\"model\":\"m\",\"cost\":{\"total_cost_usd\":4.2", NULL, NULL, false);
	assert_string_equal(facts.model, "m");
	assert_true(isnan(facts.number[FACT_SESSION_USD]) && isnan(facts.number[FACT_CLAUDE_USD]));
	take("{\"context_window\":{\"context_window_size\":200000,\"used_percentage\":4", NULL, NULL, false);
	assert_true(facts.number[FACT_CONTEXT_SIZE] == 200000. && isnan(facts.number[FACT_CONTEXT_PERCENT]));
	take("{\"context_window\":{\"used_percentage\":42,\"context_window_size\":200", NULL, NULL, false);
	assert_true(isnan(facts.number[FACT_CONTEXT_SIZE]) && facts.number[FACT_CONTEXT_PERCENT] == 42.
		    && isnan(facts.number[FACT_CONTEXT_TOKENS]));
	take("{\"rate_limits\":{\"five_hour\":{\"used_percentage\":4", NULL, NULL, false);
	assert_true(isnan(facts.number[FACT_RATE_5H]));
	/* A part of the context is no smaller context: the percentage tells how many tokens there are. */
#define WINDOW \
	"{\"context_window\":{\"context_window_size\":200000,\"used_percentage\":42," \
	"\"current_usage\":{\"input_tokens\":3,"
	take(WINDOW "\"cache_creation_input_tokens\":8000,\"cache_read_inp", NULL, NULL, false);
	assert_true(facts.number[FACT_CONTEXT_TOKENS] == 84000.);
	take(WINDOW "\"cache_creation_input_tokens\":8000,\"cache_read_input_tokens\":null}}}", NULL, NULL,
	     false);
	assert_true(facts.number[FACT_CONTEXT_TOKENS] == 84000.);
	/* What breaks a count down is not counted again. */
	take(WINDOW
	     "\"cache_creation_input_tokens\":8000,\"cache_creation\":{\"ephemeral_1h_input_tokens\":8000},"
	     "\"cache_read_input_tokens\":70000,\"output_tokens\":5}}}",
	     NULL, NULL, false);
	assert_true(facts.number[FACT_CONTEXT_TOKENS] == 78003.);
}

static void test_a_newer_schema_gives_no_figures(void **state UNUSED)
{
	take("{\"session_id\":\"abc\",\"model\":\"m\"}", "{\"schema\":2,\"costToday\":2.5,\"isFresh\":true}",
	     "{\"schema\":2,\"sessionId\":\"abc\",\"billing\":{\"sessionCost\":9}}", true);
	assert_true(isnan(facts.number[FACT_TODAY_USD]) && isnan(facts.number[FACT_SESSION_USD]));
	assert_string_equal(facts.model, "m");
	assert_string_equal(facts.note, "cache of a newer swatchd: update swatch");
}

static void test_the_sessions_file(void **state UNUSED)
{
	static const char file[] =
		"{\"sessionId\":\"abc\",\"model\":{\"value\":\"Opus4.6\",\"id\":\"claude-nobody-1\"},"
		"\"context\":{\"tokensUsed\":50000,\"windowSize\":200000,\"percentUsed\":25},"
		"\"git\":{\"branch\":"
		"\"main\"},\"billing\":{\"sessionCost\":4,\"toldCostUSD\":3},\"subagents\":{\"count\":2,"
		"\"costUSD\":1}}";
	take("{\"session_id\":\"abc\",\"cost\":{\"total_cost_usd\":0}}", BILLING(""), file, true);
	assert_true(facts.number[FACT_SESSION_USD] == 4. && facts.number[FACT_CONTEXT_PERCENT] == 25.
		    && facts.number[FACT_SUBAGENTS_PERCENT] == 25.);
	assert_string_equal(facts.model, "Opus4.6");
	assert_string_equal(facts.branch, "main");
	assert_string_equal(facts.unpriced, "claude-nobody-1");
	assert_string_equal(facts.unpriced_models, "claude-nobody-1, x");
	/* The largest of what Claude Code says now, what it said before, and what the daemon counted. */
	take("{\"session_id\":\"abc\",\"cost\":{\"total_cost_usd\":3.5}}", BILLING(""), file, true);
	assert_true(facts.number[FACT_SESSION_USD] == 4.);
	take("{\"session_id\":\"abc\",\"cost\":{\"total_cost_usd\":4.5}}", BILLING(""), file, true);
	assert_true(facts.number[FACT_SESSION_USD] == 4.5);
	take("{\"session_id\":\"abc\",\"cost\":{\"total_cost_usd\":1.5}}", BILLING(""),
	     "{\"sessionId\":\"abc\",\"billing\":{\"sessionCost\":2,\"toldCostUSD\":3}}", true);
	assert_true(facts.number[FACT_SESSION_USD] == 3.);
	take("{\"session_id\":\"other\",\"cost\":{\"total_cost_usd\":3}}", BILLING(""), file, true);
	assert_false(facts.has_session);
	assert_true(facts.number[FACT_SESSION_USD] == 3.);
	assert_string_equal(facts.branch, "");
}

static void test_who_waits(void **state UNUSED)
{
	static const char list[] =
		"{\"waitingSessions\":2,\"sessions\":[7,{\"shortName\":\"a\",\"status\":\"busy\","
		"\"waitingFor\":null},"
		"{\"shortName\":\"b\\\"c\",\"status\":\"waiting\",\"waitingFor\":\"permission prompt\"},"
		"{\"shortName\":null,\"status\":\"waiting\",\"waitingFor\":\"\"}]}";
	for (int lives = 0; lives < 2; lives++) {
		facts_init(&facts, 1795442700000);
		facts_take_sessions(&facts, list, strlen(list));
		facts.daemon_lives = lives;
		facts_finish(&facts);
		assert_string_equal(facts.waiting_list, lives ? "b'c: permission prompt, ?" : "");
		assert_true(lives ? facts.number[FACT_WAITING] == 2. : isnan(facts.number[FACT_WAITING]));
	}
	facts_init(&facts, 1795442700000);
	facts_take_sessions(&facts, "{\"waitingSessions\":0,\"sessions\":{}}", 35);
	facts.daemon_lives = true;
	facts_finish(&facts);
	assert_true(isnan(facts.number[FACT_WAITING]));
}

/* ---- the context window ---- */

static void expect_context(const char *input, const char *session, double tokens, double size, double percent)
{
	take(input, BILLING(""), session, true);
	const double *number = facts.number;
	if (!(number[FACT_CONTEXT_TOKENS] == tokens || (isnan(tokens) && isnan(number[FACT_CONTEXT_TOKENS])))
	    || number[FACT_CONTEXT_SIZE] != size
	    || !(fabs(number[FACT_CONTEXT_PERCENT] - percent) < 1e-9
		 || (isnan(percent) && isnan(number[FACT_CONTEXT_PERCENT]))))
		fail_msg("%g of %g, %g%%", number[FACT_CONTEXT_TOKENS], number[FACT_CONTEXT_SIZE],
			 number[FACT_CONTEXT_PERCENT]);
}

/* A model, the size that Claude Code tells, its percentage, and what is in the window. */
#define TOLD_WINDOW(model, size, percent, used) \
	"{\"session_id\":\"abc\",\"model\":{\"id\":\"" model \
	"\"},\"context_window\":{\"context_window_size\":" size ",\"used_percentage\":" percent \
	",\"current_usage\":{\"input_tokens\":" used "}}}"
#define FILE_WINDOW(size, told, used) \
	"{\"sessionId\":\"abc\",\"context\":{\"tokensUsed\":" used ",\"windowSize\":" size \
	",\"toldWindowSize\":" told "}}"

static void test_a_told_window_has_to_hold_what_is_in_it(void **state UNUSED)
{
	expect_context(TOLD_WINDOW("claude-opus-4-6", "200000", "62", "124300"), NULL, 124300, 200000, 62);
	expect_context(TOLD_WINDOW("claude-sonnet-5-5", "200000", "100", "250000"), NULL, 250000, 1000000,
		       25);
	expect_context(TOLD_WINDOW("gpt-9", "200000", "125", "250000"), FILE_WINDOW("500000", "200000", "1"),
		       250000, 500000, 50);
	/* The daemon has seen more in it than there is now. */
	expect_context(TOLD_WINDOW("gpt-9", "200000", "10", "20000"), FILE_WINDOW("1000000", "200000", "1"),
		       20000, 1000000, 2);
	expect_context(TOLD_WINDOW("gpt-9", "300000", "10", "30000"), FILE_WINDOW("1000000", "200000", "1"),
		       30000, 300000, 10);
}

static void test_after_a_compaction_the_context_is_not_0(void **state UNUSED)
{
	expect_context(TOLD_WINDOW("m", "1000000", "0", "0"), FILE_WINDOW("1000000", "1000000", "20000"),
		       20000, 1000000, 2);
	expect_context(TOLD_WINDOW("m", "1000000", "0", "0"), FILE_WINDOW("1000000", "1000000", "null"), NAN,
		       1000000, NAN);
	expect_context(TOLD_WINDOW("m", "1000000", "0", "0"), NULL, NAN, 1000000, NAN);
	/* Nobody has read what the transcript says of it. */
	take(TOLD_WINDOW("m", "1000000", "0", "0"), BILLING(""), FILE_WINDOW("1000000", "1000000", "180000"),
	     false);
	assert_true(isnan(facts.number[FACT_CONTEXT_TOKENS]) && isnan(facts.number[FACT_CONTEXT_PERCENT]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_input_as_claude_code_writes_it),
		cmocka_unit_test(test_every_number_is_unknown_at_first),
		cmocka_unit_test(test_wrong_types_are_left_out),
		cmocka_unit_test(test_half_of_what_was_told_is_not_told),
		cmocka_unit_test(test_a_newer_schema_gives_no_figures),
		cmocka_unit_test(test_the_sessions_file),
		cmocka_unit_test(test_who_waits),
		cmocka_unit_test(test_a_told_window_has_to_hold_what_is_in_it),
		cmocka_unit_test(test_after_a_compaction_the_context_is_not_0),
	};
	setenv("TZ", "UTC", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
