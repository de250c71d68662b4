/* The batches that tail hands on: which lines, how far, what comes again, what is gone. */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "scratch.h"
#include "swatchd/tail/tail.h"
#include "turned_clock.h"

#define DELAY_MS 100

static struct scratch s;
static struct ev_loop *loop;
static struct tail *tail;
static bool wants, refuses, misses, rereads;
/* Where the next transcript is resumed; offset 0: nowhere. */
static struct tail_place place;
/* What the batches held since expect() looked last: "restart; 0:line; 5:other; read 2 to 10; gone; turn;
 * idle; ". */
static struct buf told;

static void *on_opened(void *ctx, struct transcript *transcript)
{
	(void)ctx;
	errno = 0;
	if (place.offset > 0)
		tail_resume(transcript, &place);
	if (rereads)
		tail_reread(tail, transcript);
	return refuses ? NULL : transcript;
}

static bool wants_lines(void *ctx, const struct transcript *transcript)
{
	(void)ctx;
	(void)transcript;
	return wants;
}

/* The one that the last batch was about. */
static struct transcript *read_last;

static void on_batch(void *ctx, const struct tail_batch *batch)
{
	(void)ctx;
	if (batch->transcript)
		read_last = batch->transcript;
	if (batch->restarted)
		buf_append_str(&told, "restart; ");
	if (batch->again)
		buf_append_str(&told, "again; ");
	for (size_t i = 0; i < batch->line_count; i++)
		buf_printf(&told, "%lld:%.*s; ", (long long)batch->lines[i].offset, (int)batch->lines[i].len,
			   batch->lines[i].text);
	if (misses && batch->line_count > 0)
		tail_note_missed(tail, batch->transcript);
	for (size_t i = 0; i < batch->record_count; i++)
		buf_printf(&told, "record %lld; ", (long long)batch->records[i].offset);
	if (batch->read_ended)
		buf_printf(&told, "read %llu to %lld of %lld; ", (unsigned long long)batch->lines_read,
			   (long long)read_last->offset, (long long)read_last->size_bytes);
	if (batch->gone)
		buf_append_str(&told, "gone; ");
	if (batch->turn_ended)
		buf_append_str(&told, "turn; ");
	if (batch->caught_up)
		buf_append_str(&told, "idle; ");
}

static int set_up(void **state)
{
	static const struct tail_callbacks callbacks = { .opened = on_opened,
							 .wants_lines = wants_lines,
							 .batch = on_batch };
	(void)state;
	scratch_make(&s);
	wants = true;
	refuses = misses = rereads = false;
	place = (struct tail_place){ .offset = 0 };
	loop = ev_loop_new(EVFLAG_AUTO);
	tail = tail_new(loop, DELAY_MS, &callbacks, NULL);
	return loop && tail ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	tail_free(tail);
	ev_loop_destroy(loop);
	buf_release(&told);
	scratch_remove(&s);
	turned_clock_release();
	return 0;
}

static void expect(const char *batches)
{
	assert_string_equal(buf_str(&told), batches);
	buf_clear(&told);
}

