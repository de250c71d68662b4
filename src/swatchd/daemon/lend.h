/*
 * daemon/lend: swatch purge, reprice and import change the ledger's file themselves; swatchd, which has it
 * open otherwise, lends it to them.
 *
 * {"op":"lend"} asks for it. The daemon writes what waits, closes the file and answers; nobody else writes it
 * until the client's connection ends, however that happens. Then the daemon begins anew in the same process:
 * it opens the file, reads what is in it now and in the transcripts, and writes all cache files.
 *
 * For: the table of requests, and daemon.c, which tells it who is gone.
 */
#ifndef SWATCH_SWATCHD_DAEMON_LEND_H
#define SWATCH_SWATCHD_DAEMON_LEND_H

#include "swatchd/daemon/internal.h"

/* For control: a client is gone. */
void daemon_take_back(void *ctx, uint64_t client_id);

#endif
