/*
 * signals: SIGTERM and SIGINT end the daemon, SIGHUP makes it read its config again; and the service
 * manager's watchdog.
 *
 * For: main.c alone.
 */
#ifndef SWATCH_SWATCHD_SIGNALS_H
#define SWATCH_SWATCHD_SIGNALS_H

#include <ev.h>

struct daemon;

struct signals {
	struct daemon *daemon;
	ev_signal term, interrupt, hangup;
	ev_timer watchdog;
};

/* `signals` stays where it is until signals_stop(). */
void signals_start(struct signals *signals, struct ev_loop *loop, struct daemon *daemon);
void signals_stop(struct signals *signals, struct ev_loop *loop);

#endif
