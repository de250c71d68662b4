/*
 * daemon/anew: the daemon ends its loop and starts again in the same process: what it knew may not hold any
 * more.
 *
 * For: daemon/lend.c and daemon/keep.c, when the ledger's file is another one than the ledger in memory.
 */
#ifndef SWATCH_SWATCHD_DAEMON_ANEW_H
#define SWATCH_SWATCHD_DAEMON_ANEW_H

#include "swatchd/daemon/internal.h"

/* Ends the loop, and publishes and answers nothing until then; main() does the rest. `why` is for the log. */
void daemon_begin_anew(struct daemon *daemon, const char *why);

#endif
