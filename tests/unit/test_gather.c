/*
 * gather and history against scan, line by line: whatever is in a transcript, wherever its lines end, the
 * fast way finds the records that reading every line finds.
 */
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/strmap.h"
#include "scratch.h"
#include "unit.h"
#include "history/gather.h"
#include "history/history.h"
#include "transcript/find.h"

#define SOME_ROUNDS 120
#define ALL_ROUNDS 400
#define RECORDS_MAX 4096

static uint64_t random_state = 20261123;

static size_t pick(size_t count)
{
	return (size_t)(unit_random(&random_state) % count);
}

struct records {
	struct ledger_record list[RECORDS_MAX];
	char models[RECORDS_MAX][16];
	size_t count;
};

static bool keep(void *ctx, const struct ledger_record *record)
{
	struct records *records = ctx;
	assert_true(records->count < RECORDS_MAX);
	records->list[records->count] = *record;
	size_t len = record->model.len < 15 ? record->model.len : 15;
	if (record->model.data)
		memcpy(records->models[records->count], record->model.data, len);
	records->models[records->count][len] = '\0';
	records->list[records->count++].model = (struct slice){ NULL, 0 };
	return true;
}

/* The slow way: every complete line. Returns where the last one ends. */
static int64_t scan_all(const char *text, size_t len, struct records *records)
{
	size_t start = 0;
	const char *newline;
	while ((newline = memchr(text + start, '\n', len - start))) {
		size_t end = (size_t)(newline - text);
		struct scan_reader reader = { .line = text + start, .len = end - start };
		struct scan_facts facts;
		struct scan_usage advisor;
		struct ledger_record record;
		while (scan_next_record(&reader, &facts)) {
			struct scan_cursor cursor = { 0 };
			int64_t offset = (int64_t)(start + reader.start);
			if (!facts.usage.present)
				continue;
			ledger_record_make(&facts.usage, offset, &record);
			keep(records, &record);
			while (scan_next_advisor(&facts.usage, &cursor, &advisor)) {
				ledger_record_make(&advisor, offset, &record);
				keep(records, &record);
			}
		}
		start = end + 1;
	}
	return (int64_t)start;
}

static const char *const pieces[] = {
	"{\"timestamp\":\"2026-02-11T20:36:47.925Z\",\"requestId\":\"r%zu\",\"message\":{\"id\":\"m%zu\","
	"\"model\":\"claude-opus-4-6\","
	"\"usage\":{\"input_tokens\":3,\"output_tokens\":10}}}",
	"{\"message\":{\"content\":[{\"type\":\"text\",\"text\":\"\\\"usage\\\":{ \\\\\"},"
	"{\"input\":{\"usage\":{}}}],"
	"\"usage\":{\"output_tokens\":1,\"input_tokens\":2},\"id\":\"x%zu\"},\"n\":%zu,"
	"\"timestamp\":\"2026-02-11T20:36:47Z\"}",
	"{\"type\":\"progress\",\"data\":{\"message\":{\"message\":{\"id\":\"p%zu\","
	"\"usage\":{\"input_tokens\":3,"
	"\"output_tokens\":%zu}}}},\"timestamp\":\"2026-02-11T20:36:47.925Z\"}",
	"{\"type\":\"user\",\"toolUseResult\":{\"usage\":{\"input_tokens\":5,\"output_tokens\":6}},"
	"\"s\":\"%zu %zu\"}",
	"{\"a\":\"usage\",\"b\":[\"usage\",{\"usage\":%zu}],\"message\":{\"usage\":%zu},"
	"\"timestamp\":\"2026-02-11T20:36:47Z\"}",
	"{\"timestamp\":\"2026-02-11T20:36:47Z\",\"message\":{\"us\\u0061ge\":{\"input_tokens\":%zu,"
	"\"output_tokens\":%zu}}}",
	"{\"timestamp\":\"2026-02-11T20:36:47Z\",\"message\":{\"usage\" : {\"input_tokens\":%zu,"
	"\"output_tokens\":%zu,"
	"\"iterations\":[{\"type\":\"advisor_message\",\"model\":\"a\",\"input_tokens\":1,"
	"\"output_tokens\":2}]}}}",
	"{\"usage\":{\"message\":{\"usage\":{\"input_tokens\":%zu}}},\"message\":{\"a\":[[[]]],"
	"\"usage\":{\"output_tokens\":%zu,"
	"\"input_tokens\":1}},\"timestamp\":\"2026-02-11T20:36:47+01:00\"}",
	"",
	"{}",
	"\"usage\"",
	"not json \"usage\":{",
	"]]]]}}}}\"usage\":{}",
	"{\"usage\"",
	"\\\"usage\"",
};

