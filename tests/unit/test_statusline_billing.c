/* What a statusline shows of the account: costs and their age, limits, and what a cold prompt cache costs. */
#include "unit.h"

#include <math.h>

#include "statusline_given.h"

static void test_figures_are_judged_by_now(void **state UNUSED)
{
	take(NULL, BILLING(""), NULL, true);
	assert_true(facts.is_fresh && facts.number[FACT_TODAY_USD] == 2.5
		    && facts.number[FACT_BLOCK_USD] == 1.5);
	assert_true(facts.number[FACT_BURN_USD] == 0.75);
	assert_true(facts.number[FACT_BLOCK_LEFT_MS] == 175. * 60000.);
	assert_true(facts.number[FACT_BLOCK_PROJECTED_USD] == 3.69);
	assert_string_equal(facts.stale, "");
	assert_string_equal(facts.note, "");
	/* The same file, and nobody who keeps it up to date. */
	take(NULL, BILLING(""), NULL, false);
	assert_false(facts.is_fresh);
	assert_string_equal(facts.stale, "stale 1m");
	assert_string_equal(facts.note, "swatchd is not running");
	assert_true(facts.number[FACT_TODAY_USD] == 2.5);
	/* A day later: no block, and no cost of today. */
	facts_init(&facts, NOW_MS + 24 * HOUR_MS);
	facts_take_billing(&facts, BILLING(""), strlen(BILLING("")));
	facts_finish(&facts);
	assert_string_equal(facts.stale, "stale 1d");
	assert_true(isnan(facts.number[FACT_TODAY_USD]) && isnan(facts.number[FACT_BLOCK_USD])
		    && isnan(facts.number[FACT_BURN_USD]) && isnan(facts.number[FACT_BLOCK_LEFT_MS]));
	/* Past freshUntil, also with a daemon. */
	facts_init(&facts, NOW_MS + HOUR_MS);
	facts.daemon_lives = true;
	facts_take_billing(&facts, BILLING(""), strlen(BILLING("")));
	facts_finish(&facts);
	assert_string_equal(facts.stale, "stale 1h");
	assert_string_equal(facts.note, "");
}

static void test_the_servers_window_goes_before_the_block(void **state UNUSED)
{
	static const char account[] =
		BILLING(",\"rateLimits\":{\"fiveHour\":{\"usedPercentage\":50,\"resetsAt\":1795449900000},"
			"\"sevenDay\":{\"usedPercentage\":9,\"resetsAt\":1795440000000}},"
			"\"window\":{\"costUSD\":1.25}");
	take("{\"rate_limits\":{\"five_hour\":{\"used_percentage\":42.5,\"resets_at\":1795449900}}}", account,
	     NULL, true);
	assert_true(facts.number[FACT_RATE_5H] == 50. && facts.number[FACT_WINDOW_USD] == 1.25
		    && facts.number[FACT_BLOCK_LEFT_MS] == 2. * (double)HOUR_MS);
	/* What it comes to is meant for the same end. */
	assert_true(facts.number[FACT_BLOCK_PROJECTED_USD] == 1.25 + 0.75 * 2.);
	assert_true(isnan(facts.number[FACT_RATE_7D]));
	/* The daemon knows whether a lower reading is an old one; the same one tells it nothing. */
	assert_true(facts.limits_are_news);
	take("{\"rate_limits\":{\"five_hour\":{\"used_percentage\":50,\"resets_at\":1795449900}}}", account,
	     NULL, true);
	assert_false(facts.limits_are_news);
	take("{\"rate_limits\":{\"five_hour\":{\"used_percentage\":51,\"resets_at\":1795449900}}}", account,
	     NULL, true);
	assert_true(facts.number[FACT_RATE_5H] == 51. && facts.limits_are_news);
	/* A percentage without a reset is shown, and told to nobody; what others know goes before. */
	take("{\"rate_limits\":{\"five_hour\":{\"used_percentage\":51,\"resets_at\":null},"
	     "\"seven_day\":{\"used_percentage\":7}}}",
	     account, NULL, true);
	assert_true(facts.number[FACT_RATE_5H] == 50. && facts.number[FACT_RATE_7D] == 7.
		    && isnan(facts.number[FACT_RATE_7D_LEFT_MS]) && !facts.limits_are_news);
	take("{\"rate_limits\":{\"five_hour\":{\"used_percentage\":-1},\"seven_day\":{\"used_percentage\":9,"
	     "\"resets_at\":1795440000}}}",
	     NULL, NULL, false);
	assert_true(isnan(facts.number[FACT_RATE_5H]) && isnan(facts.number[FACT_RATE_7D]));
	/* Past its reset nobody knows the window. */
	facts_init(&facts, NOW_MS + 2 * HOUR_MS);
	facts.daemon_lives = true;
	facts_take_billing(&facts, account, strlen(account));
	facts_finish(&facts);
	assert_true(isnan(facts.number[FACT_RATE_5H]) && isnan(facts.number[FACT_WINDOW_USD]));
}

