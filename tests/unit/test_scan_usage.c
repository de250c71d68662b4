/*
 * scan: what makes a line a usage record, and what ccusage 20.0.24 does with the same line (each refusal
 * below was seen with the program itself).
 */
#include "unit.h"

#include "line_facts.h"

static void a_record_has_its_figures(void **state UNUSED)
{
	struct scan_facts f = facts_of(LINE_HEAD LINE_USAGE LINE_TAIL);
	assert_true(f.usage.present);
	assert_int_equal(f.usage.timestamp_ms, INT64_C(1770842207925));
	assert_slice(f.usage.message_id, "msg_1");
	assert_slice(f.usage.request_id, "req_1");
	assert_slice(f.usage.model, "claude-opus-4-6");
	assert_int_equal(f.usage.tokens.input, 3);
	assert_int_equal(f.usage.tokens.output, 10);
	assert_int_equal(f.usage.tokens.cache_creation_5m, 37);
	assert_int_equal(f.usage.tokens.cache_creation_1h, 8000);
	assert_int_equal(f.usage.tokens.cache_read, 17842);
	assert_true(f.usage.has_speed && f.usage.fast);
	assert_false(f.usage.has_cost || f.usage.sidechain);
	assert_int_equal(f.usage.faults, 0);
}

static void what_says_too_little_is_no_record(void **state UNUSED)
{
	static const char *const changes[][2] = {
		{ "\"input_tokens\":3", "\"input_tokens\":3.5" },
		{ "\"input_tokens\":3", "\"input_tokens\":3e-2" },
		{ "\"input_tokens\":3", "\"input_tokens\":-1" },
		{ "\"input_tokens\":3", "\"input_tokens\":\"3\"" },
		{ "\"input_tokens\":3", "\"input_tokens\":null" },
		{ "\"input_tokens\":3,", "" },
		{ "\"output_tokens\":10,", "" },
		{ "\"cache_read_input_tokens\":17842", "\"cache_read_input_tokens\":[]" },
		{ "\"ephemeral_5m_input_tokens\":37", "\"ephemeral_5m_input_tokens\":1.5" },
		{ "\"sessionId\":\"s1\"", "\"sessionId\":\"\"" },
		{ "\"requestId\":\"req_1\"", "\"requestId\":\"\"" },
		{ "\"id\":\"msg_1\"", "\"id\":\"\"" },
		{ "claude-opus-4-6", "" },
		{ "claude-opus-4-6", "claude-\\ud800" },
		{ "claude-opus-4-6", "c\xff" },
		{ "47.925Z", "47.925" },
		{ "2026-02-11", "2026-02-30" },
		{ "\"timestamp\"", "\"time\"" },
		{ "\"message\":{", "\"massage\":{" },
		{ "\"usage\"", "\"usages\"" },
	};
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		struct scan_facts f = facts_with(changes[i][0], changes[i][1]);
		if (f.usage.present)
			fail_msg("a record with %s", changes[i][1]);
	}
}

