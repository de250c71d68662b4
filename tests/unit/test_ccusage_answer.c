/* What ccusage prints: good answers are understood, bad ones refused with a reason. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "ccusage/answer.h"

#define COUNTS \
	"\"tokenCounts\":{\"inputTokens\":1,\"outputTokens\":2,\"cacheCreationInputTokens\":3," \
	"\"cacheReadInputTokens\":4}"
#define TIMES "\"startTime\":\"2026-11-23T05:00:00.000Z\",\"endTime\":\"2026-11-23T10:00:00.000Z\""
#define BLOCK(more) \
	"{" TIMES ",\"isActive\":true,\"isGap\":false,\"entries\":2,\"costUSD\":1.25," COUNTS more "}"

static int parse(const char *text, struct billing_block *out, char *reason, size_t size)
{
	struct buf error = BUF_INIT;
	int result = ccusage_answer_parse(text, strlen(text), out, &error);
	snprintf(reason, size, "%s", buf_str(&error));
	buf_release(&error);
	return result;
}

static void assert_good(const char *text, struct billing_block *out)
{
	char reason[512];
	if (parse(text, out, reason, sizeof(reason)) != 0)
		fail_msg("refused: %s", reason);
}

static void assert_refused(const char *text, const char *why)
{
	char reason[512];
	struct billing_block out;
	assert_int_equal(parse(text, &out, reason, sizeof(reason)), -1);
	if (!strstr(reason, why))
		fail_msg("refused because \"%s\", not because \"%s\"", reason, why);
}

static void an_active_block_is_read_whole(void **state)
{
	(void)state;
	struct billing_block b;
	assert_good(
		"{\"blocks\":[" BLOCK(
			",\"models\":[\"claude-opus-4-6\",\"<synthetic>\"],"
			"\"actualEndTime\":\"2026-11-23T06:00:00.000Z\","
			"\"burnRate\":{\"tokensPerMinute\":5,\"tokensPerMinuteForIndicator\":1.5,"
			"\"costPerHour\":31.02},"
			"\"usageLimitResetTime\":\"2026-11-23T09:30:00Z\"") "]}",
		&b);
	assert_true(b.present);
	assert_int_equal(b.start_ms, INT64_C(1795410000000));
	assert_int_equal(b.end_ms - b.start_ms, 5 * 3600 * 1000);
	assert_int_equal(b.entries, 2);
	assert_int_equal(b.total_tokens, 10);
	assert_true(b.cost_usd == 1.25);
	assert_true(b.cost_per_hour_usd == 31.02 && b.indicator_tokens_per_minute == 1.5);
	assert_int_equal(b.model_count, 1);
	assert_string_equal(b.models[0], "claude-opus-4-6");
	assert_int_equal(b.limit_reset_ms - b.start_ms, (4 * 60 + 30) * 60 * 1000);
}

static void no_active_block_is_a_good_answer(void **state)
{
	(void)state;
	struct billing_block b;
	assert_good("{\"blocks\":[]}", &b);
	assert_false(b.present);
	assert_true(isnan(b.cost_per_hour_usd));
}

static void nulls_and_notices_and_other_blocks_are_understood(void **state)
{
	(void)state;
	struct billing_block b;
	assert_good("\033[33mWARN {new} version\033[0m\n{\"blocks\":[{\"isActive\":false,\"isGap\":true},"
		    BLOCK(",\"burnRate\":null,\"projection\":null,\"extra\":[1]") "]}\nbye {}", &b);
	assert_true(b.present);
	assert_true(isnan(b.tokens_per_minute));
}

static void what_is_no_answer_is_refused(void **state)
{
	(void)state;
	assert_refused("", "printed nothing");
	assert_refused("no figures today", "not a JSON object");
	assert_refused("{\"blocks\": [{", "not a JSON object");
	assert_refused("{\"blocks\": 3}", "not a JSON object with \"blocks\"");
	assert_refused("{\"error\": \"no data\"}", "it says: no data");
	assert_refused("{\"blocks\": [7]}", "not a block");
	assert_refused("[{[{[{[{[{[{[{[{[{[{[{[{[{[{", "not a JSON object");
}

static void absurd_figures_are_refused(void **state)
{
	(void)state;
	assert_refused("{\"blocks\":[{" TIMES ",\"isActive\":true,\"entries\":2,\"costUSD\":-1," COUNTS "}]}",
		       "costUSD is -1");
	assert_refused("{\"blocks\":[{" TIMES ",\"isActive\":true,\"entries\":2,\"costUSD\":1e9," COUNTS
		       "}]}",
		       "out of range");
	assert_refused("{\"blocks\":[{" TIMES ",\"isActive\":true,\"entries\":2,\"costUSD\":\"1\"," COUNTS
		       "}]}",
		       "not a number");
	assert_refused("{\"blocks\":[{" TIMES ",\"isActive\":true,\"entries\":2,\"costUSD\":1}]}",
		       "no tokenCounts");
	assert_refused("{\"blocks\":[{\"startTime\":\"yesterday\",\"isActive\":true}]}",
		       "startTime is not a time");
	assert_refused(
		"{\"blocks\":[{\"startTime\":\"2026-11-23T05:00:00Z\",\"endTime\":\"2026-11-23T04:00:00Z\","
		"\"isActive\":true,"
		"\"entries\":1,\"costUSD\":1," COUNTS "}]}",
		"does not end");
	assert_refused("{\"blocks\":[" BLOCK(",\"burnRate\":{\"tokensPerMinute\":-5,\"costPerHour\":1}") "]}",
		       "out of range");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_active_block_is_read_whole),
		cmocka_unit_test(no_active_block_is_a_good_answer),
		cmocka_unit_test(nulls_and_notices_and_other_blocks_are_understood),
		cmocka_unit_test(what_is_no_answer_is_refused),
		cmocka_unit_test(absurd_figures_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
