/*
 * scan: what a line says beside its usage: its session, a limit, a turn, a preview; and what is no line at
 * all.
 */
#include "unit.h"

#include "line_facts.h"

static void a_line_has_its_facts(void **state UNUSED)
{
	struct scan_facts f = facts_of(LINE_HEAD LINE_USAGE LINE_TAIL);
	assert_int_equal(f.type, SCAN_TYPE_ASSISTANT);
	assert_slice(f.session_id, "s1");
	assert_slice(f.cwd, "/home/u/p");
	assert_slice(f.git_branch, "main");
	assert_slice(f.version, "2.1.39");
	assert_slice(f.preview, "hello");
	assert_true(f.is_message && !f.is_prompt && f.has_context);
	assert_int_equal(f.context_tokens, 3 + 37 + 8000 + 17842);
	assert_true(f.wrote_5m && f.wrote_1h);
}

static void text_inside_strings_does_not_fool(void **state UNUSED)
{
	const char *line =
		"{\"type\":\"user\",\"timestamp\":\"2026-02-11T20:36:47.925Z\","
		"\"message\":{\"role\":\"user\","
		"\"content\":\"\\\"usage\\\":{\\\"input_tokens\\\":5,\\\"output_tokens\\\":5}\"}}";
	struct scan_facts f = facts_of(line);
	assert_false(f.usage.present);
	assert_true(f.is_message && f.is_prompt);
	/* An agent's message inside a progress line belongs to the agent's own file. */
	f = facts_of(
		"{\"type\":\"progress\",\"timestamp\":\"2026-02-11T20:36:47.925Z\","
		"\"data\":{\"type\":\"agent_progress\","
		"\"message\":{\"message\":{" LINE_USAGE "}}}}");
	assert_false(f.usage.present || f.is_message);
}

static void bad_json_says_nothing(void **state UNUSED)
{
	static const char *const lines[] = {
		"",
		"null",
		"5",
		"[]",
		"[{}]",
		"{",
		"{}}",
		"{} {}",
		"{\"a\":1,}",
		"{\"a\":01}",
		"{\"a\":1.}",
		"{\"a\":+1}",
		"{\"a\":.5}",
		"{\"a\":NaN}",
		"{\"a\":tru}",
		"{\"a\":\"\\q\"}",
		"{\"a\":\"\\u12g4\"}",
		"{\"a\":\"\t\"}",
		"{\"a\":\"\x01\"}",
		"{'a':1}",
		"{a:1}",
		"{\"a\" 1}",
		"{\"a\":}",
		"{,}",
		"{\"a\":[1,]}",
		"{\"a\":[,1]}",
		"{\"a\":1/**/}",
		"{\"a\":[}",
		"{\"a\":{]}",
		"\xef\xbb\xbf{}",
		"{\"a\":\"",
		"{\"a\":\"\\",
		"{\"a\":-}",
		"{\"message\":{\"usage\":{\"input_tokens\":1,}}}",
		"{\"message\":{\"content\":[{\"type\":\"text\"]}}",
	};
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct scan_facts f;
		if (scan_line(lines[i], strlen(lines[i]), &f, NULL, NULL))
			fail_msg("took %s", lines[i]);
	}
	struct scan_facts f = facts_of(" {\"a\":[[],{},-0.5e+3,true,null]}\r");
	assert_int_equal(f.type, SCAN_TYPE_NONE);
}

/* A line with `depth` arrays in it. */
static bool takes_depth(size_t depth)
{
	char *line = malloc(2 * depth + 16);
	assert_non_null(line);
	size_t len = 5;
	memcpy(line, "{\"a\":", len);
	memset(line + len, '[', depth);
	memset(line + len + depth, ']', depth);
	len += 2 * depth;
	line[len++] = '}';
	struct scan_facts f;
	bool taken = scan_line(line, len, &f, NULL, NULL);
	free(line);
	return taken;
}

static void deep_nesting_is_bounded(void **state UNUSED)
{
	assert_true(takes_depth(200));
	assert_true(takes_depth(WALK_MAX_DEPTH));
	assert_false(takes_depth(WALK_MAX_DEPTH + 1));
	assert_false(takes_depth(1000000));
}

