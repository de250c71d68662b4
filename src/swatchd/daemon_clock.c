/*
 * The wall clock is not always steady: it is set, and it goes on while the machine sleeps and the monotonic clock stands
 * still. Block, day, freshness and session states hang on it, so all of them are looked at anew.
 *
 * libev knows of such a jump at once where the kernel tells (a timerfd that is cancelled), and calls its periodic
 * watchers that became due; but a clock that goes back makes nothing due. Every turn of the loop compares the clocks.
 */
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "swatchd/daemon.h"

/* Less is how clocks are kept right all day (by steps of NTP, or by rounding), and changes nothing that anybody sees. */
#define JUMP_MS CLOCK_SECOND_MS

static int64_t clocks_apart_ms(void)
{
	return clock_wall_ms() - clock_mono_ms();
}

void daemon_check_clock(struct daemon *daemon)
{
	int64_t jump_ms = clocks_apart_ms() - daemon->clock.apart_ms;
	if (llabs(jump_ms) < JUMP_MS)
		return;
	char span[CLOCK_AGE_SIZE];
	clock_format_age(llabs(jump_ms) + JUMP_MS / 2, span);
	log_info("the clock went %s by %s (it was set, or the machine slept)", jump_ms > 0 ? "forward" : "back", span);
	daemon->clock.apart_ms += jump_ms;
	ev_now_update(daemon->loop);
	if (daemon->first_walk || daemon->reading_history)
		return;
	expire_run(&daemon->expire);
	publish_note_change(&daemon->publish, NULL, PUBLISH_TIME);
	publish_flush(&daemon->publish);
}

static void on_prepare(struct ev_loop *loop, ev_prepare *watcher, int revents)
{
	(void)loop;
	(void)revents;
	daemon_check_clock(watcher->data);
}

void daemon_watch_clock(struct daemon *daemon)
{
	daemon->clock.apart_ms = clocks_apart_ms();
	ev_prepare_init(&daemon->clock.prepare, on_prepare);
	daemon->clock.prepare.data = daemon;
	ev_prepare_start(daemon->loop, &daemon->clock.prepare);
}

void daemon_unwatch_clock(struct daemon *daemon)
{
	ev_prepare_stop(daemon->loop, &daemon->clock.prepare);
}
