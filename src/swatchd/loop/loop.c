#include "swatchd/loop/loop.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"

/* How long something may keep failing, and the pause between tries; stopping the daemon may take as long. */
#define GIVE_UP_MS (INT64_C(15) * CLOCK_SECOND_MS)
#define PAUSE_MS 20
/* The loop's own descriptor is below this number, right after it was made. */
#define FIRST_DESCRIPTORS 256
/* Failures that follow each other this closely are one. */
#define SAME_FAILURE_MS INT64_C(1000)

static struct {
	int64_t first_mono_ms, last_mono_ms;
} failing;

/* Waits before the next try; ends the daemon after GIVE_UP_MS of failures. */
static void pause_after(const char *what, int why)
{
	const struct timespec pause = { .tv_nsec = PAUSE_MS * 1000000L };
	int64_t now_ms = clock_mono_ms();
	if (failing.last_mono_ms == 0 || now_ms - failing.last_mono_ms > SAME_FAILURE_MS) {
		failing.first_mono_ms = now_ms;
		log_error("%s: %s; trying again", what, strerror(why));
	}
	failing.last_mono_ms = now_ms;
	if (now_ms - failing.first_mono_ms > GIVE_UP_MS) {
		log_error("%s for %d seconds: %s; ending", what, (int)(GIVE_UP_MS / CLOCK_SECOND_MS),
			  strerror(why));
		/* Not exit(), inside libev. The cache files are whole, and the kernel frees the lock. */
		_exit(EXIT_FAILURE);
	}
	(void)nanosleep(&pause, NULL);
}

static void *allocate(void *block, long size)
{
	if (size <= 0) {
		free(block);
		return NULL;
	}
	void *moved;
	while (!(moved = realloc(block, (size_t)size)))
		pause_after("the event loop cannot go on", ENOMEM);
	return moved;
}

/* libev goes on after this, where it would abort() otherwise. */
static void on_system_error(const char *what)
{
	pause_after(what, errno);
}

struct ev_loop *loop_make(struct buf *error)
{
	ev_set_allocator(allocate);
	ev_set_syserr_cb(on_system_error);
	errno = 0;
	/* An inherited environment may choose another backend; epoll is the one that we test. */
	struct ev_loop *loop = ev_default_loop(EVBACKEND_EPOLL | EVFLAG_NOENV);
	if (!loop)
		buf_printf(error, "cannot make an event loop: %s",
			   errno ? strerror(errno) : "epoll is not available");
	return loop;
}

/* libev hides its epoll descriptor, so this looks in /proc. Returns -1 when /proc is not available. */
static int find_epoll(void)
{
	for (int fd = 3; fd < FIRST_DESCRIPTORS; fd++) {
		char path[64], target[64];
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		ssize_t len = readlink(path, target, sizeof(target) - 1);
		if (len <= 0)
			continue;
		target[len] = '\0';
		if (strstr(target, "[eventpoll]"))
			return fd;
	}
	return -1;
}

/* Whether epoll waits for anything. Returns true when /proc is not available: then nobody can tell. */
static bool waits_for_something(int epoll_fd)
{
	char path[64], line[256];
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", epoll_fd);
	FILE *info = epoll_fd >= 0 ? fopen(path, "re") : NULL;
	bool found = !info;
	while (info && fgets(line, sizeof(line), info))
		found = found || strncmp(line, "tfd:", 4) == 0;
	found = found || (info && ferror(info));
	if (info)
		(void)fclose(info);
	return found;
}

int loop_check_signals(struct ev_loop *loop, struct buf *error)
{
	/* One turn gives epoll the descriptor for signals; when that fails, libev drops it in silence. */
	ev_run(loop, EVRUN_NOWAIT);
	if (waits_for_something(find_epoll()))
		return 0;
	buf_append_str(error, "cannot start: the kernel gives the event loop nothing to wait on for signals "
		       LOOP_ERROR_TEXT);
	return -1;
}

void loop_set_timer(struct ev_loop *loop, ev_timer *timer, int64_t wait_ms)
{
	ev_timer_stop(loop, timer);
	/* After a long turn the loop's clock is old; the wait counts from now. */
	ev_now_update(loop);
	ev_timer_set(timer, wait_ms > 0 ? (double)wait_ms / 1000. : 0., 0.);
	ev_timer_start(loop, timer);
}
