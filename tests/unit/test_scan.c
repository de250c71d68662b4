/*
 * scan: what a line says, what makes it a usage record, and what ccusage 20.0.24 does with the same line
 * (each refusal below was seen with the program itself).
 */
#include "base/buf.h"
#include "unit.h"
#include "transcript/scan.h"

/* A made-up assistant line: HEAD usage TAIL. */
#define HEAD \
	"{\"type\":\"assistant\",\"sessionId\":\"s1\",\"cwd\":\"/home/u/p\",\"version\":\"2.1.39\"," \
	"\"gitBranch\":\"main\",\"isSidechain\":false,\"requestId\":\"req_1\"," \
	"\"message\":{\"id\":\"msg_1\"," \
	"\"model\":\"claude-opus-4-6\",\"role\":\"assistant\",\"content\":[{\"type\":\"text\"," \
	"\"text\":\"hello\"}],"
#define USAGE "\"usage\":{\"input_tokens\":3,\"output_tokens\":10,\"cache_creation_input_tokens\":8037," \
	      "\"cache_read_input_tokens\":17842,\"cache_creation\":{\"ephemeral_5m_input_tokens\":37," \
	      "\"ephemeral_1h_input_tokens\":8000},\"speed\":\"fast\"}"
#define TAIL "},\"timestamp\":\"2026-02-11T20:36:47.925Z\"}"

static struct scan_facts facts_of(const char *line)
{
	struct scan_facts facts;
	assert_true(scan_line(line, strlen(line), &facts, NULL, NULL));
	return facts;
}

/* The line with the first `from` replaced by `to`. */
static struct scan_facts facts_with(const char *from, const char *to)
{
	static const char line[] = HEAD USAGE TAIL;
	char text[4096];
	const char *at = strstr(line, from);
	assert_non_null(at);
	int len = snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - line), line, to, at + strlen(from));
	assert_true(len > 0 && (size_t)len < sizeof(text));
	/* The facts' slices point into it until the next call. */
	static char kept[4096];
	memcpy(kept, text, (size_t)len + 1);
	return facts_of(kept);
}

#define assert_slice(slice, text) \
	do { \
		assert_int_equal((slice).len, strlen(text)); \
		assert_memory_equal((slice).data, text, strlen(text)); \
	} while (0)

