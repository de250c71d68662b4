/*
 * reference: what ccusage 20.0.24 counts. Each case below was seen with the program itself: the output tokens
 * are powers of two, so that their sum tells which lines were counted.
 */
#include "unit.h"

#include <errno.h>
#include <sys/stat.h>

#include "scratch.h"
#include "ccusage/reference.h"

/* ---- transcripts ---- */

#define T0 "2026-02-11T20:00:00.000Z"
#define T1 "2026-02-11T20:00:01.000Z"
#define USAGE(out) "\"usage\":{\"input_tokens\":0,\"output_tokens\":" #out "}"
#define MESSAGE(id, out) "\"message\":{\"id\":\"" id "\",\"model\":\"claude-opus-4-6\"," USAGE(out) "}"
#define HEAD "{\"type\":\"assistant\",\"version\":\"2.1.39\","
/* Session s; a request, or none. */
#define LINE(time, request, out) \
	HEAD "\"timestamp\":\"" time "\",\"sessionId\":\"s\",\"requestId\":\"" request \
	     "\"," MESSAGE("m", out) "}\n"
#define NO_REQUEST(time, session, out) \
	HEAD "\"timestamp\":\"" time "\",\"sessionId\":\"" session "\"," MESSAGE("m", out) "}\n"
#define SIDE(time, request, out) \
	HEAD "\"isSidechain\":true,\"timestamp\":\"" time "\",\"sessionId\":\"s\",\"requestId\":\"" request \
	     "\"," MESSAGE("m", out) "}\n"
#define PROGRESS(nested) \
	"{\"type\":\"progress\",\"timestamp\":\"" T0 \
	"\",\"sessionId\":\"s\",\"data\":{\"type\":\"agent_progress\"," \
	"\"message\":" nested "}}\n"
#define NESTED(request, out) \
	"{\"type\":\"assistant\",\"timestamp\":\"" T0 "\",\"requestId\":\"" request \
	"\"," MESSAGE("m", out) "}"

static struct reference *read_reference(void)
{
	struct reference *reference = reference_new();
	struct data_dirs dirs;
	struct buf error = BUF_INIT;
	assert_non_null(reference);
	assert_int_equal(data_dirs_find(&dirs, test_dir.path), 0);
	if (reference_read(reference, &dirs, 0, NULL, &error) != 0)
		fail_msg("%s", buf_str(&error));
	data_dirs_release(&dirs);
	buf_release(&error);
	return reference;
}

static long counted(const struct reference *reference, enum reference_rule rule)
{
	bool *kept = reference_keep(reference, rule);
	long out = 0;
	assert_non_null(kept);
	for (size_t i = 0; i < reference_count(reference); i++)
		out += kept[i] ? (long)reference_record_at(reference, i)->tokens.output : 0;
	free(kept);
	return out;
}

static void write_file(const char *name, const char *text)
{
	assert_true(mkdir(scratch_name(&test_dir, "projects"), 0700) == 0 || errno == EEXIST);
	scratch_write_text(&test_dir, name, text);
}

static void expect(const char *first, const char *second, long blocks, long daily)
{
	write_file("projects/a.jsonl", first);
	write_file("projects/z.jsonl", second);
	struct reference *reference = read_reference();
	long got_blocks = counted(reference, REFERENCE_BLOCKS),
	     got_daily = counted(reference, REFERENCE_DAILY);
	reference_free(reference);
	if (got_blocks != blocks || got_daily != daily)
		fail_msg("blocks %ld, not %ld; daily %ld, not %ld:\n%s--\n%s", got_blocks, blocks, got_daily,
			 daily, first, second);
}

/* ---- */

static void the_largest_line_of_a_request_counts(void **state)
{
	(void)state;
	expect(LINE(T0, "r", 1) LINE(T1, "r", 4), LINE(T0, "r", 2), 4, 4);
	expect(LINE(T0, "r1", 1) LINE(T0, "r2", 2), "", 3, 3);
}

static void without_a_request_the_session_stands_for_it(void **state)
{
	(void)state;
	expect(NO_REQUEST(T0, "s", 1), NO_REQUEST(T0, "s", 2), 2, 2);
	expect(NO_REQUEST(T0, "s", 1), NO_REQUEST(T0, "other", 2), 3, 3);
	expect(NO_REQUEST(T0, "s", 1) NO_REQUEST(T1, "s", 2) NO_REQUEST(T0, "s", 4), "", 4, 6);
	/* The file's name stands for a session that is not told. */
	expect(HEAD "\"timestamp\":\"" T0 "\"," MESSAGE("m", 1) "}\n", NO_REQUEST(T0, "a.jsonl", 2), 2, 2);
}

