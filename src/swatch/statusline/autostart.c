#include "swatch/statusline/autostart.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/scope.h"
#include "base/whose_home.h"
#include "cache/dir.h"
#include "cache/names.h"
#include "swatch/cli/program.h"

/* Opens and locks the file. Returns -1 when another statusline has the lock, and on any failure. */
static int open_gate(const char *cache_dir)
{
	AUTO_BUF error = BUF_INIT;
	struct stat st;
	AUTO_CLOSE int dir_fd = cache_dir_open(cache_dir, true, &error);
	const int flags = O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
	int fd = dir_fd < 0 ? -1 : openat(dir_fd, CACHE_AUTOSTART_FILE, flags, 0600);
	/* A file with a second name may be a file of ours elsewhere, as in cache/lock.c. */
	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == geteuid()
	    && st.st_nlink <= 1
	    && flock(fd, LOCK_EX | LOCK_NB) == 0)
		return fd;
	close_quietly(fd);
	return -1;
}

/*
 * Returns true when it is time to try, after it wrote down the time. A new file is empty; a time in the
 * future comes from a clock that was set back.
 */
static bool take_turn(int fd)
{
	struct stat st;
	if (fstat(fd, &st) != 0)
		return false;
	int64_t age_ms = clock_wall_ms() - ((int64_t)st.st_mtim.tv_sec * 1000 + st.st_mtim.tv_nsec / 1000000);
	if (st.st_size > 0 && age_ms >= 0 && age_ms < AUTOSTART_PAUSE_MS)
		return false;
	char at[CLOCK_RFC3339_SIZE + 1];
	clock_format_rfc3339(clock_wall_ms(), at);
	size_t len = strlen(at);
	at[len++] = '\n';
	/* Without the time in the file, each statusline would try. */
	return pwrite(fd, at, len, 0) == (ssize_t)len;
}

/* Returns a path that is right in "/", too, where the daemon runs; malloc'd. */
static char *make_absolute(const char *path)
{
	return path[0] == '/' ? strdup(path) : realpath(path, NULL);
}

static void start(const char *config_option, const char *cache_option)
{
	char name[] = "swatchd", config_name[] = "--config", cache_name[] = "--cache";
	AUTO_FREE char *config = config_option ? make_absolute(config_option) : NULL;
	AUTO_FREE char *cache = cache_option ? make_absolute(cache_option) : NULL;
	AUTO_FREE char *path = program_find_daemon();
	char *argv[6] = { name };
	size_t count = 1;
	if (config) {
		argv[count++] = config_name;
		argv[count++] = config;
	}
	if (cache) {
		argv[count++] = cache_name;
		argv[count++] = cache;
	}
	if (path && (config || !config_option) && (cache || !cache_option))
		(void)program_start_detached(path, argv);
}

void statusline_autostart(const char *config_option, const char *cache_option, const char *cache_dir)
{
	AUTO_BUF error = BUF_INIT;
	AUTO_CLOSE int fd = whose_home_is_ours(&error) ? open_gate(cache_dir) : -1;
	if (fd >= 0 && take_turn(fd))
		start(config_option, cache_option);
}
