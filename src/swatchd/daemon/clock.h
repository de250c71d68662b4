/*
 * daemon/clock: notices when the wall clock was set, or went on while the machine slept and the monotonic
 * clock stood still. Block, day, freshness and session states depend on it, so the daemon looks at all of
 * them again.
 *
 * For: daemon.c, and daemon/round.c before it publishes.
 *
 * libev notices such a jump at once where the kernel reports it (a timerfd that is cancelled), and calls the
 * periodic watchers that became due; but a clock that goes back makes nothing due. So every turn of the loop
 * compares the clocks.
 */
#ifndef SWATCH_SWATCHD_DAEMON_CLOCK_H
#define SWATCH_SWATCHD_DAEMON_CLOCK_H

#include "swatchd/daemon/internal.h"

void daemon_watch_clock(struct daemon *daemon);

/* Publishes what depends on the time when the clock jumped. Every turn of the loop calls it. */
void daemon_check_clock(struct daemon *daemon);

void daemon_unwatch_clock(struct daemon *daemon);

#endif
