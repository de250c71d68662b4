/*
 * compare: each difference between swatch's entries and ccusage's has its name. What ccusage does of each
 * line is shown in test_reference.c.
 */
#include "unit.h"

#include <errno.h>
#include <math.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ccusage/compare.h"
#include "fail_alloc.h"
#include "history/history.h"
#include "scratch.h"

#define T0 "2026-02-11T20:00:00.000Z"
#define T1 "2026-02-11T20:00:01.000Z"
#define USAGE(out) "\"usage\":{\"input_tokens\":0,\"output_tokens\":" #out "}"
#define MESSAGE(id, out) "\"message\":{\"id\":\"" id "\",\"model\":\"claude-opus-4-6\"," USAGE(out) "}"
#define HEAD "{\"type\":\"assistant\",\"version\":\"2.1.39\",\"sessionId\":\"s\","
#define LINE(more, request, out) \
	HEAD more "\"timestamp\":\"" T0 "\",\"requestId\":\"" request "\"," MESSAGE("m", out) "}\n"
/* A message that is all the line says. */
#define ONE(message) \
	HEAD "\"timestamp\":\"" T0 "\",\"requestId\":\"r\",\"message\":{\"id\":\"m\"," message "}}\n"
#define OF_MODEL(name) ONE("\"model\":\"" name "\"," USAGE(4))

static struct ledger *ledger;
static struct reference *reference;
static struct compare compare;
static struct compare_entries entries;
static size_t strangers;

static int set_up(void **state)
{
	scratch_set_up(state);
	(void)mkdir(scratch_name(&test_dir, "projects"), 0700);
	(void)mkdir(scratch_name(&test_dir, "projects/-p"), 0700);
	strangers = 0;
	return 0;
}

static void forget(void)
{
	compare_release(&compare);
	reference_free(reference);
	ledger_free(ledger);
	free(entries.list);
	reference = NULL;
	ledger = NULL;
	entries = (struct compare_entries){ 0 };
}

static int tear_down(void **state)
{
	forget();
	return scratch_tear_down(state);
}

static bool entry_at(void *ctx, size_t index, struct ledger_entry_view *out)
{
	return ledger_entry_at(ctx, index, out);
}

static void note_stranger(void *ctx, const struct ledger_entry_view *entry)
{
	assert_ptr_equal(ctx, ledger);
	assert_non_null(strstr(entry->path, "z.jsonl"));
	strangers++;
}

/* Reads the transcripts for swatch, and those that are left of them for ccusage. */
static void read_both(bool extras, const char *removed)
{
	struct history_stats stats;
	struct data_dirs dirs;
	struct buf error = BUF_INIT;
	ledger = ledger_new();
	reference = reference_new();
	assert_non_null(ledger);
	assert_non_null(reference);
	ledger_set_extras(ledger, extras);
	assert_int_equal(data_dirs_find(&dirs, test_dir.path), 0);
	assert_int_equal(history_read(ledger, &dirs, 1, &stats, &error), 0);
	if (removed)
		assert_int_equal(unlink(scratch_name(&test_dir, removed)), 0);
	assert_int_equal(reference_read(reference, &dirs, 0, NULL, &error), 0);
	data_dirs_release(&dirs);
	buf_release(&error);
}

static bool begin(void)
{
	const struct compare_source source = { .entry_at = entry_at,
					       .stranger = note_stranger,
					       .ctx = ledger };
	return compare_begin(&compare, reference, &source);
}

/* Whose entries are which: "ours", "theirs" or "both", and why, a word each. */
static void describe(struct buf *out)
{
	for (size_t i = 0; i < entries.count; i++) {
		const struct compare_entry *e = &entries.list[i];
		buf_printf(out, "%s%s %s", i > 0 ? ", " : "",
			   !e->theirs ? "ours"
			   : e->ours  ? "both"
				      : "theirs",
			   difference_name(e->reason));
		assert_true(*difference_text(e->reason) != '\0');
		assert_int_equal(difference_by_name(difference_name(e->reason)), e->reason);
		/* Who does not count it pays nothing for it. */
		assert_true((e->ours || fabs(e->our_usd) < 1e-15)
			    && (e->theirs || fabs(e->their_usd) < 1e-15));
	}
}

