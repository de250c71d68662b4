#include "swatchd/publish/publish.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "cache/read.h"
#include "cache/write.h"
#include "swatchd/publish/compose.h"

/* ---- writing ---- */

static void note_failure(struct publish *publish, const char *name, int why)
{
	publish->stats.failed++;
	publish->failed_mono_ms = publish->last_failed_mono_ms = clock_mono_ms();
	snprintf(publish->stats.last_error, sizeof(publish->stats.last_error), "%s: %s", name, strerror(why));
	if (publish->last_errno != why)
		log_error("cannot write %s/%s: %s; the old file stays, and it is tried again", publish->dir_path, name,
			  strerror(why));
	publish->last_errno = why;
}

static void note_success(struct publish *publish, const char *name)
{
	publish->stats.written++;
	events_emit_string(publish->events, "published", "file", name);
}

/* On a disk that is nearly full small files can be written between others that cannot: that is no end of it. */
static void note_recovery(struct publish *publish)
{
	bool waits = publish->dirty || publish->billing_dirty || publish->list_dirty;
	if (publish->last_errno == 0 || publish->failed_mono_ms != 0
	    || (waits && clock_mono_ms() < publish->last_failed_mono_ms + PUBLISH_RETRY_MS))
		return;
	log_info("cache files can be written again in %s", publish->dir_path);
	publish->last_errno = 0;
	publish->stats.last_error[0] = '\0';
}

/* Writes a composed file unless its hash is as before. Returns false when that failed. */
static bool write_if_changed(struct publish *publish, const char *name, const struct buf *content, uint64_t hash,
			     uint64_t *last_hash, bool forced)
{
	if (content->failed) {
		note_failure(publish, name, ENOMEM);
		return false;
	}
	if (!forced && hash == *last_hash) {
		publish->stats.unchanged++;
		return true;
	}
	if (cache_write_file(publish->dir_fd, name, content->data, content->len) != 0) {
		note_failure(publish, name, errno);
		return false;
	}
	*last_hash = hash;
	note_success(publish, name);
	return true;
}

/*
 * What an earlier run knew of this session. Returns false when its file is there and cannot be read for now: the new one
 * would forget that.
 */
static bool take_first_seen(struct publish *publish, struct session *session, const char *name)
{
	if (session->first_seen_checked)
		return true;
	struct json_object *before = cache_read_json(publish->dir_fd, name);
	if (!before && !cache_read_is_none(errno))
		return false;
	session->first_seen_checked = true;
	int64_t first_seen_ms = json_get_int(before, "firstSeen", 0);
	if (first_seen_ms > 0 && first_seen_ms < session->first_seen_ms)
		session->first_seen_ms = first_seen_ms;
	json_object_put(before);
	return true;
}

static void write_session(struct publish *publish, struct session *session, const struct billing_view *view)
{
	char name[CACHE_NAME_SIZE];
	struct buf content = BUF_INIT;
	if (!cache_session_file_name(session->id, name))
		return;
	if (!take_first_seen(publish, session, name)) {
		note_failure(publish, name, errno);
		return;
	}
	uint64_t hash = compose_session(session, publish->billing, view, &content);
	int64_t cold_ms = session_cache_cold_ms(session_main(session));
	if (cold_ms > view->at_ms && (publish->next_cold_ms == 0 || cold_ms < publish->next_cold_ms))
		publish->next_cold_ms = cold_ms;
	bool forced = session->forced || !session->has_file;
	if (write_if_changed(publish, name, &content, hash, &session->published_hash, forced)) {
		session->has_file = true;
		session->dirty = session->forced = false;
		session->published_mono_ms = clock_mono_ms();
	}
	buf_release(&content);
}

static void write_billing(struct publish *publish, const struct billing_view *view)
{
	struct buf content = BUF_INIT;
	uint64_t before = publish->billing_hash;
	uint64_t hash = compose_billing(publish->billing, view, &content);
	if (write_if_changed(publish, CACHE_BILLING_FILE, &content, hash, &publish->billing_hash, before == 0)) {
		publish->billing_dirty = false;
		publish->billing_mono_ms = clock_mono_ms();
		if (hash != before && !ev_is_active(&publish->copies)) {
			ev_timer_set(&publish->copies, (double)PUBLISH_COPIES_MS / 1000., 0.);
			ev_timer_start(publish->loop, &publish->copies);
		}
	}
	buf_release(&content);
}

