/*
 * tail_queue: the transcripts that wait to be read.
 *
 * For: tail.c alone, which looks after the timers. The queue has those that were reported, each due a delay
 * after its first report; the backlog has those that the first walk found, and gives the newest first.
 */
#ifndef SWATCH_SWATCHD_TAIL_QUEUE_H
#define SWATCH_SWATCHD_TAIL_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "swatchd/tail/internal.h"

/* Queues a transcript, due in `delay_ms`. One that waits keeps its place; notes one that a thread reads. */
void tail_queue_push(struct tail *tail, struct transcript *t, int64_t delay_ms);

/* Takes the first one out; NULL when the queue is empty. */
struct transcript *tail_queue_pop(struct tail *tail);

void tail_queue_remove(struct tail *tail, struct transcript *t);
size_t tail_queue_count(const struct tail *tail);

/* Returns false when memory ran out. */
bool tail_backlog_push(struct tail *tail, struct transcript *t);
void tail_backlog_remove(struct tail *tail, struct transcript *t);

/* Takes out all that lie below a directory: one by one, each would be looked for among all. */
void tail_backlog_remove_tree(struct tail *tail, const char *directory);

/* The newest of the backlog, which stays in it; NULL when it is empty. */
struct transcript *tail_backlog_last(struct tail *tail);

#endif
