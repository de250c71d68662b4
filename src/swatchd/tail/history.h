/*
 * tail_history: the transcripts of which only the usage is wanted, read whole on threads when the daemon starts.
 *
 * For: tail.c alone. What it reads belongs to the same struct tail; from its end on, a transcript is followed like any
 * other.
 */
#ifndef SWATCH_SWATCHD_TAIL_HISTORY_H
#define SWATCH_SWATCHD_TAIL_HISTORY_H

#include "swatchd/tail/tail.h"

void tail_history_init(struct tail *tail);

/*
 * Takes the transcripts of `backlog` that no owner wants line by line (callbacks.wants_lines), and starts to read them.
 * Returns how many are left in the backlog, in their order. Where memory or threads run out, all are left.
 */
size_t tail_history_start(struct tail *tail);

/* Takes what the threads have read; with `wait`, all that is left. */
void tail_history_take(struct tail *tail, bool wait);

/* A transcript is forgotten: what was read of it is passed over. */
void tail_history_forget(struct tail *tail, struct transcript *t);

/* The time of the newest transcript that is not read to its end, 0 when all are. */
int64_t tail_history_unread_ms(const struct tail *tail);

void tail_history_release(struct tail *tail);

/* ---- what tail.c lends it ---- */

/* A transcript of the history is through: it is followed from here on, or is gone. */
void tail_end_history_of(struct tail *tail, struct transcript *t, const struct gather_file *file);

/* Reads one turn's worth of the backlog. */
void tail_read_backlog(struct tail *tail);

/* Something was read: callbacks.turn_ended, and caught_up when nothing waits. */
void tail_note_turn_ended(struct tail *tail);

#endif
