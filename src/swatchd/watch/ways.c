#include "swatchd/watch/ways.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/array.h"
#include "base/log.h"
#include "base/scope.h"
#include "base/unused.h"

#define SELF_EVENTS (IN_DELETE_SELF | IN_MOVE_SELF)
#define LINKS_MAX 40
#define STEPS_MAX 512

/* A name in a directory of a way, whose coming or going changes it; "": only the directory itself counts. */
struct watch_step {
	int wd;
	char name[NAME_MAX + 1];
};

/* ---- following a path ---- */

static void note_unwatched(struct watch_ways *ways, const char *path, int why)
{
	/* A directory that may not be read is not ours to rename. One that is gone is looked for again. */
	if (why == EACCES || why == ENOENT || why == ENOTDIR || why == ELOOP)
		return;
	ways->is_unwatched = true;
	if (!ways->said_unwatched)
		log_warning(
			"cannot watch %s on the way to the transcripts: %s; looking there now and then "
			"instead",
			path, strerror(why));
	ways->said_unwatched = true;
}

static void add_step(struct watch_ways *ways, const char *dir, const char *name, uint32_t mask)
{
	int wd = inotify_add_watch(ways->fd, dir, mask | SELF_EVENTS | IN_ONLYDIR | IN_MASK_ADD);
	if (wd < 0) {
		note_unwatched(ways, dir, errno);
		return;
	}
	if (ways->count == STEPS_MAX
	    || !array_reserve(&ways->steps, &ways->cap, ways->count + 1, sizeof(*ways->steps))) {
		note_unwatched(ways, dir, ENOMEM);
		return;
	}
	struct watch_step *step = &ways->steps[ways->count++];
	step->wd = wd;
	snprintf(step->name, sizeof(step->name), "%s", name);
}

/* Takes the first part off a path; false at its end, or when the part is too long. */
static bool take_part(char *rest, char part[NAME_MAX + 1])
{
	size_t from = strspn(rest, "/"), len = strcspn(rest + from, "/");
	if (len == 0 || len > NAME_MAX)
		return false;
	memcpy(part, rest + from, len);
	part[len] = '\0';
	memmove(rest, rest + from + len, strlen(rest + from + len) + 1);
	return true;
}

/* Goes on along a link in `at`. Returns false when it cannot be read, or leads too far. */
static bool take_link(const char *link, char at[PATH_MAX], char rest[PATH_MAX])
{
	char target[PATH_MAX], joined[2 * PATH_MAX + 2];
	ssize_t len = readlink(link, target, sizeof(target) - 1);
	if (len <= 0)
		return false;
	target[len] = '\0';
	if (target[0] == '/')
		at[0] = '\0';
	int joined_len = snprintf(joined, sizeof(joined), "%s/%s", target, rest);
	if (joined_len < 0 || joined_len >= PATH_MAX)
		return false;
	memcpy(rest, joined, (size_t)joined_len + 1);
	return true;
}

/* `at` is a real path without a slash at its end: "" is the root directory. */
static void follow(struct watch_ways *ways, const char *path)
{
	char at[PATH_MAX] = "", rest[PATH_MAX], next[PATH_MAX], part[NAME_MAX + 1];
	if (path[0] != '/' || snprintf(rest, sizeof(rest), "%s", path) >= (int)sizeof(rest))
		return;
	for (int links = 0; links < LINKS_MAX && take_part(rest, part);) {
		struct stat st;
		if (strcmp(part, ".") == 0)
			continue;
		if (strcmp(part, "..") == 0) {
			char *slash = strrchr(at, '/');
			if (slash)
				*slash = '\0';
			continue;
		}
		if (snprintf(next, sizeof(next), "%s/%s", at, part) >= (int)sizeof(next))
			return;
		const char *dir = at[0] ? at : "/";
		if (lstat(next, &st) != 0) {
			add_step(ways, dir, part, IN_CREATE | IN_MOVED_TO);
			/* It may have come before its folder was watched. */
			if (lstat(next, &st) != 0)
				return;
		}
		if (S_ISLNK(st.st_mode)) {
			links++;
			add_step(ways, dir, part, IN_CREATE | IN_MOVED_TO | IN_DELETE | IN_MOVED_FROM);
			if (!take_link(next, at, rest))
				return;
		} else if (S_ISDIR(st.st_mode)) {
			memcpy(at, next, sizeof(at));
			add_step(ways, at, "", 0);
		} else {
			/* Its directory may see a lot of traffic: only that it goes counts. */
			add_step(ways, dir, part, IN_DELETE);
			return;
		}
	}
}

static void start_events(struct watch_ways *ways, int fd)
{
	ways->fd = fd;
	ev_io_set(&ways->readable, fd, EV_READ);
	ev_io_start(ways->loop, &ways->readable);
}

static void stop_events(struct watch_ways *ways)
{
	if (ways->fd < 0)
		return;
	ev_io_stop(ways->loop, &ways->readable);
	close(ways->fd);
	ways->fd = -1;
}

