/* watch: roots that come, go, change, or lead to one another. */
#include "unit.h"

#include <fcntl.h>
#include <unistd.h>

#include "fail_alloc.h"
#include "swatchd/watch/dirs.h"
#include "swatchd/watch/roots.h"
#include "watched.h"

static void test_a_root_that_goes_at_once_is_looked_for(void **state UNUSED)
{
	start_watch(WATCH_AUTO);
	trouble.goes = true;
	make_dir("claude/projects");
	append_line("claude/projects/a.jsonl");
	watch_drain(watch);
	expect_reports("recheck; ");
	assert_true(ev_is_active(&watch->poll_timer));
	trouble.goes = false;
	poll_again();
	assert_true(has_report("seen claude/projects/a.jsonl; "));
	forget_reports();
}

static void test_a_root_that_comes_and_goes(void **state UNUSED)
{
	start_watch(WATCH_AUTO);
	expect_reports("");
	assert_int_equal(watch->roots[0].state, WATCH_ROOT_MISSING);
	make_dir("claude/projects");
	append_line("claude/projects/a.jsonl");
	watch_drain(watch);
	expect_reports("seen claude/projects/a.jsonl; ");
	assert_int_equal(watch->roots[0].state, WATCH_ROOT_WATCHED);
	move_to("claude/projects", "away");
	watch_drain(watch);
	expect_reports("tree claude/projects; ");
	assert_int_equal(watch->roots[0].state, WATCH_ROOT_MISSING);
	move_to("away", "claude/projects");
	watch_drain(watch);
	expect_reports("seen claude/projects/a.jsonl; ");
}

static void test_other_roots(void **state UNUSED)
{
	make_dir("claude/projects");
	make_dir("other");
	make_dir("other/projects");
	append_line("claude/projects/a.jsonl");
	append_line("other/projects/b.jsonl");
	start_watch(WATCH_AUTO);
	forget_reports();
	const char *roots[] = { scratch_name(&test_dir, "other/projects") };
	assert_int_equal(watch_set_roots(watch, roots, 1), 0);
	watch_drain(watch);
	expect_reports("tree claude/projects; seen other/projects/b.jsonl; ");
	/* What led to the old root would wake the daemon for nothing. */
	assert_null(watch_dirs_by_path(watch, scratch_name(&test_dir, "claude")));
	assert_non_null(watch_dirs_by_path(watch, scratch_name(&test_dir, "other")));
	append_line("claude/projects/a.jsonl");
	watch_drain(watch);
	expect_reports("");
}

/* A root that is there is looked at once; one that is gone is missed, also after the settings were read. */
static void test_a_root_that_was_there_is_missed(void **state UNUSED)
{
	make_dir("claude/projects");
	start_watch(WATCH_AUTO);
	unsigned turn = (unsigned)watch->resolve_turn;
	watch_roots_resolve(watch);
	assert_int_equal(watch->resolve_turn, turn + 1);
	assert_null(watch_roots_missed(watch));
	assert_int_equal(rmdir(scratch_name(&test_dir, "claude/projects")), 0);
	watch_drain(watch);
	assert_non_null(watch_roots_missed(watch));
	const char *roots[] = { scratch_name(&test_dir, "claude/projects") };
	assert_int_equal(watch_set_roots(watch, roots, 1), 0);
	assert_non_null(watch_roots_missed(watch));
	forget_reports();
}

/* A root that memory was too short to watch is found by a poll. */
static void test_a_root_without_memory(void **state UNUSED)
{
	int failures = 0;
	for (int left = 0;; left++) {
		start_watch(WATCH_AUTO);
		make_dir("claude/projects");
		append_line("claude/projects/a.jsonl");
		reserve_reports();
		fail_alloc_after(left);
		watch_drain(watch);
		bool failed = fail_alloc_stop();
		assert_true(failed || !watch->lost);
		if (watch->lost) {
			assert_true(ev_is_active(&watch->poll_timer));
			ev_timer_stop(loop, &watch->poll_timer);
			ev_invoke(loop, &watch->poll_timer, EV_TIMER);
			failures++;
		}
		watch_drain(watch);
		assert_true(has_report("seen claude/projects/a.jsonl; "));
		forget_reports();
		watch_free(watch);
		watch = NULL;
		assert_int_equal(unlink(scratch_name(&test_dir, "claude/projects/a.jsonl")), 0);
		assert_int_equal(rmdir(scratch_name(&test_dir, "claude/projects")), 0);
		if (!failed)
			break;
	}
	assert_true(failures > 0);
}

static void test_a_root_that_is_another_one_too(void **state UNUSED)
{
	make_dir("claude/projects");
	make_dir("linked");
	append_line("claude/projects/a.jsonl");
	const char *roots[] = { scratch_name(&test_dir, "claude/projects"),
				scratch_name(&test_dir, "linked/projects") };
	assert_int_equal(symlink(roots[0], roots[1]), 0);
	start_watch(WATCH_AUTO);
	forget_reports();
	assert_int_equal(watch_set_roots(watch, roots, 2), 0);
	watch_drain(watch);
	expect_reports("");
	assert_int_equal(watch->roots[1].state, WATCH_ROOT_SAME_AS_OTHER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WATCH_TEST(test_a_root_that_goes_at_once_is_looked_for),
		WATCH_TEST(test_a_root_that_comes_and_goes),
		WATCH_TEST(test_other_roots),
		WATCH_TEST(test_a_root_that_was_there_is_missed),
		WATCH_TEST(test_a_root_without_memory),
		WATCH_TEST(test_a_root_that_is_another_one_too),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
