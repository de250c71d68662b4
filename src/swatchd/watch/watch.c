#include "swatchd/watch/internal.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/paths.h"
#include "base/scope.h"
#include "base/unused.h"
#include "config/config.h"
#include "swatchd/watch/dirs.h"
#include "swatchd/watch/roots.h"
#include "swatchd/watch/ways.h"

/* One read takes this many bytes of events: 2,000 of them, a storm's worth. */
#define EVENT_BUFFER_BYTES 65536
/* Directories listed in one turn of the loop, so that it keeps answering during a first walk. */
#define LIST_TURN_MS 8
#define POLLED_SHOWN 20
/* How often to follow the ways anew when they change meanwhile. */
#define LOOK_ATTEMPTS 4

/* ---- turns of the loop ---- */

/* Whether something does not report its changes. */
static bool needs_polling(const struct watch *watch)
{
	return watch->stats.polled > 0 || watch->stats.unlisted > 0 || watch->lost || watch->inotify_fd < 0
	       || !watch_ways_are_watched(watch);
}

static void schedule(struct watch *watch)
{
	bool listed = !watch->pending && ev_is_active(&watch->listing);
	if (watch->pending && !ev_is_active(&watch->listing))
		ev_idle_start(watch->loop, &watch->listing);
	else if (listed)
		ev_idle_stop(watch->loop, &watch->listing);

	if (!needs_polling(watch)) {
		ev_timer_stop(watch->loop, &watch->poll_timer);
	} else if (!ev_is_active(&watch->poll_timer)) {
		bool active = clock_mono_ms() - watch->last_change_mono_ms < WATCH_ACTIVE_SPAN_MS;
		ev_timer_set(&watch->poll_timer, active ? WATCH_POLL_ACTIVE_S : WATCH_POLL_QUIET_S, 0.);
		ev_timer_start(watch->loop, &watch->poll_timer);
	}
	if (listed)
		watch->callbacks.listed(watch->ctx);
}

static void on_listing(struct ev_loop *loop UNUSED, ev_idle *watcher, int revents UNUSED)
{
	struct watch *watch = watcher->data;
	int64_t until_ms = clock_mono_ms() + LIST_TURN_MS;
	while (watch_dirs_list_next(watch) && clock_mono_ms() < until_ms)
		;
	schedule(watch);
}

/* The missed change may be anywhere. */
static void look_again(struct watch *watch)
{
	if (watch->deaf)
		ev_io_start(watch->loop, &watch->readable);
	watch->lost = watch->deaf = false;
	watch_rescan(watch);
	if (!watch->lost)
		watch->unseen_reported = false;
}

/* What changes between the look and the new watches makes no event: looks again. */
static void find_roots_anew(struct watch *watch, bool mounted)
{
	bool moved = true;
	for (int attempt = 0; moved && attempt < LOOK_ATTEMPTS; attempt++) {
		watch_roots_drop_moved(watch);
		if (mounted)
			watch_roots_drop_covered(watch);
		watch_roots_resolve(watch);
		watch_ways_renew(watch);
		moved = watch_roots_have_moved(watch);
	}
	watch->lost = watch->lost || moved;
}

/* Something between here and the transcripts is another directory now, or may be. */
static void look_along_ways(struct watch *watch, bool mounted)
{
	if (watch->looking)
		return;
	watch->looking = true;
	watch->callbacks.place_changed(watch->ctx);
	find_roots_anew(watch, mounted);
	watch->looking = false;
}

static void poll_now(struct watch *watch)
{
	if (watch->lost) {
		look_again(watch);
		return;
	}
	/* Also tries to watch the ways again. */
	if (!watch_ways_are_watched(watch))
		look_along_ways(watch, true);
	else
		watch_roots_resolve(watch);
	watch_dirs_queue_polled(watch);
	watch->callbacks.recheck(watch->ctx, true);
}

