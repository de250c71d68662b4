/*
 * daemon: connects the rooms of swatchd/ with each other, starts and stops them.
 *
 * For: main.c, which parses the command line, takes the lock, and runs the loop. struct daemon is in
 * internal.h.
 */
#ifndef SWATCH_SWATCHD_DAEMON_DAEMON_H
#define SWATCH_SWATCHD_DAEMON_DAEMON_H

#include <stdbool.h>
#include <stdint.h>

#include <ev.h>

#include "base/buf.h"
#include "config/config.h"

struct daemon;

struct daemon_options {
	const char *config_path;     /* NULL: none */
	bool config_required;        /* named on the command line */
	const char *cache_path;
	int cache_fd, lock_fd;       /* the caller closes them; daemon/cache.c may replace them */
	const char *socket_path;     /* NULL: no socket (--once) */
	bool lock_is_unnamed;        /* the lock could not be told where the socket is */
	bool once;
	bool no_refresh;
	int64_t lock_waited_ms;
	bool lock_contended;
};

/*
 * Starts everything on `loop`, and owns `config` from here on. Returns 0, or -1 with a message. Call
 * daemon_stop() in both cases.
 */
int daemon_start(struct daemon *daemon, struct ev_loop *loop, const struct daemon_options *options,
		 struct config *config, struct buf *error);

/* Ends everything within a moment, whatever children and clients do. */
void daemon_stop(struct daemon *daemon);

#endif
