/*
 * signals: SIGTERM and SIGINT end the daemon, SIGHUP makes it read its config again; and the service
 * manager's watchdog.
 *
 * For: main.c alone.
 */
#ifndef SWATCH_SWATCHD_SIGNALS_H
#define SWATCH_SWATCHD_SIGNALS_H

#include <ev.h>
#include <stdbool.h>

struct daemon;

struct signals {
	struct daemon *daemon;
	ev_signal term, interrupt, hangup;
	ev_timer watchdog;
	bool ended, wants_reload;
};

/* Until signals_start() a SIGHUP waits in the kernel: else one that comes early would end the process. */
void signals_hold_reload(void);

/* `signals` stays where it is until signals_stop(). A SIGHUP waits for signals_reach(). */
void signals_start(struct signals *signals, struct ev_loop *loop);

/* From here SIGHUP reloads `daemon`, which has started. One that came since signals_start() does so at once.
 */
void signals_reach(struct signals *signals, struct daemon *daemon);

/* Returns whether SIGTERM or SIGINT came: one that the loop's first turn took ends no later turn. */
bool signals_have_ended(const struct signals *signals);

/*
 * After daemon_stop(). From here to the next signals_start() the signals wait in the kernel: a daemon that
 * begins anew misses none. Returns signals_have_ended().
 */
bool signals_stop(struct signals *signals, struct ev_loop *loop);

#endif