/* When the next session stops to count among those of the last hour; 0: none does. */
static int64_t find_next_quiet(struct publish *publish, int64_t now_ms)
{
	int64_t next_ms = 0;
	size_t cursor = 0;
	const struct session *session;
	while ((session = sessions_each(publish->sessions, &cursor))) {
		int64_t quiet_ms = session->last_activity_ms + COMPOSE_ACTIVE_SPAN_MS;
		if (!session->excluded && quiet_ms > now_ms && (next_ms == 0 || quiet_ms < next_ms))
			next_ms = quiet_ms;
	}
	return next_ms;
}

static void write_list(struct publish *publish, const struct billing_view *view)
{
	struct buf content = BUF_INIT;
	uint64_t hash = compose_sessions(publish->sessions, view, &content);
	if (write_if_changed(publish, CACHE_SESSIONS_FILE, &content, hash, &publish->list_hash, publish->list_hash == 0)) {
		publish->list_dirty = false;
		publish->list_mono_ms = clock_mono_ms();
		publish->next_quiet_ms = find_next_quiet(publish, view->at_ms);
	}
	buf_release(&content);
}

/* ---- time ---- */

static void wake_in(struct publish *publish, int64_t wait_ms)
{
	ev_timer_stop(publish->loop, &publish->again);
	ev_now_update(publish->loop);
	ev_timer_set(&publish->again, (double)(wait_ms > 1 ? wait_ms : 1) / 1000., 0.);
	ev_timer_start(publish->loop, &publish->again);
}

/* The next moment at which a file changes by time alone. */
static void wake_at_moment(struct publish *publish, const struct billing_view *view)
{
	int64_t next_ms = view->next_change_ms;
	if (publish->next_cold_ms > 0 && publish->next_cold_ms < next_ms)
		next_ms = publish->next_cold_ms;
	/* One of the shared figures': then their copies are old in every session's file. */
	publish->moment_is_shared = next_ms == view->next_change_ms;
	if (publish->next_quiet_ms > 0 && publish->next_quiet_ms < next_ms)
		next_ms = publish->next_quiet_ms;
	moment_set(&publish->moment, next_ms);
}

static void mark_sessions(struct publish *publish, bool active_only, bool forced)
{
	size_t cursor = 0;
	struct session *session;
	while ((session = sessions_each(publish->sessions, &cursor))) {
		if (session->excluded || (active_only && session->state != SESSION_ACTIVE))
			continue;
		session->forced = session->forced || forced;
		publish_mark_session(publish, session);
	}
}

/* `shared`: what hangs on the time is (also) one of the shared figures. */
static void mark_time(struct publish *publish, bool shared)
{
	publish->billing_dirty = publish->list_dirty = true;
	/* All are composed again, which finds the next one. */
	publish->next_cold_ms = 0;
	mark_sessions(publish, false, shared);
}

static void on_moment(void *ctx)
{
	struct publish *publish = ctx;
	mark_time(publish, publish->moment_is_shared);
	publish_flush(publish, true);
}

static void on_copies(struct ev_loop *loop, ev_timer *watcher, int revents)
{
	(void)loop;
	(void)revents;
	struct publish *publish = watcher->data;
	mark_sessions(publish, true, true);
	publish_flush(publish, true);
}

static void on_again(struct ev_loop *loop, ev_timer *watcher, int revents)
{
	(void)loop;
	(void)revents;
	publish_flush(watcher->data, false);
}

/* ---- for the daemon ---- */