static void a_record_has_its_figures(void **state)
{
	(void)state;
	struct scan_facts f = facts_of(HEAD USAGE TAIL);
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

static void a_line_has_its_facts(void **state)
{
	(void)state;
	struct scan_facts f = facts_of(HEAD USAGE TAIL);
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

static void what_says_too_little_is_no_record(void **state)
{
	(void)state;
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
static void what_ccusage_does_not_read_is_a_record_all_the_same(void **state)
{
	(void)state;
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

static void a_key_with_escapes_is_the_key(void **state)
{
	(void)state;
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

static void counts_that_are_none_are_malformed(void **state)
{
	(void)state;
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
	assert_int_equal(facts_of(HEAD USAGE TAIL).malformed, MALFORMED_NOT);
}

static void a_malformed_count_beside_the_record_is_named(void **state)
{
	(void)state;
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

static void what_ccusage_takes_is_a_record(void **state)
{
	(void)state;
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

static void cache_writes_by_their_life(void **state)
{
	(void)state;
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

static void lines_that_ccusage_loses_are_marked(void **state)
{
	(void)state;
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

static void text_inside_strings_does_not_fool(void **state)
{
	(void)state;
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
		"\"message\":{\"message\":{" USAGE "}}}}");
	assert_false(f.usage.present || f.is_message);
}

static void bad_json_says_nothing(void **state)
{
	(void)state;
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

static void deep_nesting_is_bounded(void **state)
{
	(void)state;
	assert_true(takes_depth(200));
	assert_true(takes_depth(WALK_MAX_DEPTH));
	assert_false(takes_depth(WALK_MAX_DEPTH + 1));
	assert_false(takes_depth(1000000));
}

static void advisors_are_records_of_their_own(void **state)
{
	(void)state;
#define ADVISOR \
	"{\"type\":\"advisor_message\",\"model\":\"claude-opus-5\",\"input_tokens\":1000,\"output_tokens\":5}"
	struct scan_facts f = facts_with("\"speed\":\"fast\"",
					 "\"iterations\":[{\"type\":\"message\",\"input_tokens\":3,"
					 "\"output_tokens\":10}," ADVISOR "," ADVISOR "]");
	struct scan_usage advisor;
	struct scan_cursor cursor = { 0 };
	assert_true(f.usage.present);
	assert_true(scan_next_advisor(&f.usage, &cursor, &advisor));
	assert_slice(advisor.model, "claude-opus-5");
	assert_slice(advisor.message_id, "msg_1");
	assert_int_equal(advisor.tokens.input, 1000);
	assert_int_equal(advisor.tokens.cache_read, 0);
	assert_int_equal(advisor.advisor, 1);
	assert_true(scan_next_advisor(&f.usage, &cursor, &advisor));
	assert_int_equal(advisor.advisor, 2);
	assert_false(scan_next_advisor(&f.usage, &cursor, &advisor));
	assert_int_equal(advisor.faults, 0);
	/* One without its counts hides them from ccusage alone. */
	cursor = (struct scan_cursor){ 0 };
	f = facts_with("\"speed\":\"fast\"", "\"iterations\":[5,{\"type\":\"message\"}," ADVISOR ",{}]");
	assert_true(f.usage.present);
	assert_int_equal(f.usage.faults, 0);
	assert_true(scan_next_advisor(&f.usage, &cursor, &advisor));
	assert_int_equal(advisor.tokens.input, 1000);
	assert_int_equal(advisor.faults, SCAN_FAULT_HIDDEN);
	assert_false(scan_next_advisor(&f.usage, &cursor, &advisor));
	f = facts_with("\"speed\":\"fast\"", "\"iterations\":null");
	assert_true(f.usage.present);
	assert_false(scan_next_advisor(&f.usage, &cursor, &advisor));
}

/* A count that no model can reach is one to ccusage: it hides no advisor, and an advisor that has it counts
 * there. */
static void an_impossible_count_hides_no_advisor(void **state)
{
	(void)state;
#define IMPOSSIBLE "\"input_tokens\":5000000000,\"output_tokens\":7}"
	struct scan_usage advisor;
	struct scan_cursor cursor = { 0 }, all = { .with_refused = true };
	struct scan_facts f = facts_with("\"speed\":\"fast\"",
					 "\"iterations\":[{\"type\":\"message\"," IMPOSSIBLE
					 ",{\"type\":\"advisor_message\",\"model\":\"m\","
					 IMPOSSIBLE "," ADVISOR "]");
	assert_true(f.usage.present);
	assert_true(scan_next_advisor(&f.usage, &cursor, &advisor));
	assert_slice(advisor.model, "claude-opus-5");
	assert_int_equal(advisor.advisor, 1);
	assert_int_equal(advisor.faults, 0);
	assert_false(advisor.refused);
	assert_false(scan_next_advisor(&f.usage, &cursor, &advisor));
	assert_true(scan_next_advisor(&f.usage, &all, &advisor));
	assert_slice(advisor.model, "m");
	assert_true(advisor.refused);
	assert_true(advisor.reference_tokens.input == INT64_C(5000000000));
	assert_true(scan_next_advisor(&f.usage, &all, &advisor));
	assert_int_equal(advisor.advisor, 1);
	assert_false(advisor.refused);
	assert_false(scan_next_advisor(&f.usage, &all, &advisor));
}

static void a_message_has_all_its_requests(void **state)
{
	(void)state;
#define ITERATION(type, input, output) \
	"{\"type\":\"" type "\",\"input_tokens\":" input ",\"output_tokens\":" output "}"
	/* Their sum is the top level: each has its own size. */
	struct scan_facts f = facts_of(
		"{\"type\":\"assistant\",\"timestamp\":\"2026-02-11T20:36:47.925Z\",\"message\":{"
		"\"model\":\"m\",\"usage\":{\"input_tokens\":170000,\"output_tokens\":9,"
		"\"iterations\":[" ITERATION(
			"message", "110000", "4") "," ITERATION("message", "60000", "5") "]}}}");
	assert_true(f.usage.present && f.usage.in_parts);
	assert_int_equal(f.usage.tokens.input, 170000);
	assert_int_equal(f.usage.large.input, 110000);
	assert_int_equal(f.usage.large.output, 4);
	assert_int_equal(f.context_tokens, 60000);
	assert_int_equal(f.usage.faults, 0);
	/* It is not: the top level is one request. A compaction is not in it. */
	f = facts_of("{\"type\":\"assistant\",\"timestamp\":\"2026-02-11T20:36:47.925Z\",\"message\":{"
		"\"model\":\"m\",\"usage\":{\"input_tokens\":160000,\"output_tokens\":9,\"iterations\":["
		ITERATION("message", "50000", "4") "," ITERATION("message", "60000", "5") ","
		ITERATION("compaction", "90000", "7") "]}}}");
	assert_int_equal(f.usage.tokens.input, 250000);
	assert_int_equal(f.usage.tokens.output, 16);
	assert_int_equal(f.usage.large.input, 160000);
	assert_int_equal(f.usage.reference_tokens.input, 160000);
	assert_int_equal(f.usage.faults, SCAN_FAULT_COMPACTION);
	/* Responses that paused. */
	f = facts_of("{\"type\":\"assistant\",\"timestamp\":\"2026-02-11T20:36:47.925Z\",\"message\":{"
		"\"pausedResponses\":[{\"usage\":{\"input_tokens\":7,\"output_tokens\":8}},{},5,"
		"{\"usage\":{\"input_tokens\":\"x\",\"output_tokens\":8}}],"
		"\"model\":\"m\",\"usage\":{\"input_tokens\":1,\"output_tokens\":2}}}");
	assert_true(f.usage.present && f.usage.in_parts);
	assert_int_equal(f.usage.tokens.input, 8);
	assert_int_equal(f.usage.tokens.output, 10);
	assert_int_equal(f.usage.reference_tokens.output, 2);
	assert_int_equal(f.usage.faults, SCAN_FAULT_PAUSED);
}

/* As many as a line has room for: one after the other, and not each from the start. Otherwise this takes half
 * an hour. */
static void a_hundred_thousand_advisors_hold_nothing_up(void **state)
{
	(void)state;
	const unsigned many = 100000;
	struct buf line = BUF_INIT;
	struct scan_facts f;
	struct scan_usage advisor;
	struct scan_cursor cursor = { 0 };
	unsigned count = 0;
	buf_append_str(
		&line,
		"{\"timestamp\":\"2026-02-11T20:36:47.925Z\",\"message\":{\"id\":\"msg_1\",\"model\":\"m\","
		"\"usage\":{\"input_tokens\":1,\"output_tokens\":1,\"iterations\":[{\"input_tokens\":1,"
		"\"output_tokens\":1}");
	for (unsigned i = 0; i < many; i++)
		buf_append_str(&line, "," ADVISOR);
	buf_append_str(&line, "]}}}");
	assert_true(scan_line(buf_str(&line), line.len, &f, NULL, NULL));
	while (scan_next_advisor(&f.usage, &cursor, &advisor))
		assert_int_equal(advisor.advisor, ++count);
	assert_int_equal(count, many);
	buf_release(&line);
}

/* The one place where a null loses no line; and there only for the model of an iteration itself. */
static void a_null_model_among_iterations_loses_nothing(void **state)
{
	(void)state;
	static const struct {
		const char *iterations;
		bool lost;
	} cases[] = {
		{ "[{\"type\":\"message\",\"model\":null}]", false },
		{ "[{\"model\":null},{\"model\":null},5]", false },
		{ "[{\"id\":null}]", true },
		{ "[{\"x\":{\"model\":null}}]", true },
		{ "[[{\"model\":null}]]", true },
		{ "{\"model\":null}", true },
		{ "[{\"model\":null}],\"x\":{\"model\":null}", true },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char member[256];
		snprintf(member, sizeof(member), "\"iterations\":%s", cases[i].iterations);
		struct scan_facts f = facts_with("\"speed\":\"fast\"", member);
		if (!f.usage.present || (f.usage.faults == SCAN_FAULT_NULL) != cases[i].lost)
			fail_msg("%s: faults %u", cases[i].iterations, f.usage.faults);
	}
}

/* ccusage's reader takes an object's fields from a list too. */
static void cache_writes_may_be_a_list(void **state)
{
	(void)state;
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

/* ---- damaged lines ---- */

#define RECORD(id, out) \
	"{\"type\":\"assistant\",\"timestamp\":\"2026-02-11T20:36:47.925Z\",\"sessionId\":\"s1\"," \
	"\"message\":{\"id\":\"" id \
	"\",\"model\":\"m\",\"content\":[{\"type\":\"text\",\"text\":\"{\\\"a\\\":1}\"}]," \
	"\"usage\":{\"input_tokens\":1,\"output_tokens\":" out "}}}"

/* The output tokens of all records on the line; each has to stand where the reader says. */
static int64_t output_of(const char *line, size_t len, bool *is_damaged)
{
	struct scan_reader reader = { .line = line, .len = len };
	struct scan_facts facts;
	int64_t sum = 0;
	while (scan_next_record(&reader, &facts)) {
		assert_true(!reader.is_damaged || line[reader.start] == '{');
		assert_true(!reader.is_damaged || (facts.usage.faults & SCAN_FAULT_DAMAGE));
		sum += facts.usage.present ? facts.usage.tokens.output : 0;
	}
	*is_damaged = reader.is_damaged;
	if (sum > 0 && !scan_may_have_usage(line, len))
		fail_msg("passed over: %.*s", (int)len, line);
	return sum;
}

static void whole_records_on_a_damaged_line_count(void **state)
{
	(void)state;
	static const char first[] = RECORD("m1", "1"), second[] = RECORD("m2", "20");
	bool is_damaged;
	/* The first one cut off anywhere: the second one counts, once, and nothing of the first. */
	for (size_t cut = 0; cut < sizeof(first) - 1; cut++) {
		char line[1024];
		int len = snprintf(line, sizeof(line), "%.*s%s", (int)cut, first, second);
		int64_t sum = output_of(line, (size_t)len, &is_damaged);
		if (sum != 20 || is_damaged != (cut > 0))
			fail_msg("%lld of %s", (long long)sum, line);
		/* And before it a whole one. */
		len = snprintf(line, sizeof(line), "%s%.*s%s", second, (int)cut, first, second);
		assert_int_equal(output_of(line, (size_t)len, &is_damaged), 40);
	}
#define DAMAGED(text, want) do { \
		assert_int_equal(output_of(text, sizeof(text) - 1, &is_damaged), want); \
		assert_true(is_damaged); \
	} while (0)
	DAMAGED(RECORD("m1", "1") RECORD("m2", "20"), 21);
	DAMAGED(RECORD("m1", "1") " " RECORD("m2", "20") "\r", 21);
	DAMAGED("\0\0\0" RECORD("m1", "1"), 1);
	DAMAGED(RECORD("m1", "1") "\0\0\0\0", 1);
	DAMAGED("{\"type\":\"us\0\0\0\0\0" RECORD("m1", "1") "\0", 1);
	DAMAGED("\xef\xbb\xbf" RECORD("m1", "1") "\r", 1);
	DAMAGED(RECORD("m1", "1") "{\"type\":\"assis", 1);
	DAMAGED(RECORD("m1", "1") "{\"a\":{\"b\":{}", 1);
	/* The message of a progress line that was cut off is no record. */
	DAMAGED("{\"type\":\"progress\",\"data\":{\"message\":{\"timestamp\":\"2026-02-11T20:36:47.925Z\","
		"\"message\":{"
		"\"usage\":{\"input_tokens\":1,\"output_tokens\":400}}},\"x\":\"" RECORD("m1", "1"),
		1);
	assert_int_equal(output_of(RECORD("m1", "1") "\r", sizeof(RECORD("m1", "1") "\r") - 1, &is_damaged),
			 1);
	assert_false(is_damaged);
}

/* A line of brackets alone, each one a beginning: the search gives up instead of going over it a million
 * times. */
static void a_hopeless_line_is_given_up(void **state)
{
	(void)state;
	const size_t size = 4000000;
	char *line = malloc(size);
	bool is_damaged;
	assert_non_null(line);
	for (size_t i = 0; i < size; i++)
		line[i] = "{\"a\":"[i % 5];
	assert_int_equal(output_of(line, size, &is_damaged), 0);
	assert_true(is_damaged);
	free(line);
}

static void limits_old_and_new(void **state)
{
	(void)state;
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
static void limits_without_a_reset(void **state)
{
	(void)state;
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

static void turns_prompts_and_the_rest(void **state)
{
	(void)state;
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

static void drift_is_told(void **state)
{
	(void)state;
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

#define USAGE_OF(more) \
	"{\"type\":\"assistant\",\"timestamp\":\"2026-02-11T20:36:47.925Z\",\"message\":{\"model\":\"m\"," \
	"\"usage\":{\"input_tokens\":1,\"output_tokens\":2" more "}},\"sessionId\":\"own\""

static void fees_and_surcharges_are_read(void **state)
{
	(void)state;
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

static void a_line_says_who_paid(void **state)
{
	(void)state;
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

static void previews_are_clean(void **state)
{
	(void)state;
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
		cmocka_unit_test(a_record_has_its_figures),
		cmocka_unit_test(a_line_has_its_facts),
		cmocka_unit_test(what_says_too_little_is_no_record),
		cmocka_unit_test(what_ccusage_does_not_read_is_a_record_all_the_same),
		cmocka_unit_test(a_key_with_escapes_is_the_key),
		cmocka_unit_test(counts_that_are_none_are_malformed),
		cmocka_unit_test(a_malformed_count_beside_the_record_is_named),
		cmocka_unit_test(a_message_has_all_its_requests),
		cmocka_unit_test(fees_and_surcharges_are_read),
		cmocka_unit_test(a_line_says_who_paid),
		cmocka_unit_test(whole_records_on_a_damaged_line_count),
		cmocka_unit_test(a_hopeless_line_is_given_up),
		cmocka_unit_test(what_ccusage_takes_is_a_record),
		cmocka_unit_test(cache_writes_by_their_life),
		cmocka_unit_test(lines_that_ccusage_loses_are_marked),
		cmocka_unit_test(text_inside_strings_does_not_fool),
		cmocka_unit_test(bad_json_says_nothing),
		cmocka_unit_test(deep_nesting_is_bounded),
		cmocka_unit_test(advisors_are_records_of_their_own),
		cmocka_unit_test(an_impossible_count_hides_no_advisor),
		cmocka_unit_test(a_hundred_thousand_advisors_hold_nothing_up),
		cmocka_unit_test(a_null_model_among_iterations_loses_nothing),
		cmocka_unit_test(cache_writes_may_be_a_list),
		cmocka_unit_test(limits_old_and_new),
		cmocka_unit_test(limits_without_a_reset),
		cmocka_unit_test(turns_prompts_and_the_rest),
		cmocka_unit_test(drift_is_told),
		cmocka_unit_test(previews_are_clean),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