#define UNPRICED_BILLING(names, cost) \
	"{\"schema\":1,\"costToday\":" cost \
	",\"isFresh\":true,\"lastFetched\":1795442640000,\"freshUntil\":1795446000000," \
	"\"block\":{\"startTime\":\"2026-11-23T12:00:00.000Z\",\"endTime\":\"2026-11-23T17:00:00.000Z\"," \
	"\"totalTokens\":100," \
	"\"actualEndTime\":\"2026-11-23T14:04:00.000Z\",\"costUSD\":" cost \
	",\"burnRate\":{\"costPerHour\":" cost "}}," \
	"\"today\":{\"date\":\"2026-11-23\",\"totalTokens\":100},\"unpricedModels\":" names "}"
#define UNPRICED_SESSION \
	"{\"schema\":1,\"sessionId\":\"abc\",\"billing\":{\"sessionCost\":0,\"sessionTokens\":100}}"

static void test_what_has_no_price_did_not_cost_nothing(void **state UNUSED)
{
	static const char input[] =
		"{\"session_id\":\"abc\",\"model\":{\"id\":\"m-9\"},\"cost\":{\"total_cost_usd\":0}}";
	take(input, UNPRICED_BILLING("[\"m-9\"]", "0"), UNPRICED_SESSION, true);
	assert_true(isnan(facts.number[FACT_SESSION_USD]) && isnan(facts.number[FACT_TODAY_USD])
		    && isnan(facts.number[FACT_BLOCK_USD]) && isnan(facts.number[FACT_BURN_USD]));
	assert_true(facts.number[FACT_BLOCK_LEFT_MS] > 0. && facts.number[FACT_TODAY_TOKENS] == 100.
		    && facts.number[FACT_BLOCK_TOKENS] == 100.);
	assert_string_equal(facts.unpriced, "m-9");
	/* What has a price is shown; where all have one, nothing is nothing. */
	take(input, UNPRICED_BILLING("[\"m-9\"]", "0.5"), UNPRICED_SESSION, true);
	assert_true(isnan(facts.number[FACT_SESSION_USD]) && facts.number[FACT_TODAY_USD] == 0.5
		    && facts.number[FACT_BLOCK_USD] == 0.5 && facts.number[FACT_BURN_USD] == 0.5);
	/* Nor is a session for nothing that goes on where it was left, with Claude Code's count at 0. */
	take("{\"cost\":{\"total_cost_usd\":0},\"context_window\":{\"current_usage\":{\"input_tokens\":9}}}",
	     NULL, NULL, false);
	assert_true(isnan(facts.number[FACT_SESSION_USD]));
	take("{\"cost\":{\"total_cost_usd\":0},\"context_window\":{\"current_usage\":null}}", NULL, NULL,
	     false);
	assert_true(facts.number[FACT_SESSION_USD] == 0.);
	take(input, UNPRICED_BILLING("[]", "0"), UNPRICED_SESSION, true);
	assert_true(facts.number[FACT_SESSION_USD] == 0. && facts.number[FACT_TODAY_USD] == 0.
		    && facts.number[FACT_BLOCK_USD] == 0.);
}

#define PROMPT_CACHE(price) \
	"{\"schema\":1,\"sessionId\":\"abc\",\"model\":{\"id\":\"claude-opus-4-6\"}," \
	"\"transcript\":{\"cacheWarmth\":\"warm\"}," \
	"\"promptCache\":{\"ttl\":\"5m\",\"expiresAt\":1795442820000,\"tokens\":50000,\"coldCostUSD\":1," \
	"\"price\":" price \
	"}}"
