/*
 * moment: waits for a moment of the wall clock, whatever happens to that clock meanwhile.
 *
 * For: publish.c (figures that change by time alone), expire.c, daemon/alerts.c.
 *
 * When the machine slept through the moment, or its clock was set past it, the call comes late but comes:
 * libev's periodic watchers see to it. After such a jump libev goes by the old clock for up to half a second.
 * A call that comes too early is put off here, since a caller that finds nothing due would ask for the same
 * moment again and again.
 */
#ifndef SWATCH_SWATCHD_LOOP_MOMENT_H
#define SWATCH_SWATCHD_LOOP_MOMENT_H

#include <stdint.h>

#include <ev.h>

typedef void moment_callback(void *ctx);

struct moment {
	struct ev_loop *loop;
	ev_periodic due;
	ev_timer early;          /* libev's clock was wrong: waits until it is right */
	int64_t at_ms;           /* when it is due, Unix ms; 0: not set. Only moment_set() sets it */
	moment_callback *callback;
	void *ctx;
};

/* `callback` is called once for each moment that was set, at it or later. */
void moment_init(struct moment *moment, struct ev_loop *loop, moment_callback *callback, void *ctx);

/* Waits for `at_ms` instead of an earlier setting; 0: for nothing. A past moment comes in the next turn. */
void moment_set(struct moment *moment, int64_t at_ms);

#endif