struct made {
	const char *a, *z;          /* the two transcripts; NULL leaves one out */
	enum report_kind kind;
	bool extras;
	const char *expected;
};

static void expect(const struct made *made)
{
	struct buf found = BUF_INIT;
	scratch_write_text(&test_dir, "projects/-p/a.jsonl", made->a);
	if (made->z)
		scratch_write_text(&test_dir, "projects/-p/z.jsonl", made->z);
	else
		(void)unlink(scratch_name(&test_dir, "projects/-p/z.jsonl"));
	read_both(made->extras, NULL);
	assert_true(begin());
	assert_true(compare_find(&compare, made->kind, &entries));
	describe(&found);
	if (strcmp(buf_str(&found), made->expected) != 0)
		fail_msg("'%s', not '%s', in\n%s--\n%s", buf_str(&found), made->expected, made->a,
			 made->z ? made->z : "");
	assert_int_equal(compare.strangers, 0);
	buf_release(&found);
	forget();
}

#define PROGRESS \
	"{\"type\":\"progress\",\"timestamp\":\"" T0 \
	"\",\"sessionId\":\"s\",\"data\":{\"type\":\"agent_progress\"," \
	"\"message\":{\"type\":\"assistant\",\"timestamp\":\"" T0 \
	"\",\"requestId\":\"r\"," MESSAGE("m", 1) "}}}\n"
#define NO_REQUEST(time, session, out) \
	"{\"type\":\"assistant\",\"version\":\"2.1.39\",\"timestamp\":\"" time "\",\"sessionId\":\"" session \
	"\"," MESSAGE("m", out) "}\n"

