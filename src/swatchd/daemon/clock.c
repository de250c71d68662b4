#include "swatchd/daemon/clock.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/unused.h"
#include "swatchd/daemon/history.h"
#include "swatchd/daemon/places.h"

/* Smaller jumps (steps of NTP, rounding) happen all day and change nothing visible. */
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
	log_info("the clock went %s by %s (it was set, or the machine slept)",
		 jump_ms > 0 ? "forward" : "back", span);
	daemon->clock.apart_ms += jump_ms;
	ev_now_update(daemon->loop);
	if (!daemon_is_news(daemon))
		return;
	expire_run(&daemon->expire);
	publish_note_change(&daemon->publish, NULL, PUBLISH_TIME);
	publish_flush(&daemon->publish);
}

static void on_prepare(struct ev_loop *loop UNUSED, ev_prepare *watcher, int revents UNUSED)
{
	daemon_check_clock(watcher->data);
	daemon_check_sight(watcher->data);
}

void daemon_watch_clock(struct daemon *daemon)
{
	daemon->clock.apart_ms = clocks_apart_ms();
	ev_prepare_init(&daemon->clock.prepare, on_prepare);
	daemon->clock.prepare.data = daemon;
	/* Before publish looks whether something was noted in this turn. */
	ev_set_priority(&daemon->clock.prepare, EV_MAXPRI);
	ev_prepare_start(daemon->loop, &daemon->clock.prepare);
}

void daemon_unwatch_clock(struct daemon *daemon)
{
	ev_prepare_stop(daemon->loop, &daemon->clock.prepare);
}
