/* watch: the way to a root, its links and parents, and files that it guards. */
#include "unit.h"

#include <errno.h>
#include <sys/resource.h>
#include <unistd.h>

#include "fail_alloc.h"
#include "swatchd/watch/ways.h"
#include "watched.h"

static void point(const char *name, const char *target)
{
	(void)unlink(scratch_name(&test_dir, name));
	assert_int_equal(symlink(target, scratch_name(&test_dir, name)), 0);
}

static void test_a_link_that_is_pointed_elsewhere(void **state UNUSED)
{
	make_dir("one");
	make_dir("one/projects");
	append_line("one/projects/a.jsonl");
	make_dir("two");
	make_dir("two/projects");
	append_line("two/projects/b.jsonl");
	assert_int_equal(rmdir(scratch_name(&test_dir, "claude")), 0);
	point("claude", "one");
	start_watch(WATCH_AUTO);
	expect_reports("seen claude/projects/a.jsonl; ");
	int before = places_changed;
	point("claude", "two");
	watch_drain(watch);
	expect_reports("tree claude/projects; seen claude/projects/b.jsonl; ");
	assert_int_equal(places_changed, before + 1);
	/* By rename, as careful programs do it; and through a second link. */
	point("claude.new", "three");
	move_to("claude.new", "claude");
	watch_drain(watch);
	expect_reports("tree claude/projects; ");
	assert_string_equal(watch_why_blind(watch) + strlen(test_dir.path),
			    "/claude/projects, where transcripts were, is not there");
	point("three", "one");
	watch_drain(watch);
	expect_reports("seen claude/projects/a.jsonl; ");
	assert_null(watch_why_blind(watch));
	append_line("two/projects/b.jsonl");
	watch_drain(watch);
	expect_reports("");
}

static void test_a_parent_of_a_links_target_is_renamed(void **state UNUSED)
{
	make_dir("data");
	make_dir("data/cc");
	make_dir("data/cc/projects");
	append_line("data/cc/projects/a.jsonl");
	point("claude/projects", "../data/cc/projects");
	start_watch(WATCH_AUTO);
	expect_reports("seen claude/projects/a.jsonl; ");
	move_to("data/cc", "data/old");
	watch_drain(watch);
	expect_reports("tree claude/projects; ");
	assert_non_null(watch_why_blind(watch));
	make_dir("data/cc");
	make_dir("data/cc/projects");
	append_line("data/cc/projects/b.jsonl");
	watch_drain(watch);
	expect_reports("seen claude/projects/b.jsonl; ");
	assert_null(watch_why_blind(watch));
	/* Both at once. */
	move_to("data", "gone");
	make_dir("data");
	make_dir("data/cc");
	make_dir("data/cc/projects");
	append_line("data/cc/projects/c.jsonl");
	watch_drain(watch);
	expect_reports("tree claude/projects; seen claude/projects/c.jsonl; ");
}

/* Nobody reports what comes between a look at a way and the new watch. */
static void test_a_way_that_is_made_anew_meanwhile(void **state UNUSED)
{
	static const char *const parts[] = { "data/cc", "data/cc/projects" };
	make_dir("data");
	make_dir("data/cc");
	make_dir("data/cc/projects");
	point("claude/projects", "../data/cc/projects");
	start_watch(WATCH_AUTO);
	/* Only a part of it comes then; the rest must still be seen. */
	move_to("data/cc", "data/old");
	trouble.comes = parts[0];
	watch_drain(watch);
	assert_null(trouble.comes);
	assert_non_null(watch_why_blind(watch));
	make_dir("data/cc/projects");
	append_line("data/cc/projects/a.jsonl");
	watch_drain(watch);
	expect_reports("tree claude/projects; seen claude/projects/a.jsonl; ");
	assert_null(watch_why_blind(watch));
	/* All of it. */
	move_to("data/cc/projects", "data/old/2");
	trouble.comes = parts[1];
	watch_drain(watch);
	assert_null(watch_why_blind(watch));
	expect_reports("tree claude/projects; ");
	append_line("data/cc/projects/b.jsonl");
	watch_drain(watch);
	assert_true(has_report("seen claude/projects/b.jsonl; "));
	forget_reports();
}

