#include "swatchd/publish/publish.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/unused.h"
#include "cache/read.h"
#include "cache/write.h"
#include "swatchd/loop/loop.h"
#include "swatchd/publish/compose.h"

/* ---- writing ---- */

static void note_failure(struct publish *publish, const char *name, int why)
{
	publish->stats.failed++;
	publish->failed_mono_ms = publish->last_failed_mono_ms = clock_mono_ms();
	snprintf(publish->stats.last_error, sizeof(publish->stats.last_error), "%s: %s", name, strerror(why));
	if (publish->last_errno != why)
		log_error("cannot write %s/%s: %s; the old file stays, trying again soon", publish->dir_path,
			  name, strerror(why));
	publish->last_errno = why;
	if (strcmp(name, CACHE_BILLING_FILE) != 0)
		return;
	/* Readers learn from the file itself that it is old; writing it anew takes that back. */
	cache_mark_unwritten(publish->dir_fd, name);
	publish->billing_file.forced = true;
}

/* On a nearly full disk small files succeed between large ones that fail: waits for the large ones. */
static void note_recovery(struct publish *publish)
{
	bool waits = publish->dirty || publish->billing_file.dirty || publish->list_file.dirty;
	if (publish->last_errno == 0
	    || (waits && clock_mono_ms() < publish->last_failed_mono_ms + PUBLISH_RETRY_MS))
		return;
	log_info("cache files can be written again in %s", publish->dir_path);
	publish->last_errno = 0;
	publish->stats.last_error[0] = '\0';
}

/*
 * Writes a composed file when a reader would see a difference. Returns whether it did. When that fails, the
 * file stays dirty.
 */
static bool write_if_changed(struct publish *publish, const char *name, const struct buf *content,
			     uint64_t hash, struct session_file *file)
{
	if (content->failed) {
		note_failure(publish, name, ENOMEM);
		return false;
	}
	bool differs = !file->exists || file->forced || hash != file->hash;
	if (!differs) {
		publish->stats.unchanged++;
	} else if (cache_write_file(publish->dir_fd, name, content->data, content->len) != 0) {
		note_failure(publish, name, errno);
		return false;
	} else {
		publish->stats.written++;
		events_emit_string(publish->events, "published", "file", name);
	}
	*file = (struct session_file){ .exists = true, .hash = hash, .written_mono_ms = clock_mono_ms(),
				       .says_fresh = file->says_fresh,
				       .near_compaction = file->near_compaction };
	return differs;
}

/*
 * Takes over what an earlier run knew of this session, unless the start did. Returns false when its file is
 * there and cannot be read for now: writing a new one would lose that.
 */
static bool take_over(struct publish *publish, struct session *session, const char *name, int64_t now_ms)
{
	if (session->restored)
		return true;
	AUTO_JSON *before = cache_read_json(publish->dir_fd, name);
	if (!before && !cache_read_is_none(errno))
		return false;
	session_restore(session, before, now_ms);
	return true;
}

static void write_session(struct publish *publish, struct session *session, const struct billing_view *view)
{
	char name[CACHE_NAME_SIZE];
	AUTO_BUF content = BUF_INIT;
	if (!cache_session_file_name(session->id, name))
		return;
	if (!take_over(publish, session, name, view->at_ms)) {
		note_failure(publish, name, errno);
		return;
	}
	/* What an earlier file says is more than what is in memory alone. */
	if (!ledger_knows_session(publish->billing->ledger, session->id)) {
		note_failure(publish, name, errno);
		return;
	}
	uint64_t hash = compose_session(session, publish->billing, view, &content);
	session->file.near_compaction = compose_is_near_compaction(session, publish->billing->ledger);
	int64_t cold_ms = session_cache_cold_ms(session_main(session));
	if (cold_ms > view->at_ms)
		publish->next_cold_ms = clock_earlier(publish->next_cold_ms, cold_ms);
	bool is_fresh = view->is_fresh && !session->file.outdated;
	if (write_if_changed(publish, name, &content, hash, &session->file))
		session->file.says_fresh = is_fresh;
}

static void write_billing(struct publish *publish, const struct billing_view *view)
{
	AUTO_BUF content = BUF_INIT;
	uint64_t before = publish->billing_file.hash;
	uint64_t hash = compose_billing(publish->billing, view, &content);
	(void)write_if_changed(publish, CACHE_BILLING_FILE, &content, hash, &publish->billing_file);
	if (publish->billing_file.hash != before && !ev_is_active(&publish->copies))
		loop_set_timer(publish->loop, &publish->copies, PUBLISH_COPIES_MS);
}

