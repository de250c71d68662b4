#include "swatchd/signals.h"

#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/unused.h"
#include "swatchd/daemon/config.h"
#include "swatchd/loop/notify.h"

static void on_end_signal(struct ev_loop *loop, ev_signal *watcher, int revents UNUSED)
{
	struct signals *signals = watcher->data;
	signals->ended = true;
	log_info("ending: signal %d (%s)", watcher->signum, strsignal(watcher->signum));
	ev_break(loop, EVBREAK_ALL);
}

static void on_hangup(struct ev_loop *loop UNUSED, ev_signal *watcher, int revents UNUSED)
{
	char reloading[96];
	struct signals *signals = watcher->data;
	snprintf(reloading, sizeof(reloading), "RELOADING=1\nMONOTONIC_USEC=%lld",
		 (long long)clock_mono_ms() * 1000);
	notify_send(reloading);
	/* One that has not started, or begins anew, says that it is ready when it is. */
	if (!signals->daemon) {
		signals->wants_reload = true;
		return;
	}
	daemon_reload(signals->daemon);
	notify_send("READY=1");
}

static void on_watchdog(struct ev_loop *loop UNUSED, ev_timer *watcher UNUSED, int revents UNUSED)
{
	notify_send("WATCHDOG=1");
}

/* Keeps the signals waiting in the kernel, or lets them come. */
static void hold_signals(bool hold)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	(void)sigprocmask(hold ? SIG_BLOCK : SIG_UNBLOCK, &set, NULL);
}

void signals_hold_reload(void)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGHUP);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
}

void signals_start(struct signals *signals, struct ev_loop *loop)
{
	*signals = (struct signals){ 0 };
	ev_signal_init(&signals->term, on_end_signal, SIGTERM);
	ev_signal_init(&signals->interrupt, on_end_signal, SIGINT);
	ev_signal_init(&signals->hangup, on_hangup, SIGHUP);
	signals->term.data = signals->interrupt.data = signals->hangup.data = signals;
	ev_signal_start(loop, &signals->term);
	ev_signal_start(loop, &signals->interrupt);
	ev_signal_start(loop, &signals->hangup);
	hold_signals(false);
	ev_init(&signals->watchdog, on_watchdog);
	int64_t interval_ms = notify_watchdog_interval_ms();
	if (interval_ms > 0) {
		ev_timer_set(&signals->watchdog, (double)interval_ms / 1000., (double)interval_ms / 1000.);
		ev_timer_start(loop, &signals->watchdog);
	}
}

void signals_reach(struct signals *signals, struct daemon *daemon)
{
	signals->daemon = daemon;
	/* Its config may be older than the signal. */
	if (signals->wants_reload)
		daemon_reload(daemon);
	signals->wants_reload = false;
}

bool signals_have_ended(const struct signals *signals)
{
	return signals->ended;
}

bool signals_stop(struct signals *signals, struct ev_loop *loop)
{
	signals->daemon = NULL;
	hold_signals(true);
	/* libev may have taken one after the loop ended. */
	ev_run(loop, EVRUN_NOWAIT);
	ev_signal_stop(loop, &signals->term);
	ev_signal_stop(loop, &signals->interrupt);
	ev_signal_stop(loop, &signals->hangup);
	ev_timer_stop(loop, &signals->watchdog);
	return signals->ended;
}
