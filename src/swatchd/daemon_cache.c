/*
 * The cache directory may be removed, emptied or moved away by people who think that it is only a cache. Then it is made
 * again and everything is written again; and the lock is taken again, because the file that was locked is gone, and would
 * keep no second daemon out.
 */
#include "swatchd/daemon.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "cache/dir.h"
#include "cache/lock.h"

/* The lock's file has its name still, and the directory too. */
static bool is_there(const struct daemon_options *options)
{
	struct stat lock, opened, named;
	if (options->lock_fd < 0 || fstat(options->lock_fd, &lock) != 0 || fstat(options->cache_fd, &opened) != 0)
		return true;
	if (stat(options->cache_path, &named) != 0)
		return errno != ENOENT && errno != ENOTDIR;
	return lock.st_nlink > 0 && named.st_dev == opened.st_dev && named.st_ino == opened.st_ino;
}

static void give_up(struct daemon *daemon)
{
	daemon->lost_cache = true;
	ev_break(daemon->loop, EVBREAK_ALL);
}

/* Who may not write there (the sandbox, and the service, know only the directory that was) ends: its next start can. */
static bool fail(struct daemon *daemon, const char *what, int why)
{
	bool is_final = why == EPERM || why == EACCES || why == EROFS || why == ELOOP;
	if (daemon->cache_errno != why)
		log_error("the cache directory %s is gone, and %s; %s", daemon->options.cache_path, what,
			  is_final ? "ending: start it again" : "it is tried again");
	daemon->cache_errno = why;
	if (is_final)
		give_up(daemon);
	return false;
}

static bool take_place(struct daemon *daemon, int cache_fd, struct buf *error)
{
	struct daemon_options *options = &daemon->options;
	struct cache_lock_holder holder;
	int lock_fd = -1;
	enum cache_lock_result result = cache_lock_take(cache_fd, options->once ? "once" : "daemon", &lock_fd, &holder);
	if (result != CACHE_LOCK_TAKEN) {
		int why = errno;
		close(cache_fd);
		if (result == CACHE_LOCK_FAILED) {
			buf_printf(error, "it cannot be locked again: %s", strerror(why));
			return fail(daemon, buf_message(error), why);
		}
		log_error("the cache directory %s was removed, and another swatchd (pid %ld) has it now; ending",
			  options->cache_path, (long)holder.pid);
		give_up(daemon);
		return false;
	}
	close(options->cache_fd);
	close(options->lock_fd);
	options->cache_fd = cache_fd;
	options->lock_fd = lock_fd;
	daemon->cache_errno = 0;
	alerts_note_lost(&daemon->alerts.rules);
	log_warning("the cache directory %s was removed or emptied: all is written again", options->cache_path);
	publish_set_directory(&daemon->publish, cache_fd);
	return true;
}

bool daemon_keep_cache(void *ctx)
{
	struct daemon *daemon = ctx;
	struct buf error = BUF_INIT;
	if (daemon->lost_cache || is_there(&daemon->options))
		return !daemon->lost_cache;
	int fd = cache_dir_open(daemon->options.cache_path, true, &error);
	bool good = fd >= 0 ? take_place(daemon, fd, &error) : fail(daemon, buf_message(&error), errno);
	buf_release(&error);
	return good;
}