#define PIECES (sizeof(pieces) / sizeof(pieces[0]))

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
#pragma GCC diagnostic ignored "-Wformat-extra-args"
static void add_line(struct buf *text, bool damaged)
{
	size_t start = text->len;
	buf_printf(text, pieces[pick(PIECES)], pick(50), pick(50));
	if (damaged && text->len > start)
		for (size_t i = 0; i < 1 + pick(3); i++)
			text->data[start + pick(text->len - start)] = "\"\\{}[]:,u\n 0"[pick(12)];
	buf_append_char(text, '\n');
}
#pragma GCC diagnostic pop

/* A line longer than the buffer, with the record at its end, in its midst, or none. */
static void add_long_line(struct buf *text)
{
	size_t before = pick(3) * ((size_t)200 << 10) + pick(300000), after = pick(400000);
	bool has_record = pick(3) > 0;
	buf_append_str(text, "{\"timestamp\":\"2026-02-11T20:36:47Z\",\"a\":\"");
	for (size_t i = 0; i < before; i++)
		buf_append_char(text, 'u');
	buf_append_str(
		text, has_record
			      ? "\",\"message\":{\"usage\":{\"input_tokens\":3,\"output_tokens\":1}},\"z\":\""
			      : "\\\"");
	for (size_t i = 0; i < after; i++)
		buf_append_char(text, 'g');
	buf_append_str(text, "\"}\n");
}

static void compare(const struct records *fast, const struct records *slow)
{
	assert_int_equal(fast->count, slow->count);
	for (size_t i = 0; i < fast->count; i++) {
		assert_memory_equal(&fast->list[i], &slow->list[i], sizeof(fast->list[i]));
		assert_string_equal(fast->models[i], slow->models[i]);
	}
}

static void the_fast_way_finds_what_the_slow_one_finds(void **state)
{
	struct scratch *s = *state;
	static struct records fast, slow;
	struct gather gather = { .record = keep, .ctx = &fast };
	size_t records = 0, rounds = (size_t)unit_rounds(SOME_ROUNDS, ALL_ROUNDS);
	for (size_t round = 0; round < rounds; round++) {
		struct buf text = BUF_INIT;
		struct gather_file file;
		size_t lines = pick(round % 20 == 0 ? 3000 : 30);
		for (size_t i = 0; i < lines; i++)
			add_line(&text, round % 2 == 0 && pick(3) == 0);
		for (size_t i = 0; round % 4 == 0 && i < pick(4); i++) {
			add_long_line(&text);
			add_line(&text, false);
		}
		if (pick(2) == 0)
			buf_append_str(
				&text,
				"{\"timestamp\":\"2026-02-11T20:36:47Z\","
				"\"message\":{\"usage\":{\"input_tok");
		scratch_write(s, "t.jsonl", buf_str(&text), text.len);
		memset(&fast, 0, sizeof(fast));
		memset(&slow, 0, sizeof(slow));
		int64_t end = scan_all(buf_str(&text), text.len, &slow);
		assert_int_equal(gather_read(&gather, scratch_name(s, "t.jsonl"), 0, &file), GATHER_DONE);
		assert_int_equal(file.offset, end);
		assert_int_equal(file.st.st_size, text.len);
		assert_true((file.mark_len > 0) == (end > 0) && (int64_t)file.mark_len <= end);
		if (end > 0)
			assert_true(file.mark == strmap_hash(text.data + end - file.mark_len, file.mark_len));
		compare(&fast, &slow);
		records += slow.count;
		buf_release(&text);
	}
	assert_true(records > 1000);
	gather_release(&gather);
}

