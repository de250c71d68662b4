/* scan: which records of a damaged line count. */
#include "unit.h"

#include "transcript/scan.h"

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

static void whole_records_on_a_damaged_line_count(void **state UNUSED)
{
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
static void a_hopeless_line_is_given_up(void **state UNUSED)
{
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_records_on_a_damaged_line_count),
		cmocka_unit_test(a_hopeless_line_is_given_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