/* Claude Code charges for them whatever ccusage does. */
static void what_ccusage_does_not_read_is_a_record_all_the_same(void **state UNUSED)
{
	static const struct {
		const char *from, *to;
		int64_t input;
	} changes[] = {
		{ "\"input_tokens\":3", "\"input_tokens\":3.0", 3 },
		{ "\"input_tokens\":3", "\"input_tokens\":3e2", 300 },
		{ "\"input_tokens\":3", "\"input_tokens\":2.5E+1", 25 },
		{ "\"input_tokens\":3", "\"input_tokens\":3,\"input_tokens\":4", 4 },
		{ "\"sessionId\":\"s1\"", "\"sessionId\":\"s0\",\"sessionId\":\"s1\"", 3 },
		{ "2.1.39", "2.1", 3 },
		{ "2.1.39", "v2.1.39", 3 },
		{ "2.1.39", "dev", 3 },
		{ "2.1.39", "", 3 },
		{ "\"version\":\"2.1.39\"", "\"version\":true", 3 },
		{ "47.925Z", "47.92Z", 3 },
		{ "47.925Z", "47.925123Z", 3 },
		{ "47.925Z", "47.925123456Z", 3 },
		{ "47.925Z", "47.925z", 3 },
		{ "11T20", "11t20", 3 },
		{ "11T20", "11 20", 3 },
		{ "\"speed\":\"fast\"", "\"speed\":\"turbo\"", 3 },
		{ "\"speed\":\"fast\"", "\"speed\":5", 3 },
		{ "\"sessionId\":\"s1\"", "\"sessionId\":5", 3 },
		{ "\"requestId\":\"req_1\"", "\"requestId\":{}", 3 },
		{ "\"id\":\"msg_1\"", "\"id\":5", 3 },
		{ "\"model\":\"claude-opus-4-6\"", "\"model\":5", 3 },
		{ "\"isSidechain\":false", "\"isSidechain\":\"x\"", 3 },
		{ "\"isSidechain\":false", "\"costUSD\":\"0.5\"", 3 },
		{ "{\"ephemeral_5m_input_tokens\":37,\"ephemeral_1h_input_tokens\":8000}", "5", 3 },
	};
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		struct scan_facts f = facts_with(changes[i].from, changes[i].to);
		if (!f.usage.present || f.usage.faults != SCAN_FAULT_FORM
		    || f.usage.tokens.input != changes[i].input || f.malformed)
			fail_msg("%s: present %d, faults %u", changes[i].to, f.usage.present, f.usage.faults);
	}
	static const char *const marks[] = { "\"isApiErrorMessage\":1", "\"isApiErrorMessage\":\"false\"",
					     "\"isApiErrorMessage\":true,\"isApiErrorMessage\":true" };
	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
		struct scan_facts f = facts_with("\"isSidechain\":false", marks[i]);
		assert_true(f.usage.present);
		assert_int_equal(f.usage.faults, SCAN_FAULT_ERROR_MARK);
	}
}

static void what_ccusage_takes_is_a_record(void **state UNUSED)
{
	static const char *const changes[][2] = {
		{ "\"input_tokens\":3", "\"input_tokens\":0" },
		{ "\"input_tokens\":3", "\"input\\u005ftokens\":3" },
		{ "\"message\":", "\"mess\\u0061ge\":" },
		{ "11T20", "11\\u005420" },
		{ "47.925Z", "47Z" },
		{ "47.925Z", "47.925+02:00" },
		{ "47.925Z", "47-02:00" },
		{ "2.1.39", "2.1.39-beta" },
		{ "\"version\":\"2.1.39\",", "" },
		{ "\"requestId\":\"req_1\",", "" },
		{ "\"id\":\"msg_1\",", "" },
		{ "\"sessionId\":\"s1\",", "" },
		{ "\"isSidechain\":false", "\"isSidechain\":null" },
		{ "\"cwd\":\"/home/u/p\"", "\"cwd\":5" },
		{ "\"speed\":\"fast\"", "\"speed\":\"standard\"" },
		{ "\"text\":\"hello\"", "\"text\":5" },
		{ "\"text\":\"hello\"", "\"text\":\"\\ud800\"" },
		{ "\"text\":\"hello\"", "\"text\":\"\xff\xfe\"" },
		{ "\"type\":\"assistant\"", "\"type\":\"user\"" },
		{ "\"type\":\"assistant\",", "" },
		{ "\"gitBranch\":\"main\"", "\"x\":1e999" },
	};
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		struct scan_facts f = facts_with(changes[i][0], changes[i][1]);
		if (!f.usage.present || f.usage.faults != 0)
			fail_msg("no plain record with %s", changes[i][1]);
	}
}