void watch_ways_renew(struct watch *watch)
{
	struct watch_ways *ways = &watch->ways;
	/*
	 * A new instance: the old one's events are about ways that are followed anew anyway. There may not be
	 * room for two (fs.inotify.max_user_instances): the old one goes first.
	 */
	stop_events(ways);
	int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	ways->count = 0;
	ways->is_unwatched = false;
	if (fd < 0) {
		note_unwatched(ways, "the folders", errno);
		return;
	}
	start_events(ways, fd);
	for (size_t i = 0; i < watch->root_count; i++)
		follow(ways, watch->roots[i].path);
	for (size_t i = 0; i < ways->guard_count; i++)
		follow(ways, ways->guards[i]);
	if (!ways->is_unwatched)
		ways->said_unwatched = false;
}

/* ---- events ---- */

static bool is_about_a_way(const struct watch_ways *ways, const struct inotify_event *event)
{
	if (event->mask & (IN_Q_OVERFLOW | IN_UNMOUNT | SELF_EVENTS))
		return true;
	for (size_t i = 0; i < ways->count && event->len > 0; i++)
		if (ways->steps[i].wd == event->wd
		    && strncmp(ways->steps[i].name, event->name, event->len) == 0)
			return true;
	return false;
}

/* Returns true when one of them is about a way. */
static bool read_events(struct watch_ways *ways)
{
	static _Alignas(struct inotify_event) char buffer[16384];
	bool changed = false;
	while (ways->fd >= 0) {
		ssize_t got = read(ways->fd, buffer, sizeof(buffer));
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 && errno != EAGAIN) {
			note_unwatched(ways, "the folders", errno);
			ev_io_stop(ways->loop, &ways->readable);
		}
		if (got <= 0)
			break;
		for (const char *at = buffer; at < buffer + got;) {
			const struct inotify_event *event = (const struct inotify_event *)(const void *)at;
			changed = is_about_a_way(ways, event) || changed;
			at += sizeof(*event) + event->len;
		}
	}
	return changed;
}

static void on_way(struct ev_loop *loop UNUSED, ev_io *watcher, int revents UNUSED)
{
	struct watch *watch = watcher->data;
	if (read_events(&watch->ways))
		watch->ways.changed(watch, false);
}

/* The loop's look at the outer descriptor took the news already: the inner one is only emptied. */
static void on_mounts(struct ev_loop *loop UNUSED, ev_io *watcher, int revents UNUSED)
{
	struct watch *watch = watcher->data;
	struct epoll_event event;
	(void)epoll_wait(watch->ways.mounts_epoll_fd, &event, 1, 0);
	watch->ways.changed(watch, true);
}

void watch_ways_drain(struct watch *watch)
{
	struct watch_ways *ways = &watch->ways;
	struct epoll_event event;
	bool mounted = ev_is_active(&ways->mounts) && epoll_wait(ways->mounts_epoll_fd, &event, 1, 0) > 0;
	if (read_events(ways) || mounted)
		ways->changed(watch, mounted);
}

/*
 * mountinfo is always readable; only EPOLLPRI means news. libev does not ask for that, so an epoll of its own
 * does, which is readable when it has an event.
 */
static void watch_mounts(struct watch *watch)
{
	struct watch_ways *ways = &watch->ways;
	struct epoll_event event = { .events = EPOLLPRI };
	ways->mountinfo_fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
	ways->mounts_epoll_fd = ways->mountinfo_fd >= 0 ? epoll_create1(EPOLL_CLOEXEC) : -1;
	if (ways->mounts_epoll_fd < 0
	    || epoll_ctl(ways->mounts_epoll_fd, EPOLL_CTL_ADD, ways->mountinfo_fd, &event) != 0) {
		log_warning(
			"cannot watch what is mounted (/proc/self/mountinfo): %s; when something is mounted "
			"over the transcripts, swatchd goes on with the old ones",
			strerror(errno));
		return;
	}
	ev_io_init(&ways->mounts, on_mounts, ways->mounts_epoll_fd, EV_READ);
	ways->mounts.data = watch;
	ev_io_start(ways->loop, &ways->mounts);
}

void watch_ways_start(struct watch *watch, void (*changed)(struct watch *watch, bool mounted))
{
	struct watch_ways *ways = &watch->ways;
	ways->loop = watch->loop;
	ways->changed = changed;
	ways->fd = ways->mountinfo_fd = ways->mounts_epoll_fd = -1;
	ev_init(&ways->readable, on_way);
	ev_init(&ways->mounts, on_mounts);
	ways->readable.data = watch;
	watch_mounts(watch);
}

bool watch_ways_are_watched(const struct watch *watch)
{
	return !watch->ways.is_unwatched;
}

void watch_ways_release(struct watch *watch)
{
	struct watch_ways *ways = &watch->ways;
	stop_events(ways);
	ev_io_stop(ways->loop, &ways->mounts);
	close_quietly(ways->mounts_epoll_fd);
	close_quietly(ways->mountinfo_fd);
	for (size_t i = 0; i < ways->guard_count; i++)
		free(ways->guards[i]);
	free(ways->steps);
}
