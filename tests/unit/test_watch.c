/* watch: files and folders that come, grow and go, and what is found when the kernel does not report them. */
#include "unit.h"

#include <fcntl.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/inotify_limit.h"
#include "swatchd/watch/dirs.h"
#include "watched.h"

static void test_files_come_grow_and_go(void **state UNUSED)
{
	make_dir("claude/projects");
	make_dir("claude/projects/p");
	append_line("claude/projects/p/old.jsonl");
	start_watch(WATCH_AUTO);
	expect_reports("seen claude/projects/p/old.jsonl; ");
	assert_int_equal(root_len, strlen(test_dir.path) + strlen("/claude/projects/"));
	append_line("claude/projects/p/a.jsonl");
	append_line("claude/projects/p/notes.txt");
	append_line("claude/projects/p/.jsonl");
	watch_drain(watch);
	/* Created, and written to: a report is a hint that may come twice. */
	expect_reports("seen claude/projects/p/a.jsonl; seen claude/projects/p/a.jsonl; ");
	append_line("claude/projects/p/a.jsonl");
	watch_drain(watch);
	expect_reports("seen claude/projects/p/a.jsonl; ");
	move_to("claude/projects/p/a.jsonl", "claude/projects/p/b.jsonl");
	watch_drain(watch);
	expect_reports("gone claude/projects/p/a.jsonl; seen claude/projects/p/b.jsonl; ");
	assert_int_equal(unlink(scratch_name(&test_dir, "claude/projects/p/b.jsonl")), 0);
	watch_drain(watch);
	expect_reports("gone claude/projects/p/b.jsonl; ");
}

static void test_an_event_wakes_the_loop(void **state UNUSED)
{
	make_dir("claude/projects");
	start_watch(WATCH_AUTO);
	expect_reports("");
	append_line("claude/projects/a.jsonl");
	for (int turn = 0; turn < 3; turn++)
		ev_run(loop, EVRUN_NOWAIT);
	expect_reports("seen claude/projects/a.jsonl; seen claude/projects/a.jsonl; ");
}

static void test_a_new_folder_is_listed(void **state UNUSED)
{
	make_dir("claude/projects");
	start_watch(WATCH_AUTO);
	make_dir("claude/projects/p");
	make_dir("claude/projects/p/q");
	append_line("claude/projects/p/q/a.jsonl");
	watch_drain(watch);
	expect_reports("seen claude/projects/p/q/a.jsonl; ");
	append_line("claude/projects/p/q/a.jsonl");
	watch_drain(watch);
	expect_reports("seen claude/projects/p/q/a.jsonl; ");
	/* Moved out of the tree: everything below it is gone, and nothing more is heard of it. */
	move_to("claude/projects/p", "elsewhere");
	watch_drain(watch);
	expect_reports("tree claude/projects/p; ");
	append_line("elsewhere/q/a.jsonl");
	watch_drain(watch);
	expect_reports("");
	assert_int_equal(watch->stats.directories, 2);
}

static void test_a_folder_that_goes_at_once_is_forgotten(void **state UNUSED)
{
	make_dir("claude/projects");
	start_watch(WATCH_AUTO);
	trouble.goes = true;
	make_dir("claude/projects/p");
	watch_drain(watch);
	assert_null(watch_dirs_by_path(watch, scratch_name(&test_dir, "claude/projects/p")));
	assert_int_equal(watch->stats.polled, 0);
	forget_reports();
}

static void test_process_files(void **state UNUSED)
{
	make_dir("claude/projects");
	make_dir("claude/sessions");
	append_line("claude/sessions/7.json");
	start_watch(WATCH_AUTO);
	expect_reports("process claude/sessions/7.json; ");
	assert_int_equal(unlink(scratch_name(&test_dir, "claude/sessions/7.json")), 0);
	watch_drain(watch);
	expect_reports("process claude/sessions/7.json; ");
}

/* The kernel's queue cannot be filled in a moment: its last event is written into a pipe that takes inotify's
 * place. */
static void test_overflow_examines_everything(void **state UNUSED)
{
	const struct inotify_event overflow = { .wd = -1, .mask = IN_Q_OVERFLOW };
	int ends[2];
	make_dir("claude/projects");
	append_line("claude/projects/a.jsonl");
	start_watch(WATCH_AUTO);
	forget_reports();
	int inotify_fd = watch->inotify_fd;
	assert_int_equal(pipe2(ends, O_NONBLOCK | O_CLOEXEC), 0);
	assert_int_equal(write(ends[1], &overflow, sizeof(overflow)), (ssize_t)sizeof(overflow));
	/* dup2() keeps the number that the loop knows; the instance lives on in `kept`. */
	int kept = dup(inotify_fd);
	assert_true(kept >= 0 && dup2(ends[0], inotify_fd) == inotify_fd);
	/* The loop may read it: no watch is added while the pipe is there, all of them are known. */
	struct ev_io *readable = &watch->readable;
	ev_invoke(loop, readable, EV_READ);
	assert_true(dup2(kept, inotify_fd) == inotify_fd);
	close(kept);
	close(ends[0]);
	close(ends[1]);
	assert_int_equal(watch->stats.overflows, 1);
	assert_int_equal(watch->stats.rescans, 1);
	watch_drain(watch);
	assert_true(has_report("recheck; "));
	assert_true(has_report("a.jsonl; "));
}

