/*
 * tail/history: the transcripts of which only the usage is wanted, read whole on threads when the daemon
 * starts.
 *
 * For: tail.c alone. What it reads belongs to the same struct tail; once a transcript has been read to its
 * end, tail.c follows it like any other.
 */
#ifndef SWATCH_SWATCHD_TAIL_HISTORY_H
#define SWATCH_SWATCHD_TAIL_HISTORY_H

#include "swatchd/tail/internal.h"

/*
 * Takes the transcripts of `backlog` that no owner wants line by line (callbacks.wants_lines), and starts to
 * read them; starts tail->history_came, which the threads send. Returns how many are left in the backlog, in
 * their order: all, when memory or threads run out.
 */
size_t tail_history_start(struct tail *tail);

/*
 * Hands on what the threads have read, for about one turn of the loop; with `wait`, all that is left. Calls
 * `ended` for each transcript that has been read to its end, which may hand on `last`, its last records, with
 * the end.
 */
void tail_history_take(struct tail *tail, bool wait, void (*ended)(struct tail *tail, struct transcript *t,
								   const struct history_batch *last));

/* Forgets the transcript: hands on no more of its records. */
void tail_history_forget(struct tail *tail, struct transcript *t);

/* The time of the newest transcript that has not been read to its end, 0 when all have. */
int64_t tail_history_unread_ms(const struct tail *tail);

void tail_history_release(struct tail *tail);

#endif
