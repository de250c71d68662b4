#include "watched.h"

#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

struct ev_loop *loop;
struct watch *watch;
size_t root_len;
int places_changed;
struct watched_trouble trouble;
static struct events events;
static struct buf told;

/* The names are the linker's. */
int __real_inotify_add_watch(int fd, const char *path, uint32_t mask);
int __wrap_inotify_add_watch(int fd, const char *path, uint32_t mask);

int __wrap_inotify_add_watch(int fd, const char *path, uint32_t mask)
{
	if (trouble.comes && (mask & IN_MASK_ADD) && (mask & IN_CREATE) && !(mask & IN_DELETE)) {
		assert_int_equal(mkdir(scratch_name(&test_dir, trouble.comes), 0700), 0);
		trouble.comes = NULL;
	}
	if (trouble.goes && strstr(path, "/projects")) {
		errno = ENOENT;
		return -1;
	}
	if ((trouble.at_the_limit && strstr(path, "/projects/"))
	    || (trouble.no_ways && (mask & IN_MASK_ADD))) {
		errno = ENOSPC;
		return -1;
	}
	return __real_inotify_add_watch(fd, path, mask);
}

static const char *below(const char *path)
{
	size_t len = strlen(test_dir.path);
	return strncmp(path, test_dir.path, len) == 0 ? path + len + 1 : path;
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

static void on_place_changed(void *ctx)
{
	(void)ctx;
	places_changed++;
}

static void on_listed(void *ctx)
{
	(void)ctx;
}

void forget_reports(void)
{
	buf_clear(&told);
}

void expect_reports(const char *reports)
{
	assert_string_equal(buf_str(&told), reports);
	forget_reports();
}

bool has_report(const char *report)
{
	return strstr(buf_str(&told), report) != NULL;
}

void reserve_reports(void)
{
	buf_printf(&told, "%1000s", "");
	forget_reports();
}

void start_watch(int method)
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
	const char *roots[] = { scratch_name(&test_dir, "claude/projects") };
	assert_int_equal(watch_set_roots(watch, roots, 1), 0);
	watch_drain(watch);
}

void poll_again(void)
{
	ev_timer_stop(loop, &watch->poll_timer);
	ev_invoke(loop, &watch->poll_timer, EV_TIMER);
	watch_drain(watch);
}

void make_dir(const char *name)
{
	assert_int_equal(mkdir(scratch_name(&test_dir, name), 0700), 0);
}

void append_line(const char *name)
{
	int fd = open(scratch_name(&test_dir, name), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "x\n", 2), 2);
	close(fd);
}

void move_to(const char *from, const char *to)
{
	assert_int_equal(rename(scratch_name(&test_dir, from), scratch_name(&test_dir, to)), 0);
}

int watched_set_up(void **state UNUSED)
{
	scratch_make(&test_dir);
	trouble = (struct watched_trouble){ 0 };
	events_init(&events);
	loop = ev_loop_new(EVFLAG_AUTO);
	make_dir("claude");
	return loop ? 0 : -1;
}

int watched_tear_down(void **state UNUSED)
{
	watch_free(watch);
	watch = NULL;
	events_release(&events);
	ev_loop_destroy(loop);
	buf_release(&told);
	scratch_remove(&test_dir);
	return 0;
}