void publish_init(struct publish *publish, struct ev_loop *loop, int dir_fd, const char *dir_path,
		  const struct config *config, struct sessions *sessions, struct billing *billing,
		  struct events *events)
{
	memset(publish, 0, sizeof(*publish));
	publish->loop = loop;
	publish->dir_fd = dir_fd;
	publish->dir_path = dir_path;
	publish->config = config;
	publish->sessions = sessions;
	publish->billing = billing;
	publish->events = events;
	publish->held = true;
	ev_init(&publish->again, on_again);
	ev_init(&publish->copies, on_copies);
	moment_init(&publish->moment, loop, on_moment, publish);
	publish->again.data = publish->copies.data = publish;
}

void publish_set_observer(struct publish *publish, publish_observer *observer, void *ctx)
{
	publish->observer = observer;
	publish->observer_ctx = ctx;
}

void publish_set_keeper(struct publish *publish, publish_keeper *keeper, void *ctx)
{
	publish->keeper = keeper;
	publish->keeper_ctx = ctx;
}

void publish_release_hold(struct publish *publish)
{
	publish->held = false;
}

void publish_mark_session(struct publish *publish, struct session *session)
{
	if (session->excluded || session->dirty)
		return;
	session->dirty = true;
	session->next_dirty = publish->dirty;
	publish->dirty = session;
}

static void unmark_session(struct publish *publish, struct session *session)
{
	for (struct session **at = &publish->dirty; *at; at = &(*at)->next_dirty) {
		if (*at == session) {
			*at = session->next_dirty;
			break;
		}
	}
	session->dirty = session->forced = false;
}

void publish_mark_billing(struct publish *publish)
{
	publish->billing_dirty = true;
}

void publish_mark_list(struct publish *publish)
{
	publish->list_dirty = true;
}

void publish_mark_all(struct publish *publish)
{
	publish->billing_hash = publish->list_hash = 0;
	publish->billing_dirty = publish->list_dirty = true;
	mark_sessions(publish, false, true);
}

void publish_mark_time(struct publish *publish)
{
	mark_time(publish, true);
}

/* Shorter of two waits; -1 means none. */
static int64_t shorter(int64_t a, int64_t b)
{
	return a < 0 || (b >= 0 && b < a) ? b : a;
}

/* How long something that was written at `last_ms` has to wait for its next turn; 0: it may go. */
static int64_t wait_of(int64_t last_ms, int64_t pause_ms, int64_t now_ms)
{
	/* Timers fire up to a millisecond or so early or late: what is nearly due is due. */
	int64_t wait_ms = last_ms == 0 ? 0 : last_ms + pause_ms - 2 - now_ms;
	return wait_ms > 0 ? wait_ms : 0;
}

static int64_t flush_sessions(struct publish *publish, const struct billing_view *view, bool now)
{
	int64_t now_ms = clock_mono_ms(), next_ms = -1;
	struct session **at = &publish->dirty;
	while (*at) {
		struct session *session = *at;
		int64_t wait_ms = wait_of(session->published_mono_ms, publish->config->watch_tail_delay_ms, now_ms);
		if (session->excluded)
			session->dirty = false;
		else if (now || wait_ms == 0)
			write_session(publish, session, view);
		else
			next_ms = shorter(next_ms, wait_ms);
		if (session->dirty)
			at = &session->next_dirty;
		else
			*at = session->next_dirty;
	}
	return next_ms;
}

/* Tells followers when the shared figures go stale or fresh, and has the sessions' copies say so too. */
static void note_freshness(struct publish *publish, const struct billing_view *view)
{
	if (view->is_fresh == publish->was_fresh)
		return;
	publish->was_fresh = view->is_fresh;
	publish->billing_dirty = true;
	mark_sessions(publish, false, true);
	struct jsonw *w = events_begin(publish->events, view->is_fresh ? "fresh" : "stale");
	if (w)
		events_end(publish->events);
}

