/*
 * latency: from the append of a message to the session file that holds it.
 *
 * usage: latency PROJECTS-DIR CACHE-DIR SESSIONS LINES-A-SECOND SECONDS
 * Each session appends at the given rate; the time ends when inotify tells of the rename of its file and the file's
 * transcript size is at least what was appended. A daemon must keep CACHE-DIR. Prints one line of figures in ms.
 * Of them the chosen tail_delay (50 ms) is the floor. A bench, not a test: it judges nothing.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "cache/cache_read.h"

#define SESSIONS_MAX 64
#define SAMPLES_MAX 100000

struct appended { int64_t size; double at_ms; };

struct bench_session {
	int fd;
	int64_t size;
	struct appended waiting[1024];
	size_t waiting_count;
};

static struct bench_session sessions[SESSIONS_MAX];
static double samples[SAMPLES_MAX];
static size_t sample_count;

static double now_ms(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1000. + (double)ts.tv_nsec / 1e6;
}

static void append_line(struct bench_session *s, long number, long line_number)
{
	char line[1024], at[CLOCK_RFC3339_SIZE];
	clock_format_rfc3339(clock_wall_ms(), at);
	int len = snprintf(line, sizeof(line),
			   "{\"type\":\"assistant\",\"timestamp\":\"%s\",\"sessionId\":\"bench-%ld\",\"cwd\":\"/home/u/p\",\"version\":"
			   "\"2.1.39\",\"isSidechain\":false,\"requestId\":\"req_%ld_%ld\",\"message\":{\"id\":\"msg_%ld_%ld\",\"model\":"
			   "\"claude-opus-4-6\",\"role\":\"assistant\",\"content\":[{\"type\":\"text\",\"text\":\"%ld\"}],\"usage\":"
			   "{\"input_tokens\":3,\"output_tokens\":5,\"cache_creation_input_tokens\":10,"
			   "\"cache_read_input_tokens\":1000}}}\n",
			   at, number, number, line_number, number, line_number, line_number);
	if (write(s->fd, line, (size_t)len) != len)
		exit(1);
	s->size += len;
	if (s->waiting_count < sizeof(s->waiting) / sizeof(s->waiting[0]))
		s->waiting[s->waiting_count++] = (struct appended){ s->size, now_ms() };
}

static void take_published(int cache_fd, const char *name)
{
	long number;
	char *end;
	if (strncmp(name, "bench-", 6) != 0)
		return;
	number = strtol(name + 6, &end, 10);
	if (strcmp(end, ".json") != 0 || number < 0 || number >= SESSIONS_MAX)
		return;
	double seen_ms = now_ms();
	struct json_object *content = cache_read_json(cache_fd, name);
	int64_t size = cache_json_int(cache_json_object(content, "transcript"), "sizeBytes", 0);
	json_object_put(content);
	struct bench_session *s = &sessions[number];
	size_t kept = 0;
	for (size_t i = 0; i < s->waiting_count; i++) {
		if (s->waiting[i].size <= size && sample_count < SAMPLES_MAX)
			samples[sample_count++] = seen_ms - s->waiting[i].at_ms;
		else
			s->waiting[kept++] = s->waiting[i];
	}
	s->waiting_count = kept;
}

static void take_events(int inotify_fd, int cache_fd)
{
	static _Alignas(struct inotify_event) char bytes[65536];
	ssize_t got = read(inotify_fd, bytes, sizeof(bytes));
	for (char *at = bytes; got > 0 && at < bytes + got;) {
		const struct inotify_event *event = (const struct inotify_event *)(void *)at;
		if (event->len > 0)
			take_published(cache_fd, event->name);
		at += sizeof(*event) + event->len;
	}
}

static int compare(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;
	return left < right ? -1 : left > right;
}

static double percentile(double share)
{
	return sample_count ? samples[(size_t)((double)(sample_count - 1) * share)] : 0.;
}

int main(int argc, char **argv)
{
	if (argc != 6) {
		fprintf(stderr, "usage: latency PROJECTS-DIR CACHE-DIR SESSIONS LINES-A-SECOND SECONDS\n");
		return 2;
	}
	long count = strtol(argv[3], NULL, 10), rate = strtol(argv[4], NULL, 10), seconds = strtol(argv[5], NULL, 10);
	char path[4096];
	snprintf(path, sizeof(path), "%s/-bench", argv[1]);
	if (count < 1 || count > SESSIONS_MAX || rate < 1 || (mkdir(path, 0700) != 0 && errno != EEXIST))
		return 2;
	int cache_fd = open(argv[2], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int inotify_fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (cache_fd < 0 || inotify_fd < 0 || inotify_add_watch(inotify_fd, argv[2], IN_MOVED_TO) < 0) {
		perror(argv[2]);
		return 1;
	}
	for (long i = 0; i < count; i++) {
		snprintf(path, sizeof(path), "%s/-bench/bench-%ld.jsonl", argv[1], i);
		sessions[i].fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
		if (sessions[i].fd < 0)
			return 1;
	}
	struct pollfd wait = { .fd = inotify_fd, .events = POLLIN };
	double start_ms = now_ms();
	for (long n = 0; n < count * rate * seconds;) {
		double due_ms = start_ms + (double)n * 1000. / (double)(count * rate);
		double left_ms = due_ms - now_ms();
		if (left_ms <= 0.) {
			append_line(&sessions[n % count], n % count, n / count);
			n++;
		} else if (poll(&wait, 1, left_ms < 1. ? 0 : (int)left_ms) > 0) {
			take_events(inotify_fd, cache_fd);
		}
	}
	double end_ms = now_ms() + 2000.;
	while (now_ms() < end_ms && poll(&wait, 1, 100) >= 0)
		take_events(inotify_fd, cache_fd);
	qsort(samples, sample_count, sizeof(*samples), compare);
	size_t lost = 0;
	for (long i = 0; i < count; i++)
		lost += sessions[i].waiting_count;
	printf("%ld sessions, %ld lines/s each, %ld s: %zu messages published, %zu not; append to session file in ms: "
	       "p50 %.1f, p90 %.1f, p99 %.1f, max %.1f\n", count, rate, seconds, sample_count, lost, percentile(.5),
	       percentile(.9), percentile(.99), percentile(1.));
	return 0;
}