static void what_one_of_them_alone_counts(void **state)
{
	(void)state;
	static const struct made cases[] = {
		{ LINE("", "r", 4), NULL, REPORT_BLOCKS, false, "" },
		{ PROGRESS, NULL, REPORT_BLOCKS, false, "" },
		{ PROGRESS, NULL, REPORT_DAILY, false, "theirs daily_rules" },
		{ ONE("\"model\":\"claude-opus-4-6\"," USAGE(5000000000)), NULL, REPORT_BLOCKS, false,
		  "theirs count" },
		/* The last line has no newline yet. */
		{ LINE("", "q", 4) HEAD "\"timestamp\":\"" T0 "\",\"requestId\":\"r\"," MESSAGE("n", 2) "}",
		  NULL, REPORT_BLOCKS, false, "theirs unfinished" },
		{ LINE("\"cwd\":null,", "r", 4), NULL, REPORT_BLOCKS, false, "ours lost_line" },
		{ ONE("\"model\":\"claude-opus-4-6\",\"usage\": {\"input_tokens\":0,\"output_tokens\":4}"),
		  NULL, REPORT_BLOCKS, false, "ours lost_line" },
		/* Of the message's other line it does not know that it stands for the one that is lost. */
		{ LINE("\"cwd\":null,", "r", 4), LINE("", "r", 1), REPORT_BLOCKS, false,
		  "ours lost_line, theirs lost_line" },
		{ LINE("\"isApiErrorMessage\":0,", "r", 4), NULL, REPORT_BLOCKS, false, "ours other_form" },
		{ LINE("\"isApiErrorMessage\":0,", "r", 4), NULL, REPORT_DAILY, false, "" },
		{ "{\"cut\":\"of" HEAD "\"timestamp\":\"" T0 "\",\"requestId\":\"r\"," MESSAGE("m", 4) "}\n",
		  NULL, REPORT_BLOCKS, false, "ours damaged_line" },
		/* Two times of one message, which only the daily report counts apart. */
		{ NO_REQUEST(T0, "s", 1) NO_REQUEST(T1, "s", 4), NULL, REPORT_BLOCKS, false, "" },
		{ NO_REQUEST(T0, "s", 1) NO_REQUEST(T1, "s", 4), NULL, REPORT_DAILY, false,
		  "theirs daily_rules" },
		{ NO_REQUEST(T0, "s", 4), NO_REQUEST(T0, "t", 1), REPORT_BLOCKS, false,
		  "theirs no_request_id" },
		{ LINE("", "r1", 4),
		  "{\"type\":\"assistant\",\"version\":\"2.1.39\",\"sessionId\":\"t\",\"isSidechain\":true,"
		  "\"timestamp\":\"" T0 "\",\"requestId\":\"r2\"," MESSAGE("m", 1) "}\n",
		  REPORT_BLOCKS, false, "theirs sidechain_copy" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		expect(&cases[i]);
}

static void what_both_count_in_another_way(void **state)
{
	(void)state;
	static const struct made cases[] = {
		{ LINE("\"costUSD\":-5,", "r", 4), NULL, REPORT_BLOCKS, false, "both cost" },
		{ OF_MODEL("claude-opus-5-5"), NULL, REPORT_BLOCKS, false, "both newer_model" },
		{ OF_MODEL("kimi-k2.5"), NULL, REPORT_BLOCKS, false, "both unpriced_model" },
		{ OF_MODEL("claude-4-6-opus"), NULL, REPORT_BLOCKS, false, "both model_name" },
		{ ONE("\"model\":\"claude-opus-4-6\",\"usage\":{\"input_tokens\":0,\"output_tokens\":4,"
		      "\"cache_creation_input_tokens\":9,\"cache_creation\":{\"ephemeral_5m_input_tokens\":1,"
		      "\"ephemeral_1h_input_tokens\":2}}"),
		  NULL, REPORT_BLOCKS, false, "both cache_breakdown" },
		{ ONE("\"model\":\"claude-opus-4-6\",\"usage\":{\"input_tokens\":5,\"output_tokens\":4,"
		      "\"iterations\":[{\"type\":\"message\",\"input_tokens\":5,\"output_tokens\":4},"
		      "{\"type\":\"compaction\",\"input_tokens\":9,\"output_tokens\":7}]}"),
		  NULL, REPORT_BLOCKS, false, "both iterations" },
		{ ONE("\"model\":\"claude-opus-4-6\",\"pausedResponses\":[{\"usage\":{\"input_tokens\":7,"
		      "\"output_tokens\":8}}]," USAGE(4)),
		  NULL, REPORT_BLOCKS, false, "both paused_responses" },
		{ ONE("\"model\":\"claude-opus-4-6\",\"usage\":{\"input_tokens\":0,\"output_tokens\":4,"
		      "\"server_tool_use\":{\"web_search_requests\":3}}"),
		  NULL, REPORT_BLOCKS, false, "" },
		{ ONE("\"model\":\"claude-opus-4-6\",\"usage\":{\"input_tokens\":0,\"output_tokens\":4,"
		      "\"server_tool_use\":{\"web_search_requests\":3}}"),
		  NULL, REPORT_BLOCKS, true, "both extras" },
		{ HEAD "\"isApiErrorMessage\":true,\"error\":\"rate_limit\",\"apiErrorStatus\":429,"
		       "\"quotaLimits\":{\"status\":\"rejected\",\"resetsAt\":1770847200,"
		       "\"rateLimitType\":\"five_hour\"},\"timestamp\":\"" T0 "\",\"message\":{\"id\":\"m\","
		       "\"model\":\"<synthetic>\"," USAGE(0) "}}\n",
		  NULL, REPORT_BLOCKS, false, "both new_limit_marker" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		expect(&cases[i]);
}

#define PAID_BY_Z \
	"{\"type\":\"assistant\",\"version\":\"2.1.39\",\"sessionId\":\"z\",\"timestamp\":\"" T0 \
	"\",\"requestId\":\"r\"," MESSAGE("m", 4) "}\n"

/* One session's line is in another one's transcript, too, as after a fork. */
static void a_session_that_ccusage_takes_for_another(void **state)
{
	(void)state;
	static const struct made cases[] = {
		{ PAID_BY_Z, PAID_BY_Z, REPORT_SESSIONS, false, "both earliest_path" },
		{ PAID_BY_Z, PAID_BY_Z, REPORT_BLOCKS, false, "" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		expect(&cases[i]);
}

static void expect_ours(const char *session, const char *project)
{
	struct slice got_session, got_project;
	assert_true(compare_our_session(&compare, entries.list[0].record, &got_session, &got_project));
	assert_true(slice_equals(got_session, session));
	assert_true(slice_equals(got_project, project));
}

/* ccusage makes a session of the workflow. */
static void an_agent_of_a_workflow(void **state)
{
	(void)state;
	struct buf found = BUF_INIT;
	char folder[64] = "projects/-p";
	static const char *const below[] = { "/s", "/subagents", "/workflows", "/wf_1" };
	for (size_t i = 0; i < sizeof(below) / sizeof(below[0]); i++) {
		snprintf(folder + strlen(folder), sizeof(folder) - strlen(folder), "%s", below[i]);
		assert_int_equal(mkdir(scratch_name(&test_dir, folder), 0700), 0);
	}
	scratch_write_text(&test_dir, "projects/-p/s/subagents/workflows/wf_1/agent-a.jsonl",
			   LINE("", "r", 4));
	read_both(false, NULL);
	assert_true(begin());
	assert_true(compare_find(&compare, REPORT_SESSIONS, &entries));
	describe(&found);
	assert_string_equal(buf_str(&found), "both other_session");
	expect_ours("s", "-p");
	buf_release(&found);
}

/* A transcript in projects/ itself has no project. Of what swatch does not count, nothing is known. */
static void a_transcript_without_a_project(void **state)
{
	(void)state;
	struct slice session, project;
	scratch_write_text(&test_dir, "projects/top.jsonl", LINE("\"cwd\":null,", "r", 4) LINE("", "r", 1));
	read_both(false, NULL);
	assert_true(begin());
	assert_true(compare_find(&compare, REPORT_SESSIONS, &entries));
	assert_int_equal(entries.count, 2);
	expect_ours("top.jsonl", "Unknown Project");
	assert_false(compare_our_session(&compare, entries.list[1].record, &session, &project));
}

static void names_that_programs_read(void **state)
{
	(void)state;
	assert_int_equal(difference_by_name(NULL), DIFFERENCE_UNKNOWN);
	assert_int_equal(difference_by_name("nonsense"), DIFFERENCE_UNKNOWN);
	assert_string_equal(difference_name(DIFFERENCE_UNKNOWN), "unknown");
	for (enum difference d = 0; d < DIFFERENCES; d++) {
		assert_int_equal(difference_by_name(difference_name(d)), d);
		assert_non_null(difference_text(d));
	}
}

/* A transcript that swatch has read and that is gone. */
static void what_the_reference_lacks(void **state)
{
	(void)state;
	scratch_write_text(&test_dir, "projects/-p/a.jsonl", LINE("", "r", 4));
	scratch_write_text(&test_dir, "projects/-p/z.jsonl",
			   HEAD "\"timestamp\":\"" T0 "\",\"requestId\":\"q\"," MESSAGE("n", 4) "}\n");
	read_both(false, "projects/-p/z.jsonl");
	assert_true(begin());
	assert_int_equal(compare.strangers, 1);
	assert_int_equal(strangers, 1);
	assert_true(compare_find(&compare, REPORT_BLOCKS, &entries));
	assert_int_equal(entries.count, 0);
}

static void memory_that_runs_out(void **state)
{
	(void)state;
	bool good = false;
	scratch_write_text(&test_dir, "projects/-p/a.jsonl", LINE("\"cwd\":null,", "r", 4));
	scratch_write_text(&test_dir, "projects/-p/z.jsonl", LINE("", "r", 1));
	read_both(false, NULL);
	int count = 0;
	for (; !good; count++) {
		fail_alloc_after(count);
		good = begin() && compare_find(&compare, REPORT_DAILY, &entries);
		assert_true(fail_alloc_stop() == !good);
		if (!good) {
			compare_release(&compare);
			free(entries.list);
			entries = (struct compare_entries){ 0 };
		}
	}
	assert_true(count > 6);
	assert_int_equal(entries.count, 2);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(what_one_of_them_alone_counts),
		CASE(what_both_count_in_another_way),
		CASE(a_session_that_ccusage_takes_for_another),
		CASE(an_agent_of_a_workflow),
		CASE(a_transcript_without_a_project),
		CASE(names_that_programs_read),
		CASE(what_the_reference_lacks),
		CASE(memory_that_runs_out),
	};
	return cmocka_run_group_tests_name("compare", tests, NULL, NULL);
}
