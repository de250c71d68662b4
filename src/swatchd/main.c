/*
 * swatchd: one daemon for each user watches Claude Code's transcripts and keeps the cache files (swatchd(8)).
 *
 * The way of a line, from the kernel to the file, call by call:
 *     watch/watch.c        on_readable()           reads inotify's events: which transcript changed
 *     daemon/daemon.c      on_file_seen()            hands its path on
 *     tail/tail.c          tail_note()             queues it for [watch] tail_delay, so a burst is one read
 *     tail/read.c          tail_read_lines()       reads its new complete lines
 *     daemon/lines.c       daemon_take_batch()       takes them, and the end of the turn
 *     transcript/scan.c    scan_line()             says what a line means
 *     session/session.c    sessions_take_facts()   keeps what it says of its session
 *     ledger/ledger.c      ledger_add()            keeps its usage, once for all copies, with its price
 *     publish/publish.c    publish_note_change()   decides which files show it, and when their turn comes
 *                          publish_flush()         goes through them at the end of the loop's turn
 *     publish/compose*.c   compose_session()       writes the JSON
 *     cache/write.c        cache_write_file()      writes a temporary file, and renames it
 * The past goes another way into the ledger when the daemon starts (tail/history.c, on threads;
 * daemon/history.c).
 *
 * Beside it:
 *     daemon/refresh.c     refresh/, billing/      after a burst ccusage runs once; which figures are shown
 *     daemon/alerts.c      alerts/                 figures that crossed a limit, and the command for each
 *     daemon/sessions.c    session/                idle sessions lose their files, living ones keep them
 *     daemon/requests.c    control/                the socket: the table of requests, and the events
 *     daemon/clock.c       loop/                   clocks that are set, machines that sleep
 *     daemon/cache.c       cache/                  the directory is removed while the daemon runs
 *     daemon/config.c      config/                 SIGHUP
 *     start.c, signals.c   sandbox/, ipc/          all that comes before the loop, and what ends it
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "sandbox/sandbox.h"
#include "swatchd/command_line.h"
#include "swatchd/daemon/round.h"
#include "swatchd/loop/loop.h"
#include "swatchd/loop/notify.h"
#include "swatchd/signals.h"
#include "swatchd/start.h"

/* One round of everything. The loop runs only while ccusage does. */
static int run_once(struct daemon *daemon)
{
	daemon_do_round(daemon);
	if (!daemon->options.no_refresh && refresh_force(&daemon->refresh) > 0)
		ev_run(daemon->loop, 0);
	publish_flush(&daemon->publish);
	if (publish_has_failed(&daemon->publish))
		return EXIT_FAILED;
	return daemon->refresh_failed ? EXIT_NOT_REFRESHED : EXIT_STOPPED;
}

/* The loop ended so that everything starts again in this process. */
static bool begins_again(const struct daemon *daemon)
{
	return daemon->cache.switched || daemon->begins_anew;
}

static int run_on(struct daemon *daemon)
{
	log_info("swatchd %s keeps %s", PACKAGE_VERSION, daemon->options.cache_path);
	notify_send("READY=1");
	ev_run(daemon->loop, 0);
	/* After STOPPING=1 the service manager would end the process that begins anew. */
	if (!begins_again(daemon))
		notify_send("STOPPING=1");
	return EXIT_STOPPED;
}

/* Starts the daemon on a loop that signals reach, and gives it the config. */
static int run_daemon(struct daemon *daemon, struct ev_loop *loop, struct signals *signals,
		      struct start *start, struct buf *error)
{
	int status = EXIT_FAILED;
	if (daemon_start(daemon, loop, &start->options, &start->config, error) != 0) {
		log_error("%s", buf_message(error));
	} else {
		signals_reach(signals, daemon);
		status = start->options.once ? run_once(daemon) : run_on(daemon);
	}
	if (daemon->cache.lost)
		status = EXIT_FAILED;
	/* The daemon replaced them if it made the cache directory again. */
	start->options.cache_fd = daemon->options.cache_fd;
	start->options.lock_fd = daemon->options.lock_fd;
	start->again = begins_again(daemon);
	daemon_stop(daemon);
	memset(&start->config, 0, sizeof(start->config));
	return status;
}

static int run(struct start *start)
{
	static struct daemon daemon;
	struct signals signals;
	AUTO_BUF error = BUF_INIT;
	int status = EXIT_FAILED;
	struct ev_loop *loop = loop_make(&error);
	if (!loop) {
		log_error("%s", buf_message(&error));
		return EXIT_FAILED;
	}
	signals_start(&signals, loop);
	if (loop_check_signals(loop, &error) != 0)
		log_error("%s", buf_message(&error));
	else if (signals_have_ended(&signals))
		status = EXIT_STOPPED;
	else
		status = run_daemon(&daemon, loop, &signals, start, &error);
	if (signals_stop(&signals, loop))
		start->again = false;
	ev_loop_destroy(loop);
	return status;
}

/* Everything from the config to the end of the daemon. */
static int begin(struct start *start)
{
	int status = start_read_config(start);
	if (status < 0)
		status = start_find_cache(start);
	if (status < 0)
		status = start_take_lock(start);
	return status < 0 ? run(start) : status;
}

int main(int argc, char **argv)
{
	struct command_line line;
	struct start start = { .line = &line, .options = { .cache_fd = -1, .lock_fd = -1 } };
	if (!start_ready_process())
		return EXIT_FAILED;
	signals_hold_reload();
	int status = command_line_parse(argc, argv, &line);
	if (status >= 0)
		return status;
	do {
		start.again = false;
		status = begin(&start);
		config_release(&start.config);
		start_release(&start);
		start = (struct start){ .line = &line,
					.options = { .cache_fd = -1, .lock_fd = -1 },
					.again = start.again };
	} while (start.again);
	sandbox_release();
	return status;
}
