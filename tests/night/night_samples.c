/*
 * What is measured every few seconds, from outside (/proc, the cache directory) and by asking the daemon.
 */
#include "night.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../bench/bench.h"
#include "cache/names.h"
#include "cache/read.h"
#include "ipc/client.h"

static int64_t status_number(const char *key)
{
	char path[64], line[256];
	int64_t value = -1;
	snprintf(path, sizeof(path), "/proc/%ld/status", (long)night.daemon);
	FILE *file = fopen(path, "re");
	while (file && value < 0 && fgets(line, sizeof(line), file))
		if (strncmp(line, key, strlen(key)) == 0)
			value = strtoll(line + strlen(key), NULL, 10);
	if (file)
		(void)fclose(file);
	return value;
}

static bool is_ledger(const char *descriptor)
{
	static const char name[] = "/ledger.db";
	char path[320], target[320];
	snprintf(path, sizeof(path), "/proc/%ld/fd/%.20s", (long)night.daemon, descriptor);
	ssize_t len = readlink(path, target, sizeof(target));
	size_t name_len = sizeof(name) - 1;
	return len > (ssize_t)name_len && memcmp(target + (size_t)len - name_len, name, name_len) == 0;
}

static void count_descriptors(struct sample *sample)
{
	char path[320], line[256];
	const struct dirent *entry;
	snprintf(path, sizeof(path), "/proc/%ld/fdinfo", (long)night.daemon);
	DIR *stream = opendir(path);
	while (stream && (entry = readdir(stream))) {
		if (entry->d_name[0] == '.')
			continue;
		sample->fds++;
		sample->ledger_fds += is_ledger(entry->d_name);
		snprintf(path, sizeof(path), "/proc/%ld/fdinfo/%s", (long)night.daemon, entry->d_name);
		FILE *file = fopen(path, "re");
		while (file && fgets(line, sizeof(line), file))
			sample->watches += strncmp(line, "inotify ", 8) == 0;
		if (file)
			(void)fclose(file);
	}
	if (stream)
		closedir(stream);
}

static void count_children(struct sample *sample)
{
	char path[64], line[4096];
	const struct dirent *entry;
	DIR *stream = opendir("/proc");
	while (stream && (entry = readdir(stream))) {
		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		snprintf(path, sizeof(path), "/proc/%.20s/stat", entry->d_name);
		FILE *file = fopen(path, "re");
		const char *end = file && fgets(line, sizeof(line), file) ? strrchr(line, ')') : NULL;
		if (end && end[1] == ' ' && strtol(end + 3, NULL, 10) == night.daemon) {
			sample->children++;
			sample->zombies += end[2] == 'Z';
		}
		if (file)
			(void)fclose(file);
	}
	if (stream)
		closedir(stream);
}

static void count_files(struct sample *sample)
{
	const struct dirent *entry;
	struct stat st;
	DIR *stream = opendir(night.cache);
	while (stream && (entry = readdir(stream))) {
		if (strncmp(entry->d_name, CACHE_TEMP_PREFIX, strlen(CACHE_TEMP_PREFIX)) == 0)
			sample->temp_files++;
		if (entry->d_name[0] == '.'
		    || fstatat(dirfd(stream), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0)
			continue;
		sample->cache_files++;
		sample->cache_bytes += st.st_size;
	}
	if (stream)
		closedir(stream);
}

static void take_latencies(struct sample *sample)
{
	static size_t seen;
	static double sorted[NIGHT_LATENCIES_MAX];
	size_t count = night.shared->latency_count, from = seen;
	if (count > NIGHT_LATENCIES_MAX)
		count = NIGHT_LATENCIES_MAX;
	for (size_t i = from; i < count; i++)
		sorted[i - from] = (double)night.shared->latencies[i];
	seen = count;
	sample->latencies = count - from;
	bench_sort(sorted, sample->latencies);
	sample->p50_ms = bench_share(sorted, sample->latencies, .5);
	sample->p99_ms = bench_share(sorted, sample->latencies, .99);
}

static double take_cpu(void)
{
	static pid_t pid;
	static double at_ms, cpu_ms;
	double now = now_ms(), cpu = bench_cpu_ms(night.daemon);
	double percent = pid == night.daemon && now > at_ms ? 100. * (cpu - cpu_ms) / (now - at_ms) : 0.;
	pid = night.daemon;
	at_ms = now;
	cpu_ms = cpu;
	return percent;
}

void sample_take(struct sample *sample, double start_ms)
{
	memset(sample, 0, sizeof(*sample));
	sample->at_s = (now_ms() - start_ms) / 1000.;
	sample->cpu_percent = take_cpu();
	take_latencies(sample);
	count_descriptors(sample);
	count_children(sample);
	struct json_object *status = daemon_ask("{\"op\":\"status\"}", NIGHT_ANSWER_MS);
	if (!status)
		problem("no status at %.0f s", sample->at_s);
	sample->transcripts = json_get_int(json_get_object(status, "watch"), "transcripts", -1);
	sample->sessions = json_get_int(json_get_object(status, "sessions"), "total", -1);
	sample->entries = json_get_int(json_get_object(status, "ledger"), "inMemory", -1);
	json_object_put(status);
	sample->rss_bytes = status_number("VmRSS:") * 1024;
	sample->threads = (int)status_number("Threads:");
	count_files(sample);
}

void sample_print_head(void)
{
	printf("%6s %8s %8s %6s %6s %4s %6s %3s %4s %3s %6s %6s %8s %8s %4s %6s %8s  %s\n", "s", "RSS kB",
	       "entries", "files", "sess.", "fds", "watch", "thr", "chld", "zom", "CPU %", "append", "p50 ms",
	       "p99 ms", "tmp", "cache", "cache kB", "what was done");
}

void sample_print(const struct sample *s, const char *faults)
{
	printf("%6.0f %8lld %8lld %6lld %6lld %4d %6d %3d %4d %3d %6.1f %6zu %8.1f %8.1f %4d %6d %8lld  %s\n",
	       s->at_s, (long long)s->rss_bytes / 1024, (long long)s->entries, (long long)s->transcripts,
	       (long long)s->sessions, s->fds, s->watches, s->threads, s->children, s->zombies,
	       s->cpu_percent, s->latencies, s->p50_ms, s->p99_ms, s->temp_files, s->cache_files,
	       (long long)s->cache_bytes / 1024, faults);
	(void)fflush(stdout);
}
