/* scan: the requests and the advisors of one message, each with figures of its own. */
#include "unit.h"

#include "base/buf.h"
#include "line_facts.h"

static void a_message_has_all_its_requests(void **state UNUSED)
{
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

static void advisors_are_records_of_their_own(void **state UNUSED)
{
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
static void an_impossible_count_hides_no_advisor(void **state UNUSED)
{
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

/* As many as a line has room for: one after the other, and not each from the start. Otherwise this takes half
 * an hour. */
static void a_hundred_thousand_advisors_hold_nothing_up(void **state UNUSED)
{
	const unsigned many = 100000;
	AUTO_BUF line = BUF_INIT;
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
}

/* The one place where a null loses no line; and there only for the model of an iteration itself. */
static void a_null_model_among_iterations_loses_nothing(void **state UNUSED)
{
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_message_has_all_its_requests),
		cmocka_unit_test(advisors_are_records_of_their_own),
		cmocka_unit_test(an_impossible_count_hides_no_advisor),
		cmocka_unit_test(a_hundred_thousand_advisors_hold_nothing_up),
		cmocka_unit_test(a_null_model_among_iterations_loses_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
