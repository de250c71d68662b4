#include "swatchd/tail/internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/paths.h"
#include "base/unused.h"
#include "swatchd/loop/loop.h"
#include "swatchd/tail/history.h"
#include "swatchd/tail/queue.h"
#include "swatchd/tail/read.h"

static void schedule(struct tail *tail)
{
	if (tail->queue_head && !ev_is_active(&tail->timer))
		loop_set_timer(tail->loop, &tail->timer, tail->queue_head->due_mono_ms - clock_mono_ms());
	bool backlog = tail->backlog_len > 0 && !tail->backlog_held;
	if (backlog && !ev_is_active(&tail->backlog_turn))
		ev_idle_start(tail->loop, &tail->backlog_turn);
	else if (!backlog && ev_is_active(&tail->backlog_turn))
		ev_idle_stop(tail->loop, &tail->backlog_turn);
}

static bool is_below(const struct transcript *t, const char *directory, size_t len)
{
	return strncmp(t->path, directory, len) == 0 && t->path[len] == '/';
}

static void hand_on(const struct tail *tail, const struct tail_batch *batch)
{
	tail->callbacks.batch(tail->ctx, batch);
}

static void end_turn(const struct tail *tail)
{
	bool waits = tail->queue_head || tail->backlog_len > 0 || tail->history;
	hand_on(tail, &(struct tail_batch){ .turn_ended = true, .caught_up = !waits });
}

/* ---- transcripts come and go ---- */

static void forget(struct tail *tail, struct transcript *t, bool tell)
{
	if (t->queued)
		tail_queue_remove(tail, t);
	if (t->in_backlog)
		tail_backlog_remove(tail, t);
	if (t->in_history)
		tail_history_forget(tail, t);
	if (tell)
		hand_on(tail, &(struct tail_batch){ .transcript = t, .gone = true });
	strmap_remove(&tail->by_path, t->path);
	free(t);
}

static struct transcript *add(struct tail *tail, const char *path, size_t root_len, const struct stat *st)
{
	struct transcript *t = calloc(1, sizeof(*t));
	if (!t)
		return NULL;
	if (!strmap_put(&tail->by_path, path, t)) {
		free(t);
		return NULL;
	}
	t->path = strmap_key(&tail->by_path, path);
	t->root_len = root_len;
	tail_read_note_stat(t, st);
	t->dev = st->st_dev;
	t->ino = st->st_ino;
	t->owner = tail->callbacks.opened(tail->ctx, t);
	if (!t->owner) {
		int why = errno;
		forget(tail, t, false);
		errno = why;
		return NULL;
	}
	return t;
}

/* ---- failed reads ---- */

static void retry_later(struct tail *tail)
{
	if (!ev_is_active(&tail->retry))
		loop_set_timer(tail->loop, &tail->retry, tail->retry_ms);
}

static bool queue_failed(struct tail *tail)
{
	size_t cursor = 0;
	bool any = false;
	const struct strmap_slot *slot;
	while ((slot = strmap_each(&tail->by_path, &cursor))) {
		struct transcript *t = slot->value;
		if (!t->failing && !t->missed)
			continue;
		any = true;
		if (!t->in_backlog)
			tail_queue_push(tail, t, 0);
	}
	return any;
}

/* The pauses grow while reads fail, so a transcript that stays unreadable costs next to nothing. */
static void on_retry(struct ev_loop *loop UNUSED, ev_timer *watcher, int revents UNUSED)
{
	struct tail *tail = watcher->data;
	bool any = queue_failed(tail);
	tail->retry_ms = !any ? TAIL_RETRY_FIRST_MS
			 : tail->retry_ms * 2 < TAIL_RETRY_MAX_MS ? tail->retry_ms * 2 : TAIL_RETRY_MAX_MS;
	if (any)
		retry_later(tail);
	schedule(tail);
}

void tail_note_missed(struct tail *tail, struct transcript *t)
{
	t->missed = true;
	retry_later(tail);
}

static void note_failure(struct tail *tail, struct transcript *t, int why)
{
	tail->stats.failed++;
	if (!t->failing)
		log_warning("cannot read transcript %s: %s; trying again when it changes, and now and then",
			    t->path, strerror(why));
	t->failing = true;
	retry_later(tail);
}

/* Reads a transcript's new lines. TAIL_READ_MORE leaves the rest for later; TAIL_READ_GONE frees `t`. */
static enum tail_read_result read_transcript(struct tail *tail, struct transcript *t, size_t budget_bytes)
{
	enum tail_read_result result = tail_read_lines(tail, t, budget_bytes);
	if (result == TAIL_READ_GONE)
		forget(tail, t, true);
	else if (result == TAIL_READ_DONE)
		t->failing = false;
	else if (result == TAIL_READ_FAILED)
		note_failure(tail, t, errno);
	return result;
}

/* Reads all that is there now. Returns false when it has freed `t`. */
static bool read_whole(struct tail *tail, struct transcript *t)
{
	enum tail_read_result result;
	do
		result = read_transcript(tail, t, TAIL_TURN_BYTES);
	while (result == TAIL_READ_MORE);
	return result != TAIL_READ_GONE;
}

