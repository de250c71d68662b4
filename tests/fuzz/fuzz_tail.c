/*
 * A transcript that grows by pieces, and is cut now and then: whatever the pieces, the lines passed on are
 * those of the whole, lines that are too long are skipped and counted, and gather finds the records that the
 * lines hold. The input: steps (a byte each) up to a 0xFF, then the transcript. This is built with small
 * buffers and a short limit.
 */
#include <fcntl.h>
#include <unistd.h>

#include "fuzz.h"
#include "swatchd/tail/read.h"
#include "history/gather.h"

#define STEPS_MAX 64
#define TRANSCRIPT_NAME "t.jsonl"
/* Steps from here on cut the file; those below write so many bytes more. */
#define STEP_CUTS 224

/* What was passed on: each line as its offset, a blank, its bytes and a newline. */
struct passed {
	struct buf lines;
	uint64_t skipped_at_reset;
	const struct tail *tail;
};

static void add_line(struct buf *lines, int64_t offset, const char *line, size_t len)
{
	buf_printf(lines, "%lld ", (long long)offset);
	buf_append(lines, line, len);
	buf_append_char(lines, '\n');
}

static void take_line(struct passed *passed, const struct tail_line *line)
{
	FUZZ_CHECK(line->len < TAIL_MAX_LINE_BYTES && !memchr(line->text, '\n', line->len),
		   "a line of %zu bytes", line->len);
	add_line(&passed->lines, line->offset, line->text, line->len);
}

static void on_batch(void *ctx, const struct tail_batch *batch)
{
	struct passed *passed = ctx;
	const struct transcript *transcript = batch->transcript;
	if (batch->restarted) {
		buf_clear(&passed->lines);
		passed->skipped_at_reset = passed->tail->stats.skipped_lines;
	}
	for (size_t i = 0; i < batch->line_count; i++)
		take_line(passed, &batch->lines[i]);
	FUZZ_CHECK(!batch->read_ended || transcript->offset <= transcript->size_bytes, "read %lld of %lld",
		   (long long)transcript->offset, (long long)transcript->size_bytes);
}

/* The lines of the whole, as one reads the rule. Returns how many are too long. */
static uint64_t split(const char *text, size_t len, struct buf *lines)
{
	uint64_t skipped = 0;
	size_t start = 0;
	for (size_t at = 0; at < len; at++) {
		if (text[at] != '\n')
			continue;
		if (at - start >= TAIL_MAX_LINE_BYTES)
			skipped++;
		else if (at > start)
			add_line(lines, (int64_t)start, text + start, at - start);
		start = at + 1;
	}
	return skipped;
}

/* Looks until there is nothing more, within a budget of so many bytes a look. */
static void read_all(struct tail *tail, struct transcript *t, size_t budget)
{
	enum tail_read_result result;
	size_t looks = 0;
	do
		result = tail_read_lines(tail, t, budget);
	while (result == TAIL_READ_MORE && ++looks < 100000);
	FUZZ_CHECK(result == TAIL_READ_DONE, "result %d after %zu looks", (int)result, looks);
}

/* ---- gather ---- */

static void add_record(struct buf *records, const struct ledger_record *record)
{
	buf_printf(records, "%lld %lld %lld %lld %u %llu\n", (long long)record->offset,
		   (long long)record->time_ms, (long long)record->tokens.input,
		   (long long)record->tokens.output, record->advisor, (unsigned long long)record->id_hash);
}

static bool on_record(void *ctx, const struct ledger_record *record)
{
	add_record(ctx, record);
	return true;
}

static void add_records_of_line(struct buf *records, int64_t offset, const char *line, size_t len)
{
	struct scan_facts facts;
	struct scan_usage advisor;
	struct ledger_record record;
	struct scan_cursor cursor = { 0 };
	if (!scan_line(line, len, &facts, NULL, NULL) || !facts.usage.present)
		return;
	ledger_record_make(&facts.usage, offset, &record);
	add_record(records, &record);
	while (scan_next_advisor(&facts.usage, &cursor, &advisor)) {
		ledger_record_make(&advisor, offset, &record);
		add_record(records, &record);
	}
}