static void on_poll(struct ev_loop *loop UNUSED, ev_timer *watcher, int revents UNUSED)
{
	struct watch *watch = watcher->data;
	poll_now(watch);
	schedule(watch);
}

/* ---- events ---- */

static void take_tree_event(struct watch *watch, struct watch_dir *dir, const struct inotify_event *event,
			    const char *path)
{
	if (event->mask & IN_ISDIR) {
		if (event->mask & IN_MOVED_FROM) {
			watch_roots_drop_tree(watch, path);
		} else if (event->mask & IN_DELETE) {
			/* It was empty, and each of its files was reported: no need to walk the table. */
			struct watch_dir *gone = watch_dirs_by_path(watch, path);
			struct stat st;
			if (gone && lstat(path, &st) != 0)
				watch_dirs_drop(watch, gone);
		} else if (event->mask & (IN_CREATE | IN_MOVED_TO)) {
			watch_dirs_add_below(watch, dir, path);
		}
		return;
	}
	size_t len = strlen(event->name);
	if (len <= strlen(".jsonl") || strcmp(event->name + len - strlen(".jsonl"), ".jsonl") != 0)
		return;
	if (event->mask & (IN_MOVED_FROM | IN_DELETE))
		watch->callbacks.file_gone(watch->ctx, path);
	else
		watch->callbacks.file_seen(watch->ctx, path, dir->root_len, false);
}

void watch_note_lost(struct watch *watch)
{
	watch->lost = true;
	schedule(watch);
}

/* Events cannot be read. The next poll tries again; trying in every turn of the loop would keep it busy. */
static void go_deaf(struct watch *watch, int why)
{
	log_error("cannot read file events: %s; everything is examined again", strerror(why));
	ev_io_stop(watch->loop, &watch->readable);
	watch->lost = watch->deaf = true;
}

static void take_overflow(struct watch *watch)
{
	watch->stats.overflows++;
	log_warning("more file events than the kernel's queue holds (fs.inotify.max_queued_events): "
		    "examining everything again");
	if (events_begin(watch->events, "overflow"))
		events_end(watch->events);
	watch_rescan(watch);
}

/* A file or folder among the transcripts, or a process file, came, changed or went. */
static void take_named_event(struct watch *watch, struct watch_dir *dir, const struct inotify_event *event)
{
	AUTO_FREE char *path = paths_join(dir->path, event->name);
	if (!path) {
		log_error("cannot look at %s/%s: out of memory; trying again", dir->path, event->name);
		watch->lost = true;
	} else if (dir->roles & WATCH_ROLE_TREE) {
		take_tree_event(watch, dir, event, path);
	} else if (!(event->mask & IN_ISDIR)) {
		watch->callbacks.process_file_changed(watch->ctx, path);
	}
}

/* Returns true when a root may have come or gone. */
static bool take_event(struct watch *watch, const struct inotify_event *event)
{
	watch->stats.events++;
	if (event->mask & IN_Q_OVERFLOW) {
		take_overflow(watch);
		return false;
	}
	if (event->mask & IN_UNMOUNT) {
		watch->force_look = true;
		return true;
	}
	if (event->mask & IN_IGNORED) {
		watch_dirs_forget_wd(watch, event->wd);
		return false;
	}
	struct watch_dir *dir = watch_dirs_by_wd(watch, event->wd);
	if (!dir)
		return false;
	if (event->mask & (IN_DELETE_SELF | IN_MOVE_SELF)) {
		/* For a folder below a root its parent reports; look for a root or an anchor. */
		bool top = dir->depth == 0;
		if (top)
			watch->force_look = true;
		return top;
	}
	/* An event without a name is about the directory itself. */
	if (event->len == 0 || memchr(event->name, '\0', event->len) == event->name)
		return false;
	bool root_may_change = (dir->roles & WATCH_ROLE_ANCHOR) && (event->mask & (IN_CREATE | IN_MOVED_TO));
	if (dir->roles & (WATCH_ROLE_TREE | WATCH_ROLE_PROCESSES))
		take_named_event(watch, dir, event);
	return root_may_change;
}

