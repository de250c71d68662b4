/*
 * swatchd: one daemon a user watches Claude Code's transcripts and keeps the cache files (swatchd(8)).
 *
 * The map of this directory, along the way of the data:
 *     watch, watch_roots, watch_dirs     inotify on the data directories: which transcripts changed, which are gone
 *     tail, tail_queue, tail_read        the new complete lines of a transcript, from its offset
 *     tail_history                       a long past, read by threads
 *     (usage/scan, usage/ledger: what a line says, and the accounts)
 *     session                            what is known of every session
 *     billing, pricing, account_limits   which figures are shown, and how fresh they are; prices; the account's limits
 *     compose, compose_session, publish  what stands in the cache files, and when they are written
 * beside it
 *     refresh, child, ccusage_answer     a burst of activity makes at most one run of ccusage
 *     alerts, alert_text, alert_run      figures that crossed a limit, and the command that is run for each
 *     expire, liveness                   idle sessions lose their files; living processes keep theirs
 *     control, control_client, events    the socket, who calls, and who follows what happens
 *     loop                               libev, without its abort()
 *     sandbox, sandbox_sockets           what the kernel denies all of this from the end of the start on
 *     drift, notify                      changes of the transcript format; the service manager
 * daemon.c wires them by callbacks; daemon_NAME.c is what of that has to do with NAME: daemon_control.c and
 * daemon_report.c answer the socket, daemon_alerts.c shows alerts the figures, daemon_clock.c knows the next moment, and
 * so on. This file has the command line, the lock, the signals and the loop.
 */
#include <errno.h>
#include <getopt.h>
#include <malloc.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/paths.h"
#include "base/printable.h"
#include "base/streams.h"
#include "cache/dir.h"
#include "cache/lock.h"
#include "cache/read.h"
#include "ipc/socket.h"
#include "swatchd/daemon.h"
#include "swatchd/loop/loop.h"
#include "swatchd/loop/notify.h"
#include "swatchd/sandbox/sandbox.h"

#define LARGE_BYTES (512 << 10)
/* How long a child of a holder that is gone may still have the lock. */
#define DEAD_HOLDER_MS INT64_C(5000)

enum exit_status { EXIT_STOPPED = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_HELD = 3, EXIT_NOT_REFRESHED = 4 };

struct command_line {
	bool once, wait, no_refresh;
	const char *config_path, *cache_path;
	int log_level;           /* -1: as the config says */
};

struct signals {
	struct daemon *daemon;
	ev_signal term, interrupt, hangup;
	ev_timer watchdog;
};

static const char usage_text[] =
	"usage: swatchd [--once] [--wait] [--no-refresh] [--config FILE] [--cache DIR] [--log-level LEVEL]\n"
	"       swatchd --version | --help\n"
	"\n"
	"Watches Claude Code's transcripts and keeps the cache files that statuslines read.\n"
	"Stays in the foreground; a service manager starts it.\n"
	"\n"
	"  --once             scan, refresh, publish, expire, exit\n"
	"  --wait             with --once: wait for another holder of the lock\n"
	"  --no-refresh       with --once: do not run ccusage\n"
	"  --config FILE      this file instead of ~/.config/swatch/swatch.conf\n"
	"  --cache DIR        this directory instead of the configured one\n"
	"  --log-level LEVEL  error, warning, info or debug\n"
	"\n"
	"Exit status: 0 ended cleanly, 1 failed, 2 usage or config, 3 another swatchd holds the\n"
	"lock, 4 (--once) published, but ccusage failed. Manual: swatchd(8)\n";

