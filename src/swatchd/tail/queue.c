#include "swatchd/tail/queue.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
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
	t->previous = tail->queue_tail;
	if (tail->queue_tail)
		tail->queue_tail->next = t;
	else
		tail->queue_head = t;
	tail->queue_tail = t;
}

void tail_queue_remove(struct tail *tail, struct transcript *t)
{
	if (t->previous)
		t->previous->next = t->next;
	else
		tail->queue_head = t->next;
	if (t->next)
		t->next->previous = t->previous;
	else
		tail->queue_tail = t->previous;
	t->queued = false;
	t->next = t->previous = NULL;
}

struct transcript *tail_queue_pop(struct tail *tail)
{
	struct transcript *t = tail->queue_head;
	if (t)
		tail_queue_remove(tail, t);
	return t;
}

bool tail_backlog_push(struct tail *tail, struct transcript *t)
{
	if (!array_reserve(&tail->backlog, &tail->backlog_cap, tail->backlog_len + 1,
			   sizeof(struct transcript *)))
		return false;
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
		memmove(&tail->backlog[i], &tail->backlog[i + 1],
			(tail->backlog_len - i - 1) * sizeof(struct transcript *));
		tail->backlog_len--;
		break;
	}
	t->in_backlog = false;
}

void tail_backlog_remove_tree(struct tail *tail, const char *directory)
{
	size_t kept = 0, len = strlen(directory);
	for (size_t i = 0; i < tail->backlog_len; i++) {
		struct transcript *t = tail->backlog[i];
		t->in_backlog = strncmp(t->path, directory, len) != 0 || t->path[len] != '/';
		if (t->in_backlog)
			tail->backlog[kept++] = t;
	}
	tail->backlog_len = kept;
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
