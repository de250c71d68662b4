#include "swatchd/daemon/cache.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/paths.h"
#include "base/scope.h"
#include "base/unused.h"
#include "cache/dir.h"
#include "cache/lock.h"
#include "swatchd/daemon/alerts.h"
#include "swatchd/daemon/gone.h"
#include "swatchd/loop/loop.h"

/* Whether the lock's file and the directory still have their names. */
static bool is_there(const struct daemon_options *options)
{
	struct stat lock, opened, named;
	if (options->lock_fd < 0 || fstat(options->lock_fd, &lock) != 0
	    || fstat(options->cache_fd, &opened) != 0)
		return true;
	if (stat(options->cache_path, &named) != 0)
		return errno != ENOENT && errno != ENOTDIR;
	return lock.st_nlink > 0 && named.st_dev == opened.st_dev && named.st_ino == opened.st_ino;
}

static void give_up(struct daemon *daemon)
{
	daemon->cache.lost = true;
	ev_break(daemon->loop, EVBREAK_ALL);
}

/* Without permission (the sandbox knows only the old directory) the daemon ends: the next start has it. */
static bool fail(struct daemon *daemon, const char *what, int why)
{
	bool is_final = why == EPERM || why == EACCES || why == EROFS || why == ELOOP;
	if (daemon->cache.last_errno != why)
		log_error("the cache directory %s is gone, and %s; %s", daemon->options.cache_path, what,
			  is_final ? "ending: start it again" : "trying again");
	daemon->cache.last_errno = why;
	if (is_final)
		give_up(daemon);
	return false;
}

/* On a full disk, the lock cannot tell where the socket is. */
static void name_lock_later(struct daemon *daemon)
{
	if (daemon->options.lock_is_unnamed)
		loop_set_timer(daemon->loop, &daemon->cache.name_lock, PUBLISH_RETRY_MS);
}

static void on_name_lock(struct ev_loop *loop UNUSED, ev_timer *watcher, int revents UNUSED)
{
	struct daemon *daemon = watcher->data;
	struct daemon_options *options = &daemon->options;
	options->lock_is_unnamed =
		!cache_lock_name_socket(options->lock_fd, "daemon", options->socket_path);
	name_lock_later(daemon);
}

static bool take_place(struct daemon *daemon, int cache_fd, struct buf *error)
{
	struct daemon_options *options = &daemon->options;
	struct cache_lock_holder holder;
	int lock_fd = -1;
	enum cache_lock_result result = cache_lock_take(cache_fd, options->once ? "once" : "daemon", &lock_fd,
							&holder);
	if (result != CACHE_LOCK_TAKEN) {
		int why = errno;
		close(cache_fd);
		if (result == CACHE_LOCK_FAILED) {
			buf_printf(error, "it cannot be locked again: %s", strerror(why));
			return fail(daemon, buf_message(error), why);
		}
		log_error("the cache directory %s was removed, and another swatchd (pid %ld) has it now; "
			  "ending", options->cache_path, (long)holder.pid);
		give_up(daemon);
		return false;
	}
	if (options->socket_path)
		options->lock_is_unnamed =
			!cache_lock_name_socket(lock_fd, "daemon", options->socket_path);
	close(options->cache_fd);
	close(options->lock_fd);
	options->cache_fd = cache_fd;
	options->lock_fd = lock_fd;
	name_lock_later(daemon);
	daemon->cache.last_errno = 0;
	daemon_rewrite_alerts(daemon);
	daemon_note_gone(daemon, NULL);
	log_warning("the cache directory %s was removed or emptied: writing everything again",
		    options->cache_path);
	publish_set_directory(&daemon->publish, cache_fd);
	return true;
}

/* Looks at the directory above the cache's. Returns false when it is missing. */
static bool look_above(const struct daemon *daemon, struct stat *above)
{
	AUTO_FREE char *path = strdup(daemon->options.cache_path);
	char *slash = path ? strrchr(path, '/') : NULL;
	if (!slash)
		return true;
	slash[slash == path] = '\0';
	return stat(path, above) == 0 || !paths_is_gone(errno);
}

static void begin_anew(struct daemon *daemon)
{
	log_warning("%s leads to another place now (another profile?): beginning anew there",
		    daemon->options.cache_path);
	daemon->cache.switched = true;
	ev_break(daemon->loop, EVBREAK_ALL);
}

bool daemon_keep_cache(void *ctx)
{
	struct daemon *daemon = ctx;
	AUTO_BUF error = BUF_INIT;
	if (daemon->cache.lost || daemon->cache.switched)
		return false;
	if (is_there(&daemon->options))
		return true;
	struct stat above = { .st_dev = daemon->cache.above_dev, .st_ino = daemon->cache.above_ino };
	/* Who removed that may be about to put something else in its place. */
	if (!look_above(daemon, &above))
		return fail(daemon, "so is the directory above it", ENOENT);
	if (above.st_dev != daemon->cache.above_dev || above.st_ino != daemon->cache.above_ino) {
		begin_anew(daemon);
		return false;
	}
	int fd = cache_dir_open(daemon->options.cache_path, true, &error);
	return fd >= 0 ? take_place(daemon, fd, &error) : fail(daemon, buf_message(&error), errno);
}

void daemon_start_cache(struct daemon *daemon)
{
	struct stat above = { 0 };
	(void)look_above(daemon, &above);
	daemon->cache.above_dev = above.st_dev;
	daemon->cache.above_ino = above.st_ino;
	ev_init(&daemon->cache.name_lock, on_name_lock);
	daemon->cache.name_lock.data = daemon;
	name_lock_later(daemon);
}

void daemon_stop_cache(struct daemon *daemon)
{
	ev_timer_stop(daemon->loop, &daemon->cache.name_lock);
}