static void a_key_with_escapes_is_the_key(void **state UNUSED)
{
	static const char *const keys[] = { "\\u0075sage", "us\\u0061ge", "usag\\u0065",
					    "\\u0075\\u0073\\u0061\\u0067\\u0065" };
	char line[1024], text[256];
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		/* At each place of the search's blocks; and behind a deeper key that counts nothing. */
		for (int before = 0; before < 150; before++) {
			int len = snprintf(
				line, sizeof(line),
				"{\"a\":\"%0*d\",%s\"timestamp\":\"2026-02-11T20:36:47.925Z\",\"message\":"
				"{\"model\":\"m\",\"%s\":{\"input_tokens\":1,\"output_tokens\":2}},"
				"\"z\":\"%0*d\"}",
				before, 0, before % 2 ? "\"b\":{\"c\":{\"d\":{\"usage\":1}}}," : "", keys[i],
				before % 80, 0);
			struct scan_facts f = facts_of(line);
			assert_true(f.usage.present && f.usage.faults == SCAN_FAULT_SPACE
				    && f.usage.tokens.output == 2);
			assert_true(scan_may_have_usage(line, (size_t)len));
		}
		/* In a text that speaks of it there is a backslash more. */
		int len = snprintf(text, sizeof(text), "{\"text\":\"\\\\u0075 \\%s\",\"more\":\"%0*d\"}",
				   "\\u0061\\u001b\\u00e9", 100, 0);
		assert_false(scan_may_have_usage(text, (size_t)len));
	}
}

static void counts_that_are_none_are_malformed(void **state UNUSED)
{
	static const struct {
		const char *text;
		enum malformed kind;
		bool refused;        /* ccusage believes it, as all up to 64 bits */
	} counts[] = {
		{ "-1", MALFORMED_NEGATIVE, false }, { "-0.5", MALFORMED_NEGATIVE, false },
		{ "-1e400", MALFORMED_NEGATIVE, false }, { "\"3\"", MALFORMED_NO_NUMBER, false },
		{ "null", MALFORMED_NO_NUMBER, false }, { "true", MALFORMED_NO_NUMBER, false },
		{ "{}", MALFORMED_NO_NUMBER, false }, { "3.5", MALFORMED_NO_NUMBER, false },
		{ "18446744073709551616", MALFORMED_TOO_LARGE, false },
		{ "1e16", MALFORMED_TOO_LARGE, false }, { "1e400", MALFORMED_TOO_LARGE, false },
		{ "9007199254740993", MALFORMED_TOO_LARGE, true },
		{ "4000000001", MALFORMED_TOO_LARGE, true },
	};
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		char member[64];
		snprintf(member, sizeof(member), "\"input_tokens\":%s", counts[i].text);
		struct scan_facts f = facts_with("\"input_tokens\":3", member);
		if (f.usage.present || f.usage.refused != counts[i].refused || f.malformed != counts[i].kind)
			fail_msg("%s: %s", member, malformed_name(f.malformed));
	}
	assert_int_equal(facts_of(LINE_HEAD LINE_USAGE LINE_TAIL).malformed, MALFORMED_NOT);
}

static void a_malformed_count_beside_the_record_is_named(void **state UNUSED)
{
	static const struct {
		const char *member;
		enum malformed kind;
	} members[] = {
		{ "\"server_tool_use\":{\"web_search_requests\":2.0}", MALFORMED_NOT },
		{ "\"server_tool_use\":{\"web_search_requests\":null}", MALFORMED_NOT },
		{ "\"server_tool_use\":{\"web_search_requests\":-1}", MALFORMED_NEGATIVE },
		{ "\"server_tool_use\":{\"web_search_requests\":100001}", MALFORMED_TOO_LARGE },
		{ "\"iterations\":[{\"type\":\"advisor_message\",\"model\":\"m\",\"input_tokens\":\"1\","
		  "\"output_tokens\":1}]", MALFORMED_NO_NUMBER },
	};
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		char member[256];
		snprintf(member, sizeof(member), "\"input_tokens\":3,%s", members[i].member);
		struct scan_facts f = facts_with("\"input_tokens\":3", member);
		if (!f.usage.present || f.malformed != members[i].kind)
			fail_msg("%s: %s", member, malformed_name(f.malformed));
	}
}