/* A thread has read a transcript to its end, or failed: from now on tail follows it like any other. */
static void end_history_of(struct tail *tail, struct transcript *t, const struct history_batch *last)
{
	const struct gather_file *file = &last->file;
	const struct tail_batch batch = {
		.transcript = t, .records = last->records, .record_count = last->count,
		.read_ended = file->result == GATHER_DONE,
		.malformed = file->result == GATHER_DONE && !t->restart ? &file->malformed : NULL,
	};
	bool again = t->noted || t->restart;
	t->in_history = false;
	if (file->result == GATHER_GONE) {
		forget(tail, t, true);
		return;
	}
	if (file->result == GATHER_FAILED)
		note_failure(tail, t, file->why);
	else if (!t->restart)
		tail_read_adopt(t, file);
	t->noted = t->restart = false;
	if (again)
		tail_queue_push(tail, t, 0);
	if (batch.read_ended || batch.record_count > 0)
		hand_on(tail, &batch);
	schedule(tail);
}

static void on_timer(struct ev_loop *loop UNUSED, ev_timer *watcher, int revents UNUSED)
{
	struct tail *tail = watcher->data;
	int64_t now_ms = clock_mono_ms();
	/* A millisecond of grace saves a wake-up for those that are almost due. */
	while (tail->queue_head && tail->queue_head->due_mono_ms <= now_ms + 1
	       && clock_mono_ms() <= now_ms + TAIL_TURN_MS) {
		struct transcript *t = tail_queue_pop(tail);
		if (read_transcript(tail, t, TAIL_TURN_BYTES) == TAIL_READ_MORE)
			tail_queue_push(tail, t, 0);
	}
	end_turn(tail);
	schedule(tail);
}

static void read_backlog(struct tail *tail)
{
	uint64_t until_bytes = tail->stats.bytes + TAIL_TURN_BYTES;
	struct transcript *t;
	while (!tail->backlog_held && tail->stats.bytes < until_bytes && (t = tail_backlog_last(tail))) {
		enum tail_read_result result = read_transcript(tail, t,
							       (size_t)(until_bytes - tail->stats.bytes));
		if (result == TAIL_READ_MORE)
			break;
		/* A transcript that went took itself out. */
		if (result != TAIL_READ_GONE)
			tail_backlog_remove(tail, t);
	}
}

static void on_backlog_turn(struct ev_loop *loop UNUSED, ev_idle *watcher, int revents UNUSED)
{
	struct tail *tail = watcher->data;
	read_backlog(tail);
	end_turn(tail);
	schedule(tail);
}

static void on_history(struct ev_loop *loop UNUSED, ev_async *watcher, int revents UNUSED)
{
	struct tail *tail = watcher->data;
	/* The backlog goes first, and an idle watcher never has its turn while threads send. */
	read_backlog(tail);
	tail_history_take(tail, false, end_history_of);
	end_turn(tail);
}

/* ---- for the daemon ---- */

struct tail *tail_new(struct ev_loop *loop, int64_t delay_ms, const struct tail_callbacks *callbacks,
		      void *ctx)
{
	struct tail *tail = calloc(1, sizeof(*tail));
	if (!tail)
		return NULL;
	tail->chunk = malloc(READ_BUFFER_BYTES);
	if (!tail->chunk) {
		free(tail);
		return NULL;
	}
	tail->chunk_cap = READ_BUFFER_BYTES;
	tail->loop = loop;
	tail->delay_ms = delay_ms;
	tail->callbacks = *callbacks;
	tail->ctx = ctx;
	ev_init(&tail->timer, on_timer);
	ev_idle_init(&tail->backlog_turn, on_backlog_turn);
	ev_init(&tail->retry, on_retry);
	ev_async_init(&tail->history_came, on_history);
	tail->timer.data = tail->backlog_turn.data = tail->retry.data = tail->history_came.data = tail;
	tail->retry_ms = TAIL_RETRY_FIRST_MS;
	return tail;
}

void tail_set_delay(struct tail *tail, int64_t delay_ms)
{
	tail->delay_ms = delay_ms;
}

/* Looks at a path; the stat is zeros when lstat() failed. Returns false when no regular file can be there. */
static bool look_at(const char *path, struct stat *st)
{
	if (lstat(path, st) == 0)
		return S_ISREG(st->st_mode);
	memset(st, 0, sizeof(*st));
	return !paths_is_gone(errno);
}

bool tail_note(struct tail *tail, const char *path, size_t root_len, bool polled, bool first_walk)
{
	struct transcript *t = strmap_get(&tail->by_path, path);
	if (!t) {
		struct stat st;
		if (!look_at(path, &st))
			return true;
		errno = ENOMEM;
		t = add(tail, path, root_len, &st);
		if (!t) {
			if (errno == 0)
				return true;
			log_error("cannot follow transcript %s: %s; trying again", path,
				  errno == ENOMEM ? "out of memory" : strerror(errno));
			return false;
		}
		if (t->known && !t->behind) {
			t->polled = polled;
			return true;
		}
		if (first_walk && tail_backlog_push(tail, t)) {
			t->polled = polled;
			schedule(tail);
			return true;
		}
	} else if (polled || first_walk) {
		/* A listing reports what is there, not what changed. */
		struct stat st;
		t->polled = polled;
		if (lstat(path, &st) == 0 && !tail_read_is_changed(t, &st))
			return true;
	}
	t->polled = polled;
	if (!t->in_backlog)
		tail_queue_push(tail, t, tail->delay_ms);
	schedule(tail);
	return true;
}