/* A way that cannot be watched is looked along with every poll, until it can be watched again. */
static void test_ways_that_cannot_be_watched(void **state UNUSED)
{
	make_dir("claude/projects");
	make_dir("claude/projects/p");
	trouble.no_ways = true;
	start_watch(WATCH_AUTO);
	assert_string_equal(watch_why_blind(watch),
			    "a folder that leads to the transcripts cannot be watched");
	assert_true(ev_is_active(&watch->poll_timer));
	forget_reports();
	move_to("claude", "elsewhere");
	make_dir("claude");
	make_dir("claude/projects");
	append_line("claude/projects/b.jsonl");
	watch_drain(watch);
	assert_true(has_report("seen claude/projects/b.jsonl; "));
	assert_non_null(watch_why_blind(watch));
	trouble.no_ways = false;
	watch_drain(watch);
	assert_null(watch_why_blind(watch));
	assert_false(ev_is_active(&watch->poll_timer));
	forget_reports();
}

/* No descriptor is left just when the ways are followed anew. */
static void test_ways_without_a_descriptor(void **state UNUSED)
{
	struct rlimit before;
	make_dir("claude/projects");
	start_watch(WATCH_AUTO);
	assert_null(watch_why_blind(watch));
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	const struct rlimit none = { 0, before.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	watch_ways_renew(watch);
	assert_int_equal(errno, EMFILE);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_false(watch_ways_are_watched(watch));
	assert_true(watch->ways.fd == -1 && !ev_is_active(&watch->ways.readable));
	/* Nothing is read of what is not open. */
	watch_ways_drain(watch);
	watch_ways_renew(watch);
	assert_true(watch_ways_are_watched(watch));
	forget_reports();
}

static void test_ways_without_memory(void **state UNUSED)
{
	struct watch_ways *ways;
	int failures = 0;
	make_dir("claude/projects");
	start_watch(WATCH_AUTO);
	ways = &watch->ways;
	for (int left = 0;; left++) {
		free(ways->steps);
		ways->steps = NULL;
		ways->count = ways->cap = 0;
		fail_alloc_after(left);
		watch_ways_renew(watch);
		bool failed = fail_alloc_stop();
		assert_true(watch_ways_are_watched(watch) != failed);
		if (!failed)
			break;
		failures++;
	}
	assert_true(failures > 0);
	forget_reports();
}

static void test_a_guarded_file_that_goes(void **state UNUSED)
{
	make_dir("claude/projects");
	make_dir("run");
	append_line("run/socket");
	start_watch(WATCH_AUTO);
	watch_guard(watch, scratch_name(&test_dir, "run/socket"));
	const char *roots[] = { scratch_name(&test_dir, "claude/projects") };
	assert_int_equal(watch_set_roots(watch, roots, 1), 0);
	int before = places_changed;
	append_line("run/other");
	watch_drain(watch);
	assert_int_equal(places_changed, before);
	assert_int_equal(unlink(scratch_name(&test_dir, "run/socket")), 0);
	watch_drain(watch);
	assert_int_equal(places_changed, before + 1);
	append_line("run/socket");
	watch_drain(watch);
	move_to("run", "run.old");
	watch_drain(watch);
	make_dir("run");
	watch_drain(watch);
	assert_int_equal(places_changed, before + 4);
	expect_reports("");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WATCH_TEST(test_a_link_that_is_pointed_elsewhere),
		WATCH_TEST(test_a_parent_of_a_links_target_is_renamed),
		WATCH_TEST(test_a_way_that_is_made_anew_meanwhile),
		WATCH_TEST(test_ways_that_cannot_be_watched),
		WATCH_TEST(test_ways_without_a_descriptor),
		WATCH_TEST(test_ways_without_memory),
		WATCH_TEST(test_a_guarded_file_that_goes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
