/* What watch reports of a scratch directory, with real inotify. */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/inotify.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/inotify_limit.h"
#include "config/config.h"
#include "fail_alloc.h"
#include "scratch.h"
#include "swatchd/watch/dirs.h"
#include "swatchd/watch/internal.h"
#include "swatchd/watch/roots.h"
#include "swatchd/watch/ways.h"

static struct scratch s;
static struct ev_loop *loop;
static struct watch *watch;
static struct events events;
static size_t root_len;
/* What was reported since expect() looked last: "seen p/a.jsonl; gone p/a.jsonl; tree p; process
 * sessions/7.json; ". */
static struct buf told;

/* The kernel has no watch left for folders below the root. The linker sends all calls here. */
static bool at_the_limit;
/* Nor for the ways that lead to the root. */
static bool no_ways;
/* Made just before the folder above it is watched for it, after a look that missed it; NULL: nothing. */
static const char *comes;
/* The root, and the folders below it, go just before they would be watched. */
static bool goes;

int __real_inotify_add_watch(int fd, const char *path, uint32_t mask);
int __wrap_inotify_add_watch(int fd, const char *path, uint32_t mask);

int __wrap_inotify_add_watch(int fd, const char *path, uint32_t mask)
{
	if (comes && (mask & IN_MASK_ADD) && (mask & IN_CREATE) && !(mask & IN_DELETE)) {
		assert_int_equal(mkdir(scratch_name(&s, comes), 0700), 0);
		comes = NULL;
	}
	if (goes && strstr(path, "/projects")) {
		errno = ENOENT;
		return -1;
	}
	if ((at_the_limit && strstr(path, "/projects/")) || (no_ways && (mask & IN_MASK_ADD))) {
		errno = ENOSPC;
		return -1;
	}
	return __real_inotify_add_watch(fd, path, mask);
}

static const char *below(const char *path)
{
	return strncmp(path, s.path, strlen(s.path)) == 0 ? path + strlen(s.path) + 1 : path;
}

static void on_file_seen(void *ctx, const char *path, size_t len, bool polled)
{
	(void)ctx;
	root_len = len;
	buf_printf(&told, "%s %s; ", polled ? "polled" : "seen", below(path));
}

static void on_file_gone(void *ctx, const char *path)
{
	(void)ctx;
	buf_printf(&told, "gone %s; ", below(path));
}

static void on_tree_gone(void *ctx, const char *directory)
{
	(void)ctx;
	buf_printf(&told, "tree %s; ", below(directory));
}

static void on_process_file_changed(void *ctx, const char *path)
{
	(void)ctx;
	buf_printf(&told, "process %s; ", below(path));
}

static void on_recheck(void *ctx, bool polled_only)
{
	(void)ctx;
	buf_append_str(&told, polled_only ? "recheck polled; " : "recheck; ");
}

static int places_changed;

static void on_place_changed(void *ctx)
{
	(void)ctx;
	places_changed++;
}

static void on_listed(void *ctx)
{
	(void)ctx;
}

static void expect(const char *reports)
{
	assert_string_equal(buf_str(&told), reports);
	buf_clear(&told);
}

static void start(int method)
{
	static const struct watch_callbacks callbacks = {
		.file_seen = on_file_seen,
		.file_gone = on_file_gone,
		.tree_gone = on_tree_gone,
		.process_file_changed = on_process_file_changed,
		.recheck = on_recheck,
		.place_changed = on_place_changed,
		.listed = on_listed,
	};
	AUTO_BUF error = BUF_INIT;
	watch = watch_new(loop, method, &callbacks, NULL, &events, &error);
	assert_non_null(watch);
	const char *roots[] = { scratch_name(&s, "claude/projects") };
	assert_int_equal(watch_set_roots(watch, roots, 1), 0);
	watch_drain(watch);
}

static void make(const char *name)
{
	assert_int_equal(mkdir(scratch_name(&s, name), 0700), 0);
}

