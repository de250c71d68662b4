#include "swatch/statusline/autostart.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "cache/dir.h"
#include "cache/names.h"
#include "swatch/cli/program.h"

/* The file, locked; -1: somebody else is at it, or it cannot be had. */
static int open_gate(const char *cache_dir)
{
	struct buf error = BUF_INIT;
	struct stat st;
	int dir_fd = cache_dir_open(cache_dir, true, &error);
	int fd = dir_fd < 0 ? -1 : openat(dir_fd, CACHE_AUTOSTART_FILE,
					  O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0600);
	/* One with a second name may be a file of ours elsewhere, as in cache_lock.c. */
	bool good = fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == geteuid() && st.st_nlink <= 1
		    && flock(fd, LOCK_EX | LOCK_NB) == 0;
	if (dir_fd >= 0)
		close(dir_fd);
	if (fd >= 0 && !good) {
		close(fd);
		fd = -1;
	}
	buf_release(&error);
	return fd;
}

/* Whether it is time, which is noted then. A new file is empty; one from the future tells of a clock that was set back. */
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
	/* Where it cannot be noted, each statusline would try. */
	return pwrite(fd, at, len, 0) == (ssize_t)len;
}

/* A path that holds in "/", too; malloc'd. */
static char *make_absolute(const char *path)
{
	return path[0] == '/' ? strdup(path) : realpath(path, NULL);
}

static void start(const struct statusline_options *options)
{
	char name[] = "swatchd", config_option[] = "--config", cache_option[] = "--cache";
	char *config = options->config_path ? make_absolute(options->config_path) : NULL;
	char *cache = options->cache_path ? make_absolute(options->cache_path) : NULL;
	char *path = program_find_daemon();
	char *argv[6] = { name };
	size_t count = 1;
	if (config) {
		argv[count++] = config_option;
		argv[count++] = config;
	}
	if (cache) {
		argv[count++] = cache_option;
		argv[count++] = cache;
	}
	if (path && (config || !options->config_path) && (cache || !options->cache_path))
		(void)program_start_detached(path, argv);
	free(path);
	free(cache);
	free(config);
}

void statusline_autostart(const struct statusline_options *options, const char *cache_dir)
{
	int fd = open_gate(cache_dir);
	if (fd < 0)
		return;
	if (take_turn(fd))
		start(options);
	close(fd);
}
