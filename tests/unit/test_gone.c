/* What deleted transcripts said, across a restart: files that anybody may have written, and disks that are
 * full. */
#include "unit.h"

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/array.h"
#include "base/clock.h"
#include "base/log.h"
#include "cache/names.h"
#include "fail_alloc.h"
#include "scratch.h"
#include "swatchd/daemon/gone.h"
#include "turned_clock.h"

#define NOW INT64_C(1795435200000)   /* 2026-11-23T12:00:00Z */
#define PATH "/h/projects/-p/s1.jsonl"
#define ROOT_LENGTH 12

static struct daemon daemon_here;

static void begin(void)
{
	memset(&daemon_here, 0, sizeof(daemon_here));
	daemon_here.loop = ev_loop_new(EVFLAG_AUTO);
	daemon_here.ledger = ledger_new();
	daemon_here.options.cache_fd = test_dir.dir_fd;
	daemon_here.options.cache_path = test_dir.path;
	daemon_start_gone(&daemon_here);
}

static void end(void)
{
	ev_timer_stop(daemon_here.loop, &daemon_here.gone.settle);
	ledger_free(daemon_here.ledger);
	ev_loop_destroy(daemon_here.loop);
}

static int set_up(void **state)
{
	scratch_set_up(state);
	turned_clock_set(NOW);
	(void)signal(SIGXFSZ, SIG_IGN);
	begin();
	return 0;
}

static int tear_down(void **state)
{
	end();
	turned_clock_release();
	return scratch_tear_down(state);
}

/* A transcript said something, and goes. */
static void lose_message(const char *model)
{
	int file = ledger_add_file(daemon_here.ledger, PATH, ROOT_LENGTH, "s1", false);
	const struct ledger_record record = { .time_ms = NOW - CLOCK_HOUR_MS, .offset = 7, .has_id = true,
					      .id_hash = 0x1234, .tokens = { 1000, 2000, 3, 4, 5 },
					      .model = { model, strlen(model) } };
	assert_int_equal(ledger_add_record(daemon_here.ledger, file, &record), 1);
	ledger_lose_file(daemon_here.ledger, file);
	daemon_note_gone(&daemon_here, NULL);
}

static bool is_written(void)
{
	return faccessat(test_dir.dir_fd, CACHE_GONE_FILE, F_OK, 0) == 0;
}

static size_t taken_from(const char *text)
{
	scratch_write_text(&test_dir, CACHE_GONE_FILE, text);
	end();
	begin();
	daemon_take_gone(&daemon_here);
	return ledger_count(daemon_here.ledger);
}

static void what_was_said_comes_back(void **state)
{
	(void)state;
	struct ledger_entry_view entry;
	lose_message("claude-opus-4-6");
	daemon_settle_gone(&daemon_here);
	assert_true(is_written());
	end();
	begin();
	daemon_take_gone(&daemon_here);
	assert_true(ledger_entry_at(daemon_here.ledger, 0, &entry));
	assert_string_equal(entry.path, PATH);
	assert_string_equal(entry.session_id, "s1");
	assert_true(entry.tokens.input == 1000 && entry.tokens.cache_read == 5 && entry.offset == 7
		    && entry.time_ms == NOW - CLOCK_HOUR_MS);
	assert_false(ledger_entry_at(daemon_here.ledger, 1, &entry));
}

#define TIME "\"time\":1795435100000"
#define MESSAGE \
	TIME ",\"offset\":7,\"id\":\"00000000000000ff\",\"request\":5,\"model\":\"claude-opus-4-6\"," \
	     "\"tokens\":[1,2,3,4,5]"
#define FILE_OF(path, root, id, messages)                                                              \
	"{\"transcripts\":[{\"path\":" path ",\"rootLength\":" root ",\"sessionId\":" id               \
	",\"gone\":true,\"messages\":[" messages "]}]}"
#define WITH(messages) FILE_OF("\"" PATH "\"", "12", "\"s1\"", messages)

