/*
 * daemon/refresh: what follows when a run of ccusage starts and ends, and what an earlier run of the daemon
 * knew of it.
 *
 * For: daemon.c, which hands the first three to refresh as its callbacks; `ctx` is the daemon.
 */
#ifndef SWATCH_SWATCHD_DAEMON_REFRESH_H
#define SWATCH_SWATCHD_DAEMON_REFRESH_H

#include "swatchd/daemon/internal.h"

void daemon_refresh_started(void *ctx);
/* Reads what ccusage may have read; true: an audit has begun, which ends the look. */
bool daemon_look_into_answer(void *ctx, const struct refresh_result *result);
void daemon_refresh_finished(void *ctx, const struct refresh_result *result);

/* Takes ccusage's figures, their age, and the account's limits from an earlier run's cache files. */
void daemon_take_last_run(struct daemon *daemon);

#endif
