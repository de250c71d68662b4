/*
 * The transcripts that wait to be read: those that were reported, in the order of their reports, and the backlog.
 */
#include "swatchd/tail_queue.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

void tail_queue_push(struct tail *tail, struct transcript *t, int64_t delay_ms)
{
	if (t->in_history)
		t->noted = true;
	if (t->queued || t->in_history)
		return;
	t->queued = true;
	t->due_mono_ms = clock_mono_ms() + delay_ms;
	t->next = NULL;
	if (tail->queue_tail)
		tail->queue_tail->next = t;
	else
		tail->queue_head = t;
	tail->queue_tail = t;
}

struct transcript *tail_queue_pop(struct tail *tail)
{
	struct transcript *t = tail->queue_head;
	if (!t)
		return NULL;
	tail->queue_head = t->next;
	if (!tail->queue_head)
		tail->queue_tail = NULL;
	t->queued = false;
	t->next = NULL;
	return t;
}

void tail_queue_remove(struct tail *tail, struct transcript *t)
{
	struct transcript *before = NULL;
	for (struct transcript *at = tail->queue_head; at; before = at, at = at->next) {
		if (at != t)
			continue;
		if (before)
			before->next = t->next;
		else
			tail->queue_head = t->next;
		if (tail->queue_tail == t)
			tail->queue_tail = before;
		break;
	}
	t->queued = false;
	t->next = NULL;
}

bool tail_backlog_push(struct tail *tail, struct transcript *t)
{
	if (tail->backlog_len == tail->backlog_cap) {
		size_t cap = tail->backlog_cap ? tail->backlog_cap * 2 : 256;
		struct transcript **grown = realloc(tail->backlog, cap * sizeof(struct transcript *));
		if (!grown)
			return false;
		tail->backlog = grown;
		tail->backlog_cap = cap;
	}
	tail->backlog[tail->backlog_len++] = t;
	tail->backlog_sorted = false;
	t->in_backlog = true;
	return true;
}

void tail_backlog_remove(struct tail *tail, struct transcript *t)
{
	for (size_t i = tail->backlog_len; i-- > 0;) {
		if (tail->backlog[i] != t)
			continue;
		memmove(&tail->backlog[i], &tail->backlog[i + 1], (tail->backlog_len - i - 1) * sizeof(struct transcript *));
		tail->backlog_len--;
		break;
	}
	t->in_backlog = false;
}

static int compare_modified(const void *a, const void *b)
{
	const struct transcript *left = *(struct transcript *const *)a;
	const struct transcript *right = *(struct transcript *const *)b;
	if (left->modified_ms != right->modified_ms)
		return left->modified_ms < right->modified_ms ? -1 : 1;
	return strcmp(right->path, left->path);
}

struct transcript *tail_backlog_last(struct tail *tail)
{
	if (tail->backlog_len == 0)
		return NULL;
	if (!tail->backlog_sorted) {
		qsort(tail->backlog, tail->backlog_len, sizeof(struct transcript *), compare_modified);
		tail->backlog_sorted = true;
	}
	return tail->backlog[tail->backlog_len - 1];
}

size_t tail_queue_count(const struct tail *tail)
{
	size_t count = 0;
	for (const struct transcript *t = tail->queue_head; t; t = t->next)
		count++;
	return count;
}
