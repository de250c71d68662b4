/*
 * cache-reader: readers that open every cache file as fast as they can, and judge what they get.
 *
 * usage: cache-reader CACHE-DIR READERS STOP-FILE [PAUSE-MS]
 * Runs until STOP-FILE exists, or its folder is gone. A bad read is one that is no whole JSON object, lacks
 * the writer's mark, or carries an older time than the same file had before. Prints "R reads, B bad"; exit
 * status 1 when any was bad, or none was made. A file that is not there (yet, or any more) is no bad read. With a pause after each
 * round they leave others some time.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/strmap.h"
#include "cache/read.h"

struct tally {
	_Atomic uint64_t reads, bad;
};

/* The file's own time, by its kind. */
static int64_t time_of(struct json_object *content)
{
	int64_t at_ms = json_get_int(content, "gatheredAt", 0);
	if (at_ms == 0)
		at_ms = json_get_int(content, "lastUpdated", 0);
	return at_ms ? at_ms : json_get_int(content, "lastFetched", 0);
}

static void read_file(int dir_fd, const char *name, struct strmap *last_times, struct tally *tally)
{
	struct json_object *content = cache_read_json(dir_fd, name);
	if (!content && errno == ENOENT)
		return;
	tally->reads++;
	const char *writer = json_get_string(content, "writer");
	int64_t at_ms = time_of(content);
	int64_t before_ms = (int64_t)(uintptr_t)strmap_get(last_times, name);
	if (!content || !writer || at_ms == 0 || at_ms < before_ms) {
		tally->bad++;
		fprintf(stderr, "bad read of %s: %s\n", name,
			!content  ? strerror(errno)
			: !writer ? "no writer"
				  : "older");
	}
	(void)strmap_put(last_times, name, (void *)(uintptr_t)at_ms);
	json_object_put(content);
}

/* A test that failed makes no such file, and takes away the whole folder. */
static bool is_to_stop(const char *stop_file)
{
	char folder[PATH_MAX];
	snprintf(folder, sizeof(folder), "%s", stop_file);
	return access(stop_file, F_OK) == 0 || access(dirname(folder), F_OK) != 0;
}

static int run_reader(const char *cache, const char *stop_file, long pause_ms, struct tally *tally)
{
	struct strmap last_times = STRMAP_INIT;
	const struct timespec pause = { .tv_sec = pause_ms / 1000, .tv_nsec = pause_ms % 1000 * 1000000 };
	while (!is_to_stop(stop_file)) {
		if (pause_ms > 0)
			(void)nanosleep(&pause, NULL);
		DIR *stream = opendir(cache);
		const struct dirent *entry;
		if (!stream)
			continue;
		while ((entry = readdir(stream)))
			if (entry->d_name[0] != '.')
				read_file(dirfd(stream), entry->d_name, &last_times, tally);
		closedir(stream);
	}
	strmap_release(&last_times);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc != 4 && argc != 5) {
		fprintf(stderr, "usage: cache-reader CACHE-DIR READERS STOP-FILE [PAUSE-MS]\n");
		return 2;
	}
	struct tally *tally =
		mmap(NULL, sizeof(*tally), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (tally == MAP_FAILED)
		return 1;
	for (long i = strtol(argv[2], NULL, 10); i > 0; i--) {
		pid_t pid = fork();
		if (pid < 0)
			return 1;
		if (pid == 0)
			_exit(run_reader(argv[1], argv[3], argc > 4 ? strtol(argv[4], NULL, 10) : 0, tally));
	}
	while (wait(NULL) > 0)
		;
	printf("%llu reads, %llu bad\n", (unsigned long long)tally->reads, (unsigned long long)tally->bad);
	return tally->bad > 0 || tally->reads == 0;
}
