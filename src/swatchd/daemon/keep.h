/*
 * daemon/keep: what transcripts say is kept in the ledger's file, so that it counts when they are gone.
 *
 * For: daemon/lines.c reports what was read; daemon.c starts and ends it.
 *
 * Messages, and how far their transcripts were read, go to the file in one transaction, a moment after the
 * last of them, on the store's own thread; what facts.c has goes along. Without the file the daemon goes on,
 * and says so; daemon/gone.c keeps what it can.
 */
#ifndef SWATCH_SWATCHD_DAEMON_KEEP_H
#define SWATCH_SWATCHD_DAEMON_KEEP_H

#include "swatchd/daemon/internal.h"

/*
 * Opens the file, unless [ledger] enabled = no, and takes back what lost transcripts said. Logs why there is
 * no file. Call it before the sandbox is entered and the first directory is listed.
 */
void daemon_start_keep(struct daemon *daemon);

/* The turn is over: what came is written soon. */
void daemon_keep_soon(struct daemon *daemon);

/*
 * Messages came. When the first read holds too many that nobody needs any more, it waits until they are
 * written, and lets go of them: memory does not depend on how long the past is.
 */
void daemon_keep_make_room(struct daemon *daemon);

/* Takes [ledger] keep. */
void daemon_keep_set_age(struct daemon *daemon);

/* pricing.json was read again: what had no price may have one now. */
void daemon_keep_prices_changed(struct daemon *daemon);

/* Whether the file has everything that the daemon knows of messages. */
bool daemon_keep_is_complete(const struct daemon *daemon);

/*
 * For daemon/lend.c: closes the file as soon as no batch is being written, with `flush` after what waits was
 * given to it. Returns true when it is closed, or was never open; otherwise keep.written() is called when the
 * batch is written. The other one opens it again, so that what came meanwhile is written at the end.
 */
bool daemon_keep_close(struct daemon *daemon, bool flush);
void daemon_keep_open_again(struct daemon *daemon);

/* Writes what waits, and closes the file. */
void daemon_stop_keep(struct daemon *daemon);

#endif
