#include "swatchd/loop/moment.h"

#include "base/clock.h"
#include "base/unused.h"

/* libev looks at the wall clock every half second (its MIN_TIMEJUMP). */
#define EARLY_S 1.

static void wait_for(struct moment *moment)
{
	/* A millisecond late rather than early: an early look would find nothing due. */
	ev_periodic_set(&moment->due, (double)(moment->at_ms + 1) / 1000., 0., NULL);
	ev_periodic_start(moment->loop, &moment->due);
}

static void on_early(struct ev_loop *loop UNUSED, ev_timer *watcher, int revents UNUSED)
{
	wait_for(watcher->data);
}

static void on_due(struct ev_loop *loop, ev_periodic *watcher, int revents UNUSED)
{
	struct moment *moment = watcher->data;
	if (clock_wall_ms() < moment->at_ms) {
		ev_timer_set(&moment->early, EARLY_S, 0.);
		ev_timer_start(loop, &moment->early);
		return;
	}
	moment->at_ms = 0;
	moment->callback(moment->ctx);
}

void moment_init(struct moment *moment, struct ev_loop *loop, moment_callback *callback, void *ctx)
{
	moment->loop = loop;
	moment->at_ms = 0;
	moment->callback = callback;
	moment->ctx = ctx;
	ev_periodic_init(&moment->due, on_due, 0., 0., NULL);
	ev_init(&moment->early, on_early);
	moment->due.data = moment->early.data = moment;
}

void moment_set(struct moment *moment, int64_t at_ms)
{
	if (at_ms == moment->at_ms)
		return;
	ev_periodic_stop(moment->loop, &moment->due);
	ev_timer_stop(moment->loop, &moment->early);
	moment->at_ms = at_ms;
	if (at_ms != 0)
		wait_for(moment);
}