static void copies_in_a_sidechain_are_joined_sometimes(void **state)
{
	(void)state;
	expect(LINE(T0, "r1", 1), SIDE(T0, "r2", 2), 1, 1);
	expect(SIDE(T0, "r2", 2), LINE(T0, "r1", 1), 1, 1);
	expect(LINE(T0, "r1", 1), SIDE(T1, "r2", 2), 3, 1);
	expect(SIDE(T0, "r2", 1), SIDE(T0, "r3", 2), 2, 2);
	/* What was kept so far stands at another time by then. */
	expect(LINE(T0, "r1", 1) LINE(T1, "r1", 4), SIDE(T0, "r2", 2) SIDE(T1, "r2", 8), 12, 4);
	/* Another session's is no copy. */
	expect(LINE(T0, "r1", 1),
	       HEAD "\"isSidechain\":true,\"timestamp\":\"" T0
		    "\",\"sessionId\":\"o\",\"requestId\":\"r2\"," MESSAGE("m", 2) "}\n",
	       3, 3);
}

static void daily_alone_counts_agent_progress(void **state)
{
	(void)state;
	expect(PROGRESS(NESTED("r", 1)), "", 0, 1);
	expect(PROGRESS(NESTED("r", 1)), LINE(T0, "r", 2), 2, 2);
	expect(PROGRESS(NESTED("r", 4)), LINE(T0, "r", 2), 2, 4);
	expect(PROGRESS(NESTED("", 1)), "", 0, 0);
	/* Its version and its session are not looked at, and the outer session is. */
	expect(PROGRESS("{\"version\":5,\"sessionId\":5,\"timestamp\":\"" T0 "\",\"requestId\":\"r\","
			MESSAGE("m", 1) "}"), "", 0, 1);
	expect("{\"sessionId\":5,\"data\":{\"message\":" NESTED("r", 1) "}}\n", "", 0, 0);
	expect("{\"sessionId\":\"\",\"data\":{\"message\":" NESTED("r", 1) "}}\n", "", 0, 0);
	expect("{\"data\":{\"message\":" NESTED("r", 1) "}}\n", "", 0, 1);
	expect("{\"cwd\":null,\"data\":{\"message\":" NESTED("r", 1) "}}\n", "", 0, 0);
	expect("{\"uuid\":null,\"data\":{\"message\":" NESTED("r", 1) "}}\n", "", 0, 1);
	expect("{\"data\":{},\"data\":{\"message\":" NESTED("r", 1) "}}\n", "", 0, 0);
	expect("{\"message\":\"text\",\"data\":{\"message\":" NESTED("r", 1) "}}\n", "", 0, 1);
}

static void daily_keeps_the_dearer_one(void **state)
{
	(void)state;
#define OF_MODEL(model) \
	HEAD "\"timestamp\":\"" T0 "\",\"requestId\":\"r\",\"message\":{\"id\":\"m\",\"model\":\"" model \
	     "\"," USAGE(1) "}}\n"
	write_file("projects/a.jsonl", OF_MODEL("claude-haiku-4-5") OF_MODEL("claude-opus-4-1"));
	write_file("projects/z.jsonl", "");
	struct reference *reference = read_reference();
	bool *blocks = reference_keep(reference, REFERENCE_BLOCKS),
	     *daily = reference_keep(reference, REFERENCE_DAILY);
	assert_true(blocks[0] && !blocks[1]);
	assert_true(!daily[0] && daily[1]);
	free(blocks);
	free(daily);
	reference_free(reference);
}

/* Its daily report does not look at that field: nothing but null in it loses the line there. */
static void daily_does_not_look_at_the_error_mark(void **state)
{
	(void)state;
	static const char *const forms[] = { "0", "1", "1.5", "\"\"", "\"false\"", "{}", "[]",
					     "true,\"isApiErrorMessage\":false" };
	char line[1024];
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		snprintf(line, sizeof(line),
			 HEAD "\"isApiErrorMessage\":%s,\"timestamp\":\"" T0
			      "\",\"requestId\":\"r\"," MESSAGE("m", 4) "}\n", forms[i]);
		expect(line, "", 0, 4);
		/* Where the message has another line, each report takes the larger one that it sees. */
		expect(line, LINE(T0, "r", 1), 1, 4);
	}
	expect(HEAD "\"isApiErrorMessage\":null,\"timestamp\":\"" T0 "\",\"requestId\":\"r\","
	       MESSAGE("m", 4) "}\n", "", 0, 0);
	expect(HEAD "\"isApiErrorMessage\":true,\"timestamp\":\"" T0 "\",\"requestId\":\"r\","
	       MESSAGE("m", 4) "}\n", "", 4, 4);
}

