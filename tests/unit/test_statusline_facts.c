/* What a statusline makes of its input and the cache files, whatever is in them; the tick; the settings it
 * reads. */
#include "unit.h"

#include <math.h>
#include <unistd.h>

#include "base/clock.h"
#include "config/config.h"
#include "scratch.h"
#include "json/leaves.h"
#include "config/few.h"
#include "swatch/statusline/facts.h"
#include "swatch/statusline/input.h"
#include "swatch/statusline/tick.h"

/* 2026-11-23T14:05:00Z */
#define NOW_MS INT64_C(1795442700000)
#define HOUR_MS INT64_C(3600000)

static struct statusline_facts facts;

static void take(const char *input, const char *billing, const char *session, bool daemon_lives)
{
	facts_init(&facts, NOW_MS);
	facts.daemon_lives = daemon_lives;
	if (input)
		facts_take_input(&facts, input, strlen(input));
	if (billing)
		facts_take_billing(&facts, billing, strlen(billing));
	if (session)
		facts_take_session(&facts, session, strlen(session));
	facts_finish(&facts);
}

#define BILLING(more) \
	"{\"schema\":1,\"costToday\":2.5,\"isFresh\":true,\"lastFetched\":1795442640000," \
	"\"freshUntil\":1795446000000," \
	"\"source\":\"native\",\"block\":{\"startTime\":\"2026-11-23T12:00:00.000Z\"," \
	"\"endTime\":\"2026-11-23T17:00:00.000Z\"," \
	"\"actualEndTime\":\"2026-11-23T14:04:00.000Z\",\"costUSD\":1.5," \
	"\"burnRate\":{\"costPerHour\":0.75}}," \
	"\"today\":{\"date\":\"2026-11-23\"},\"unpricedModels\":[\"claude-nobody-1\",\"x\"]" more "}"

