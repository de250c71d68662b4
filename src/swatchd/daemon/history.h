/*
 * daemon/history: from the first walk through the directories to the moment when the figures are whole and
 * every change is news; and the ends of the turns in which transcripts were read, then and later.
 *
 * For: daemon.c, which begins the walk; daemon/lines.c, which reports the ends of the turns.
 */
#ifndef SWATCH_SWATCHD_DAEMON_DAEMON_HISTORY_H
#define SWATCH_SWATCHD_DAEMON_DAEMON_HISTORY_H

#include "swatchd/daemon/internal.h"

/* The first walk begins: the figures are not whole from here on. */
void daemon_begin_history(struct daemon *daemon);

/* The first walk is over, and every transcript known by name, size and time: reads them, newest first. */
void daemon_end_walk(struct daemon *daemon);

/* Whether the figures are whole, so that what changes is news. */
bool daemon_is_news(const struct daemon *daemon);

/* The reads of one turn of the loop are done: notes which sessions they changed. */
void daemon_end_turn(struct daemon *daemon);

/* No transcript waits any more. */
void daemon_note_caught_up(struct daemon *daemon);

#endif
