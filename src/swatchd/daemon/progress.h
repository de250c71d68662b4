/*
 * daemon/progress: how far transcripts were read: as the ledger's file had it at the start, and what of it is
 * news to the file.
 *
 * For: daemon/lines.c, which opens and reads them; daemon/keep.c, which writes the news.
 */
#ifndef SWATCH_SWATCHD_DAEMON_PROGRESS_H
#define SWATCH_SWATCHD_DAEMON_PROGRESS_H

#include "swatchd/daemon/internal.h"

/* What the file knows of a transcript that has come, and may still be the same; NULL without anything. */
struct store_known *daemon_progress_find(const struct daemon *daemon, const struct transcript *transcript);

/* The first walk is over: what it did not meet may be gone, which is news to the file. */
void daemon_progress_end_walk(struct daemon *daemon);

/*
 * A transcript was opened, of which the file knows `known` (or NULL): what it has need not be written again,
 * nor be read again where it is complete.
 */
void daemon_progress_opened(struct daemon *daemon, struct session_transcript *part,
			struct store_known *known);

/* A transcript was read; or is going to be lost, because it was deleted or rewritten. */
void daemon_progress_read(struct daemon *daemon, const struct session_transcript *part);
void daemon_progress_lost(struct daemon *daemon, const struct session_transcript *part);

/* Whether the file does not have all of it. */
bool daemon_progress_is_news(const struct daemon *daemon);

/* Adds the news to a batch that has all messages before. */
void daemon_progress_add(struct daemon *daemon, struct store_batch *batch);

#endif