static void test_rescan(void **state UNUSED)
{
	make_dir("claude/projects");
	append_line("claude/projects/a.jsonl");
	start_watch(WATCH_AUTO);
	forget_reports();
	watch_rescan(watch);
	assert_true(watch_is_listing(watch));
	watch_drain(watch);
	assert_false(watch_is_listing(watch));
	expect_reports("recheck; seen claude/projects/a.jsonl; ");
}

static void test_lost_reports_are_found_with_the_next_poll(void **state UNUSED)
{
	make_dir("claude/projects");
	append_line("claude/projects/a.jsonl");
	start_watch(WATCH_AUTO);
	forget_reports();
	assert_false(ev_is_active(&watch->poll_timer));
	watch_note_lost(watch);
	assert_true(ev_is_active(&watch->poll_timer));
	poll_again();
	expect_reports("recheck; seen claude/projects/a.jsonl; ");
	assert_false(ev_is_active(&watch->poll_timer));
}

/* ---- polling ---- */

static void start_at_the_limit(void)
{
	trouble.at_the_limit = true;
	start_watch(WATCH_AUTO);
	watch_drain(watch);
}

/* Both folders are polled, the log says it once, and the status names the sysctl for people and programs. */
static void test_the_watch_limit(void **state UNUSED)
{
	AUTO_BUF said = BUF_INIT;
	AUTO_BUF status = BUF_INIT;
	struct jsonw w;
	struct inotify_limit limit = inotify_limit_find(INOTIFY_WATCHES);
	make_dir("claude/projects");
	make_dir("claude/projects/p");
	make_dir("claude/projects/q");
	append_line("claude/projects/p/a.jsonl");
	append_line("claude/projects/q/b.jsonl");
	scratch_catch_log(&test_dir, start_at_the_limit, &said);
	assert_true(has_report("polled claude/projects/p/a.jsonl; "));
	assert_true(has_report("polled claude/projects/q/b.jsonl; "));
	assert_int_equal(watch->stats.polled, 2);
	assert_true(ev_is_active(&watch->poll_timer));
	const char *once = strstr(buf_str(&said), "inotify watch limit reached");
	assert_non_null(once);
	assert_null(strstr(once + 1, "inotify watch limit reached"));
	assert_non_null(strstr(once, limit.sysctl));
	jsonw_init(&w, &status);
	jsonw_begin_object(&w);
	watch_write_status(watch, &w);
	jsonw_end_object(&w);
	assert_non_null(strstr(buf_str(&status), "\"reason\":\"limit\",\"sysctl\":\""));
	assert_non_null(strstr(buf_str(&status), limit.sysctl));
	/* Watches are free again: the next look takes them. */
	trouble.at_the_limit = false;
	watch_drain(watch);
	assert_int_equal(watch->stats.polled, 0);
	forget_reports();
	append_line("claude/projects/q/b.jsonl");
	watch_drain(watch);
	expect_reports("seen claude/projects/q/b.jsonl; ");
}

static void test_polling(void **state UNUSED)
{
	make_dir("claude/projects");
	make_dir("claude/projects/p");
	append_line("claude/projects/p/a.jsonl");
	start_watch(WATCH_POLL);
	assert_true(has_report("polled claude/projects/p/a.jsonl; "));
	forget_reports();
	append_line("claude/projects/p/b.jsonl");
	watch_drain(watch);
	assert_true(has_report("recheck polled; "));
	assert_true(has_report("polled claude/projects/p/b.jsonl; "));
	assert_true(watch->stats.polled >= 2);
	/* Something changed just now: the next look comes soon. */
	ev_timer_stop(loop, &watch->poll_timer);
	watch_drain(watch);
	assert_true(ev_timer_remaining(loop, &watch->poll_timer) <= WATCH_POLL_ACTIVE_S + .1);
	watch->last_change_mono_ms -= 2 * WATCH_ACTIVE_SPAN_MS;
	ev_timer_stop(loop, &watch->poll_timer);
	watch_drain(watch);
	assert_true(ev_timer_remaining(loop, &watch->poll_timer) > WATCH_POLL_ACTIVE_S + .1);
	watch_note_activity(watch);
	assert_true(ev_timer_remaining(loop, &watch->poll_timer) <= WATCH_POLL_ACTIVE_S + .1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WATCH_TEST(test_files_come_grow_and_go),
		WATCH_TEST(test_an_event_wakes_the_loop),
		WATCH_TEST(test_a_new_folder_is_listed),
		WATCH_TEST(test_a_folder_that_goes_at_once_is_forgotten),
		WATCH_TEST(test_process_files),
		WATCH_TEST(test_overflow_examines_everything),
		WATCH_TEST(test_rescan),
		WATCH_TEST(test_lost_reports_are_found_with_the_next_poll),
		WATCH_TEST(test_the_watch_limit),
		WATCH_TEST(test_polling),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
