/*
 * daemon/restart: a restart changes nothing that people see. Takes back from the cache files what an earlier
 * run knew and no transcript says: told windows and costs, ended processes, sessions whose transcript is
 * gone.
 *
 * For: daemon.c, before the first walk, and daemon/history.c after it. daemon/refresh.c takes back what
 * billing-shared.json says, daemon/alerts.c which alerts were announced.
 */
#ifndef SWATCH_SWATCHD_DAEMON_RESTART_H
#define SWATCH_SWATCHD_DAEMON_RESTART_H

#include "swatchd/daemon/internal.h"

/* Makes a session of each session file of an earlier run. Before any transcript is opened. */
void daemon_take_last_sessions(struct daemon *daemon);

/* The first walk is over: what ended while no daemon ran has ended now. */
void daemon_settle_last_sessions(struct daemon *daemon);

/* It is decided which sessions have a file: forgets the facts of the others. */
void daemon_forget_last_sessions(struct daemon *daemon);

#endif