static void cache_writes_by_their_life(void **state UNUSED)
{
#define BREAKDOWN "{\"ephemeral_5m_input_tokens\":37,\"ephemeral_1h_input_tokens\":8000}"
	struct scan_facts f = facts_with("\"cache_creation\":" BREAKDOWN ",", "");
	assert_int_equal(f.usage.tokens.cache_creation_5m, 8037);
	assert_int_equal(f.usage.tokens.cache_creation_1h, 0);
	f = facts_with(BREAKDOWN, "null");
	assert_int_equal(f.usage.tokens.cache_creation_5m, 8037);
	assert_int_equal(f.usage.faults, 0);
	/* The flat count is how many there are, whatever the breakdown comes to; ccusage takes the breakdown.
	 */
	f = facts_with(BREAKDOWN, "{}");
	assert_int_equal(f.usage.tokens.cache_creation_5m, 8037);
	assert_int_equal(f.usage.reference_tokens.cache_creation_5m, 0);
	assert_int_equal(f.usage.faults, SCAN_FAULT_CREATION);
	f = facts_with(BREAKDOWN, "{\"ephemeral_1h_input_tokens\":5}");
	assert_int_equal(f.usage.tokens.cache_creation_5m, 8032);
	assert_int_equal(f.usage.tokens.cache_creation_1h, 5);
	assert_int_equal(f.usage.reference_tokens.cache_creation_1h, 5);
	f = facts_with(BREAKDOWN, "{\"ephemeral_5m_input_tokens\":7,\"ephemeral_1h_input_tokens\":9000}");
	assert_int_equal(f.usage.tokens.cache_creation_5m, 0);
	assert_int_equal(f.usage.tokens.cache_creation_1h, 8037);
	/* Without a flat count, the breakdown is the count. */
	f = facts_with("\"cache_creation_input_tokens\":8037,", "");
	assert_int_equal(f.usage.tokens.cache_creation_5m, 37);
	assert_int_equal(f.usage.tokens.cache_creation_1h, 8000);
	assert_int_equal(f.usage.faults, 0);
}

/* ccusage's reader takes an object's fields from a list too. */
static void cache_writes_may_be_a_list(void **state UNUSED)
{
	static const char object[] = "{\"ephemeral_5m_input_tokens\":37,\"ephemeral_1h_input_tokens\":8000}";
	struct scan_facts f = facts_with(object, "[]");
	assert_true(f.usage.present);
	assert_int_equal(
		f.usage.reference_tokens.cache_creation_5m + f.usage.reference_tokens.cache_creation_1h, 0);
	f = facts_with(object, "[5, 6]");
	assert_int_equal(f.usage.reference_tokens.cache_creation_5m, 5);
	assert_int_equal(f.usage.tokens.cache_creation_1h, 6);
	assert_true(facts_with(object, "[5,6,7]").usage.faults & SCAN_FAULT_FORM);
	assert_false(facts_with(object, "[5,null]").usage.present);
	assert_false(facts_with(object, "[\"5\"]").usage.present);
}

static void lines_that_ccusage_loses_are_marked(void **state UNUSED)
{
	static const char *const names[] = { "id",
					     "cwd",
					     "model",
					     "speed",
					     "costUSD",
					     "version",
					     "sessionId",
					     "requestId",
					     "isApiErrorMessage",
					     "cache_read_input_tokens",
					     "cache_creation_input_tokens" };
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char block[256];
		snprintf(block, sizeof(block), "{\"type\":\"tool_use\",\"input\":{\"a\":[{\"%s\":null}]}}",
			 names[i]);
		struct scan_facts f = facts_with("{\"type\":\"text\",\"text\":\"hello\"}", block);
		assert_true(f.usage.present);
		assert_int_equal(f.usage.faults, SCAN_FAULT_NULL);
	}
	struct scan_facts f =
		facts_with("{\"type\":\"text\",\"text\":\"hello\"}", "{\"input\":{\"name\":null}}");
	assert_int_equal(f.usage.faults, 0);
	f = facts_with("hello", "\\\"id\\\":null");
	assert_int_equal(f.usage.faults, 0);
	f = facts_with("\"requestId\":\"req_1\"", "\"requestId\":null");
	assert_true(f.usage.present && !f.usage.request_id.data);
	assert_int_equal(f.usage.faults, SCAN_FAULT_NULL);
	f = facts_with("\"usage\":{", "\"usage\": {");
	assert_true(f.usage.present);
	assert_int_equal(f.usage.faults, SCAN_FAULT_SPACE);
}

#define USAGE_OF(more) \
	"{\"type\":\"assistant\",\"timestamp\":\"2026-02-11T20:36:47.925Z\",\"message\":{\"model\":\"m\"," \
	"\"usage\":{\"input_tokens\":1,\"output_tokens\":2" more "}},\"sessionId\":\"own\""

