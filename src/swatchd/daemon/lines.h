/*
 * daemon/lines: what becomes of a transcript's lines: scan says what they mean, the ledger and the sessions
 * keep it.
 *
 * For: daemon.c, which hands these to tail as its callbacks; `ctx` is the daemon.
 */
#ifndef SWATCH_SWATCHD_DAEMON_LINES_H
#define SWATCH_SWATCHD_DAEMON_LINES_H

#include "swatchd/daemon/internal.h"

void *daemon_open_transcript(void *ctx, struct transcript *transcript);
bool daemon_wants_lines(void *ctx, const struct transcript *transcript);
void daemon_take_batch(void *ctx, const struct tail_batch *batch);

#endif