static void test_input_as_claude_code_writes_it(void **state)
{
	(void)state;
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
static void test_every_number_is_unknown_at_first(void **state)
{
	(void)state;
	memset(&facts, 0, sizeof(facts));
	facts_init(&facts, NOW_MS);
	for (size_t i = 0; i < FACT_COUNT; i++)
		assert_true(i == FACT_ROOM ? facts.number[i] == STATUSLINE_ROOM_MOST
					   : isnan(facts.number[i]));
}

static void test_wrong_types_are_left_out(void **state)
{
	(void)state;
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

static void test_half_of_what_was_told_is_not_told(void **state)
{
	(void)state;
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

static void test_figures_are_judged_by_now(void **state)
{
	(void)state;
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

static void test_the_servers_window_goes_before_the_block(void **state)
{
	(void)state;
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

#define PROMPT_CACHE(price) \
	"{\"schema\":1,\"sessionId\":\"abc\",\"model\":{\"id\":\"claude-opus-4-6\"}," \
	"\"transcript\":{\"cacheWarmth\":\"warm\"}," \
	"\"promptCache\":{\"ttl\":\"5m\",\"expiresAt\":1795442820000,\"tokens\":50000,\"coldCostUSD\":1," \
	"\"price\":" price \
	"}}"
#define OWN_PRICE "{\"write5m\":12.5,\"write1h\":20,\"fastFactor\":2}"

static void test_a_cold_cache_costs_what_the_daemon_goes_by(void **state)
{
	(void)state;
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

static void test_what_has_no_price_did_not_cost_nothing(void **state)
{
	(void)state;
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

static void test_a_newer_schema_gives_no_figures(void **state)
{
	(void)state;
	take("{\"session_id\":\"abc\",\"model\":\"m\"}", "{\"schema\":2,\"costToday\":2.5,\"isFresh\":true}",
	     "{\"schema\":2,\"sessionId\":\"abc\",\"billing\":{\"sessionCost\":9}}", true);
	assert_true(isnan(facts.number[FACT_TODAY_USD]) && isnan(facts.number[FACT_SESSION_USD]));
	assert_string_equal(facts.model, "m");
	assert_string_equal(facts.note, "cache of a newer swatchd: update swatch");
}

static void test_the_sessions_file(void **state)
{
	(void)state;
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

static void test_who_waits(void **state)
{
	(void)state;
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

#define LIMITS_OF(model) "{\"session_id\":\"abc\",\"model\":{\"id\":\"" model "\"},\"rate_limits\":{" \
	"\"seven_day\":{\"used_percentage\":27,\"resets_at\":1795745100}}}"

static void test_a_limit_of_one_model_is_shown_where_that_model_runs(void **state)
{
	(void)state;
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

static void test_a_limit_without_a_reset_is_shown_as_reached(void **state)
{
	(void)state;
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

static void test_an_account_without_a_5_hour_limit(void **state)
{
	(void)state;
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

/* A model, the size that Claude Code tells, its percentage, and what is in the window. */
#define TOLD_WINDOW(model, size, percent, used) \
	"{\"session_id\":\"abc\",\"model\":{\"id\":\"" model \
	"\"},\"context_window\":{\"context_window_size\":" size ",\"used_percentage\":" percent \
	",\"current_usage\":{\"input_tokens\":" used "}}}"
#define FILE_WINDOW(size, told, used) \
	"{\"sessionId\":\"abc\",\"context\":{\"tokensUsed\":" used ",\"windowSize\":" size \
	",\"toldWindowSize\":" told "}}"

static void test_a_told_window_has_to_hold_what_is_in_it(void **state)
{
	(void)state;
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

static void test_after_a_compaction_the_context_is_not_0(void **state)
{
	(void)state;
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

static void expect_tick(const char *input, const char *billing, const char *session, const char *expected)
{
	struct buf line = BUF_INIT;
	take(input, billing, session, true);
	statusline_tick_write(&facts, &line);
	assert_string_equal(buf_str(&line), expected);
	buf_release(&line);
}

static void test_a_tick_tells_what_is_new(void **state)
{
	(void)state;
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
	/* The limits are told again when the cache's reading has not been confirmed for a while. */
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

/* ---- the end of the input ---- */

static void test_the_end_is_found_at_any_cut(void **state)
{
	(void)state;
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

static void test_reading_never_waits_for_the_end_of_the_stream(void **state)
{
	(void)state;
	int ends[2];
	struct buf text = BUF_INIT;
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
	buf_release(&text);
}

/* ---- the settings, beside the whole reader ---- */

static void test_a_comment_ends_an_indented_line(void **state)
{
	(void)state;
	struct config_few light = CONFIG_FEW_INIT;
	static const char text[] = "[statusline]\nformat = {dir}\n  {vim} ; gone\n";
	config_few_parse(&light, text, strlen(text));
	assert_string_equal(buf_str(&light.format), "{dir} {vim}");
	config_few_release(&light);
}

static void test_settings_read_as_the_whole_reader_does(void **state)
{
	(void)state;
	static const char *const texts[] = {
		"[statusline]\nformat = {model}\npreset = plain\n[cache]\ndirectory = /x/y\n",
		("[cache]\ndirectory: ~/c ; a comment\n# format = no\n[statusline] ; here too\nformat={model}"
		 "; kept\n"),
		"[log]\nlevel = debug\n[statusline]\n  format = {model}{|}\n   {?rate_5h: 5h}   \n\t{vim}\n",
		"\xEF\xBB\xBF[statusline]\r\nformat = a = b : c\r\n; comment\r\npreset = compact\r\n",
		"[statusline]\nformat =\n  {dir}\n\n  {cwd}\n; x\npreset=ccusage\nformat = last\n",
		"[statusline]\nformat = [not] a section\n[cache]\n",
		"",
		"\n\n",
		"[statusline]\n",
	};
	struct scratch scratch;
	scratch_make(&scratch);
	const char *path = scratch_name(&scratch, "swatch.conf");
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct config whole;
		struct buf errors = BUF_INIT;
		struct config_few light = CONFIG_FEW_INIT;
		static const char *const presets[] = { "ccusage", "compact", "full", "powerline", "plain" };
		scratch_write_text(&scratch, "swatch.conf", texts[i]);
		assert_true(config_init(&whole));
		if (config_read_file(&whole, path, true, &errors) != 0)
			fail_msg("%s", buf_str(&errors));
		config_few_read(&light, path);
		assert_string_equal(buf_str(&light.format), whole.statusline_format);
		assert_string_equal(buf_str(&light.cache_directory), whole.cache_directory);
		assert_string_equal(light.preset.len ? buf_str(&light.preset) : "full",
				    presets[whole.statusline_preset]);
		config_release(&whole);
		config_few_release(&light);
		buf_release(&errors);
	}
	scratch_remove(&scratch);
}

int main(void)
{
	setenv("TZ", "UTC", 1);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_input_as_claude_code_writes_it),
		cmocka_unit_test(test_every_number_is_unknown_at_first),
		cmocka_unit_test(test_wrong_types_are_left_out),
		cmocka_unit_test(test_half_of_what_was_told_is_not_told),
		cmocka_unit_test(test_figures_are_judged_by_now),
		cmocka_unit_test(test_the_servers_window_goes_before_the_block),
		cmocka_unit_test(test_a_cold_cache_costs_what_the_daemon_goes_by),
		cmocka_unit_test(test_what_has_no_price_did_not_cost_nothing),
		cmocka_unit_test(test_a_newer_schema_gives_no_figures),
		cmocka_unit_test(test_the_sessions_file),
		cmocka_unit_test(test_who_waits),
		cmocka_unit_test(test_a_told_window_has_to_hold_what_is_in_it),
		cmocka_unit_test(test_after_a_compaction_the_context_is_not_0),
		cmocka_unit_test(test_a_limit_of_one_model_is_shown_where_that_model_runs),
		cmocka_unit_test(test_a_limit_without_a_reset_is_shown_as_reached),
		cmocka_unit_test(test_an_account_without_a_5_hour_limit),
		cmocka_unit_test(test_a_tick_tells_what_is_new),
		cmocka_unit_test(test_the_end_is_found_at_any_cut),
		cmocka_unit_test(test_reading_never_waits_for_the_end_of_the_stream),
		cmocka_unit_test(test_a_comment_ends_an_indented_line),
		cmocka_unit_test(test_settings_read_as_the_whole_reader_does),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
