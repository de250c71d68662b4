/*
 * daemon/waiters: clients of the socket that wait for something that takes its time.
 *
 * For: daemon/requests.c, which adds them; daemon/history.c and daemon/refresh.c, which answer them.
 */
#ifndef SWATCH_SWATCHD_DAEMON_WAITERS_H
#define SWATCH_SWATCHD_DAEMON_WAITERS_H

#include "swatchd/daemon/internal.h"

/*
 * Returns false, after an answer to the client, when too many wait already, or the client itself does: one
 * that asks again and again must not take the others' places.
 */
bool daemon_add_waiter(struct daemon *daemon, struct daemon_waiters *waiters, struct control_client *client);

/* Forgets the last one that was added. */
void daemon_drop_last_waiter(struct daemon_waiters *waiters);

/* Publishes, and answers those who wait until everything pending is done. */
void daemon_answer_sync_waiters(struct daemon *daemon);

/* Answers those who wait for a run of ccusage. */
void daemon_answer_refresh_waiters(struct daemon *daemon, const struct refresh_result *result);

#endif