/* When the next session leaves the last hour's count; 0: no session is in it. */
static int64_t find_next_quiet(struct publish *publish, int64_t now_ms)
{
	int64_t next_ms = 0;
	for (const struct session *session = publish->sessions->shown; session;
	     session = session->next_shown) {
		int64_t quiet_ms = session->last_activity_ms + COMPOSE_ACTIVE_SPAN_MS;
		if (quiet_ms > now_ms)
			next_ms = clock_earlier(next_ms, quiet_ms);
	}
	return next_ms;
}

static void write_list(struct publish *publish, const struct billing_view *view)
{
	AUTO_BUF content = BUF_INIT;
	uint64_t hash = compose_sessions(publish->sessions, publish->billing, view, &content);
	(void)write_if_changed(publish, CACHE_SESSIONS_FILE, &content, hash, &publish->list_file);
	if (!publish->list_file.dirty)
		publish->next_quiet_ms = find_next_quiet(publish, view->at_ms);
}

/* ---- what a change touches ---- */

enum whose_files { NONE, ITS_OWN, ACTIVE, ALL };

/* The table in publish.h. Rewriting a session's file renews its copy of the shared figures. */
static const struct touched {
	enum whose_files sessions;
	bool rewrite_sessions, list, billing, rewrite_shared, at_once;
} changes[] = {
	[PUBLISH_TRANSCRIPT] = { .sessions = ITS_OWN, .list = true },
	[PUBLISH_LINES] = { .sessions = ITS_OWN, .list = true, .billing = true },
	[PUBLISH_FIGURES] = { .sessions = ITS_OWN },
	[PUBLISH_STATE] = { .sessions = ITS_OWN, .list = true },
	[PUBLISH_ACCOUNT] = { .billing = true },
	[PUBLISH_TIME] = { .sessions = ALL, .rewrite_sessions = true, .list = true, .billing = true,
			   .at_once = true },
	[PUBLISH_EVERYTHING] = { .sessions = ALL, .rewrite_sessions = true, .list = true, .billing = true,
				 .rewrite_shared = true, .at_once = true },
	[PUBLISH_SESSION_MOMENT] = { .sessions = ALL, .list = true, .billing = true, .at_once = true },
	[PUBLISH_COPIES] = { .sessions = ACTIVE, .rewrite_sessions = true, .at_once = true },
	[PUBLISH_BLOCK] = { .sessions = ALL },
	[PUBLISH_FRESHNESS] = { .sessions = ALL, .rewrite_sessions = true, .billing = true },
};

static void mark_session(struct publish *publish, struct session *session, bool rewrite)
{
	if (session->excluded)
		return;
	session->file.forced = session->file.forced || rewrite;
	if (session->file.dirty)
		return;
	session->file.dirty = true;
	session->next_dirty = publish->dirty;
	publish->dirty = session;
}

static void mark(struct publish *publish, struct session *its_own, const struct touched *touched)
{
	struct session *session = touched->sessions > ITS_OWN ? publish->sessions->shown : NULL;
	if (touched->sessions == ITS_OWN && its_own)
		mark_session(publish, its_own, touched->rewrite_sessions);
	for (; session; session = session->next_shown) {
		bool follows = touched->sessions == ALL || session->state == SESSION_ACTIVE;
		/* The copy of an idle session is written once more, to say that it is old. */
		session->file.outdated = !follows && (session->file.says_fresh || session->file.outdated);
		if (follows || session->file.outdated)
			mark_session(publish, session, touched->rewrite_sessions);
	}
	publish->list_file.dirty = publish->list_file.dirty || touched->list;
	publish->billing_file.dirty = publish->billing_file.dirty || touched->billing;
	publish->list_file.forced = publish->list_file.forced || touched->rewrite_shared;
	publish->billing_file.forced = publish->billing_file.forced || touched->rewrite_shared;
}

void publish_note_change(struct publish *publish, struct session *session, enum publish_change change)
{
	mark(publish, session, &changes[change]);
	publish->noted = true;
	publish->at_once = publish->at_once || changes[change].at_once;
	/* Composing all sessions finds the next cache to go cold. */
	if (changes[change].sessions == ALL)
		publish->next_cold_ms = 0;
}

/* ---- when files are written ---- */

static void wake_in(struct publish *publish, int64_t wait_ms)
{
	loop_set_timer(publish->loop, &publish->again, wait_ms > 1 ? wait_ms : 1);
}

