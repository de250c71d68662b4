/* Why ccusage's answer differs: the daemon's audit over real transcripts (swatchd/billing/audit.h). */
#include "unit.h"

#include <fcntl.h>
#include <math.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/unused.h"
#include "history/history.h"
#include "json/get.h"
#include "scratch.h"
#include "swatch/ui/audit_text.h"
#include "swatchd/billing/audit.h"

#define DAY "2026-11-23T"
#define NOON INT64_C(1795435200000)   /* 2026-11-23T12:00:00Z */
/* A message of 40,000 tokens of claude-opus-4-6. */
#define USD 1.

static char lines[8][1024];
static size_t line_count;

/* Writes a transcript of all lines since the last one. */
static void write_transcript(const char *name)
{
	char text[sizeof(lines)];
	size_t len = 0;
	for (size_t i = 0; i < line_count; i++) {
		size_t line_len = strlen(lines[i]);
		memcpy(text + len, lines[i], line_len);
		len += line_len;
	}
	text[len] = '\0';
	scratch_write_text(&test_dir, name, text);
	/* The audit passes over transcripts that are older than the block. */
	const struct timespec times[2] = { { .tv_sec = NOON / 1000 + 3000 },
					   { .tv_sec = NOON / 1000 + 3000 } };
	assert_int_equal(utimensat(AT_FDCWD, scratch_name(&test_dir, name), times, 0), 0);
	line_count = 0;
}

static void add_line(const char *time, const char *session, const char *id, const char *model,
		     const char *extra)
{
	snprintf(
		lines[line_count++], sizeof(lines[0]),
		"{\"type\":\"assistant\",\"timestamp\":\"" DAY
		"%sZ\",\"sessionId\":\"%s\",\"version\":\"2.1.39\",%s"
		"\"message\":{\"id\":\"%s\",\"model\":\"%s\",\"usage\":{\"input_tokens\":0,"
		"\"output_tokens\":40000}}}\n",
		time, session, extra, id, model);
}

struct world {
	struct ev_loop *loop;
	struct ledger *ledger;
	struct data_dirs dirs;
	struct audit *audit;
	unsigned turns;              /* of the loop, while audits ran */
};

static int set_up(void **state)
{
	static struct world w;
	scratch_set_up(state);
	mkdir(scratch_name(&test_dir, "projects"), 0700);
	mkdir(scratch_name(&test_dir, "projects/p"), 0700);
	line_count = 0;
	memset(&w, 0, sizeof(w));
	w.loop = ev_loop_new(EVFLAG_AUTO);
	*state = &w;
	return data_dirs_find(&w.dirs, test_dir.path);
}

static int tear_down(void **state)
{
	struct world *w = *state;
	audit_stop(w->audit);
	ledger_free(w->ledger);
	ev_loop_destroy(w->loop);
	data_dirs_release(&w->dirs);
	return scratch_tear_down(NULL);
}

static void read_all(struct world *w)
{
	struct history_stats stats = { 0 };
	AUTO_BUF error = BUF_INIT;
	w->ledger = ledger_new();
	assert_non_null(w->ledger);
	assert_int_equal(history_read(w->ledger, &w->dirs, 1, &stats, &error), 0);
}

struct ending {
	bool came;
	struct audit_found found;
};

static void note_end(void *ctx, const struct audit_found *found)
{
	struct ending *ending = ctx;
	ending->came = true;
	ending->found = *found;
}

/* Audits an answer for the block from 12:00, at 13:00, of a run that was started at `started_ms`. */
static struct audit_found explain(struct world *w, int64_t started_ms)
{
	struct billing_block answer = { .present = true, .start_ms = NOON, .end_ms = NOON + LEDGER_BLOCK_MS };
	const struct audit_question question = { .answer = &answer, .started_ms = started_ms,
						 .now_ms = NOON + CLOCK_HOUR_MS, .paths = test_dir.path };
	struct ending ending = { .found.is_known = false };
	w->audit = audit_start(w->loop, w->ledger, &question, note_end, &ending);
	assert_non_null(w->audit);
	memset(&answer, 0xff, sizeof(answer));
	for (; !ending.came; w->turns++)
		ev_run(w->loop, EVRUN_ONCE);
	w->audit = NULL;
	assert_true(ending.found.is_known);
	return ending.found;
}

static void expect(struct world *w, double usd, audit_reasons reasons)
{
	struct audit_found found = explain(w, NOON + CLOCK_HOUR_MS);
	assert_true(fabs(found.after_usd - usd) < 1e-9 && fabs(found.before_usd - usd) < 1e-9);
	assert_int_equal(found.reasons, reasons);
	assert_false(found.is_open);
}

static void equal_figures_have_no_reasons(void **state)
{
	add_line("12:10:00.000", "s", "a", "claude-opus-4-6", "\"requestId\":\"r\",");
	add_line("12:20:00.000", "s", "b", "claude-opus-4-6", "");
	write_transcript("projects/p/s.jsonl");
	read_all(*state);
	expect(*state, 2 * USD, 0);
}