#define OWN_PRICE "{\"write5m\":12.5,\"write1h\":20,\"fastFactor\":2}"

static void test_a_cold_cache_costs_what_the_daemon_goes_by(void **state UNUSED)
{
	/* What Claude Code does not tell is the file's, as long as somebody keeps it. */
	take("{\"session_id\":\"abc\"}", BILLING(""), PROMPT_CACHE(OWN_PRICE), true);
	assert_string_equal(facts.cache, "warm");
	assert_string_equal(facts.cache_ttl, "5m");
	assert_true(facts.number[FACT_CACHE_LEFT_MS] == 120000.
		    && facts.number[FACT_RECACHE_TOKENS] == 50000.);
	assert_true(fabs(facts.number[FACT_COLD_USD] - 0.625) < 1e-9);
	take("{\"session_id\":\"abc\"}", BILLING(""), PROMPT_CACHE(OWN_PRICE), false);
	assert_true(isnan(facts.number[FACT_CACHE_LEFT_MS]));
	/* What it does tell goes before, and is priced by the file. */
	static const char told[] =
		"{\"session_id\":\"abc\",\"model\":{\"id\":\"claude-opus-4-6[1m]\"},\"prompt_cache\":{"
		"\"warm\":true,\"ttl\":\"1h\",\"expires_at\":1795446300,\"recache_tokens_if_cold\":100000}}";
	take(told, BILLING(""), PROMPT_CACHE(OWN_PRICE), true);
	assert_true(facts.number[FACT_CACHE_LEFT_MS] == (double)HOUR_MS
		    && fabs(facts.number[FACT_COLD_USD] - 2.) < 1e-9);
	/* Without a price in the file, or with that of another model: the one that is compiled in. */
	take(told, BILLING(""), PROMPT_CACHE("null"), true);
	assert_true(fabs(facts.number[FACT_COLD_USD] - 1.) < 1e-9);
	take("{\"session_id\":\"abc\",\"model\":{\"id\":\"claude-opus-4-60\"}}", BILLING(""),
	     PROMPT_CACHE(OWN_PRICE), true);
	assert_true(isnan(facts.number[FACT_COLD_USD]));
	take("{\"session_id\":\"abc\",\"model\":{\"id\":\"claude-sonnet-4-6\"}}", BILLING(""),
	     PROMPT_CACHE(OWN_PRICE), true);
	assert_true(fabs(facts.number[FACT_COLD_USD] - 0.1875) < 1e-9);
	take("{\"session_id\":\"abc\",\"fast_mode\":true}", BILLING(""), PROMPT_CACHE(OWN_PRICE), true);
	assert_true(fabs(facts.number[FACT_COLD_USD] - 1.25) < 1e-9);
	/* Beyond a threshold: the rest, or all of it. */
	take("{\"session_id\":\"abc\"}", BILLING(""),
	     PROMPT_CACHE("{\"write5m\":10,\"write1h\":20,\"above\":{\"tokens\":20000,"
			  "\"wholeRequest\":false,\"write5m\":20,\"write1h\":40}}"),
	     true);
	assert_true(fabs(facts.number[FACT_COLD_USD] - (0.2 + 0.6)) < 1e-9);
	take("{\"session_id\":\"abc\"}", BILLING(""),
	     PROMPT_CACHE("{\"write5m\":10,\"write1h\":20,\"above\":{\"tokens\":20000,"
			  "\"wholeRequest\":true,\"write5m\":20,\"write1h\":40}}"),
	     true);
	assert_true(fabs(facts.number[FACT_COLD_USD] - 1.) < 1e-9);
	static const char *const rubbish[] = { PROMPT_CACHE("{\"write5m\":-1,\"write1h\":1e99}"),
					       PROMPT_CACHE("7"),
					       PROMPT_CACHE("{\"write5m\":\"x\",\"write1h\":{}}") };
	for (size_t i = 0; i < sizeof(rubbish) / sizeof(rubbish[0]); i++) {
		take("{\"session_id\":\"abc\"}", BILLING(""), rubbish[i], true);
		assert_true(fabs(facts.number[FACT_COLD_USD] - 0.3125) < 1e-9);
	}
}

/* ---- limits ---- */