static void write_file(const char *name)
{
	int fd = open(scratch_name(&s, name), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "x\n", 2), 2);
	close(fd);
}

static int set_up(void **state)
{
	(void)state;
	scratch_make(&s);
	events_init(&events);
	loop = ev_loop_new(EVFLAG_AUTO);
	make("claude");
	return loop ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	at_the_limit = no_ways = goes = false;
	watch_free(watch);
	watch = NULL;
	events_release(&events);
	ev_loop_destroy(loop);
	buf_release(&told);
	scratch_remove(&s);
	return 0;
}

static void test_files_come_grow_and_go(void **state)
{
	(void)state;
	make("claude/projects");
	make("claude/projects/p");
	write_file("claude/projects/p/old.jsonl");
	start(WATCH_AUTO);
	expect("seen claude/projects/p/old.jsonl; ");
	assert_int_equal(root_len, strlen(s.path) + strlen("/claude/projects/"));
	write_file("claude/projects/p/a.jsonl");
	write_file("claude/projects/p/notes.txt");
	write_file("claude/projects/p/.jsonl");
	watch_drain(watch);
	/* Created, and written to: a report is a hint that may come twice. */
	expect("seen claude/projects/p/a.jsonl; seen claude/projects/p/a.jsonl; ");
	write_file("claude/projects/p/a.jsonl");
	watch_drain(watch);
	expect("seen claude/projects/p/a.jsonl; ");
	assert_int_equal(rename(scratch_name(&s, "claude/projects/p/a.jsonl"),
				scratch_name(&s, "claude/projects/p/b.jsonl")),
			 0);
	watch_drain(watch);
	expect("gone claude/projects/p/a.jsonl; seen claude/projects/p/b.jsonl; ");
	assert_int_equal(unlink(scratch_name(&s, "claude/projects/p/b.jsonl")), 0);
	watch_drain(watch);
	expect("gone claude/projects/p/b.jsonl; ");
}

static void test_an_event_wakes_the_loop(void **state)
{
	(void)state;
	make("claude/projects");
	start(WATCH_AUTO);
	expect("");
	write_file("claude/projects/a.jsonl");
	for (int turn = 0; turn < 3; turn++)
		ev_run(loop, EVRUN_NOWAIT);
	expect("seen claude/projects/a.jsonl; seen claude/projects/a.jsonl; ");
}

static void test_a_new_folder_is_listed(void **state)
{
	(void)state;
	make("claude/projects");
	start(WATCH_AUTO);
	make("claude/projects/p");
	make("claude/projects/p/q");
	write_file("claude/projects/p/q/a.jsonl");
	watch_drain(watch);
	expect("seen claude/projects/p/q/a.jsonl; ");
	write_file("claude/projects/p/q/a.jsonl");
	watch_drain(watch);
	expect("seen claude/projects/p/q/a.jsonl; ");
	/* Moved out of the tree: everything below it is gone, and nothing more is heard of it. */
	assert_int_equal(rename(scratch_name(&s, "claude/projects/p"), scratch_name(&s, "elsewhere")), 0);
	watch_drain(watch);
	expect("tree claude/projects/p; ");
	write_file("elsewhere/q/a.jsonl");
	watch_drain(watch);
	expect("");
	assert_int_equal(watch->stats.directories, 2);
}

static void test_a_root_that_goes_at_once_is_looked_for(void **state)
{
	(void)state;
	start(WATCH_AUTO);
	goes = true;
	make("claude/projects");
	write_file("claude/projects/a.jsonl");
	watch_drain(watch);
	expect("recheck; ");
	assert_true(ev_is_active(&watch->poll_timer));
	goes = false;
	ev_timer_stop(loop, &watch->poll_timer);
	ev_invoke(loop, &watch->poll_timer, EV_TIMER);
	watch_drain(watch);
	assert_non_null(strstr(buf_str(&told), "seen claude/projects/a.jsonl; "));
	buf_clear(&told);
}