/* Waits for the next moment at which a file changes by time alone. */
static void wake_at_moment(struct publish *publish, const struct billing_view *view)
{
	int64_t next_ms = clock_earlier(view->next_change_ms,
					clock_earlier(publish->next_cold_ms, publish->next_quiet_ms));
	publish->moment_is_shared = next_ms == view->next_change_ms;
	moment_set(&publish->moment, next_ms);
}

/* The shorter of two waits; -1 is no wait. */
static int64_t shorter(int64_t a, int64_t b)
{
	return a < 0 || (b >= 0 && b < a) ? b : a;
}

/* How long a file has to wait until it may be written again; 0: it may now. */
static int64_t wait_of(const struct session_file *file, int64_t pause_ms)
{
	/* Timers may fire a millisecond early: what is nearly due is due. */
	int64_t wait_ms = file->written_mono_ms + pause_ms - 2 - clock_mono_ms();
	return file->at_once || file->written_mono_ms == 0 || wait_ms < 0 ? 0 : wait_ms;
}

/* What is dirty by now does not wait, whichever turn gets to it. */
static void hurry(struct publish *publish)
{
	for (struct session *session = publish->dirty; session; session = session->next_dirty)
		session->file.at_once = true;
	publish->billing_file.at_once = publish->billing_file.dirty;
	publish->list_file.at_once = publish->list_file.dirty;
}

/* Whether the rest has to wait for the next turn. */
static bool is_turn_over(struct publish *publish)
{
	if (publish->turn_ends_mono_ms > 0 && clock_mono_ms() >= publish->turn_ends_mono_ms)
		publish->pass_goes_on = true;
	return publish->pass_goes_on;
}

/* Composes a session's file once in a pass: what failed in it waits for the next one. */
static void flush_session(struct publish *publish, struct session *session, const struct billing_view *view,
			  int64_t *next_ms)
{
	struct session_file *file = &session->file;
	int64_t wait_ms = wait_of(file, publish->config->watch_tail_delay_ms);
	if (session->excluded) {
		file->dirty = false;
	} else if (wait_ms > 0) {
		*next_ms = shorter(*next_ms, wait_ms);
	} else if (file->tried_pass != publish->pass && !is_turn_over(publish)) {
		file->tried_pass = publish->pass;
		write_session(publish, session, view);
	}
}

static int64_t flush_sessions(struct publish *publish, const struct billing_view *view)
{
	int64_t next_ms = -1;
	struct session **at = &publish->dirty;
	while (*at && !publish->pass_goes_on) {
		struct session *session = *at;
		flush_session(publish, session, view, &next_ms);
		if (session->file.dirty)
			at = &session->next_dirty;
		else
			*at = session->next_dirty;
	}
	return next_ms;
}

/* Returns how long the file still has to wait; -1: it does not wait. */
static int64_t flush_shared(struct publish *publish, const struct session_file *file, int64_t pause_ms,
			    void (*write_file)(struct publish *, const struct billing_view *),
			    const struct billing_view *view)
{
	int64_t wait_ms = wait_of(file, pause_ms);
	if (!file->dirty)
		return -1;
	if (wait_ms > 0)
		return wait_ms;
	if (!is_turn_over(publish))
		write_file(publish, view);
	return -1;
}

/* Tells followers when the shared figures go stale or fresh, and lets the sessions' copies say so too. */
static void note_freshness(struct publish *publish, const struct billing_view *view)
{
	if (view->is_fresh == publish->was_fresh)
		return;
	publish->was_fresh = view->is_fresh;
	mark(publish, NULL, &changes[PUBLISH_FRESHNESS]);
	if (events_begin(publish->events, view->is_fresh ? "fresh" : "stale"))
		events_end(publish->events);
}

/* Each session's burn rate is over its time in the block: other transcripts' lines can move its start. */
static void note_block(struct publish *publish, const struct billing_view *view)
{
	int64_t start_ms = view->native.present ? view->native.start_ms : 0;
	if (start_ms == publish->block_start_ms)
		return;
	publish->block_start_ms = start_ms;
	mark(publish, NULL, &changes[PUBLISH_BLOCK]);
}

/* Whether there is a directory to write in; what status says follows it. */
static bool has_directory(struct publish *publish)
{
	bool was_missing = publish->is_missing;
	publish->is_missing = publish->keeper && !publish->keeper(publish->keeper_ctx);
	if (publish->is_missing) {
		publish->stats.failed++;
		snprintf(publish->stats.last_error, sizeof(publish->stats.last_error),
			 "the cache directory is gone, and cannot be made again");
	} else if (was_missing && publish->last_errno == 0) {
		publish->stats.last_error[0] = '\0';
	}
	return !publish->is_missing;
}

