/*
 * daemon/recall: what a start takes out of the ledger's file: messages, limits, what is new to us in
 * transcripts.
 *
 * For: daemon/keep.c, before the store's thread runs.
 */
#ifndef SWATCH_SWATCHD_DAEMON_RECALL_H
#define SWATCH_SWATCHD_DAEMON_RECALL_H

#include "swatchd/daemon/internal.h"

/* What is new to us in transcripts, as drift_write() has it, in the file's table meta. */
#define DAEMON_KEEP_DRIFT_KEY "new_to_us"

/*
 * Takes everything out of the open file, keep.store; messages that had no price get one first. When messages
 * cannot be read, it logs why, and transcripts are read again. Fills keep.known, keep.roots, keep.archive and
 * keep.is_complete.
 */
void daemon_recall(struct daemon *daemon);

#endif