static void test_a_folder_that_goes_at_once_is_forgotten(void **state)
{
	(void)state;
	make("claude/projects");
	start(WATCH_AUTO);
	goes = true;
	make("claude/projects/p");
	watch_drain(watch);
	assert_null(watch_dirs_by_path(watch, scratch_name(&s, "claude/projects/p")));
	assert_int_equal(watch->stats.polled, 0);
	buf_clear(&told);
}

static void test_a_root_that_comes_and_goes(void **state)
{
	(void)state;
	start(WATCH_AUTO);
	expect("");
	assert_int_equal(watch->roots[0].state, WATCH_ROOT_MISSING);
	make("claude/projects");
	write_file("claude/projects/a.jsonl");
	watch_drain(watch);
	expect("seen claude/projects/a.jsonl; ");
	assert_int_equal(watch->roots[0].state, WATCH_ROOT_WATCHED);
	assert_int_equal(rename(scratch_name(&s, "claude/projects"), scratch_name(&s, "away")), 0);
	watch_drain(watch);
	expect("tree claude/projects; ");
	assert_int_equal(watch->roots[0].state, WATCH_ROOT_MISSING);
	assert_int_equal(rename(scratch_name(&s, "away"), scratch_name(&s, "claude/projects")), 0);
	watch_drain(watch);
	expect("seen claude/projects/a.jsonl; ");
}

static void test_process_files(void **state)
{
	(void)state;
	make("claude/projects");
	make("claude/sessions");
	write_file("claude/sessions/7.json");
	start(WATCH_AUTO);
	expect("process claude/sessions/7.json; ");
	assert_int_equal(unlink(scratch_name(&s, "claude/sessions/7.json")), 0);
	watch_drain(watch);
	expect("process claude/sessions/7.json; ");
}

/* The kernel's queue cannot be filled in a moment: its last event is written into a pipe that takes inotify's
 * place. */
static void test_overflow_examines_everything(void **state)
{
	(void)state;
	const struct inotify_event overflow = { .wd = -1, .mask = IN_Q_OVERFLOW };
	int ends[2];
	make("claude/projects");
	write_file("claude/projects/a.jsonl");
	start(WATCH_AUTO);
	buf_clear(&told);
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
	assert_non_null(strstr(buf_str(&told), "recheck; "));
	assert_non_null(strstr(buf_str(&told), "a.jsonl; "));
}

static void test_rescan(void **state)
{
	(void)state;
	make("claude/projects");
	write_file("claude/projects/a.jsonl");
	start(WATCH_AUTO);
	buf_clear(&told);
	watch_rescan(watch);
	assert_true(watch_is_listing(watch));
	watch_drain(watch);
	assert_false(watch_is_listing(watch));
	expect("recheck; seen claude/projects/a.jsonl; ");
}

static void test_lost_reports_are_found_with_the_next_poll(void **state)
{
	(void)state;
	make("claude/projects");
	write_file("claude/projects/a.jsonl");
	start(WATCH_AUTO);
	buf_clear(&told);
	assert_false(ev_is_active(&watch->poll_timer));
	watch_note_lost(watch);
	assert_true(ev_is_active(&watch->poll_timer));
	ev_timer_stop(loop, &watch->poll_timer);
	ev_invoke(loop, &watch->poll_timer, EV_TIMER);
	watch_drain(watch);
	expect("recheck; seen claude/projects/a.jsonl; ");
	assert_false(ev_is_active(&watch->poll_timer));
}

static void start_at_the_limit(void)
{
	at_the_limit = true;
	start(WATCH_AUTO);
	watch_drain(watch);
}