/* Returns -1 to go on, or an exit status. */
static int parse_command_line(int argc, char **argv, struct command_line *out)
{
	static const struct option options[] = {
		{ "once", no_argument, NULL, 'o' },	 { "wait", no_argument, NULL, 'w' },
		{ "no-refresh", no_argument, NULL, 'n' }, { "config", required_argument, NULL, 'c' },
		{ "cache", required_argument, NULL, 'd' }, { "log-level", required_argument, NULL, 'l' },
		{ "version", no_argument, NULL, 'V' },	 { "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	static const char *const levels[] = { "error", "warning", "info", "debug" };
	int option;
	memset(out, 0, sizeof(*out));
	out->log_level = -1;
	while ((option = getopt_long(argc, argv, "hV", options, NULL)) != -1) {
		switch (option) {
		case 'o': out->once = true; break;
		case 'w': out->wait = true; break;
		case 'n': out->no_refresh = true; break;
		case 'c': out->config_path = optarg; break;
		case 'd': out->cache_path = optarg; break;
		case 'l':
			for (int i = 0; i < 4; i++)
				if (strcmp(optarg, levels[i]) == 0)
					out->log_level = i;
			if (out->log_level < 0) {
				fprintf(stderr, "swatchd: --log-level %s: error, warning, info or debug\n", optarg);
				return EXIT_USAGE;
			}
			break;
		case 'V':
			printf("swatchd %s\n", PACKAGE_VERSION);
			return EXIT_STOPPED;
		case 'h':
			fputs(usage_text, stdout);
			return EXIT_STOPPED;
		default:
			fputs(usage_text, stderr);
			return EXIT_USAGE;
		}
	}
	if (optind < argc || (!out->once && (out->wait || out->no_refresh))) {
		if (optind < argc)
			fprintf(stderr, "swatchd: takes no argument '%s'\n", argv[optind]);
		else
			fprintf(stderr, "swatchd: --wait and --no-refresh go with --once\n");
		fputs(usage_text, stderr);
		return EXIT_USAGE;
	}
	return -1;
}

/* ---- the lock ---- */

/* Tells the daemon that holds the lock that somebody else wanted it: it counts that. */
static void tell_contended(const char *socket_path)
{
	static const char line[] = "{\"op\":\"contended\"}\n";
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	if (!socket_path || strlen(socket_path) >= sizeof(address.sun_path))
		return;
	memcpy(address.sun_path, socket_path, strlen(socket_path) + 1);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return;
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0 && cache_socket_is_own_peer(fd, NULL))
		(void)send(fd, line, sizeof(line) - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
	close(fd);
}

static int64_t last_refresh_ms(int cache_fd)
{
	struct json_object *billing = cache_read_json(cache_fd, CACHE_BILLING_FILE);
	struct json_object *ccusage = json_get_object(billing, "ccusage");
	int64_t at_ms = json_get_int(ccusage, "failures", 1) == 0 ? json_get_int(ccusage, "lastFetched", 0) : 0;
	json_object_put(billing);
	return at_ms;
}

/*
 * A daemon that was killed between fork and exec leaves a child that has the lock until it finds out: a moment. The lock
 * alone says who may write; this only says that it is worth waiting.
 */
static bool is_gone(const struct cache_lock_holder *holder)
{
	return holder->pid > 0 && kill(holder->pid, 0) != 0 && errno == ESRCH;
}

/* Returns -1 with the lock in *lock_fd, or an exit status after a message. */
static int take_lock(const struct command_line *line, const struct config *config, struct daemon_options *options,
		     const char *socket_path, int *lock_fd)
{
	struct cache_lock_holder holder;
	const char *role = line->once ? "once" : "daemon";
	int64_t asked_ms = clock_wall_ms();
	enum cache_lock_result result = cache_lock_take(options->cache_fd, role, lock_fd, &holder);
	if (result == CACHE_LOCK_HELD) {
		options->lock_contended = true;
		tell_contended(socket_path);
		/* A one-shot run is over soon: a daemon that starts meanwhile waits for it, and so does who says --wait. */
		if (line->wait || (!line->once && strcmp(holder.role, "once") == 0))
			result = cache_lock_wait(options->cache_fd, role, config->ccusage_timeout_ms + 30 * CLOCK_SECOND_MS,
						 lock_fd, &holder, &options->lock_waited_ms);
		else if (is_gone(&holder))
			result = cache_lock_wait(options->cache_fd, role, DEAD_HOLDER_MS, lock_fd, &holder,
						 &options->lock_waited_ms);
		/* What one waited for may be what one came for. */
		if (result == CACHE_LOCK_TAKEN && line->once && last_refresh_ms(options->cache_fd) >= asked_ms)
			options->no_refresh = true;
	}
	if (result == CACHE_LOCK_TAKEN)
		return -1;
	if (result == CACHE_LOCK_FAILED) {
		/* See cache_lock.h: what is refused, and not what the system says. */
		const char *why = errno == EPERM ? "it is not a regular file, has a second name, or belongs to another user; "
						   "look at what it is, and remove it"
				  : errno == ELOOP ? "it is a link; look who made it, and remove it" : strerror(errno);
		log_error("cannot lock %s/%s: %s", options->cache_path, CACHE_LOCK_FILE, why);
		return EXIT_FAILED;
	}
	if (holder.pid > 0)
		log_error("another swatchd (pid %ld, %s, version %s) keeps %s; 'swatch status' tells about it, "
			  "'systemctl --user stop swatchd' or 'kill %ld' ends it", (long)holder.pid,
			  holder.role[0] ? holder.role : "?", holder.version[0] ? holder.version : "?",
			  options->cache_path, (long)holder.pid);
	else  /* the disk was full when it began; and 'kill 0' would end the shell that it is typed into */
		log_error("another swatchd keeps %s; 'swatch status' tells about it, 'systemctl --user stop swatchd' ends it",
			  options->cache_path);
	return EXIT_HELD;
}

/* ---- the loop ---- */

static void on_end_signal(struct ev_loop *loop, ev_signal *watcher, int revents)
{
	(void)revents;
	log_info("ending: signal %d (%s)", watcher->signum, strsignal(watcher->signum));
	ev_break(loop, EVBREAK_ALL);
}

static void on_hangup(struct ev_loop *loop, ev_signal *watcher, int revents)
{
	(void)loop;
	(void)revents;
	char reloading[96];
	struct signals *signals = watcher->data;
	snprintf(reloading, sizeof(reloading), "RELOADING=1\nMONOTONIC_USEC=%lld", (long long)clock_mono_ms() * 1000);
	notify_send(reloading);
	daemon_reload(signals->daemon);
	notify_send("READY=1");
}

static void on_watchdog(struct ev_loop *loop, ev_timer *watcher, int revents)
{
	(void)loop;
	(void)watcher;
	(void)revents;
	notify_send("WATCHDOG=1");
}

static void start_signals(struct signals *signals, struct ev_loop *loop, struct daemon *daemon)
{
	memset(signals, 0, sizeof(*signals));
	signals->daemon = daemon;
	ev_signal_init(&signals->term, on_end_signal, SIGTERM);
	ev_signal_init(&signals->interrupt, on_end_signal, SIGINT);
	ev_signal_init(&signals->hangup, on_hangup, SIGHUP);
	signals->hangup.data = signals;
	ev_signal_start(loop, &signals->term);
	ev_signal_start(loop, &signals->interrupt);
	ev_signal_start(loop, &signals->hangup);
	int64_t interval_ms = notify_watchdog_interval_ms();
	if (interval_ms > 0) {
		ev_timer_init(&signals->watchdog, on_watchdog, (double)interval_ms / 1000., (double)interval_ms / 1000.);
		ev_timer_start(loop, &signals->watchdog);
	}
}

static void stop_signals(struct signals *signals, struct ev_loop *loop)
{
	ev_signal_stop(loop, &signals->term);
	ev_signal_stop(loop, &signals->interrupt);
	ev_signal_stop(loop, &signals->hangup);
	ev_timer_stop(loop, &signals->watchdog);
}

/* One round of everything; the loop runs only for as long as ccusage does. */
static int run_once(struct daemon *daemon)
{
	daemon_flush(daemon);
	if (!daemon->options.no_refresh && refresh_force(&daemon->refresh) > 0)
		ev_run(daemon->loop, 0);
	publish_flush(&daemon->publish);
	if (publish_has_failed(&daemon->publish))
		return EXIT_FAILED;
	return daemon->refresh_failed ? EXIT_NOT_REFRESHED : EXIT_STOPPED;
}

static int run(struct daemon_options *options, struct config *config)
{
	static struct daemon daemon;
	struct signals signals;
	struct buf error = BUF_INIT;
	struct ev_loop *loop = loop_make(&error);
	if (!loop) {
		log_error("%s", buf_message(&error));
		buf_release(&error);
		config_release(config);
		return EXIT_FAILED;
	}
	start_signals(&signals, loop, &daemon);
	int status = EXIT_STOPPED;
	if (loop_check_signals(loop, &error) != 0) {
		log_error("%s", buf_message(&error));
		config_release(config);
		stop_signals(&signals, loop);
		ev_loop_destroy(loop);
		buf_release(&error);
		return EXIT_FAILED;
	}
	if (daemon_start(&daemon, loop, options, config, &error) != 0) {
		log_error("%s", buf_message(&error));
		status = EXIT_FAILED;
	} else if (options->once) {
		status = run_once(&daemon);
	} else {
		log_info("swatchd %s keeps %s", PACKAGE_VERSION, options->cache_path);
		notify_send("READY=1");
		ev_run(loop, 0);
		notify_send("STOPPING=1");
	}
	if (daemon.lost_cache)
		status = EXIT_FAILED;
	options->cache_fd = daemon.options.cache_fd;
	options->lock_fd = daemon.options.lock_fd;
	daemon_stop(&daemon);
	stop_signals(&signals, loop);
	ev_loop_destroy(loop);
	buf_release(&error);
	return status;
}

/* Finds the cache directory and the socket, takes the lock, and runs. */
static int run_locked(const struct command_line *line, struct daemon_options *options, struct config *config)
{
	struct buf error = BUF_INIT;
	int status = EXIT_FAILED;
	char *socket_path = NULL;
	char *cache_path = cache_dir_locate(config, line->cache_path);
	options->cache_path = cache_path;
	if (!cache_path)
		buf_printf(&error, "cannot tell where the cache directory is: %s", paths_why_none());
	options->cache_fd = cache_path ? cache_dir_open(cache_path, true, &error) : -1;
	if (options->cache_fd < 0) {
		log_error("%s", buf_message(&error));
		goto out;
	}
	socket_path = cache_socket_path(cache_path);
	if (!socket_path && !line->once) {
		log_error("cannot name a socket for %s: %s", cache_path, strerror(errno));
		goto out;
	}
	status = take_lock(line, config, options, socket_path, &options->lock_fd);
	if (status >= 0)
		goto out;
	status = EXIT_FAILED;
	if (!line->once && cache_socket_prepare_dir(socket_path, &error) != 0) {
		log_error("%s", buf_message(&error));
		goto out;
	}
	options->socket_path = line->once ? NULL : socket_path;
	status = run(options, config);
	memset(config, 0, sizeof(*config));  /* the daemon has released it */
out:
	config_release(config);
	if (options->lock_fd >= 0)
		close(options->lock_fd);
	if (options->cache_fd >= 0)
		close(options->cache_fd);
	free(socket_path);
	free(cache_path);
	buf_release(&error);
	return status;
}

/* They quote a config file, which may be somebody else's that --config names. */
static void print_errors(struct buf *errors)
{
	size_t at = 0;
	while (at < errors->len) {
		size_t len = strcspn(errors->data + at, "\n");
		printable_mask(errors->data + at, len);
		at += len + 1;
	}
	fputs(buf_str(errors), stderr);
}

int main(int argc, char **argv)
{
	struct command_line line;
	struct daemon_options options = { .cache_fd = -1, .lock_fd = -1 };
	struct config config;
	struct buf errors = BUF_INIT;
	if (!streams_make_safe())
		return EXIT_FAILED;
	log_init("swatchd", LOG_LEVEL_INFO);
#ifdef __GLIBC__
	/* What is large goes back when it is freed. Left alone, glibc keeps as much as was ever needed at once. */
	(void)mallopt(M_MMAP_THRESHOLD, LARGE_BYTES);
#endif
	int status = parse_command_line(argc, argv, &line);
	if (status >= 0)
		return status;
	/* What was inherited stays open for whoever gave it, but no child of ours gets it. */
	(void)close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
	(void)umask(0077);
	sandbox_forbid_privileges();
	(void)signal(SIGPIPE, SIG_IGN);
	/* A statusline's mark must not reach what a daemon started from there runs. */
	(void)unsetenv("CLAUDE_CODE_CHILD_SESSION");
	options.once = line.once;
	options.no_refresh = line.no_refresh;
	options.config_required = line.config_path != NULL;
	errno = 0;
	char *default_path = line.config_path ? NULL : config_default_path();
	if (!line.config_path && !default_path && errno == ENOMEM) {
		log_error("cannot start: out of memory");
		return EXIT_FAILED;
	}
	options.config_path = line.config_path ? line.config_path : default_path;
	if (daemon_read_config(&options, &config, &errors) != 0) {
		if (errors.failed)
			fputs("swatchd: cannot read the config: out of memory\n", stderr);
		else
			print_errors(&errors);
		status = errors.failed ? EXIT_FAILED : EXIT_USAGE;
	} else {
		if (line.log_level >= 0)
			config.log_level = line.log_level;
		if (line.once)
			config.watch_method = WATCH_POLL;  /* one look needs no watches */
		log_set_level((enum log_level)config.log_level);
		status = run_locked(&line, &options, &config);
	}
	sandbox_release();
	buf_release(&errors);
	free(default_path);
	return status;
}