void tail_note_gone(struct tail *tail, const char *path)
{
	struct transcript *t = strmap_get(&tail->by_path, path);
	if (!t)
		return;
	struct stat st;
	if (look_at(path, &st)) {
		if (!t->in_backlog)
			tail_queue_push(tail, t, tail->delay_ms);
		schedule(tail);
		return;
	}
	forget(tail, t, true);
	end_turn(tail);
}

void tail_note_tree_gone(struct tail *tail, const char *directory)
{
	size_t len = strlen(directory);
	size_t cursor = 0;
	const struct strmap_slot *slot;
	tail_backlog_remove_tree(tail, directory);
	while ((slot = strmap_each(&tail->by_path, &cursor))) {
		struct transcript *t = slot->value;
		if (is_below(t, directory, len))
			forget(tail, t, true);
	}
	end_turn(tail);
}

void tail_recheck(struct tail *tail, bool polled_only)
{
	size_t cursor = 0;
	const struct strmap_slot *slot;
	while ((slot = strmap_each(&tail->by_path, &cursor))) {
		struct transcript *t = slot->value;
		struct stat st;
		if (polled_only && !t->polled)
			continue;
		if (!look_at(t->path, &st))
			forget(tail, t, true);
		else if (!t->in_backlog && tail_read_is_changed(t, &st))
			tail_queue_push(tail, t, tail->delay_ms);
	}
	end_turn(tail);
	schedule(tail);
}

void tail_reread(struct tail *tail, struct transcript *t)
{
	t->restart = true;
	if (!t->in_backlog)
		tail_queue_push(tail, t, 0);
	schedule(tail);
}

void tail_flush(struct tail *tail)
{
	struct transcript *t;
	if (ev_is_active(&tail->retry))
		(void)queue_failed(tail);
	while ((t = tail_queue_pop(tail)))
		(void)read_whole(tail, t);
	while (!tail->backlog_held && (t = tail_backlog_last(tail)))
		if (read_whole(tail, t))
			tail_backlog_remove(tail, t);
	tail_history_take(tail, true, end_history_of);
	/* Reports that came while a thread read the transcript. */
	while ((t = tail_queue_pop(tail)))
		(void)read_whole(tail, t);
	ev_timer_stop(tail->loop, &tail->timer);
	end_turn(tail);
	schedule(tail);
}

void tail_hold_backlog(struct tail *tail)
{
	tail->backlog_held = true;
	schedule(tail);
}

void tail_release_backlog(struct tail *tail)
{
	tail->backlog_held = false;
	(void)tail_backlog_last(tail);  /* sorts it */
	tail->backlog_len = tail_history_start(tail);
	schedule(tail);
}

int64_t tail_unread_ms(struct tail *tail)
{
	const struct transcript *newest = tail_backlog_last(tail);
	int64_t history_ms = tail_history_unread_ms(tail);
	return newest && newest->modified_ms > history_ms ? newest->modified_ms : history_ms;
}

bool tail_has_backlog(const struct tail *tail)
{
	return tail->backlog_len > 0;
}

uint64_t tail_bytes_read(const struct tail *tail)
{
	return tail->stats.bytes;
}

size_t tail_count(const struct tail *tail)
{
	return tail->by_path.used;
}

size_t tail_pending(const struct tail *tail)
{
	return tail_queue_count(tail) + tail->backlog_len + tail->history_left;
}

void tail_write_status(const struct tail *tail, struct jsonw *w)
{
	jsonw_put_int(w, "lines", (int64_t)tail->stats.lines);
	jsonw_put_int(w, "bytes", (int64_t)tail->stats.bytes);
	jsonw_put_int(w, "skippedLines", (int64_t)tail->stats.skipped_lines);
	jsonw_put_int(w, "resets", (int64_t)tail->stats.resets);
	jsonw_put_int(w, "failed", (int64_t)tail->stats.failed);
	jsonw_put_int(w, "pending", (int64_t)tail_pending(tail));
}

void tail_free(struct tail *tail)
{
	if (!tail)
		return;
	tail_history_release(tail);
	ev_timer_stop(tail->loop, &tail->timer);
	ev_timer_stop(tail->loop, &tail->retry);
	ev_idle_stop(tail->loop, &tail->backlog_turn);
	size_t cursor = 0;
	const struct strmap_slot *slot;
	while ((slot = strmap_each(&tail->by_path, &cursor)))
		forget(tail, slot->value, false);
	strmap_release(&tail->by_path);
	free(tail->backlog);
	free(tail->chunk);
	free(tail);
}
