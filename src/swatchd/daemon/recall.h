/*
 * daemon/recall: what a start takes out of the ledger's file: messages, limits, what is new to us in
 * transcripts.
 *
 * For: daemon/keep.c, before the store's thread runs; daemon.c, after the first files; the answers that need
 * more.
 */
#ifndef SWATCH_SWATCHD_DAEMON_RECALL_H
#define SWATCH_SWATCHD_DAEMON_RECALL_H

#include "swatchd/daemon/internal.h"

/* What is new to us in transcripts, as drift_write() has it, in the file's table meta. */
#define DAEMON_KEEP_DRIFT_KEY "new_to_us"

/*
 * Takes what the first files need out of the open file, keep.store; messages that had no price get one first.
 * When messages cannot be read, it logs why, and transcripts are read again. Fills keep.known, keep.roots,
 * keep.archive and keep.is_complete.
 */
void daemon_recall(struct daemon *daemon);

/*
 * Takes the rest of what is alive: the first files need only the messages of today and of the active block.
 * Call it when they are written, and before somebody asks for more. Does nothing when it was done.
 */
void daemon_recall_rest(struct daemon *daemon);

#endif
