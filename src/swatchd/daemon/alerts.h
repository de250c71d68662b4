/*
 * daemon/alerts: which figures the alerts look at and when, and what a crossing makes: a line in the log, an
 * event, a run of the command, and a record that outlives the daemon.
 *
 * For: daemon.c, which starts and stops them and has publish show them the figures; daemon/cache.c;
 * daemon/answers.h.
 */
#ifndef SWATCH_SWATCHD_DAEMON_ALERTS_H
#define SWATCH_SWATCHD_DAEMON_ALERTS_H

#include "swatchd/daemon/internal.h"

void daemon_start_alerts(struct daemon *daemon);

/* A publish_observer: looks for crossings in the figures as they are now; `ctx` is the daemon. */
void daemon_look_for_alerts(void *ctx, const struct billing_view *view);

/* The written records are lost: the next look writes them again. */
void daemon_rewrite_alerts(struct daemon *daemon);

/* Writes the "alerts" object of the status answer into an open object. */
void daemon_write_alerts_status(const struct daemon *daemon, struct jsonw *w);

void daemon_stop_alerts(struct daemon *daemon);

#endif