static void malformed_lines_are_counted_by_their_kind(void **state)
{
	struct scratch *s = *state;
	static struct records records;
	static const char text[] =
#define LINE(tokens) \
	"{\"timestamp\":\"2026-02-11T20:36:47Z\",\"message\":{\"usage\":{\"input_tokens\":" tokens \
	",\"output_tokens\":1}}}"
		LINE("3") "\n" LINE("-1") "\n" LINE("\"1\"") "\n" LINE("-2") "\n" LINE("99999999999999999")
		"\n{\"cut off\":" LINE("4") "\n" LINE("5") LINE("-6") "\nno JSON, and no usage\n";
#undef LINE
	struct gather gather = { .record = keep, .ctx = &records };
	struct gather_file file;
	memset(&records, 0, sizeof(records));
	scratch_write(s, "bad.jsonl", text, strlen(text));
	assert_int_equal(gather_read(&gather, scratch_name(s, "bad.jsonl"), 0, &file), GATHER_DONE);
	assert_int_equal(records.count, 2);
	assert_int_equal(file.malformed.of[MALFORMED_NEGATIVE], 3);
	assert_int_equal(file.malformed.of[MALFORMED_NO_NUMBER], 1);
	assert_int_equal(file.malformed.of[MALFORMED_TOO_LARGE], 1);
	assert_int_equal(file.malformed.of[MALFORMED_DAMAGED], 1);
	assert_int_equal(malformed_count(&file.malformed), 6);
	gather_release(&gather);
}

static void what_is_no_transcript_is_gone(void **state)
{
	struct scratch *s = *state;
	static struct records records;
	struct gather gather = { .record = keep, .ctx = &records };
	struct gather_file file;
	assert_int_equal(gather_read(&gather, scratch_name(s, "none.jsonl"), 0, &file), GATHER_GONE);
	assert_int_equal(mkfifo(scratch_name(s, "fifo.jsonl"), 0600), 0);
	assert_int_equal(gather_read(&gather, scratch_name(s, "fifo.jsonl"), 0, &file), GATHER_GONE);
	assert_int_equal(symlink("t.jsonl", scratch_name(s, "link.jsonl")), 0);
	assert_int_equal(gather_read(&gather, scratch_name(s, "link.jsonl"), 0, &file), GATHER_GONE);
	assert_int_equal(mkdir(scratch_name(s, "dir.jsonl"), 0700), 0);
	assert_int_equal(gather_read(&gather, scratch_name(s, "dir.jsonl"), 0, &file), GATHER_GONE);
	gather_release(&gather);
}

/* A line of 65 MiB is passed over, and the ones around it are not. */
static void a_line_that_is_too_long_is_skipped(void **state)
{
	struct scratch *s = *state;
	static struct records records;
	static const char record[] =
		"{\"timestamp\":\"2026-02-11T20:36:47Z\",\"message\":{\"usage\":{\"input_tokens\":3,"
		"\"output_tokens\":1}}}\n";
	struct gather gather = { .record = keep, .ctx = &records };
	struct gather_file file;
	struct buf text = BUF_INIT;
	buf_append_str(&text, record);
	buf_append_str(&text,
		       "{\"timestamp\":\"2026-02-11T20:36:47Z\",\"message\":{\"usage\":{\"input_tokens\":3,"
		       "\"output_tokens\":1}},\"long\":\"");
	size_t start = text.len;
	assert_true(buf_reserve(&text, (size_t)65 << 20));
	memset(text.data + start, 'x', (size_t)65 << 20);
	text.len += (size_t)65 << 20;
	buf_append_str(&text, "\"}\n");
	buf_append_str(&text, record);
	scratch_write(s, "long.jsonl", buf_str(&text), text.len);
	assert_int_equal(gather_read(&gather, scratch_name(s, "long.jsonl"), 0, &file), GATHER_DONE);
	assert_int_equal(records.count, 2);
	assert_int_equal(file.skipped_lines, 1);
	assert_int_equal(file.offset, text.len);
	buf_release(&text);
	gather_release(&gather);
}