static void only_what_we_can_have_written_is_taken(void **state)
{
	(void)state;
	static const char *const forged[] = {
		"", "{", "[]", "7", "null", "{}", "{\"transcripts\":{}}", "{\"transcripts\":[7,null,[],{}]}",
		FILE_OF("\"relative.jsonl\"", "1", "\"s1\"", "{" MESSAGE "}"),
		FILE_OF("7", "12", "\"s1\"", "{" MESSAGE "}"),
		FILE_OF("\"" PATH "\"", "-1", "\"s1\"", "{" MESSAGE "}"),
		FILE_OF("\"" PATH "\"", "4", "\"s1\"", "{" MESSAGE "}"),
		FILE_OF("\"" PATH "\"", "9223372036854775807", "\"s1\"", "{" MESSAGE "}"),
		FILE_OF("\"" PATH "\"", "12", "\"../s1\"", "{" MESSAGE "}"),
		FILE_OF("\"" PATH "\"", "12", "null", "{" MESSAGE "}"),
		WITH(""), WITH("7"), WITH("null"), WITH("{}"), WITH("[" MESSAGE "]"),
		/* times: long ago, far ahead, beyond all numbers, and with a limit */
		WITH("{\"time\":1,\"offset\":7,\"model\":\"m\",\"tokens\":[1,2,3,4,5]}"),
		WITH("{\"time\":1895435100000,\"offset\":7,\"model\":\"m\",\"tokens\":[1,2,3,4,5]}"),
		WITH("{\"time\":9223372036854775807,\"offset\":7,\"model\":\"m\",\"tokens\":[1,2,3,4,5],"
		     "\"limit\":{\"resetsAt\":9223372036854775807}}"),
		WITH("{\"time\":\"now\",\"offset\":7,\"model\":\"m\",\"tokens\":[1,2,3,4,5]}"),
		WITH("{" TIME ",\"offset\":-7,\"model\":\"m\",\"tokens\":[1,2,3,4,5]}"),
		WITH("{" TIME ",\"offset\":7,\"tokens\":[1,2,3,4,5]}"),
		WITH("{" TIME ",\"offset\":7,\"model\":\"a\\\"b\",\"tokens\":[1,2,3,4,5]}"),
		WITH("{" TIME ",\"offset\":7,\"model\":\"m\"}"),
		WITH("{" TIME ",\"offset\":7,\"model\":\"m\",\"tokens\":[1,2,3,4]}"),
		WITH("{" TIME ",\"offset\":7,\"model\":\"m\",\"tokens\":[1,2,3,4,-5]}"),
		WITH("{" TIME ",\"offset\":7,\"model\":\"m\",\"tokens\":[1,2,3,4,\"5\"]}"),
		WITH("{" TIME ",\"offset\":7,\"model\":\"m\",\"tokens\":[1,2,3,4,4294967296]}"),
		WITH("{" TIME ",\"offset\":7,\"model\":\"m\",\"tokens\":[1,2,3,4,5],\"id\":\"xyz\"}"),
		WITH("{" TIME ",\"offset\":7,\"model\":\"m\",\"tokens\":[1,2,3,4,5],"
		     "\"id\":\"00000000000000FF\"}"),
		WITH("{" TIME ",\"offset\":7,\"model\":\"m\",\"tokens\":[1,2,3,4,5],"
		     "\"id\":\"00000000000000ff\",\"request\":-1}"),
	};
	log_init("swatchd", LOG_LEVEL_ERROR);
	for (size_t i = 0; i < ARRAY_COUNT(forged); i++)
		if (taken_from(forged[i]) != 0)
			fail_msg("%s", forged[i]);
	/* What else is odd in it is left out. */
	assert_int_equal(
		taken_from(WITH("{" MESSAGE ",\"costUSD\":1e300,\"payer\":\"../x\",\"large\":[1],"
				"\"webSearches\":-4,\"limit\":{\"name\":\"\\u0000\",\"resetsAt\":-5}}")),
		1);
	struct ledger_entry_view entry;
	assert_true(ledger_entry_at(daemon_here.ledger, 0, &entry));
	assert_true(entry.cost_usd > 0. && entry.cost_usd < 1.);
	assert_string_equal(entry.session_id, "s1");
	log_init("swatchd", LOG_LEVEL_INFO);
}

/* The disk is full; or any other reason for which a file cannot be written. */
static void limit_files(rlim_t bytes)
{
	struct rlimit limit;
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = bytes;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void a_full_disk_is_tried_again(void **state)
{
	(void)state;
	lose_message("claude-opus-4-6");
	limit_files(10);
	daemon_settle_gone(&daemon_here);
	limit_files(RLIM_INFINITY);
	assert_false(is_written());
	assert_true(daemon_here.gone.save_failed && daemon_here.gone.changed);
	/* Nothing else happens, but the timer comes. */
	assert_true(ev_is_active(&daemon_here.gone.settle));
	ev_invoke(daemon_here.loop, &daemon_here.gone.settle, EV_TIMER);
	assert_true(is_written());
	assert_false(daemon_here.gone.save_failed || ev_is_active(&daemon_here.gone.settle));
}

static void a_full_disk_at_the_end_leaves_no_timer(void **state)
{
	(void)state;
	lose_message("claude-opus-4-6");
	limit_files(10);
	daemon_stop_gone(&daemon_here);
	limit_files(RLIM_INFINITY);
	assert_false(is_written() || ev_is_active(&daemon_here.gone.settle));
	/* And the end writes what could not be written before. */
	daemon_stop_gone(&daemon_here);
	assert_true(is_written());
}

static void without_memory_the_old_file_stays(void **state)
{
	(void)state;
	lose_message("claude-opus-4-6");
	daemon_settle_gone(&daemon_here);
	char *before = scratch_read(&test_dir, CACHE_GONE_FILE);
	for (int left = 0;; left++) {
		daemon_note_gone(&daemon_here, NULL);
		fail_alloc_after(left);
		daemon_settle_gone(&daemon_here);
		if (!fail_alloc_stop())
			break;
		char *after = scratch_read(&test_dir, CACHE_GONE_FILE);
		assert_string_equal(after, before);
		free(after);
		assert_true(daemon_here.gone.changed);
	}
	assert_false(daemon_here.gone.changed || daemon_here.gone.save_failed);
	free(before);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(what_was_said_comes_back),
		TEST(only_what_we_can_have_written_is_taken),
		TEST(a_full_disk_is_tried_again),
		TEST(a_full_disk_at_the_end_leaves_no_timer),
		TEST(without_memory_the_old_file_stays),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