static void append(const char *name, const char *text)
{
	int fd = open(scratch_name(&s, name), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

static bool note(const char *name)
{
	return tail_note(tail, scratch_name(&s, name), strlen(s.path) + 1, false, false);
}

/* Writes, reports and reads. */
static void grow(const char *name, const char *text)
{
	append(name, text);
	assert_true(note(name));
	tail_flush(tail);
}

static void test_lines_and_half_lines(void **state)
{
	(void)state;
	grow("a", "one\ntwo\nthr");
	expect("0:one; 4:two; read 2 to 8 of 11; turn; idle; ");
	grow("a", "e");
	expect("read 0 to 8 of 12; turn; idle; ");
	grow("a", "e\n\nfive\n");
	/* The empty line is one of three that were read, and nobody gets it. */
	expect("8:three; 15:five; read 3 to 20 of 20; turn; idle; ");
	assert_int_equal(tail_bytes_read(tail), 20);
	assert_int_equal(tail_count(tail), 1);
	assert_int_equal(tail_pending(tail), 0);
}

static void test_many_lines_make_several_batches(void **state)
{
	(void)state;
	AUTO_BUF text = BUF_INIT;
	AUTO_BUF expected = BUF_INIT;
	for (int i = 0; i < 600; i++) {
		buf_printf(&expected, "%zu:%d; ", text.len, i);
		buf_printf(&text, "%d\n", i);
	}
	buf_printf(&expected, "read 600 to %zu of %zu; turn; idle; ", text.len, text.len);
	grow("a", buf_str(&text));
	expect(buf_str(&expected));
}

static void test_a_line_longer_than_the_buffer(void **state)
{
	(void)state;
	size_t len = READ_BUFFER_BYTES * 3;
	char *line = malloc(len + 1);
	assert_non_null(line);
	memset(line, 'x', len);
	line[len] = '\0';
	append("a", "first\n");
	append("a", line);
	grow("a", "\nlast\n");
	assert_int_equal(strncmp(buf_str(&told), "0:first; 6:xxx", 14), 0);
	char end[96];
	snprintf(end, sizeof(end), "; %zu:last; read 3 to %zu of %zu; turn; idle; ", len + 7, len + 12,
		 len + 12);
	assert_true(told.len > strlen(end));
	assert_string_equal(buf_str(&told) + told.len - strlen(end), end);
	assert_int_equal(told.len, strlen("0:first; 6:") + len + strlen(end));
	free(line);
}

static void test_a_too_long_line_is_skipped(void **state)
{
	(void)state;
	append("a", "first\n");
	assert_int_equal(truncate(scratch_name(&s, "a"), (off_t)TAIL_MAX_LINE_BYTES + 20), 0);
	grow("a", "\nlast\n");
	char end[96];
	long long last = (long long)TAIL_MAX_LINE_BYTES + 21;
	snprintf(end, sizeof(end), "%lld:last; read ", last);
	/* It takes several turns' worth of bytes; none of them is handed on. */
	assert_int_equal(strncmp(buf_str(&told), "0:first; read 1 to ", strlen("0:first; read 1 to ")), 0);
	assert_non_null(strstr(buf_str(&told), end));
	assert_true(told.len < 4096);
	AUTO_BUF out = BUF_INIT;
	struct jsonw w;
	jsonw_init(&w, &out);
	jsonw_begin_object(&w);
	tail_write_status(tail, &w);
	jsonw_end_object(&w);
	assert_non_null(strstr(buf_str(&out), "\"skippedLines\":1,"));
}

static void test_truncated_and_rewritten(void **state)
{
	(void)state;
	grow("a", "one\ntwo\n");
	expect("0:one; 4:two; read 2 to 8 of 8; turn; idle; ");
	assert_int_equal(truncate(scratch_name(&s, "a"), 4), 0);
	grow("a", "");
	expect("restart; 0:one; read 1 to 4 of 4; turn; idle; ");
	/* In place, and longer: only the bytes before the offset show it. */
	scratch_write_text(&s, "a", "One\nzwei\n");
	grow("a", "");
	expect("restart; 0:One; 4:zwei; read 2 to 9 of 9; turn; idle; ");
	/* Another file with the same beginning. */
	scratch_write_text(&s, "b", "One\nzwei\ndrei\n");
	assert_int_equal(rename(scratch_name(&s, "b"), scratch_name(&s, "a")), 0);
	grow("a", "");
	expect("restart; 0:One; 4:zwei; 9:drei; read 3 to 14 of 14; turn; idle; ");
}

static void test_gone(void **state)
{
	(void)state;
	grow("a", "one\n");
	buf_clear(&told);
	/* It is there after all: no more than a report. */
	tail_note_gone(tail, scratch_name(&s, "a"));
	expect("");
	assert_int_equal(tail_pending(tail), 1);
	assert_int_equal(unlink(scratch_name(&s, "a")), 0);
	tail_note_gone(tail, scratch_name(&s, "a"));
	expect("gone; turn; idle; ");
	assert_int_equal(tail_count(tail), 0);
	/* One that goes between the report and the read. */
	grow("b", "one\n");
	buf_clear(&told);
	assert_true(note("b"));
	assert_int_equal(unlink(scratch_name(&s, "b")), 0);
	tail_flush(tail);
	expect("gone; turn; idle; ");
}

static void test_a_tree_goes(void **state)
{
	(void)state;
	assert_int_equal(mkdir(scratch_name(&s, "p"), 0700), 0);
	assert_int_equal(mkdir(scratch_name(&s, "pq"), 0700), 0);
	grow("p/a", "one\n");
	grow("pq/b", "one\n");
	buf_clear(&told);
	tail_note_tree_gone(tail, scratch_name(&s, "p"));
	expect("gone; turn; idle; ");
	assert_int_equal(tail_count(tail), 1);
}

static void test_missed_comes_again(void **state)
{
	(void)state;
	misses = true;
	grow("a", "one\n");
	expect("0:one; read 1 to 4 of 4; turn; idle; ");
	misses = false;
	/* Nothing of the file changed. */
	tail_flush(tail);
	expect("restart; 0:one; read 1 to 4 of 4; turn; idle; ");
	tail_flush(tail);
	expect("turn; idle; ");
}

static void test_recheck_finds_what_grew(void **state)
{
	(void)state;
	grow("a", "one\n");
	buf_clear(&told);
	append("a", "two\n");
	tail_recheck(tail, false);
	expect("turn; ");
	tail_flush(tail);
	expect("4:two; read 1 to 8 of 8; turn; idle; ");
	/* Polled ones only: this one reports for itself. */
	append("a", "three\n");
	tail_recheck(tail, true);
	assert_int_equal(tail_pending(tail), 0);
}

static void test_not_wanted(void **state)
{
	(void)state;
	refuses = true;
	grow("a", "one\n");
	expect("turn; idle; ");
	assert_int_equal(tail_count(tail), 0);
	/* What is no regular file is nobody's. */
	refuses = false;
	assert_int_equal(mkdir(scratch_name(&s, "d"), 0700), 0);
	assert_true(note("d"));
	assert_int_equal(tail_count(tail), 0);
}

static void test_a_burst_is_one_read_after_the_delay(void **state)
{
	(void)state;
	append("a", "one\n");
	assert_true(note("a"));
	append("a", "two\n");
	assert_true(note("a"));
	ev_run(loop, EVRUN_NOWAIT);
	expect("");
	assert_int_equal(tail_pending(tail), 1);
	ev_run(loop, EVRUN_ONCE);
	expect("0:one; 4:two; read 2 to 8 of 8; turn; idle; ");
}

static const char usage_line[] =
	"{\"type\":\"assistant\",\"timestamp\":\"2026-11-23T08:00:05.000Z\",\"requestId\":\"r\","
	"\"message\":{\"id\":\"m\","
	"\"model\":\"claude-opus-4-6\",\"usage\":{\"input_tokens\":3,\"output_tokens\":10}}}\n";

/* The first walk: newest first; those whose lines are wanted as lines, the others as records. */
static void test_backlog(void **state)
{
	(void)state;
	const struct timespec old[2] = { { .tv_sec = 1000 }, { .tv_sec = 1000 } };
	append("old", "old\n");
	assert_int_equal(utimensat(AT_FDCWD, scratch_name(&s, "old"), old, 0), 0);
	append("new", "new\n");
	tail_hold_backlog(tail);
	assert_true(tail_note(tail, scratch_name(&s, "old"), strlen(s.path) + 1, false, true));
	assert_true(tail_note(tail, scratch_name(&s, "new"), strlen(s.path) + 1, false, true));
	tail_flush(tail);
	expect("turn; ");
	assert_true(tail_has_backlog(tail));
	assert_int_equal(tail_pending(tail), 2);
	assert_true(tail_unread_ms(tail) > 1000 * 1000);
	tail_release_backlog(tail);
	tail_flush(tail);
	expect("0:new; read 1 to 4 of 4; 0:old; read 1 to 4 of 4; turn; idle; ");
	assert_int_equal(tail_unread_ms(tail), 0);
}

static void test_history_on_threads(void **state)
{
	(void)state;
	wants = false;
	append("a", "no usage\n");
	append("a", usage_line);
	tail_hold_backlog(tail);
	assert_true(tail_note(tail, scratch_name(&s, "a"), strlen(s.path) + 1, false, true));
	tail_release_backlog(tail);
	assert_false(tail_has_backlog(tail));
	assert_int_equal(tail_pending(tail), 1);
	tail_flush(tail);
	char expected[96];
	size_t size = strlen("no usage\n") + strlen(usage_line);
	snprintf(expected, sizeof(expected), "record 9; read 0 to %zu of %zu; turn; idle; ", size, size);
	expect(expected);
	/* From there on it is followed line by line. */
	grow("a", "more\n");
	snprintf(expected, sizeof(expected), "%zu:more; read 1 to %zu of %zu; turn; idle; ", size, size + 5,
		 size + 5);
	expect(expected);
}

static void test_the_same_lines_come_again(void **state)
{
	struct tail_place at;
	(void)state;
	grow("a", "one\ntwo\n");
	expect("0:one; 4:two; read 2 to 8 of 8; turn; idle; ");
	tail_reread(tail, read_last);
	assert_false(tail_get_place(read_last, &at));
	grow("a", "three\n");
	expect("again; 0:one; 4:two; 8:three; read 3 to 14 of 14; turn; idle; ");
	/* Rewritten meanwhile, it is another one. */
	tail_reread(tail, read_last);
	assert_int_equal(truncate(scratch_name(&s, "a"), 0), 0);
	grow("a", "other\n");
	expect("restart; 0:other; read 1 to 6 of 6; turn; idle; ");
}

/* Where the transcript stands that was read last. */
static void keep_place(void *ctx, const struct tail_batch *batch)
{
	(void)ctx;
	if (batch->read_ended)
		assert_true(tail_get_place(batch->transcript, &place));
}

/* Another run reads it as it is now; afterwards this one resumes there. */
static void read_in_an_earlier_run(const char *name)
{
	static const struct tail_callbacks callbacks = { .opened = on_opened,
							 .wants_lines = wants_lines,
							 .batch = keep_place };
	struct tail *earlier = tail_new(loop, DELAY_MS, &callbacks, NULL);
	assert_non_null(earlier);
	assert_true(tail_note(earlier, scratch_name(&s, name), strlen(s.path) + 1, false, false));
	tail_flush(earlier);
	tail_free(earlier);
	assert_true(place.offset > 0);
}

static void test_resumed_as_it_was(void **state)
{
	(void)state;
	append("a", "one\ntwo\nhal");
	read_in_an_earlier_run("a");
	assert_int_equal(place.offset, 8);
	tail_hold_backlog(tail);
	assert_true(tail_note(tail, scratch_name(&s, "a"), strlen(s.path) + 1, false, true));
	assert_int_equal(tail_pending(tail), 0);
	tail_release_backlog(tail);
	tail_flush(tail);
	expect("turn; idle; ");
	tail_recheck(tail, false);
	tail_flush(tail);
	expect("turn; idle; turn; idle; ");
	grow("a", "f\n");
	expect("8:half; read 1 to 13 of 13; turn; idle; ");
}

static void test_resumed_where_it_grew(void **state)
{
	(void)state;
	append("a", "one\n");
	read_in_an_earlier_run("a");
	append("a", "two\n");
	wants = false;
	tail_hold_backlog(tail);
	assert_true(tail_note(tail, scratch_name(&s, "a"), strlen(s.path) + 1, false, true));
	assert_int_equal(tail_pending(tail), 1);
	tail_release_backlog(tail);
	tail_flush(tail);
	/* No thread reads all of it. */
	expect("4:two; read 1 to 8 of 8; turn; idle; ");
}

/* A machine that started anew has other numbers for its devices. */
static void test_resumed_on_another_device(void **state)
{
	(void)state;
	append("a", "one\n");
	read_in_an_earlier_run("a");
	place.dev++;
	assert_true(note("a"));
	tail_flush(tail);
	expect("read 0 to 4 of 4; turn; idle; ");
}

static void test_resumed_after_a_rewrite(void **state)
{
	(void)state;
	append("a", "one\n");
	read_in_an_earlier_run("a");
	assert_int_equal(truncate(scratch_name(&s, "a"), 0), 0);
	grow("a", "other\n");
	expect("restart; 0:other; read 1 to 6 of 6; turn; idle; ");
	/* Also when all of it is wanted again before anybody has looked. */
	append("b", "one\n");
	read_in_an_earlier_run("b");
	rereads = true;
	assert_int_equal(truncate(scratch_name(&s, "b"), 0), 0);
	grow("b", "other\n");
	expect("restart; 0:other; read 1 to 6 of 6; turn; idle; ");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_lines_and_half_lines),
		TEST(test_many_lines_make_several_batches),
		TEST(test_a_line_longer_than_the_buffer),
		TEST(test_a_too_long_line_is_skipped),
		TEST(test_truncated_and_rewritten),
		TEST(test_gone),
		TEST(test_a_tree_goes),
		TEST(test_missed_comes_again),
		TEST(test_recheck_finds_what_grew),
		TEST(test_not_wanted),
		TEST(test_a_burst_is_one_read_after_the_delay),
		TEST(test_backlog),
		TEST(test_history_on_threads),
		TEST(test_the_same_lines_come_again),
		TEST(test_resumed_as_it_was),
		TEST(test_resumed_where_it_grew),
		TEST(test_resumed_on_another_device),
		TEST(test_resumed_after_a_rewrite),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