static void a_copy_without_a_request_id(void **state)
{
	add_line("12:10:00.000", "s", "a", "claude-opus-4-6", "");
	write_transcript("projects/p/s.jsonl");
	add_line("12:10:00.000", "t", "a", "claude-opus-4-6", "");
	write_transcript("projects/p/t.jsonl");
	read_all(*state);
	expect(*state, 2 * USD, AUDIT_REASON(DIFFERENCE_NO_REQUEST_ID));
}

static void a_copy_in_a_sidechain(void **state)
{
	add_line("12:10:00.000", "s", "a", "claude-opus-4-6", "\"requestId\":\"r\",");
	write_transcript("projects/p/s.jsonl");
	add_line("12:10:00.000", "t", "a", "claude-opus-4-6", "\"requestId\":\"q\",\"isSidechain\":true,");
	write_transcript("projects/p/t.jsonl");
	read_all(*state);
	expect(*state, 2 * USD, AUDIT_REASON(DIFFERENCE_SIDECHAIN_COPY));
}

static void a_newer_model_and_a_lost_line(void **state)
{
	add_line("12:10:00.000", "s", "a", "claude-opus-5-5", "");
	add_line("12:20:00.000", "s", "b", "claude-opus-4-6", "\"cwd\":null,");
	add_line("12:30:00.000", "s", "c", "claude-opus-4-6", "");
	write_transcript("projects/p/s.jsonl");
	read_all(*state);
	expect(*state, USD, AUDIT_REASON(DIFFERENCE_NEWER_MODEL) | AUDIT_REASON(DIFFERENCE_LOST_LINE));
}

static void what_was_deleted(void **state)
{
	add_line("12:10:00.000", "s", "a", "claude-opus-4-6", "");
	write_transcript("projects/p/s.jsonl");
	add_line("12:20:00.000", "t", "b", "claude-opus-4-6", "");
	write_transcript("projects/p/t.jsonl");
	read_all(*state);
	unlink(scratch_name(&test_dir, "projects/p/t.jsonl"));
	expect(*state, USD, AUDIT_REASON(DIFFERENCE_DELETED_TRANSCRIPT));
}

static void other_blocks_have_no_part_in_it(void **state)
{
	add_line("01:10:00.000", "s", "a", "claude-opus-5-5", "");
	add_line("01:20:00.000", "s", "b", "claude-opus-4-6", "");
	add_line("12:30:00.000", "s", "c", "claude-opus-4-6", "");
	write_transcript("projects/p/s.jsonl");
	add_line("01:20:00.000", "t", "d", "claude-opus-4-6", "");
	write_transcript("projects/p/t.jsonl");
	read_all(*state);
	unlink(scratch_name(&test_dir, "projects/p/t.jsonl"));
	expect(*state, USD, 0);
}

static void what_came_during_the_run_may_be_in_it(void **state)
{
	add_line("12:10:00.000", "s", "a", "claude-opus-4-6", "");
	add_line("12:50:00.000", "s", "b", "claude-opus-4-6", "");
	write_transcript("projects/p/s.jsonl");
	read_all(*state);
	struct audit_found found = explain(*state, NOON + 30 * CLOCK_MINUTE_MS);
	assert_true(fabs(found.before_usd - USD) < 1e-9 && fabs(found.after_usd - 2 * USD) < 1e-9);
}

static void a_model_without_a_price_is_open(void **state)
{
	add_line("12:10:00.000", "s", "a", "kimi-k2.5", "");
	write_transcript("projects/p/s.jsonl");
	read_all(*state);
	struct audit_found found = explain(*state, NOON + CLOCK_HOUR_MS);
	assert_true(found.is_open);
	assert_int_equal(found.reasons, AUDIT_REASON(DIFFERENCE_UNPRICED_MODEL));
}

/* A copy in another session, which ccusage counts again; but the line came after the audit had begun. */
static void what_comes_meanwhile_has_no_reason(void **state)
{
	add_line("12:10:00.000", "s", "a", "claude-opus-4-6", "");
	write_transcript("projects/p/s.jsonl");
	read_all(*state);
	add_line("13:10:00.000", "t", "a", "claude-opus-4-6", "");
	write_transcript("projects/p/t.jsonl");
	struct audit_found found = explain(*state, NOON + CLOCK_HOUR_MS);
	assert_true(fabs(found.before_usd - USD) < 1e-9 && fabs(found.after_usd - 2 * USD) < 1e-9);
	assert_int_equal(found.reasons, 0);
}