void publish_flush(struct publish *publish, bool now)
{
	if (publish->sweep_mono_ms > 0 && !publish->held && (now || clock_mono_ms() >= publish->sweep_mono_ms))
		(void)publish_sweep(publish);
	bool dirty = publish->billing_dirty || publish->list_dirty || publish->dirty || publish->sweep_mono_ms > 0;
	/* Without a change the next moment is as it was. */
	if (publish->held || (!dirty && publish->moment.at_ms != 0))
		return;
	if (publish->keeper && !publish->keeper(publish->keeper_ctx)) {
		publish->stats.failed++;
		wake_in(publish, PUBLISH_RETRY_MS);
		return;
	}
	struct billing_view view;
	billing_make_view(publish->billing, clock_wall_ms(), &view);
	note_freshness(publish, &view);
	publish->failed_mono_ms = 0;
	int64_t now_ms = clock_mono_ms();
	int64_t next_ms = flush_sessions(publish, &view, now);
	if (publish->billing_dirty) {
		int64_t wait_ms = wait_of(publish->billing_mono_ms, publish->config->watch_tail_delay_ms, now_ms);
		if (now || wait_ms == 0)
			write_billing(publish, &view);
		else
			next_ms = shorter(next_ms, wait_ms);
	}
	if (publish->list_dirty) {
		int64_t wait_ms = wait_of(publish->list_mono_ms, PUBLISH_LIST_MS, now_ms);
		if (now || wait_ms == 0)
			write_list(publish, &view);
		else
			next_ms = shorter(next_ms, wait_ms);
	}
	note_recovery(publish);
	if (publish->failed_mono_ms != 0 || publish->sweep_mono_ms != 0)
		next_ms = shorter(next_ms, PUBLISH_RETRY_MS);
	if (next_ms >= 0)
		wake_in(publish, next_ms);
	wake_at_moment(publish, &view);
	if (publish->observer)
		publish->observer(publish->observer_ctx, &view);
}

/* A file that is to go cannot be removed: the sweep finds it later. */
static void note_kept(struct publish *publish, const char *name, int why)
{
	if (publish->sweep_mono_ms == 0)
		log_warning("cannot remove %s/%s: %s; it is tried again", publish->dir_path, name, strerror(why));
	publish->sweep_mono_ms = clock_mono_ms() + PUBLISH_RETRY_MS;
}

void publish_remove_session(struct publish *publish, struct session *session)
{
	char name[CACHE_NAME_SIZE];
	unmark_session(publish, session);
	publish->list_dirty = true;
	if (!session->has_file || !cache_session_file_name(session->id, name))
		return;
	session->has_file = false;
	session->published_hash = 0;
	if (cache_remove_own_file(publish->dir_fd, name) < 0)
		note_kept(publish, name, errno);
}

unsigned publish_sweep(struct publish *publish)
{
	int fd = openat(publish->dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = fd >= 0 ? fdopendir(fd) : NULL;
	unsigned removed = 0;
	if (!stream) {
		note_kept(publish, "what is old", errno);
		if (fd >= 0)
			close(fd);
		return 0;
	}
	publish->sweep_mono_ms = 0;
	const struct dirent *entry;
	while ((errno = 0, entry = readdir(stream))) {
		char id[CACHE_SESSION_ID_MAX + 1];
		if (!cache_session_id_of_file(entry->d_name, id))
			continue;
		const struct session *session = sessions_find(publish->sessions, id);
		if (session && !session->excluded)
			continue;
		int result = cache_remove_own_file(publish->dir_fd, entry->d_name);
		if (result < 0)
			note_kept(publish, entry->d_name, errno);
		removed += result > 0;
	}
	if (errno != 0)
		note_kept(publish, "what is old", errno);
	closedir(stream);
	return removed;
}

void publish_write_status(const struct publish *publish, struct jsonw *w)
{
	jsonw_put_int(w, "written", (int64_t)publish->stats.written);
	jsonw_put_int(w, "unchanged", (int64_t)publish->stats.unchanged);
	jsonw_put_int(w, "failed", (int64_t)publish->stats.failed);
	jsonw_put_string(w, "lastError", publish->stats.last_error[0] ? publish->stats.last_error : NULL);
}

void publish_release(struct publish *publish)
{
	ev_timer_stop(publish->loop, &publish->again);
	ev_timer_stop(publish->loop, &publish->copies);
	moment_set(&publish->moment, 0);
}