static void check_gather(const char *path, const char *text, size_t len)
{
	struct buf found = BUF_INIT, expected = BUF_INIT;
	struct gather gather = { .record = on_record, .ctx = &found };
	struct gather_file file;
	size_t start = 0;
	for (size_t at = 0; at < len; at++) {
		if (text[at] != '\n')
			continue;
		if (at - start < TRANSCRIPT_MAX_LINE_BYTES)
			add_records_of_line(&expected, (int64_t)start, text + start, at - start);
		start = at + 1;
	}
	FUZZ_CHECK(gather_read(&gather, path, 0, &file) == GATHER_DONE, "result %d", (int)file.result);
	FUZZ_CHECK(file.offset == (int64_t)start, "read to %lld of %zu", (long long)file.offset, start);
	FUZZ_CHECK(strcmp(buf_str(&found), buf_str(&expected)) == 0, "gathered\n%sinstead of\n%s",
		   buf_str(&found), buf_str(&expected));
	gather_release(&gather);
	buf_release(&found);
	buf_release(&expected);
}

/* ---- one input ---- */

static void grow(const char *path, struct tail *tail, struct transcript *t, const struct fuzz_text *steps,
		 const struct fuzz_text *text)
{
	size_t written = 0;
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	FUZZ_CHECK(fd >= 0, "cannot write %s", path);
	for (size_t i = 0; i <= steps->len && i < STEPS_MAX; i++) {
		uint8_t step = i < steps->len ? (uint8_t)steps->data[i] : 0;
		size_t more = i < steps->len && i + 1 < STEPS_MAX ? step : text->len - written;
		if (step >= STEP_CUTS) {
			written = written * (step - STEP_CUTS) / (0xFF - STEP_CUTS);
			FUZZ_CHECK(ftruncate(fd, (off_t)written) == 0, "cannot cut %s", path);
			more = 0;
		}
		if (more > text->len - written)
			more = text->len - written;
		FUZZ_CHECK(pwrite(fd, text->data + written, more, (off_t)written) == (ssize_t)more,
			   "cannot write");
		written += more;
		read_all(tail, t, step % 2 ? 1 : TAIL_TURN_BYTES);
	}
	/* Cut at the last step, or more steps than are taken. */
	FUZZ_CHECK(pwrite(fd, text->data + written, text->len - written, (off_t)written)
			   == (ssize_t)(text->len - written),
		   "cannot write");
	close(fd);
	read_all(tail, t, TAIL_TURN_BYTES);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct tail_callbacks callbacks = { .batch = on_batch };
	struct fuzz_input in = { data, size };
	struct tail tail = { .callbacks = callbacks };
	struct passed passed = { .tail = &tail };
	struct buf expected = BUF_INIT;
	fuzz_begin();
	struct fuzz_text steps = fuzz_take_text(&in);
	struct fuzz_text text = { malloc(in.left + 1), in.left };
	FUZZ_CHECK(text.data, "no memory");
	memcpy(text.data, in.at, in.left);
	char *path = fuzz_path(TRANSCRIPT_NAME);
	struct transcript transcript = { .path = path, .owner = &passed };
	tail.ctx = &passed;
	tail.chunk = malloc(READ_BUFFER_BYTES);
	tail.chunk_cap = READ_BUFFER_BYTES;
	FUZZ_CHECK(tail.chunk, "no memory");
	grow(path, &tail, &transcript, &steps, &text);
	uint64_t skipped = split(text.data, text.len, &expected);
	FUZZ_CHECK(expected.len == passed.lines.len
			   && memcmp(buf_str(&expected), buf_str(&passed.lines), expected.len) == 0,
		   "passed on\n%sinstead of\n%s", buf_str(&passed.lines), buf_str(&expected));
	FUZZ_CHECK(tail.stats.skipped_lines - passed.skipped_at_reset == skipped,
		   "%llu lines skipped instead of %llu",
		   (unsigned long long)(tail.stats.skipped_lines - passed.skipped_at_reset),
		   (unsigned long long)skipped);
	check_gather(path, text.data, text.len);
	buf_release(&expected);
	buf_release(&passed.lines);
	fuzz_text_release(&steps);
	fuzz_text_release(&text);
	free(tail.chunk);
	free(path);
	return 0;
}