static void write_transcripts(struct scratch *s, size_t count)
{
	assert_int_equal(mkdir(scratch_name(s, "projects"), 0700), 0);
	for (size_t i = 0; i < count; i++) {
		struct buf text = BUF_INIT;
		char name[64];
		for (size_t lines = pick(40); lines > 0; lines--)
			add_line(&text, false);
		snprintf(name, sizeof(name), "projects/p%zu", i % 5);
		(void)mkdir(scratch_name(s, name), 0700);
		snprintf(name, sizeof(name), "projects/p%zu/s%zu.jsonl", i % 5, i);
		scratch_write(s, name, buf_str(&text), text.len);
		buf_release(&text);
	}
	scratch_write_text(s, "projects/p0/notes.txt", "{}\n");
	assert_int_equal(symlink("p0/s0.jsonl", scratch_name(s, "projects/link.jsonl")), 0);
}

static void any_number_of_threads_gives_the_same_ledger(void **state)
{
	struct scratch *s = *state;
	struct ledger_sums sums[3];
	write_transcripts(s, 300);
	assert_int_equal(symlink("projects", scratch_name(s, "again")), 0);
	/* The same directory twice counts once. */
	struct data_dirs dirs = { .projects = { (char *)(uintptr_t)scratch_name(s, "projects"),
						(char *)(uintptr_t)scratch_name(s, "again") }, .count = 2 };
	static const unsigned threads[] = { 1, 2, 7 };
	for (size_t i = 0; i < 3; i++) {
		struct buf error = BUF_INIT;
		struct history_stats stats;
		struct ledger *ledger = ledger_new();
		assert_int_equal(history_read(ledger, &dirs, threads[i], &stats, &error), 0);
		assert_int_equal(stats.files, 300);
		assert_int_equal(stats.failed, 0);
		assert_int_equal(error.len, 0);
		ledger_sum_span(ledger, INT64_MIN, INT64_MAX, &sums[i]);
		assert_true(sums[i].entries > 100);
		assert_int_equal(sums[i].entries, sums[0].entries);
		assert_memory_equal(&sums[i].tokens, &sums[0].tokens, sizeof(sums[i].tokens));
		assert_true(sums[i].cost_usd - sums[0].cost_usd < 1e-9
			    && sums[0].cost_usd - sums[i].cost_usd < 1e-9);
		ledger_free(ledger);
		buf_release(&error);
	}
}

static void it_can_be_stopped_at_any_time(void **state)
{
	struct scratch *s = *state;
	struct data_dirs dirs = { .projects = { (char *)(uintptr_t)scratch_name(s, "projects") },
				  .count = 1 };
	for (size_t taken = 0; taken < 40; taken += 3) {
		struct history_job *jobs;
		struct buf error = BUF_INIT;
		size_t count;
		assert_int_equal(history_list(&dirs, &jobs, &count, &error), 0);
		struct history *history = history_start(jobs, count, 3, NULL, NULL);
		assert_non_null(history);
		struct history_batch *batch;
		for (size_t i = 0; i < taken && (batch = history_take(history, true)); i++)
			history_give_back(history, batch);
		history_free(history);
		buf_release(&error);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_fast_way_finds_what_the_slow_one_finds),
		cmocka_unit_test(malformed_lines_are_counted_by_their_kind),
		cmocka_unit_test(what_is_no_transcript_is_gone),
		cmocka_unit_test(a_line_that_is_too_long_is_skipped),
		cmocka_unit_test(any_number_of_threads_gives_the_same_ledger),
		cmocka_unit_test(it_can_be_stopped_at_any_time),
	};
	return cmocka_run_group_tests(tests, scratch_set_up, scratch_tear_down);
}
