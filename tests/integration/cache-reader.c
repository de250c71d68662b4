/*
 * cache-reader: readers that open every cache file as fast as they can, and judge what they get.
 *
 * usage: cache-reader CACHE-DIR READERS STOP-FILE [PAUSE-MS [figures]]
 * Runs until STOP-FILE exists, or its folder is gone. A bad read is one that is no whole JSON object, lacks
 * the writer's mark, or carries an older time than the same file had before. With "figures" it is also one
 * with fewer tokens or dollars than the same session, day or block had before. Prints "R reads, B bad"; exit
 * status 1 when any was bad, or none was made. A file that is not there (yet, or any more) is no bad read.
 * With a pause after each round they leave others some time.
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

/* ---- figures ---- */

/* What only grows, as long as nobody takes lines away: of a session, of a day and of a block. */
static const struct figure {
	const char *object, *key, *of;  /* `of`: while this stays as it is; NULL: always */
} figures[] = {
	{ "tokens", "input", NULL },	    { "tokens", "output", NULL },
	{ "tokens", "cacheCreation", NULL }, { "tokens", "cacheRead", NULL },
	{ "billing", "sessionCost", NULL },  { "subagents", "costUSD", NULL },
	{ "today", "totalTokens", "date" },  { "today", "costUSD", "date" },
	{ "block", "totalTokens", "startTime" }, { "block", "costUSD", "startTime" },
};

/* Keeps what a figure was: a double that is malloc'd, by file, figure and what it is of. */
static bool goes_back(const char *name, struct json_object *content, const struct figure *figure,
		      struct strmap *before)
{
	char key[512];
	struct json_object *object = NULL, *value = NULL;
	if (!json_object_object_get_ex(content, figure->object, &object)
	    || !json_object_object_get_ex(object, figure->key, &value) || !value)
		return false;
	const char *of = figure->of ? json_get_string(object, figure->of) : "";
	double now = json_object_get_double(value);
	snprintf(key, sizeof(key), "%s %s.%s %s", name, figure->object, figure->key, of ? of : "");
	double *was = strmap_get(before, key);
	if (was && now < *was - 1e-9) {
		fprintf(stderr, "%s goes back from %.9g to %.9g\n", key, *was, now);
		return true;
	}
	if (!was && (was = malloc(sizeof(*was))) && !strmap_put(before, key, was)) {
		free(was);
		was = NULL;
	}
	if (was)
		*was = now;
	return false;
}

static bool any_goes_back(const char *name, struct json_object *content, struct strmap *before)
{
	bool any = false;
	for (size_t i = 0; i < sizeof(figures) / sizeof(figures[0]); i++)
		any = goes_back(name, content, &figures[i], before) || any;
	return any;
}

/* ---- reading ---- */

struct reader {
	struct strmap last_times, before;
	bool wants_figures;
};

static void read_file(int dir_fd, const char *name, struct reader *reader, struct tally *tally)
{
	struct json_object *content = cache_read_json(dir_fd, name);
	if (!content && errno == ENOENT)
		return;
	tally->reads++;
	const char *writer = json_get_string(content, "writer");
	int64_t at_ms = time_of(content);
	int64_t before_ms = (int64_t)(uintptr_t)strmap_get(&reader->last_times, name);
	if (!content || !writer || at_ms == 0 || at_ms < before_ms) {
		tally->bad++;
		fprintf(stderr, "bad read of %s: %s\n", name,
			!content  ? strerror(errno)
			: !writer ? "no writer"
				  : "older");
	}
	if (content && reader->wants_figures && any_goes_back(name, content, &reader->before))
		tally->bad++;
	(void)strmap_put(&reader->last_times, name, (void *)(uintptr_t)at_ms);
	json_object_put(content);
}

/* A test that failed makes no such file, and takes away the whole folder. */
static bool is_to_stop(const char *stop_file)
{
	char folder[PATH_MAX];
	snprintf(folder, sizeof(folder), "%s", stop_file);
	return access(stop_file, F_OK) == 0 || access(dirname(folder), F_OK) != 0;
}

static int run_reader(const char *cache, const char *stop_file, long pause_ms, bool wants_figures,
		      struct tally *tally)
{
	struct reader reader = { STRMAP_INIT, STRMAP_INIT, wants_figures };
	const struct strmap_slot *slot;
	size_t cursor = 0;
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
				read_file(dirfd(stream), entry->d_name, &reader, tally);
		closedir(stream);
	}
	while ((slot = strmap_each(&reader.before, &cursor)))
		free(slot->value);
	strmap_release(&reader.before);
	strmap_release(&reader.last_times);
	return 0;
}

int main(int argc, char **argv)
{
	bool wants_figures = argc == 6 && strcmp(argv[5], "figures") == 0;
	if (argc < 4 || argc > 6 || (argc == 6 && !wants_figures)) {
		fprintf(stderr, "usage: cache-reader CACHE-DIR READERS STOP-FILE [PAUSE-MS [figures]]\n");
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
			_exit(run_reader(argv[1], argv[3], argc > 4 ? strtol(argv[4], NULL, 10) : 0,
					 wants_figures, tally));
	}
	while (wait(NULL) > 0)
		;
	printf("%llu reads, %llu bad\n", (unsigned long long)tally->reads, (unsigned long long)tally->bad);
	return tally->bad > 0 || tally->reads == 0;
}