/* They are copied in several turns; each counts once, also where many are of the same moment. */
static void every_one_of_many_entries_counts(void **state)
{
	struct world *w = *state;
	const int count = 9000;
	const struct timespec old[2] = { { .tv_sec = NOON / 1000 - 10 }, { .tv_sec = NOON / 1000 - 10 } };
	AUTO_BUF text = BUF_INIT;
	for (int i = 0; i < count; i++)
		buf_printf(&text,
			   "{\"type\":\"assistant\",\"timestamp\":\"" DAY
			   "12:%02d:00.000Z\",\"sessionId\":\"s\","
			   "\"version\":\"2.1.39\",\"message\":{\"id\":\"m%d\",\"model\":\"claude-opus-4-6\","
			   "\"usage\":{\"input_tokens\":0,\"output_tokens\":40000}}}\n",
			   i < 5000 ? 10 : i % 50, i);
	scratch_write(&test_dir, "projects/p/s.jsonl", buf_str(&text), text.len);
	/* What is too old to be read has no part, and counts as the ledger has it. */
	assert_int_equal(utimensat(AT_FDCWD, scratch_name(&test_dir, "projects/p/s.jsonl"), old, 0), 0);
	read_all(w);
	struct audit_found found = explain(w, NOON + CLOCK_HOUR_MS);
	assert_true(fabs(found.after_usd - count * USD) < 1e-6 && found.reasons == 0);
	assert_true(w->turns >= 3);
}

/* A transcript that takes a while to read: a hole of 128 MB. */
static void write_large_transcript(void)
{
	write_transcript("projects/p/large.jsonl");
	const struct timespec times[2] = { { .tv_sec = NOON / 1000 + 3000 },
					   { .tv_sec = NOON / 1000 + 3000 } };
	assert_int_equal(truncate(scratch_name(&test_dir, "projects/p/large.jsonl"), (off_t)128 << 20), 0);
	assert_int_equal(utimensat(AT_FDCWD, scratch_name(&test_dir, "projects/p/large.jsonl"), times, 0), 0);
}

static void answer_client(struct ev_loop *loop UNUSED, ev_idle *watcher UNUSED, int revents UNUSED)
{
	/* Keeps the loop from waiting, as a client would that asks again and again. */
}

static void the_loop_answers_while_the_thread_reads(void **state)
{
	struct world *w = *state;
	ev_idle client;
	add_line("12:10:00.000", "s", "a", "claude-opus-4-6", "");
	write_transcript("projects/p/s.jsonl");
	write_large_transcript();
	read_all(w);
	ev_idle_init(&client, answer_client);
	ev_idle_start(w->loop, &client);
	expect(w, USD, 0);
	ev_idle_stop(w->loop, &client);
	assert_true(w->turns > 20);
}

static void never(void *ctx UNUSED, const struct audit_found *found UNUSED)
{
	fail_msg("an audit that was stopped has ended");
}

static void it_can_be_stopped(void **state)
{
	struct world *w = *state;
	struct billing_block answer = { .present = false };
	const struct audit_question question = { .answer = &answer, .now_ms = NOON, .paths = test_dir.path };
	write_large_transcript();
	w->ledger = ledger_new();
	for (int i = 0; i < 3; i++) {
		struct audit *audit = audit_start(w->loop, w->ledger, &question, never, NULL);
		assert_non_null(audit);
		audit_stop(audit);
	}
	ev_run(w->loop, EVRUN_NOWAIT);
	audit_stop(NULL);
}

static void expect_text(const char *json, enum audit_verdict verdict, const char *text)
{
	AUTO_JSON *audit = json ? json_tokener_parse(json) : NULL;
	AUTO_BUF out = BUF_INIT;
	assert_int_equal(audit_text(audit, &out), verdict);
	assert_string_equal(buf_str(&out), text);
}

static void what_people_read(void **state)
{
	(void)state;
	expect_text(NULL, AUDIT_NONE, "");
	expect_text("{\"differenceUSD\":null,\"driftUSD\":null}", AUDIT_NONE, "");
	expect_text("{\"differenceUSD\":0.004,\"driftUSD\":0,\"reasons\":[]}", AUDIT_EQUAL, "ccusage agrees");
	expect_text(
		"{\"differenceUSD\":1.5,\"driftUSD\":0,\"reasons\":[\"sidechain_copy\",\"no_request_id\"]}",
		AUDIT_EXPLAINED, "ccusage counts $1.50 more: sidechain_copy, no_request_id");
	expect_text("{\"differenceUSD\":-1.5,\"driftUSD\":-0.5,\"reasons\":[\"newer_model\",\"unknown\"]}",
		    AUDIT_DRIFT, "ccusage counts $1.50 less: newer_model; $0.50 of it has no known reason");
	/* A file of another version: names that are not ours are not shown. */
	expect_text("{\"driftUSD\":9.5,\"reasons\":[\"\\u001b[2J\",7,null]}", AUDIT_DRIFT,
		    "ccusage counts $9.50 more; $9.50 of it has no known reason");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(equal_figures_have_no_reasons),
		TEST(a_copy_without_a_request_id),
		TEST(a_copy_in_a_sidechain),
		TEST(a_newer_model_and_a_lost_line),
		TEST(what_was_deleted),
		TEST(other_blocks_have_no_part_in_it),
		TEST(what_came_during_the_run_may_be_in_it),
		TEST(a_model_without_a_price_is_open),
		TEST(what_comes_meanwhile_has_no_reason),
		TEST(every_one_of_many_entries_counts),
		TEST(the_loop_answers_while_the_thread_reads),
		TEST(it_can_be_stopped),
		cmocka_unit_test(what_people_read),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