static void fees_and_surcharges_are_read(void **state UNUSED)
{
	struct scan_facts f =
		facts_of(USAGE_OF(",\"server_tool_use\":{\"web_search_requests\":3,\"web_fetch_requests\":9},"
				  "\"service_tier\":\"batch\",\"inference_geo\":\"us\"") "}");
	assert_true(f.usage.present && f.usage.faults == 0);
	assert_true(f.usage.extras.web_searches == 3 && f.usage.extras.us_only && f.usage.extras.batch);
	f = facts_of(USAGE_OF(
		",\"server_tool_use\":{\"web_search_requests\":null,\"x\":[1]},\"service_tier\":\"priority\","
		"\"inference_geo\":\"not_available\"") "}");
	assert_true(f.usage.present && f.usage.faults == 0 && !price_has_extras(&f.usage.extras));
	/* What is no number of searches spoils nothing. */
	f = facts_of(USAGE_OF(
		",\"server_tool_use\":{\"web_search_requests\":-1},\"service_tier\":5,"
		"\"service_tier\":null") "}");
	assert_true(f.usage.present && f.usage.faults == 0 && !price_has_extras(&f.usage.extras));
	f = facts_of(USAGE_OF(",\"server_tool_use\":{\"web_search_requests\":100001}") "}");
	assert_true(f.usage.present && f.usage.extras.web_searches == 0);
	f = facts_of(USAGE_OF(",\"server_tool_use\":7,\"inference_geo\":{}") "}");
	assert_true(f.usage.present && !price_has_extras(&f.usage.extras));
}

static void check_payer(const char *line, const char *payer, bool told)
{
	struct scan_facts f = facts_of(line);
	assert_true(f.usage.present);
	assert_int_equal(f.usage.payer_is_told, told);
	if (!payer) {
		assert_null(f.usage.payer.data);
		return;
	}
	assert_int_equal(f.usage.payer.len, strlen(payer));
	assert_memory_equal(f.usage.payer.data, payer, strlen(payer));
}

static void a_line_says_who_paid(void **state UNUSED)
{
	check_payer(USAGE_OF("") "}", "own", false);
	check_payer(USAGE_OF("") ",\"requestSessionId\":\"a-1\"}", "a-1", true);
	check_payer(USAGE_OF("") ",\"forkedFrom\":{\"messageUuid\":\"x\",\"sessionId\":\"b.2\"}}", "b.2",
		    true);
	/* Who asked is better known than whom it was copied from. */
	check_payer(USAGE_OF("") ",\"forkedFrom\":{\"sessionId\":\"b\"},\"requestSessionId\":\"a\"}", "a",
		    true);
	/* What is no session's id says nothing. */
	check_payer(USAGE_OF("") ",\"requestSessionId\":\"../a\",\"forkedFrom\":{\"sessionId\":7}}", "own",
		    false);
	check_payer(USAGE_OF("") ",\"requestSessionId\":null,\"forkedFrom\":\"b\"}", "own", false);
	check_payer(
		"{\"timestamp\":\"2026-02-11T20:36:47.925Z\",\"sessionId\":\"a/b\","
		"\"message\":{\"usage\":{\"input_tokens\":1,"
		"\"output_tokens\":2}}}",
		NULL, false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_record_has_its_figures),
		cmocka_unit_test(what_says_too_little_is_no_record),
		cmocka_unit_test(what_ccusage_does_not_read_is_a_record_all_the_same),
		cmocka_unit_test(what_ccusage_takes_is_a_record),
		cmocka_unit_test(a_key_with_escapes_is_the_key),
		cmocka_unit_test(counts_that_are_none_are_malformed),
		cmocka_unit_test(a_malformed_count_beside_the_record_is_named),
		cmocka_unit_test(cache_writes_by_their_life),
		cmocka_unit_test(cache_writes_may_be_a_list),
		cmocka_unit_test(lines_that_ccusage_loses_are_marked),
		cmocka_unit_test(fees_and_surcharges_are_read),
		cmocka_unit_test(a_line_says_who_paid),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
