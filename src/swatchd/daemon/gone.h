/*
 * daemon/gone: what transcripts that were deleted or rewritten said still counts; a restart must not change
 * that. The ledger's file has it; while there is none, or it cannot be written, their messages of the last
 * days are kept in a file of the cache directory.
 *
 * For: daemon/lines.c reports what goes, daemon/history.c and daemon/round.c settle it, daemon.c takes back
 * before the first walk.
 */
#ifndef SWATCH_SWATCHD_DAEMON_GONE_H
#define SWATCH_SWATCHD_DAEMON_GONE_H

#include "swatchd/daemon/internal.h"

void daemon_start_gone(struct daemon *daemon);

/* A transcript was deleted, or begins with other lines now. `session` has no transcript any more; or NULL. */
void daemon_note_gone(struct daemon *daemon, const struct session *session);

/*
 * What follows: sessions without transcripts lose their files, and what was said is kept. Somebody may delete
 * thousands of transcripts, one by one: this comes once for all, a moment later, or when somebody has to see
 * it now.
 */
void daemon_settle_gone(struct daemon *daemon);

/* The ledger's file has everything: the file in the cache directory is not needed any more. */
void daemon_drop_gone(struct daemon *daemon);

void daemon_stop_gone(struct daemon *daemon);

/* Adds the messages of the file to the ledger. Anybody may have written anything into it. */
void daemon_take_gone(struct daemon *daemon);

#endif
