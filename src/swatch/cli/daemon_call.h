/*
 * daemon_call: asking the daemon of this invocation's cache directory, and saying so when there is none.
 *
 * For: the commands that need swatchd. What goes wrong is said on stderr here, so that every command says it alike.
 */
#ifndef SWATCH_SWATCH_CLI_DAEMON_CALL_H
#define SWATCH_SWATCH_CLI_DAEMON_CALL_H

#include <json-c/json.h>
#include <stdint.h>

#include "cache/lock.h"
#include "ipc/client.h"
#include "swatch/cli/command.h"

/* Connects to the invocation's socket. As client_connect(); also CLIENT_BAD_PATH when no socket can have that path. */
enum client_state daemon_connect(const struct invocation *invocation, struct client *client, struct buf *why);

/* True for the two states in which no daemon runs (and not one that cannot be reached). */
bool daemon_is_absent(enum client_state state);

/*
 * Says on stderr that no daemon is running, or why it cannot be reached, and what to do.
 * Returns SWATCH_NO_DAEMON or SWATCH_FAILED.
 */
int daemon_explain_absence(const struct invocation *invocation, enum client_state state, const char *why);

/* The command line that starts the daemon for this invocation, for people. */
void daemon_start_hint(const struct invocation *invocation, struct buf *hint);

/*
 * Connects, asks, closes. SWATCH_OK: *answer has "ok": true and is the caller's to json_object_put(). Otherwise what
 * is wrong was said on stderr, *answer is NULL, and the return is the exit status.
 */
int daemon_ask(const struct invocation *invocation, const char *request, int64_t timeout_ms,
	       struct json_object **answer);

/* The same over an open connection. */
int daemon_ask_connected(struct client *client, const char *request, int64_t timeout_ms, struct json_object **answer);

/* True while some swatchd holds the cache directory's lock; `holder` then says who, as far as known. */
bool daemon_find_lock_holder(const struct invocation *invocation, struct cache_lock_holder *holder);

#endif