/* Writes what is due, as far as this turn has time. Returns how long the rest waits; -1 without a rest. */
static int64_t flush_due(struct publish *publish, const struct billing_view *view, bool whole)
{
	int64_t pause_ms = publish->config->watch_tail_delay_ms;
	if (!publish->pass_goes_on) {
		publish->pass++;
		publish->failed_mono_ms = 0;
	}
	publish->pass_goes_on = false;
	publish->turn_ends_mono_ms = whole ? 0 : clock_mono_ms() + PUBLISH_TURN_MS;
	int64_t next_ms = flush_sessions(publish, view);
	next_ms = shorter(next_ms,
			  flush_shared(publish, &publish->billing_file, pause_ms, write_billing, view));
	next_ms = shorter(next_ms,
			  flush_shared(publish, &publish->list_file, PUBLISH_LIST_MS, write_list, view));
	if (publish->pass_goes_on)
		return 0;
	note_recovery(publish);
	bool failed = publish->failed_mono_ms != 0 || publish->sweep_mono_ms != 0;
	return failed ? shorter(next_ms, PUBLISH_RETRY_MS) : next_ms;
}

/*
 * Writes what is due (`now`: all that is dirty; `whole`: in this turn), and sets the timers for the rest.
 */
static void flush(struct publish *publish, bool now, bool whole)
{
	publish->noted = publish->at_once = false;
	if (publish->held)
		return;
	if (publish->sweep_mono_ms > 0 && (now || clock_mono_ms() >= publish->sweep_mono_ms))
		(void)publish_sweep(publish);
	bool dirty = publish->billing_file.dirty || publish->list_file.dirty || publish->dirty
		     || publish->sweep_mono_ms > 0;
	/* Nothing changed, so the next moment stays as it is. */
	if (!dirty && publish->moment.at_ms != 0)
		return;
	if (!has_directory(publish)) {
		wake_in(publish, PUBLISH_RETRY_MS);
		return;
	}
	struct billing_view view;
	billing_make_view(publish->billing, clock_wall_ms(), &view);
	note_freshness(publish, &view);
	note_block(publish, &view);
	if (now)
		hurry(publish);
	int64_t next_ms = flush_due(publish, &view, whole);
	if (next_ms >= 0)
		wake_in(publish, next_ms);
	wake_at_moment(publish, &view);
	/* The keeper may have noted a new directory: everything in it is written by now. */
	publish->noted = publish->at_once = false;
	if (publish->observer && !publish->pass_goes_on)
		publish->observer(publish->observer_ctx, &view);
}

void publish_flush(struct publish *publish)
{
	flush(publish, true, true);
}

static void on_turn_end(struct ev_loop *loop UNUSED, ev_prepare *watcher, int revents UNUSED)
{
	struct publish *publish = watcher->data;
	if (publish->noted)
		flush(publish, publish->at_once, false);
}

static void on_again(struct ev_loop *loop UNUSED, ev_timer *watcher, int revents UNUSED)
{
	flush(watcher->data, false, false);
}

static void on_copies(struct ev_loop *loop UNUSED, ev_timer *watcher, int revents UNUSED)
{
	publish_note_change(watcher->data, NULL, PUBLISH_COPIES);
}

static void on_moment(void *ctx)
{
	struct publish *publish = ctx;
	publish_note_change(publish, NULL, publish->moment_is_shared ? PUBLISH_TIME : PUBLISH_SESSION_MOMENT);
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
	ev_prepare_init(&publish->turn_end, on_turn_end);
	ev_init(&publish->again, on_again);
	ev_init(&publish->copies, on_copies);
	moment_init(&publish->moment, loop, on_moment, publish);
	publish->turn_end.data = publish->again.data = publish->copies.data = publish;
	ev_prepare_start(loop, &publish->turn_end);
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

void publish_set_directory(struct publish *publish, int dir_fd)
{
	publish->dir_fd = dir_fd;
	publish_note_change(publish, NULL, PUBLISH_EVERYTHING);
}

unsigned publish_begin(struct publish *publish)
{
	publish->held = false;
	publish_note_change(publish, NULL, PUBLISH_EVERYTHING);
	return publish_sweep(publish);
}

void publish_hold(struct publish *publish)
{
	publish->held = true;
}

bool publish_has_failed(const struct publish *publish)
{
	return publish->stats.failed > 0;
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
	ev_prepare_stop(publish->loop, &publish->turn_end);
	ev_timer_stop(publish->loop, &publish->again);
	ev_timer_stop(publish->loop, &publish->copies);
	moment_set(&publish->moment, 0);
}
