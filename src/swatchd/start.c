#include "swatchd/start.h"

#include <errno.h>
#include <linux/close_range.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "program/argv.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/paths.h"
#include "base/printable.h"
#include "base/scope.h"
#include "program/streams.h"
#include "base/whose_home.h"
#include "cache/dir.h"
#include "cache/lock.h"
#include "cache/read.h"
#include "ipc/socket.h"
#include "json/get.h"
#include "sandbox/sandbox.h"
#include "swatchd/daemon/config.h"

#define LARGE_BYTES (512 << 10)
/* For how long a child of a dead holder may still have the lock. */
#define DEAD_HOLDER_MS INT64_C(5000)

bool start_ready_process(void)
{
	if (!streams_make_safe())
		return false;
	log_init("swatchd", LOG_LEVEL_INFO);
#ifdef __GLIBC__
	/* Freed large blocks go back to the kernel; by default glibc keeps as much as was ever in use. */
	(void)mallopt(M_MMAP_THRESHOLD, LARGE_BYTES);
#endif
	return true;
}

/* ---- the config ---- */

/* Masks control characters: the errors quote a file that --config names, which may be another user's. */
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

/* Cuts the process off from the one that started it. */
static void leave_starter(void)
{
	/* Inherited descriptors stay open, but no child of ours gets them. */
	(void)close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
	(void)umask(0077);
	sandbox_forbid_privileges();
	(void)signal(SIGPIPE, SIG_IGN);
	/* A daemon that a statusline started must not hand the statusline's mark to what it runs. */
	(void)unsetenv("CLAUDE_CODE_CHILD_SESSION");
}

int start_read_config(struct start *start)
{
	const struct command_line *line = start->line;
	struct daemon_options *options = &start->options;
	AUTO_BUF errors = BUF_INIT;
	leave_starter();
	if (!whose_home_is_ours(&errors)) {
		log_error("%s", buf_message(&errors));
		return EXIT_USAGE;
	}
	options->once = line->once;
	options->no_refresh = line->no_refresh;
	options->config_required = line->config_path != NULL;
	errno = 0;
	start->config_path = line->config_path ? NULL : config_default_path();
	if (!line->config_path && !start->config_path && errno == ENOMEM) {
		log_error("cannot start: out of memory");
		return EXIT_FAILED;
	}
	options->config_path = line->config_path ? line->config_path : start->config_path;
	if (daemon_read_config(options, &start->config, &errors) != 0) {
		bool no_memory = errors.failed || errors.len == 0;
		if (no_memory)
			fputs("swatchd: cannot read the config: out of memory\n", stderr);
		else
			print_errors(&errors);
		return no_memory ? EXIT_FAILED : EXIT_USAGE;
	}
	if (line->log_level >= 0)
		start->config.log_level = line->log_level;
	if (line->once)
		start->config.watch_method = WATCH_POLL;  /* one look needs no watches */
	log_set_level((enum log_level)start->config.log_level);
	return -1;
}

/* ---- the cache directory ---- */

/* Which path is too long depends on where the socket would be. */
static void report_no_socket(const char *cache_path)
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	if (errno != ENAMETOOLONG)
		log_error("cannot name a socket for %s: %s", cache_path, strerror(errno));
	else if (runtime && runtime[0] == '/')
		log_error(
			"cannot make a socket below XDG_RUNTIME_DIR,"
			" %s: a socket's path has at most %zu bytes; set it "
			"to a shorter directory",
			runtime, sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1);
	else
		log_error(
			"cannot make a socket in %s: a socket's path has at most %zu bytes; set "
			"XDG_RUNTIME_DIR, where "
			"the socket is otherwise, or a shorter [cache] directory",
			cache_path, sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1);
}

int start_find_cache(struct start *start)
{
	struct daemon_options *options = &start->options;
	AUTO_BUF error = BUF_INIT;
	start->cache_path = cache_dir_locate(&start->config, start->line->cache_path);
	options->cache_path = start->cache_path;
	if (!start->cache_path)
		buf_printf(&error, "cannot tell where the cache directory is: %s", paths_why_none());
	options->cache_fd = start->cache_path ? cache_dir_open(start->cache_path, true, &error) : -1;
	if (options->cache_fd < 0) {
		bool by_unit = start->cache_path && errno == EROFS && getenv("NOTIFY_SOCKET");
		if (by_unit)
			buf_append_str(&error, "; the service's unit names the folders that it may write to: "
					       "swatch setup adds this one");
		log_error("%s", buf_message(&error));
		return EXIT_FAILED;
	}
	start->socket_path = cache_socket_path(start->cache_path);
	if (!start->socket_path && !start->line->once) {
		report_no_socket(start->cache_path);
		return EXIT_FAILED;
	}
	options->socket_path = start->line->once ? NULL : start->socket_path;
	return -1;
}

/* ---- the lock ---- */

