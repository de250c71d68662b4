/*
 * moment: waits for a moment of the wall clock, whatever happens to that clock meanwhile.
 *
 * For: publish.c (figures that change by time alone), expire.c, daemon_alerts.c.
 *
 * A machine that slept through the moment, or whose clock was set past it, is late and not lost: libev's periodic
 * watchers see to it. But after such a jump libev goes by the old clock for up to half a second: a call that comes
 * before its time is put off, since whoever finds nothing due would ask for the same moment again, and again.
 */
#ifndef SWATCH_SWATCHD_LOOP_MOMENT_H
#define SWATCH_SWATCHD_LOOP_MOMENT_H

#include <stdint.h>

#include <ev.h>

typedef void moment_callback(void *ctx);

struct moment {
	struct ev_loop *loop;
	ev_periodic due;
	ev_timer early;          /* libev's clock was wrong: until it is right */
	int64_t at_ms;           /* what is waited for, Unix ms; 0: nothing. Read it, set it with moment_set() */
	moment_callback *callback;
	void *ctx;
};

/* `callback` is called once for each moment that was set, at it or later. */
void moment_init(struct moment *moment, struct ev_loop *loop, moment_callback *callback, void *ctx);

/* Waits for `at_ms` instead of what was set before; 0: for nothing. One that has passed comes at the loop's next turn. */
void moment_set(struct moment *moment, int64_t at_ms);

#endif
