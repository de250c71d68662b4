#include "swatchd/tail/history.h"

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"

/* One turn takes no longer than about this: clients and live transcripts wait meanwhile. */
#define TURN_MS 5

/* ---- on a reading thread ---- */

static void on_batches(void *ctx)
{
	struct tail *tail = ctx;
	ev_async_send(tail->loop, &tail->history_came);
}

/* ---- on the loop ---- */

static struct transcript *owner_of(struct tail *tail, size_t job)
{
	return history_job_at(tail->history, job)->owner;
}

/* Takes the last batch of a transcript, which may have been forgotten. */
static void end_job(struct tail *tail, const struct history_batch *batch)
{
	tail->history_left--;
	tail->stats.bytes += (uint64_t)batch->file.offset;
	tail->stats.skipped_lines += batch->file.skipped_lines;
	history_job_at(tail->history, batch->job)->owner = NULL;
	while (tail->history_first < tail->history_count && !owner_of(tail, tail->history_first))
		tail->history_first++;
}

static void hand_on(const struct tail *tail, struct transcript *t, const struct history_batch *from)
{
	const struct tail_batch batch = {
		.transcript = t, .records = from->records, .record_count = from->count,
	};
	if (from->count > 0)
		tail->callbacks.batch(tail->ctx, &batch);
}

static void end_history(struct tail *tail)
{
	history_free(tail->history);
	tail->history = NULL;
	tail->history_count = tail->history_left = tail->history_first = 0;
	ev_async_stop(tail->loop, &tail->history_came);
	/* Nobody needs the threads' memory again. */
	(void)malloc_trim(0);
}

void tail_history_take(struct tail *tail, bool wait, void (*ended)(struct tail *tail, struct transcript *t,
								   const struct history_batch *last))
{
	struct history_batch *batch;
	int64_t until_ms = clock_mono_ms() + TURN_MS;
	if (!tail->history)
		return;
	while ((wait || (!tail->history_held && clock_mono_ms() <= until_ms))
	       && (batch = history_take(tail->history, wait))) {
		struct transcript *t = owner_of(tail, batch->job);
		if (batch->ends)
			end_job(tail, batch);
		if (t && batch->ends)
			ended(tail, t, batch);
		else if (t)
			hand_on(tail, t, batch);
		history_give_back(tail->history, batch);
	}
	if (history_is_done(tail->history))
		end_history(tail);
	else if (!tail->history_held && clock_mono_ms() > until_ms)
		ev_async_send(tail->loop, &tail->history_came);
}

void tail_hold_history(struct tail *tail, bool held)
{
	tail->history_held = held;
	if (!held && tail->history)
		ev_async_send(tail->loop, &tail->history_came);
}

/* ---- start and end ---- */

/* Makes jobs of the backlog's transcripts that need no lines, newest first. NULL: none, or no memory. */
static struct history_job *make_jobs(struct tail *tail, size_t *count)
{
	struct history_job *jobs = tail->backlog_len > 0 ? calloc(tail->backlog_len, sizeof(*jobs)) : NULL;
	*count = 0;
	for (size_t i = tail->backlog_len; jobs && i-- > 0;) {
		struct transcript *t = tail->backlog[i];
		/* Of one that is resumed only the rest is to be read. */
		if (t->known || tail->callbacks.wants_lines(tail->ctx, t))
			continue;
		jobs[*count] = (struct history_job){
			.path = strdup(t->path), .owner = t, .root_len = t->root_len,
			.modified_ns = t->modified_ms * 1000000,
		};
		/* One without memory for its name stays in the backlog. */
		*count += jobs[*count].path != NULL;
	}
	if (*count > 0)
		return jobs;
	free(jobs);
	return NULL;
}

size_t tail_history_start(struct tail *tail)
{
	size_t count, left = 0;
	struct history_job *jobs = make_jobs(tail, &count);
	if (!jobs)
		return tail->backlog_len;
	ev_async_start(tail->loop, &tail->history_came);
	for (size_t i = 0; i < count; i++) {
		struct transcript *t = jobs[i].owner;
		t->in_history = true;
		t->history_job = i;
	}
	tail->history_count = tail->history_left = count;
	tail->history_first = 0;
	tail->history = history_start(jobs, count, 0, on_batches, tail);
	if (!tail->history) {
		log_warning("cannot start threads to read the history: %s; reading it without them",
			    strerror(errno));
		ev_async_stop(tail->loop, &tail->history_came);
		tail->history_count = tail->history_left = 0;
	}
	for (size_t i = 0; i < tail->backlog_len; i++) {
		struct transcript *t = tail->backlog[i];
		t->in_history = t->in_history && tail->history;
		t->in_backlog = !t->in_history;
		if (t->in_backlog)
			tail->backlog[left++] = t;
	}
	return left;
}

void tail_history_forget(struct tail *tail, struct transcript *t)
{
	/* At the end of the daemon the threads are gone first. */
	if (tail->history)
		history_job_at(tail->history, t->history_job)->owner = NULL;
}

int64_t tail_history_unread_ms(const struct tail *tail)
{
	if (!tail->history || tail->history_first == tail->history_count)
		return 0;
	return history_job_at(tail->history, tail->history_first)->modified_ns / 1000000;
}

void tail_history_release(struct tail *tail)
{
	if (tail->history)
		end_history(tail);
}