static void what_is_lost_and_why(void **state)
{
	(void)state;
	expect(HEAD "\"cwd\":null,\"timestamp\":\"" T0 "\",\"requestId\":\"r\"," MESSAGE("m", 4) "}\n",
	       LINE(T0, "r", 1), 1, 1);
	write_file(
		"projects/a.jsonl",
		HEAD "\"cwd\":null,\"timestamp\":\"" T0 "\"," MESSAGE(
			"m1",
			1) "}\n" HEAD "\"timestamp\":\"" T0
			   "\",\"message\":{\"id\":\"m2\",\"usage\": {\"input_tokens\":0,"
			   "\"output_tokens\":2}}}\n" HEAD
			   "\"timestamp\":\"" T0
			   "\",\"costUSD\":-5,\"message\":{\"id\":\"m3\",\"usage\":{\"input_tokens\":0,"
			   "\"output_tokens\":5000000000}}}\n" HEAD "\"timestamp\":\"" T0
			   "\"," MESSAGE("m4", 8) "}");
	write_file("projects/z.jsonl", "");
	struct reference *reference = read_reference();
	static const unsigned lost[] = { REFERENCE_LOST_NULL, REFERENCE_LOST_SPACE,
					 REFERENCE_REFUSED_COUNT | REFERENCE_REFUSED_COST,
					 REFERENCE_UNFINISHED };
	assert_int_equal(reference_count(reference), 4);
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(reference_record_at(reference, i)->lost, lost[i]);
		assert_int_equal(reference_record_at(reference, i)->line, i + 1);
	}
	assert_true(reference_record_at(reference, 2)->usd < -4.9);
	assert_int_equal(counted(reference, REFERENCE_BLOCKS), INT64_C(5000000008));
	reference_free(reference);
}

static void records_are_found_by_place(void **state)
{
	(void)state;
	static const char line[] = LINE(T0, "r", 1);
	size_t first, end;
	write_file("projects/a.jsonl", LINE(T0, "r", 1) LINE(T0, "r", 2));
	write_file("projects/z.jsonl", "");
	struct reference *reference = read_reference();
	const char *path = scratch_name(&test_dir, "projects/a.jsonl");
	reference_find(reference, path, (int64_t)strlen(line), &first, &end);
	assert_int_equal(first, 1);
	assert_int_equal(end, 2);
	reference_find(reference, path, 1, &first, &end);
	assert_int_equal(first, end);
	reference_find(reference, "/nowhere.jsonl", 0, &first, &end);
	assert_int_equal(first, end);
	assert_string_equal(reference_file_at(reference, 0)->path, path);
	reference_free(reference);
}

static void a_long_line_is_read_whole(void **state)
{
	(void)state;
	struct buf text = BUF_INIT;
	buf_append_str(&text, HEAD "\"x\":\"");
	for (int i = 0; i < 3000000; i++)
		buf_append_char(&text, 'x');
	buf_append_str(&text, "\",\"timestamp\":\"" T0
			      "\",\"requestId\":\"r1\"," MESSAGE("m", 1) "}\n" LINE(T0, "r2", 2));
	assert_false(text.failed);
	expect(buf_str(&text), LINE(T0, "r3", 4), 7, 7);
	buf_release(&text);
}

static void check_session(const char *path, const char *session, const char *project)
{
	char *got_session = NULL, *got_project = NULL;
	assert_true(reference_session_of_path(path, &got_session, &got_project));
	assert_string_equal(got_session, session);
	assert_string_equal(got_project, project);
	free(got_session);
	free(got_project);
}

static void sessions_by_their_path(void **state)
{
	(void)state;
	check_session("/h/.claude/projects/-p/S.jsonl", "S", "-p");
	check_session("/h/.claude/projects/-p/S/subagents/agent-a.jsonl", "S", "-p");
	check_session("/h/.claude/projects/-p/S/subagents/workflows/wf_1/agent-a.jsonl", "wf_1",
		      "-p/S/subagents/workflows");
	check_session("/h/.claude/projects/-p/S/x.jsonl", "S", "-p");
	check_session("/h/.claude/projects/-p/S/a/b/c/d.jsonl", "c", "-p/S/a/b");
	check_session("/h/.claude/projects/top.jsonl", "top.jsonl", "Unknown Project");
	check_session("/h/.claude/projects/a/subagents/x.jsonl", "subagents", "a");
	/* The first folder of that name, wherever it is. */
	check_session("/h/projects/x/.claude/projects/-p/S.jsonl", "-p", "x/.claude/projects");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_largest_line_of_a_request_counts, scratch_set_up,
						scratch_tear_down),
		cmocka_unit_test_setup_teardown(without_a_request_the_session_stands_for_it, scratch_set_up,
						scratch_tear_down),
		cmocka_unit_test_setup_teardown(copies_in_a_sidechain_are_joined_sometimes, scratch_set_up,
						scratch_tear_down),
		cmocka_unit_test_setup_teardown(daily_alone_counts_agent_progress, scratch_set_up,
						scratch_tear_down),
		cmocka_unit_test_setup_teardown(daily_keeps_the_dearer_one, scratch_set_up,
						scratch_tear_down),
		cmocka_unit_test_setup_teardown(daily_does_not_look_at_the_error_mark, scratch_set_up,
						scratch_tear_down),
		cmocka_unit_test_setup_teardown(what_is_lost_and_why, scratch_set_up, scratch_tear_down),
		cmocka_unit_test_setup_teardown(records_are_found_by_place, scratch_set_up,
						scratch_tear_down),
		cmocka_unit_test_setup_teardown(a_long_line_is_read_whole, scratch_set_up, scratch_tear_down),
		cmocka_unit_test(sessions_by_their_path),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