#define LIMITS_OF(model) "{\"session_id\":\"abc\",\"model\":{\"id\":\"" model "\"},\"rate_limits\":{" \
	"\"seven_day\":{\"used_percentage\":27,\"resets_at\":1795745100}}}"

static void test_a_limit_of_one_model_is_shown_where_that_model_runs(void **state UNUSED)
{
	static const char account[] =
		BILLING(",\"usageLimit\":{\"kind\":\"seven_day_opus\",\"resetsAt\":1795745100000},"
			"\"rateLimits\":{\"sevenDayOpus\":{\"usedPercentage\":100,\"resetsAt\":1795745100000,"
			"\"model\":\"opus\",\"source\":\"transcript\"}}");
	take(LIMITS_OF("claude-opus-5-5"), account, NULL, true);
	assert_int_equal(facts.limits.count, 2);
	assert_string_equal(facts.limit_name, "7d opus");
	assert_string_equal(facts.limit_hit, "hit");
	assert_string_equal(facts.limit_reached, "7d opus");
	assert_true(facts.number[FACT_LIMIT_RESETS_MS] == 1795745100000.
		    && facts.number[FACT_LIMIT_PERCENT] == 100.);
	facts_select_limit(&facts, 1);
	assert_string_equal(facts.limit_name, "7d");
	assert_true(facts.limit_hit[0] == '\0' && facts.number[FACT_LIMIT_NUMBER] == 2.);
	take(LIMITS_OF("claude-sonnet-5-5"), account, NULL, true);
	assert_int_equal(facts.limits.count, 1);
	assert_string_equal(facts.limit_reached, "");
	assert_true(isnan(facts.number[FACT_LIMIT_RESETS_MS]));
}

static void test_a_limit_without_a_reset_is_shown_as_reached(void **state UNUSED)
{
	take("{}", BILLING(",\"usageLimit\":{\"kind\":null,\"resetsAt\":null}"), NULL, true);
	assert_string_equal(facts.limit_reached, "usage");
	assert_true(isnan(facts.number[FACT_LIMIT_RESETS_MS]));
	take("{}", BILLING(",\"usageLimit\":{\"kind\":null,\"resetsAt\":1795440000000}"), NULL, true);
	assert_string_equal(facts.limit_reached, "");
	/* This terminal's old reading does not end what was hit. */
	take("{\"rate_limits\":{\"five_hour\":{\"used_percentage\":42,\"resets_at\":1795449900}}}",
	     BILLING(",\"rateLimits\":{\"fiveHour\":{\"usedPercentage\":100,\"resetsAt\":1795449900000,"
		     "\"source\":\"transcript\"}}"),
	     NULL, true);
	assert_string_equal(facts.limit_reached, "5h");
	assert_true(facts.number[FACT_RATE_5H] == 100.);
}

static void test_an_account_without_a_5_hour_limit(void **state UNUSED)
{
	take(LIMITS_OF("claude-opus-5-5"), BILLING(",\"rateLimits\":{\"fiveHour\":null}"), NULL, true);
	assert_string_equal(facts.weekly, "weekly");
	/* Not known is another thing: its window may have been reset. */
	take(LIMITS_OF("claude-opus-5-5"),
	     BILLING(",\"rateLimits\":{\"sevenDay\":{\"usedPercentage\":27,\"resetsAt\":1795745100000}}"),
	     NULL, true);
	assert_string_equal(facts.weekly, "");
	/* Nobody else tells. */
	take(LIMITS_OF("claude-opus-5-5"), NULL, NULL, false);
	assert_string_equal(facts.weekly, "weekly");
	take("{}", NULL, NULL, false);
	assert_string_equal(facts.weekly, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_figures_are_judged_by_now),
		cmocka_unit_test(test_the_servers_window_goes_before_the_block),
		cmocka_unit_test(test_what_has_no_price_did_not_cost_nothing),
		cmocka_unit_test(test_a_cold_cache_costs_what_the_daemon_goes_by),
		cmocka_unit_test(test_a_limit_of_one_model_is_shown_where_that_model_runs),
		cmocka_unit_test(test_a_limit_without_a_reset_is_shown_as_reached),
		cmocka_unit_test(test_an_account_without_a_5_hour_limit),
	};
	setenv("TZ", "UTC", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
