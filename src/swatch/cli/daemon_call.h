/*
 * cli/daemon_call: asks the daemon of this invocation's cache directory, and explains it when none answers.
 *
 * For: the commands that need swatchd. The error messages are printed here, so that all commands have the
 * same.
 */
#ifndef SWATCH_SWATCH_CLI_DAEMON_CALL_H
#define SWATCH_SWATCH_CLI_DAEMON_CALL_H

#include <json-c/json.h>
#include <stdint.h>

#include "cache/lock.h"
#include "ipc/client.h"
#include "swatch/cli/command.h"

/*
 * As client_connect(), and asks for a sign of life, since the kernel takes calls for a daemon that is
 * stopped: one that gives none within 1.5 seconds, and does nothing meanwhile, is CLIENT_REFUSED. One that
 * computes or waits for the disk gets a minute. Also returns CLIENT_BAD_PATH when no socket can have the
 * invocation's path.
 */
enum client_state daemon_connect(const struct invocation *invocation, struct client *client, struct buf *why);

/*
 * The same, but waits some seconds for a daemon that has the lock and does not listen yet: it starts, or
 * begins anew after a command has changed the ledger's file.
 */
enum client_state daemon_connect_patiently(const struct invocation *invocation, struct client *client,
					   struct buf *why);

/* True when no daemon runs; false also for one that cannot be reached. */
bool daemon_is_absent(enum client_state state);

/*
 * Prints why no daemon answers, and what to do. Returns SWATCH_NO_DAEMON, or SWATCH_FAILED for one it cannot
 * reach.
 */
int daemon_explain_absence(const struct invocation *invocation, enum client_state state, const char *why);

/* Appends the command line that starts the daemon for this invocation, for people. */
void daemon_start_hint(const struct invocation *invocation, struct buf *hint);

/*
 * Connects, as patiently, and asks. Returns SWATCH_OK, and in *answer an object with "ok": true, which the
 * caller puts back; or the exit status after an error message, and *answer is NULL. If no daemon runs,
 * it sets *is_absent, when that is not NULL, in place of the message. client_close() in every case.
 */
int daemon_ask_open(const struct invocation *invocation, struct client *client, const char *request,
		    int64_t timeout_ms, struct json_object **answer, bool *is_absent);

/* The same, and closes the connection. */
int daemon_ask(const struct invocation *invocation, const char *request, int64_t timeout_ms,
	       struct json_object **answer);

/* Asks over an open connection. */
int daemon_ask_connected(struct client *client, const char *request, int64_t timeout_ms,
			 struct json_object **answer);

/* Appends who holds the lock: "pid 12, daemon", "in another container". */
void daemon_name_holder(const struct cache_lock_holder *holder, struct buf *out);

/* The reason in an answer whose "ok" is false; points into it. */
const char *daemon_error_of(struct json_object *answer);

/* True while a swatchd holds the cache directory's lock; `holder` then says which, as far as known. */
bool daemon_find_lock_holder(const struct invocation *invocation, struct cache_lock_holder *holder);

#endif
