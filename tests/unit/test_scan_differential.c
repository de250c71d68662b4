/*
 * scan against json-c: on lines that were damaged at random both take the text as JSON or both refuse it, and
 * what scan finds the same as the rules of what counts, written a second time over json-c's tree.
 */
#include "scan_oracle.h"
#include "unit.h"

#define SOME_ROUNDS 15000
#define ALL_ROUNDS 60000
#define LINE_MAX_BYTES 4096

static const char *const lines[] = {
	"{\"type\":\"assistant\",\"timestamp\":\"2026-02-11T20:36:47.925Z\",\"sessionId\":\"s1\","
	"\"cwd\":\"/home/u/p\","
	"\"version\":\"2.1.39\",\"gitBranch\":\"main\",\"isSidechain\":false,\"requestId\":\"req_1\","
	"\"message\":{"
	"\"id\":\"msg_1\",\"model\":\"claude-opus-4-6\",\"content\":[{\"type\":\"text\","
	"\"text\":\"hi \\\"usage\\\":{\"}],"
	"\"usage\":{\"input_tokens\":3,\"output_tokens\":10,\"cache_creation_input_tokens\":37,"
	"\"cache_read_input_tokens\":12,\"cache_creation\":{\"ephemeral_5m_input_tokens\":7,"
	"\"ephemeral_1h_input_tokens\":30},\"speed\":\"fast\"}}}",
	"{\"message\":{\"usage\":{\"output_tokens\":1,\"input_tokens\":2},\"model\":\"m\\u00e9\","
	"\"content\":\"x\"},"
	"\"costUSD\":0.25,\"isSidechain\":true,\"timestamp\":\"2026-02-11T20:36:47Z\"}",
	"{\"message\":{\"usage\":{\"output_tokens\":1,\"input_tokens\":2,\"cache_creation\":null},"
	"\"id\":\"a\\\\b\"},"
	"\"x\":[1,-2.5e-3,[],{\"y\":{\"z\":[true,false,null]}}],"
	"\"timestamp\":\"2026-02-11T20:36:47.001+02:00\"}",
	"{\"type\":\"assistant\",\"timestamp\":\"2026-02-11 20:36:47.925123z\",\"version\":\"dev\","
	"\"message\":{\"usage\":{"
	"\"input_tokens\":100.0,\"output_tokens\":1e2,\"cache_creation_input_tokens\":9000,"
	"\"cache_creation\":{"
	"\"ephemeral_1h_input_tokens\":3000}}},\"costUSD\":0}",
	"{\"timestamp\":\"2026-02-11T20:36:47Z\",\"message\":{\"usage\":{\"input_tokens\":5,"
	"\"output_tokens\":6,\"iterations\":["
	"{\"type\":\"compaction\",\"input_tokens\":90,\"output_tokens\":7}]},\"id\":\"c\","
	"\"pausedResponses\":[{\"usage\":{"
	"\"input_tokens\":40,\"output_tokens\":8}}]}}",
	"{\"type\":\"user\",\"message\":{\"content\":[{\"type\":\"tool_result\","
	"\"content\":\"\\\"usage\\\":{\"}]},"
	"\"toolUseResult\":{\"usage\":{\"input_tokens\":5,\"output_tokens\":6}},\"sessionId\":\"s\"}",
};

static uint64_t random_state = 20260211;

static size_t pick(size_t count)
{
	return (size_t)(unit_random(&random_state) % count);
}

static size_t damage(char *line, size_t len)
{
	static const char bytes[] = "{}[]\",:\\0123456789.-+eEu tfn/aZT\xff\xc3\xa9\x01";
	for (size_t count = 1 + pick(3); count > 0 && len > 1; count--) {
		size_t at = pick(len);
		char byte = bytes[pick(sizeof(bytes) - 1)];
		switch (pick(4)) {
		case 0:
			line[at] = byte;
			break;
		case 1:
			memmove(line + at, line + at + 1, len - at - 1);
			len--;
			break;
		case 2:
			memmove(line + at + 1, line + at, len - at);
			line[at] = byte;
			len++;
			break;
		default:
			/* Two bytes change places: the shape mostly stays. */
			if (at > 0) {
				byte = line[at];
				line[at] = line[at - 1];
				line[at - 1] = byte;
			}
		}
	}
	return len;
}

static void check(const char *line, size_t len, unsigned counts[3])
{
	enum scan_oracle_says says = scan_oracle_compare(line, len);
	if (says >= SCAN_ORACLE_DISAGREES)
		fail_msg("%s: %.*s", scan_oracle_text(says), (int)len, line);
	counts[0] += says != SCAN_ORACLE_NO_JSON;
	counts[1] += says == SCAN_ORACLE_RECORD;
	counts[2]++;
}

static void damaged_lines_mean_the_same_to_both(void **state)
{
	(void)state;
	unsigned counts[3] = { 0, 0, 0 }, rounds = (unsigned)unit_rounds(SOME_ROUNDS, ALL_ROUNDS);
	print_message("seed %llu\n", (unsigned long long)random_state);
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		check(lines[i], strlen(lines[i]), counts);
	assert_int_equal(counts[0], 6);
	assert_int_equal(counts[1], 5);
	for (unsigned round = 0; round < rounds; round++) {
		char line[LINE_MAX_BYTES];
		const char *from = lines[pick(sizeof(lines) / sizeof(lines[0]))];
		size_t len = strlen(from);
		memcpy(line, from, len);
		check(line, damage(line, len), counts);
	}
	/* Damage that always breaks the line, or never, would show nothing. */
	print_message("%u lines: %u are JSON, %u make a record\n", counts[2], counts[0], counts[1]);
	assert_true(counts[0] > rounds / 10 && counts[0] < rounds);
	assert_true(counts[1] > rounds / 50 && counts[1] < counts[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(damaged_lines_mean_the_same_to_both),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