/* Both folders are polled, the log says it once, and the status names the sysctl for people and programs. */
static void test_the_watch_limit(void **state)
{
	(void)state;
	AUTO_BUF said = BUF_INIT;
	AUTO_BUF status = BUF_INIT;
	struct jsonw w;
	struct inotify_limit limit = inotify_limit_find(INOTIFY_WATCHES);
	make("claude/projects");
	make("claude/projects/p");
	make("claude/projects/q");
	write_file("claude/projects/p/a.jsonl");
	write_file("claude/projects/q/b.jsonl");
	scratch_catch_log(&s, start_at_the_limit, &said);
	assert_non_null(strstr(buf_str(&told), "polled claude/projects/p/a.jsonl; "));
	assert_non_null(strstr(buf_str(&told), "polled claude/projects/q/b.jsonl; "));
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
	at_the_limit = false;
	watch_drain(watch);
	assert_int_equal(watch->stats.polled, 0);
	buf_clear(&told);
	write_file("claude/projects/q/b.jsonl");
	watch_drain(watch);
	expect("seen claude/projects/q/b.jsonl; ");
}

static void test_polling(void **state)
{
	(void)state;
	make("claude/projects");
	make("claude/projects/p");
	write_file("claude/projects/p/a.jsonl");
	start(WATCH_POLL);
	assert_non_null(strstr(buf_str(&told), "polled claude/projects/p/a.jsonl; "));
	buf_clear(&told);
	write_file("claude/projects/p/b.jsonl");
	watch_drain(watch);
	assert_non_null(strstr(buf_str(&told), "recheck polled; "));
	assert_non_null(strstr(buf_str(&told), "polled claude/projects/p/b.jsonl; "));
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

static void test_other_roots(void **state)
{
	(void)state;
	make("claude/projects");
	make("other");
	make("other/projects");
	write_file("claude/projects/a.jsonl");
	write_file("other/projects/b.jsonl");
	start(WATCH_AUTO);
	buf_clear(&told);
	const char *roots[] = { scratch_name(&s, "other/projects") };
	assert_int_equal(watch_set_roots(watch, roots, 1), 0);
	watch_drain(watch);
	expect("tree claude/projects; seen other/projects/b.jsonl; ");
	/* What led to the old root would wake the daemon for nothing. */
	assert_null(watch_dirs_by_path(watch, scratch_name(&s, "claude")));
	assert_non_null(watch_dirs_by_path(watch, scratch_name(&s, "other")));
	write_file("claude/projects/a.jsonl");
	watch_drain(watch);
	expect("");
}

/* A root that is there is looked at once; one that is gone is missed, also after the settings were read. */
static void test_a_root_that_was_there_is_missed(void **state)
{
	(void)state;
	make("claude/projects");
	start(WATCH_AUTO);
	unsigned turn = (unsigned)watch->resolve_turn;
	watch_roots_resolve(watch);
	assert_int_equal(watch->resolve_turn, turn + 1);
	assert_null(watch_roots_missed(watch));
	assert_int_equal(rmdir(scratch_name(&s, "claude/projects")), 0);
	watch_drain(watch);
	assert_non_null(watch_roots_missed(watch));
	const char *roots[] = { scratch_name(&s, "claude/projects") };
	assert_int_equal(watch_set_roots(watch, roots, 1), 0);
	assert_non_null(watch_roots_missed(watch));
	buf_clear(&told);
}

/* A root that memory was too short to watch is found by a poll. */
static void test_a_root_without_memory(void **state)
{
	(void)state;
	int failures = 0;
	for (int left = 0;; left++) {
		start(WATCH_AUTO);
		make("claude/projects");
		write_file("claude/projects/a.jsonl");
		/* The reports' own buffer is large enough. */
		buf_printf(&told, "%1000s", "");
		buf_clear(&told);
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
		assert_non_null(strstr(buf_str(&told), "seen claude/projects/a.jsonl; "));
		buf_clear(&told);
		watch_free(watch);
		watch = NULL;
		assert_int_equal(unlink(scratch_name(&s, "claude/projects/a.jsonl")), 0);
		assert_int_equal(rmdir(scratch_name(&s, "claude/projects")), 0);
		if (!failed)
			break;
	}
	assert_true(failures > 0);
}

static void test_a_root_that_is_another_one_too(void **state)
{
	(void)state;
	make("claude/projects");
	make("linked");
	write_file("claude/projects/a.jsonl");
	assert_int_equal(symlink(scratch_name(&s, "claude/projects"), scratch_name(&s, "linked/projects")),
			 0);
	start(WATCH_AUTO);
	buf_clear(&told);
	const char *roots[] = { scratch_name(&s, "claude/projects"), scratch_name(&s, "linked/projects") };
	assert_int_equal(watch_set_roots(watch, roots, 2), 0);
	watch_drain(watch);
	expect("");
	assert_int_equal(watch->roots[1].state, WATCH_ROOT_SAME_AS_OTHER);
}

/* ---- the way to a root ---- */

static void move(const char *from, const char *to)
{
	assert_int_equal(rename(scratch_name(&s, from), scratch_name(&s, to)), 0);
}

static void point(const char *name, const char *target)
{
	(void)unlink(scratch_name(&s, name));
	assert_int_equal(symlink(target, scratch_name(&s, name)), 0);
}

static void test_a_link_that_is_pointed_elsewhere(void **state)
{
	(void)state;
	make("one");
	make("one/projects");
	write_file("one/projects/a.jsonl");
	make("two");
	make("two/projects");
	write_file("two/projects/b.jsonl");
	assert_int_equal(rmdir(scratch_name(&s, "claude")), 0);
	point("claude", "one");
	start(WATCH_AUTO);
	expect("seen claude/projects/a.jsonl; ");
	int before = places_changed;
	point("claude", "two");
	watch_drain(watch);
	expect("tree claude/projects; seen claude/projects/b.jsonl; ");
	assert_int_equal(places_changed, before + 1);
	/* By rename, as careful programs do it; and through a second link. */
	point("claude.new", "three");
	move("claude.new", "claude");
	watch_drain(watch);
	expect("tree claude/projects; ");
	assert_string_equal(watch_why_blind(watch) + strlen(s.path),
			    "/claude/projects, where transcripts were, is not there");
	point("three", "one");
	watch_drain(watch);
	expect("seen claude/projects/a.jsonl; ");
	assert_null(watch_why_blind(watch));
	write_file("two/projects/b.jsonl");
	watch_drain(watch);
	expect("");
}

static void test_a_parent_of_a_links_target_is_renamed(void **state)
{
	(void)state;
	make("data");
	make("data/cc");
	make("data/cc/projects");
	write_file("data/cc/projects/a.jsonl");
	point("claude/projects", "../data/cc/projects");
	start(WATCH_AUTO);
	expect("seen claude/projects/a.jsonl; ");
	move("data/cc", "data/old");
	watch_drain(watch);
	expect("tree claude/projects; ");
	assert_non_null(watch_why_blind(watch));
	make("data/cc");
	make("data/cc/projects");
	write_file("data/cc/projects/b.jsonl");
	watch_drain(watch);
	expect("seen claude/projects/b.jsonl; ");
	assert_null(watch_why_blind(watch));
	/* Both at once. */
	move("data", "gone");
	make("data");
	make("data/cc");
	make("data/cc/projects");
	write_file("data/cc/projects/c.jsonl");
	watch_drain(watch);
	expect("tree claude/projects; seen claude/projects/c.jsonl; ");
}

/* Nobody reports what comes between a look at a way and the new watch. */
static void test_a_way_that_is_made_anew_meanwhile(void **state)
{
	(void)state;
	static const char *const parts[] = { "data/cc", "data/cc/projects" };
	make("data");
	make("data/cc");
	make("data/cc/projects");
	point("claude/projects", "../data/cc/projects");
	start(WATCH_AUTO);
	/* Only a part of it comes then; the rest must still be seen. */
	move("data/cc", "data/old");
	comes = parts[0];
	watch_drain(watch);
	assert_null(comes);
	assert_non_null(watch_why_blind(watch));
	make("data/cc/projects");
	write_file("data/cc/projects/a.jsonl");
	watch_drain(watch);
	expect("tree claude/projects; seen claude/projects/a.jsonl; ");
	assert_null(watch_why_blind(watch));
	/* All of it. */
	move("data/cc/projects", "data/old/2");
	comes = parts[1];
	watch_drain(watch);
	assert_null(watch_why_blind(watch));
	expect("tree claude/projects; ");
	write_file("data/cc/projects/b.jsonl");
	watch_drain(watch);
	assert_non_null(strstr(buf_str(&told), "seen claude/projects/b.jsonl; "));
	buf_clear(&told);
}

/* A way that cannot be watched is looked along with every poll, until it can be watched again. */
static void test_ways_that_cannot_be_watched(void **state)
{
	(void)state;
	make("claude/projects");
	make("claude/projects/p");
	no_ways = true;
	start(WATCH_AUTO);
	assert_string_equal(watch_why_blind(watch),
			    "a folder that leads to the transcripts cannot be watched");
	assert_true(ev_is_active(&watch->poll_timer));
	buf_clear(&told);
	move("claude", "elsewhere");
	make("claude");
	make("claude/projects");
	write_file("claude/projects/b.jsonl");
	watch_drain(watch);
	assert_non_null(strstr(buf_str(&told), "seen claude/projects/b.jsonl; "));
	assert_non_null(watch_why_blind(watch));
	no_ways = false;
	watch_drain(watch);
	assert_null(watch_why_blind(watch));
	assert_false(ev_is_active(&watch->poll_timer));
	buf_clear(&told);
}

/* No descriptor is left just when the ways are followed anew. */
static void test_ways_without_a_descriptor(void **state)
{
	(void)state;
	struct rlimit before;
	make("claude/projects");
	start(WATCH_AUTO);
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
	buf_clear(&told);
}

static void test_ways_without_memory(void **state)
{
	(void)state;
	struct watch_ways *ways;
	int failures = 0;
	make("claude/projects");
	start(WATCH_AUTO);
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
	buf_clear(&told);
}

static void test_a_guarded_file_that_goes(void **state)
{
	(void)state;
	make("claude/projects");
	make("run");
	write_file("run/socket");
	start(WATCH_AUTO);
	watch_guard(watch, scratch_name(&s, "run/socket"));
	const char *roots[] = { scratch_name(&s, "claude/projects") };
	assert_int_equal(watch_set_roots(watch, roots, 1), 0);
	int before = places_changed;
	write_file("run/other");
	watch_drain(watch);
	assert_int_equal(places_changed, before);
	assert_int_equal(unlink(scratch_name(&s, "run/socket")), 0);
	watch_drain(watch);
	assert_int_equal(places_changed, before + 1);
	write_file("run/socket");
	watch_drain(watch);
	move("run", "run.old");
	watch_drain(watch);
	make("run");
	watch_drain(watch);
	assert_int_equal(places_changed, before + 4);
	expect("");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_files_come_grow_and_go),
		TEST(test_an_event_wakes_the_loop),
		TEST(test_a_new_folder_is_listed),
		TEST(test_a_root_that_goes_at_once_is_looked_for),
		TEST(test_a_folder_that_goes_at_once_is_forgotten),
		TEST(test_a_root_that_comes_and_goes),
		TEST(test_process_files),
		TEST(test_overflow_examines_everything),
		TEST(test_rescan),
		TEST(test_lost_reports_are_found_with_the_next_poll),
		TEST(test_the_watch_limit),
		TEST(test_polling),
		TEST(test_other_roots),
		TEST(test_a_root_that_was_there_is_missed),
		TEST(test_a_root_without_memory),
		TEST(test_a_root_that_is_another_one_too),
		TEST(test_a_link_that_is_pointed_elsewhere),
		TEST(test_a_parent_of_a_links_target_is_renamed),
		TEST(test_a_way_that_is_made_anew_meanwhile),
		TEST(test_ways_that_cannot_be_watched),
		TEST(test_ways_without_a_descriptor),
		TEST(test_ways_without_memory),
		TEST(test_a_guarded_file_that_goes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