/* Tells the daemon that holds the lock that we wanted it, too; it counts such attempts. */
static void tell_contended(const char *socket_path)
{
	static const char line[] = "{\"op\":\"contended\"}\n";
	if (socket_path)
		cache_socket_tell(socket_path, line, sizeof(line) - 1);
}

static int64_t last_refresh_ms(int cache_fd)
{
	AUTO_JSON *billing = cache_read_json(cache_fd, CACHE_BILLING_FILE);
	struct json_object *ccusage = json_get_object(billing, "ccusage");
	return json_get_int(ccusage, "failures", 1) == 0 ? json_get_int(ccusage, "lastFetched", 0) : 0;
}

/*
 * A daemon that was killed between fork and exec leaves a child that holds the lock for another moment. The
 * lock alone says who may write; this only says that waiting is worth it.
 */
static bool is_gone(const struct cache_lock_holder *holder)
{
	return holder->pid > 0 && !holder->elsewhere && kill(holder->pid, 0) != 0 && errno == ESRCH;
}

/* Somebody holds the lock: waits where it will soon be free. */
static enum cache_lock_result wait_for_lock(struct start *start, const char *role,
					    struct cache_lock_holder *holder)
{
	struct daemon_options *options = &start->options;
	/* A one-shot run ends soon, so a daemon waits for it, as --wait does for any holder. */
	bool waits = start->line->wait || (!start->line->once && strcmp(holder->role, "once") == 0);
	int64_t patience_ms = start->config.ccusage_timeout_ms + 30 * CLOCK_SECOND_MS;
	if (!waits && !is_gone(holder))
		return CACHE_LOCK_HELD;
	if (!waits)
		patience_ms = DEAD_HOLDER_MS;
	return cache_lock_wait(options->cache_fd, role, patience_ms, &options->lock_fd, holder,
			       &options->lock_waited_ms);
}

static int report_no_lock(const struct daemon_options *options)
{
	/* For cache_lock_take()'s own errors the system's words would mislead. */
	const char *why = strerror(errno);
	if (errno == EPERM)
		why = "it is not a regular file, has a second name, or belongs to another user; look at what "
		      "it is, and remove it";
	else if (errno == ELOOP)
		why = "it is a link; look who made it, and remove it";
	log_error("cannot lock %s/%s: %s", options->cache_path, CACHE_LOCK_FILE, why);
	return EXIT_FAILED;
}

static int report_holder(const struct daemon_options *options, const struct cache_lock_holder *holder)
{
	AUTO_FREE char *systemctl = argv_find_program("systemctl");
	if (holder->elsewhere)
		log_error(
			"another swatchd, in another container, already uses %s; end it there,"
			" or give this one "
			"a cache directory of its own with --cache",
			options->cache_path);
	else if (holder->pid > 0)
		log_error("another swatchd (pid %ld, %s, version %s) already uses %s; 'swatch status' shows "
			  "it, %s'kill %ld' ends it", (long)holder->pid, holder->role[0] ? holder->role : "?",
			  holder->version[0] ? holder->version : "?", options->cache_path,
			  systemctl ? "'systemctl --user stop swatchd' or " : "", (long)holder->pid);
	else  /* the disk was full when it began; 'kill 0' would end the user's shell */
		log_error("another swatchd already uses %s; 'swatch status' shows it%s", options->cache_path,
			  systemctl ? ", 'systemctl --user stop swatchd' ends it" : "");
	return EXIT_HELD;
}

int start_take_lock(struct start *start)
{
	struct daemon_options *options = &start->options;
	AUTO_BUF error = BUF_INIT;
	struct cache_lock_holder holder;
	const char *role = start->line->once ? "once" : "daemon";
	int64_t asked_ms = clock_wall_ms();
	enum cache_lock_result result = cache_lock_take(options->cache_fd, role, &options->lock_fd, &holder);
	if (result == CACHE_LOCK_HELD) {
		options->lock_contended = true;
		tell_contended(start->socket_path);
		result = wait_for_lock(start, role, &holder);
		/* Another process may have done the work while we waited for the lock. */
		if (result == CACHE_LOCK_TAKEN && start->line->once
		    && last_refresh_ms(options->cache_fd) >= asked_ms)
			options->no_refresh = true;
	}
	if (result == CACHE_LOCK_FAILED)
		return report_no_lock(options);
	if (result == CACHE_LOCK_HELD)
		return report_holder(options, &holder);
	if (options->socket_path && cache_socket_prepare_dir(options->socket_path, &error) != 0) {
		log_error("%s", buf_message(&error));
		return EXIT_FAILED;
	}
	if (options->socket_path)
		options->lock_is_unnamed =
			!cache_lock_name_socket(options->lock_fd, role, options->socket_path);
	return -1;
}

void start_release(struct start *start)
{
	close_quietly(start->options.lock_fd);
	close_quietly(start->options.cache_fd);
	free(start->socket_path);
	free(start->cache_path);
	free(start->config_path);
}