static void on_ways_changed(struct watch *watch, bool mounted)
{
	look_along_ways(watch, mounted);
	schedule(watch);
}

static void read_events(struct watch *watch)
{
	static _Alignas(struct inotify_event) char buffer[EVENT_BUFFER_BYTES];
	bool look = false;
	while (watch->inotify_fd >= 0) {
		ssize_t got = read(watch->inotify_fd, buffer, sizeof(buffer));
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0) {
			if (got < 0 && errno != EAGAIN)
				go_deaf(watch, errno);
			break;
		}
		for (char *at = buffer; at < buffer + got;) {
			const struct inotify_event *event = (const struct inotify_event *)(void *)at;
			look = take_event(watch, event) || look;
			at += sizeof(*event) + event->len;
		}
		/* One more event would have fitted, so none waits. */
		if ((size_t)got + sizeof(struct inotify_event) + NAME_MAX + 1 <= sizeof(buffer))
			break;
	}
	if (watch->force_look)
		look_along_ways(watch, true);
	else if (look)
		watch_roots_resolve(watch);
}

static void on_readable(struct ev_loop *loop UNUSED, ev_io *watcher, int revents)
{
	struct watch *watch = watcher->data;
	if (revents & EV_ERROR)
		go_deaf(watch, errno);
	else
		read_events(watch);
	/* Lists a new folder at once: its first lines are as urgent as any. */
	int64_t until_ms = clock_mono_ms() + LIST_TURN_MS;
	while (watch->pending && clock_mono_ms() < until_ms)
		watch_dirs_list_next(watch);
	schedule(watch);
}

/* ---- for the daemon ---- */

struct watch *watch_new(struct ev_loop *loop, int method, const struct watch_callbacks *callbacks, void *ctx,
			struct events *events, struct buf *error)
{
	struct watch *watch = calloc(1, sizeof(*watch));
	if (!watch)
		return NULL;
	watch->loop = loop;
	watch->method = method;
	watch->callbacks = *callbacks;
	watch->ctx = ctx;
	watch->events = events;
	watch->last_change_mono_ms = clock_mono_ms();
	watch->inotify_fd = -1;
	ev_init(&watch->readable, on_readable);
	ev_init(&watch->poll_timer, on_poll);
	ev_idle_init(&watch->listing, on_listing);
	watch->readable.data = watch->poll_timer.data = watch->listing.data = watch;
	watch_ways_start(watch, on_ways_changed);
	if (method == WATCH_POLL)
		return watch;
	watch->inotify_fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (watch->inotify_fd < 0) {
		buf_printf(error, "cannot watch for file changes: %s (fs.inotify.max_user_instances may be "
			   "reached); [watch] method = poll works without", strerror(errno));
		watch_ways_release(watch);
		free(watch);
		return NULL;
	}
	ev_io_set(&watch->readable, watch->inotify_fd, EV_READ);
	ev_io_start(loop, &watch->readable);
	return watch;
}

int watch_set_roots(struct watch *watch, const char *const *paths, size_t count)
{
	if (watch_roots_set(watch, paths, count) != 0)
		return -1;
	watch_ways_renew(watch);
	if (watch_roots_have_moved(watch))
		find_roots_anew(watch, false);
	schedule(watch);
	return 0;
}

void watch_guard(struct watch *watch, const char *path)
{
	struct watch_ways *ways = &watch->ways;
	char *copy = ways->guard_count < WATCH_GUARDS_MAX ? strdup(path) : NULL;
	if (copy)
		ways->guards[ways->guard_count++] = copy;
	else
		log_error("cannot watch the way to %s: out of memory", path);
}