static void limits_old_and_new(void **state UNUSED)
{
	struct scan_facts f = facts_of(
		"{\"type\":\"assistant\",\"isApiErrorMessage\":true,\"message\":{\"model\":\"<synthetic>\","
		"\"content\":[{\"type\":\"text\",\"text\":\"Claude AI usage limit reached|1760000000\"}]}}");
	assert_true(f.limit.present);
	assert_int_equal(f.limit.resets_at_s, 1760000000);
	f = facts_of(
		"{\"type\":\"assistant\",\"isApiErrorMessage\":true,\"error\":\"rate_limit\","
		"\"apiErrorStatus\":429,"
		"\"quotaLimits\":{\"status\":\"rejected\",\"resetsAt\":1760000001,"
		"\"rateLimitType\":\"five_hour\"}}");
	assert_true(f.limit.present);
	assert_int_equal(f.limit.resets_at_s, 1760000001);
	assert_true(slice_equals(f.limit.name, "five_hour"));
	assert_false(f.limit.old_form);
	/* A warning is no limit that was hit. */
	f = facts_of(
		"{\"type\":\"assistant\",\"isApiErrorMessage\":true,\"error\":\"rate_limit\","
		"\"apiErrorStatus\":429,"
		"\"quotaLimits\":{\"status\":\"allowed_warning\",\"resetsAt\":1760000001,"
		"\"rateLimitType\":\"five_hour\"}}");
	assert_false(f.limit.present);
	f = facts_of(
		"{\"type\":\"assistant\",\"isApiErrorMessage\":true,\"error\":\"rate_limit\","
		"\"apiErrorStatus\":529}");
	assert_false(f.limit.present);
	f = facts_of(
		"{\"type\":\"assistant\",\"message\":{\"content\":\"Claude AI usage limit "
		"reached|1760000000\"}}");
	assert_false(f.limit.present);
	/* Words around it do not matter to ccusage either. */
	f = facts_of("{\"isApiErrorMessage\":true,\"message\":{\"content\":[{\"type\":\"text\",\"text\":"
		     "\"Sorry | Claude AI usage limit reached, see|1760000002 |5\"}]}}");
	assert_true(f.limit.present && f.limit.old_form);
	assert_int_equal(f.limit.resets_at_s, 1760000002);
	f = facts_of(
		"{\"isApiErrorMessage\":true,\"message\":{\"content\":\"Claude AI usage limit reached|\"}}");
	assert_true(f.limit.present);
	assert_int_equal(f.limit.resets_at_s, 0);
}

/* 2.1.150 and earlier say neither which limit it is nor when it resets; 1.0.128 marks all errors alike. */
static void limits_without_a_reset(void **state UNUSED)
{
	static const struct { const char *line; bool is_limit;
	} lines[] = {
		{ "{\"isApiErrorMessage\":true,\"error\":\"rate_limit\",\"apiErrorStatus\":429}", true },
		{ "{\"isApiErrorMessage\":true,\"apiErrorStatus\":429}", true },
		{ "{\"isApiErrorMessage\":true,\"error\":\"rate_limit\"}", true },
		{ "{\"isApiErrorMessage\":true,\"message\":{\"content\":[{\"type\":\"text\","
		  "\"text\":\"Spending cap reached resets 3am\"}]}}",
		  true },
		{ "{\"isApiErrorMessage\":true,\"message\":{\"content\":[{\"type\":\"text\","
		  "\"text\":\"5-hour limit reached, resets 3am\"}]}}",
		  true },
		{ "{\"isApiErrorMessage\":true,\"message\":{\"content\":[{\"type\":\"text\","
		  "\"text\":\"API Error: 529 overloaded\"}]}}",
		  false },
		{ "{\"isApiErrorMessage\":true,\"error\":\"invalid_request\","
		  "\"message\":{\"content\":\"limit reached\"}}",
		  false },
		{ "{\"isApiErrorMessage\":false,\"error\":\"rate_limit\"}", false },
		{ "{\"error\":\"rate_limit\",\"message\":{\"content\":\"limit reached\"}}", false },
	};
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct scan_facts f = facts_of(lines[i].line);
		assert_int_equal(f.limit.present, lines[i].is_limit);
		assert_int_equal(f.limit.resets_at_s, 0);
		assert_null(f.limit.name.data);
	}
}

static void turns_prompts_and_the_rest(void **state UNUSED)
{
	struct scan_facts f =
		facts_of("{\"type\":\"user\",\"message\":{\"content\":[{\"type\":\"tool_result\"}]}}");
	assert_true(f.is_message && !f.is_prompt);
	f = facts_of("{\"type\":\"user\",\"isMeta\":true,\"message\":{\"content\":\"x\"}}");
	assert_false(f.is_message || f.is_prompt);
	f = facts_of("{\"type\":\"user\",\"isSidechain\":true,\"message\":{\"content\":\"x\"}}");
	assert_true(f.sidechain && !f.is_message);
	f = facts_of("{\"type\":\"user\",\"isCompactSummary\":true,\"message\":{\"content\":\"x\"}}");
	assert_true(f.is_message && !f.is_prompt);
	f = facts_of("{\"type\":\"system\",\"subtype\":\"compact_boundary\"}");
	assert_true(f.compact_boundary && f.type == SCAN_TYPE_SYSTEM);
	assert_int_equal(f.compacted_tokens, -1);
	f = facts_of(
		"{\"subtype\":\"compact_boundary\",\"compactMetadata\":{\"preTokens\":9,"
		"\"a\":{\"postTokens\":1},"
		"\"postTokens\":2727,\"b\":[0]}}");
	assert_true(f.compact_boundary && f.compacted_tokens == 2727);
	f = facts_of("{\"subtype\":\"compact_boundary\",\"compactMetadata\":{\"postTokens\":-3}}");
	assert_int_equal(f.compacted_tokens, -1);
	f = facts_of(
		"{\"subtype\":\"compact_boundary\",\"compactMetadata\":{\"postTokens\":9007199254740991}}");
	assert_int_equal(f.compacted_tokens, -1);
	f = facts_of("{\"type\":\"assistant\",\"promptCacheRequested\":\"1h\"}");
	assert_true(f.asked_1h && !f.asked_5m);
	f = facts_of("{\"type\":\"assistant\",\"promptCacheRequested\":\"2h\"}");
	assert_false(f.asked_1h || f.asked_5m);
	f = facts_of("{\"type\":\"cost-state\",\"totalCostUSD\":1.25,\"modelUsage\":{}}");
	assert_true(f.has_cost_state && f.cost_state_usd > 1.24 && f.cost_state_usd < 1.26);
	f = facts_of("{\"type\":\"cost-state\",\"totalCostUSD\":-1}");
	assert_false(f.has_cost_state);
}