const char *watch_why_blind(const struct watch *watch)
{
	static char why[512];
	const struct watch_root *missed = watch_roots_missed(watch);
	if (missed)
		snprintf(why, sizeof(why), "%.400s, where transcripts were, is not there", missed->path);
	else if (watch->deaf || watch->lost)
		snprintf(why, sizeof(why), "reports of changes were lost; everything is examined again");
	else if (watch->stats.unlisted > 0)
		snprintf(why, sizeof(why), "%llu folder%s of transcripts cannot be listed",
			 (unsigned long long)watch->stats.unlisted, watch->stats.unlisted == 1 ? "" : "s");
	else if (!watch_ways_are_watched(watch))
		snprintf(why, sizeof(why), "a folder that leads to the transcripts cannot be watched");
	else
		return NULL;
	return why;
}

void watch_drain(struct watch *watch)
{
	watch_ways_drain(watch);
	read_events(watch);
	if (needs_polling(watch))
		poll_now(watch);
	while (watch_dirs_list_next(watch))
		;
	schedule(watch);
}

void watch_rescan(struct watch *watch)
{
	watch->stats.rescans++;
	look_along_ways(watch, true);
	watch_dirs_queue_all(watch);
	watch->callbacks.recheck(watch->ctx, false);
	schedule(watch);
}

bool watch_is_listing(const struct watch *watch)
{
	return watch->pending != NULL;
}

void watch_note_activity(struct watch *watch)
{
	bool was_quiet = clock_mono_ms() - watch->last_change_mono_ms >= WATCH_ACTIVE_SPAN_MS;
	watch->last_change_mono_ms = clock_mono_ms();
	if (was_quiet && ev_is_active(&watch->poll_timer)) {
		ev_timer_stop(watch->loop, &watch->poll_timer);
		schedule(watch);
	}
}

static const char *root_state_name(const struct watch *watch, const struct watch_root *root)
{
	if (root->state == WATCH_ROOT_MISSING)
		return "missing";
	if (root->state == WATCH_ROOT_SAME_AS_OTHER)
		return "same";
	const struct watch_dir *dir = watch_dirs_by_path(watch, root->path);
	return dir && dir->polled_why ? "polling" : "watching";
}

void watch_write_status(const struct watch *watch, struct jsonw *w)
{
	jsonw_key_array(w, "roots");
	for (size_t i = 0; i < watch->root_count; i++) {
		jsonw_begin_object(w);
		jsonw_put_string(w, "path", watch->roots[i].path);
		jsonw_put_string(w, "state", root_state_name(watch, &watch->roots[i]));
		jsonw_end_object(w);
	}
	jsonw_end_array(w);
	jsonw_put_string(w, "blind", watch_why_blind(watch));
	jsonw_put_int(w, "directories", (int64_t)watch->stats.directories);
	jsonw_key_array(w, "polled");
	size_t cursor = 0;
	unsigned shown = 0;
	const struct strmap_slot *slot;
	while (shown < POLLED_SHOWN && (slot = strmap_each(&watch->dirs_by_path, &cursor))) {
		const struct watch_dir *dir = slot->value;
		if (!dir->polled_why)
			continue;
		shown++;
		jsonw_begin_object(w);
		jsonw_put_string(w, "path", dir->path);
		watch_write_why(dir, w);
		jsonw_end_object(w);
	}
	jsonw_end_array(w);
	jsonw_put_int(w, "polledDirectories", (int64_t)watch->stats.polled);
	jsonw_put_int(w, "events", (int64_t)watch->stats.events);
	jsonw_put_int(w, "overflows", (int64_t)watch->stats.overflows);
	jsonw_put_int(w, "rescans", (int64_t)watch->stats.rescans);
}

void watch_free(struct watch *watch)
{
	if (!watch)
		return;
	ev_io_stop(watch->loop, &watch->readable);
	ev_timer_stop(watch->loop, &watch->poll_timer);
	ev_idle_stop(watch->loop, &watch->listing);
	watch_dirs_release(watch);
	watch_roots_release(watch);
	watch_ways_release(watch);
	close_quietly(watch->inotify_fd);
	free(watch);
}