static void count_field(void *ctx, struct slice field)
{
	char (*last)[32] = ctx;
	snprintf(*last, sizeof(*last), "%.*s", (int)field.len, field.data);
}

static void drift_is_told(void **state UNUSED)
{
	static const char *const known[] = { "advisorModel",  "content",      "cwd",	     "data",
					     "effort",	      "forkedFrom",   "isMeta",	     "leafUuid",
					     "mode",	      "parentUuid",   "prUrl",	     "slug",
					     "toolUseResult", "totalCostUSD", "type",	     "url",
					     "uuid",	      "userType",     "quotaLimits", "requestedModel",
					     "turnPosition",  "apiErrorType", "session_id" };
	char told[32] = "";
	struct scan_facts f;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		char line[64];
		snprintf(line, sizeof(line), "{\"%s\":{}}", known[i]);
		assert_true(scan_line(line, strlen(line), &f, count_field, &told));
		assert_string_equal(told, "");
	}
	const char *line = "{\"type\":\"hologram\",\"version\":\"2.1.39\",\"beam\":{\"type\":1}}";
	assert_true(scan_line(line, strlen(line), &f, count_field, &told));
	assert_int_equal(f.type, SCAN_TYPE_UNKNOWN);
	assert_slice(f.type_name, "hologram");
	assert_string_equal(told, "beam");
	/* It says nothing of a line that nobody reads, whether its type comes first or last. */
	told[0] = '\0';
	line = "{\"type\":\"api-request\",\"beam\":1}";
	assert_true(scan_line(line, strlen(line), &f, count_field, &told));
	line = "{\"beam\":1,\"type\":\"atis-latch\"}";
	assert_true(scan_line(line, strlen(line), &f, count_field, &told));
	assert_string_equal(told, "");
	line = "{\"beam\":1,\"type\":\"assistant\"}";
	assert_true(scan_line(line, strlen(line), &f, count_field, &told));
	assert_string_equal(told, "beam");
	assert_int_equal(facts_of("{\"type\":\"tools-used\"}").type, SCAN_TYPE_OTHER);
	assert_int_equal(facts_of("{\"type\":\"agent-color\"}").type, SCAN_TYPE_OTHER);
	assert_int_equal(facts_of("{\"type\":\"worktree-state\"}").type, SCAN_TYPE_OTHER);
	assert_int_equal(facts_of("{\"type\":\"work\"}").type, SCAN_TYPE_UNKNOWN);
}

static void check_text(const char *json, size_t size, size_t max_chars, const char *want)
{
	char out[64];
	size_t len = scan_unescape((struct slice){ json, strlen(json) }, out, size, max_chars);
	assert_string_equal(out, want);
	assert_int_equal(len, strlen(want));
}

static void previews_are_clean(void **state UNUSED)
{
	check_text("plain", 64, 64, "plain");
	check_text("  a\\n\\t b\\u0007c ", 64, 64, "a b c");
	check_text("a\\u001b[31mred\\u009bx\x7f", 64, 64, "a [31mred x");
	check_text("gr\xc3\xbc\xc3\x9f \\u00e9\\ud83d\\ude00!", 64, 6, "gr\xc3\xbc\xc3\x9f \xc3\xa9");
	check_text("\\ud83d\\ude00", 64, 64, "\xf0\x9f\x98\x80");
	check_text("\\ud83dx", 64, 64, "\xef\xbf\xbdx");
	check_text("\xff\xc3", 64, 64, "\xef\xbf\xbd\xef\xbf\xbd");
	/* Marks that turn a line around, and separators. */
	check_text("a\\u202eb \xe2\x80\xa8" "c\\u2066", 64, 64, "a b c");
	/* A character that does not fit whole is left out. */
	check_text("ab\xc3\xbc", 4, 64, "ab");
	check_text("a\\\"b\\\\c\\/d", 64, 64, "a\"b\\c/d");
	check_text("abc", 1, 64, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_has_its_facts),
		cmocka_unit_test(text_inside_strings_does_not_fool),
		cmocka_unit_test(bad_json_says_nothing),
		cmocka_unit_test(deep_nesting_is_bounded),
		cmocka_unit_test(limits_old_and_new),
		cmocka_unit_test(limits_without_a_reset),
		cmocka_unit_test(turns_prompts_and_the_rest),
		cmocka_unit_test(drift_is_told),
		cmocka_unit_test(previews_are_clean),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
