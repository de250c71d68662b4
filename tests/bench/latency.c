/*
 * latency: from the append of a message to the session file that holds it.
 *
 * usage: latency [--daemon PID] [--file TRANSCRIPT] [--brief] PROJECTS-DIR CACHE-DIR SESSIONS LINES-A-SECOND
 * SECONDS Each session appends at the given rate; the time ends when inotify tells of the rename of its file
 * and the file's transcript size is at least what was appended. A daemon must keep CACHE-DIR. Prints one line
 * of figures in ms. Of them the chosen tail_delay (50 ms) is the floor. A bench, not a test: it judges
 * nothing.
 *
 * --daemon tells whose CPU time is shared out over the messages. With --file the first session appends to
 * that transcript, which is there already, and leaves its lines in it. --brief prints, tab between the
 * fields: messages published, messages not, p50, p99 and max in ms, CPU of the daemon in us a message.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "bench.h"
#include "cache/names.h"
#include "cache/read.h"

#define SESSIONS_MAX 64
#define SAMPLES_MAX 100000

struct appended { int64_t size; double at_ms; };

struct bench_session {
	char id[CACHE_SESSION_ID_MAX + 1];
	int fd;
	int64_t size;
	struct appended waiting[1024];
	size_t waiting_count;
};

static struct bench_session sessions[SESSIONS_MAX];
static double samples[SAMPLES_MAX];
static size_t sample_count;

static void append_line(struct bench_session *s, long number, long line_number)
{
	char line[1024], at[CLOCK_RFC3339_SIZE];
	int run = (int)getpid();
	clock_format_rfc3339(clock_wall_ms(), at);
	int len = snprintf(
		line, sizeof(line),
		"{\"type\":\"assistant\",\"timestamp\":\"%s\",\"sessionId\":\"%s\",\"cwd\":\"/home/u/p\","
		"\"version\":"
		"\"2.1.39\",\"isSidechain\":false,\"requestId\":\"req_%d_%ld_%ld\","
		"\"message\":{\"id\":\"msg_%d_%ld_%ld\",\"model\":"
		"\"claude-opus-4-6\",\"role\":\"assistant\",\"content\":[{\"type\":\"text\","
		"\"text\":\"%ld\"}],\"usage\":"
		"{\"input_tokens\":3,\"output_tokens\":5,\"cache_creation_input_tokens\":10,"
		"\"cache_read_input_tokens\":1000}}}\n",
		at, s->id, run, number, line_number, run, number, line_number, line_number);
	if (write(s->fd, line, (size_t)len) != len)
		exit(1);
	s->size += len;
	if (s->waiting_count < sizeof(s->waiting) / sizeof(s->waiting[0]))
		s->waiting[s->waiting_count++] = (struct appended){ s->size, bench_now_ms() };
}

static struct bench_session *find_session(const char *file_name)
{
	char id[CACHE_SESSION_ID_MAX + 1];
	if (!cache_session_id_of_file(file_name, id))
		return NULL;
	for (size_t i = 0; i < SESSIONS_MAX && sessions[i].id[0]; i++)
		if (strcmp(sessions[i].id, id) == 0)
			return &sessions[i];
	return NULL;
}

static void take_published(int cache_fd, const char *name)
{
	struct bench_session *s = find_session(name);
	if (!s)
		return;
	double seen_ms = bench_now_ms();
	struct json_object *content = cache_read_json(cache_fd, name);
	int64_t size = json_get_int(json_get_object(content, "transcript"), "sizeBytes", 0);
	json_object_put(content);
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

/* Opens the transcripts, in a folder of their own; the first is `file`, unless that is NULL. */
static int open_sessions(const char *projects, const char *file, long count)
{
	char path[4096];
	snprintf(path, sizeof(path), "%s/-bench", projects);
	if (mkdir(path, 0700) != 0 && errno != EEXIST) {
		perror(path);
		return -1;
	}
	for (long i = 0; i < count; i++) {
		bool is_file = file && i == 0;
		struct stat st;
		snprintf(sessions[i].id, sizeof(sessions[i].id), "bench-%ld", i);
		snprintf(path, sizeof(path), "%s/-bench/bench-%ld.jsonl", projects, i);
		if (is_file) {
			const char *name = strrchr(file, '/') ? strrchr(file, '/') + 1 : file;
			snprintf(path, sizeof(path), "%s", file);
			snprintf(sessions[i].id, sizeof(sessions[i].id), "%.*s", (int)strcspn(name, "."),
				 name);
		}
		sessions[i].fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC | (is_file ? 0 : O_CREAT), 0600);
		if (sessions[i].fd < 0 || fstat(sessions[i].fd, &st) != 0) {
			perror(path);
			return -1;
		}
		sessions[i].size = st.st_size;
	}
	return 0;
}

static void append_and_wait(int inotify_fd, int cache_fd, long count, long rate, long seconds)
{
	struct pollfd wait = { .fd = inotify_fd, .events = POLLIN };
	double start_ms = bench_now_ms();
	for (long n = 0; n < count * rate * seconds;) {
		double due_ms = start_ms + (double)n * 1000. / (double)(count * rate);
		double left_ms = due_ms - bench_now_ms();
		if (left_ms <= 0.) {
			append_line(&sessions[n % count], n % count, n / count);
			n++;
		} else if (poll(&wait, 1, left_ms < 1. ? 0 : (int)left_ms) > 0) {
			take_events(inotify_fd, cache_fd);
		}
	}
	double end_ms = bench_now_ms() + 2000.;
	while (bench_now_ms() < end_ms && poll(&wait, 1, 100) >= 0)
		take_events(inotify_fd, cache_fd);
}

static void print_figures(bool brief, long count, long rate, long seconds, double cpu_ms)
{
	size_t lost = 0;
	double p50, p90, p99, most, each_us = sample_count ? cpu_ms * 1000. / (double)sample_count : 0.;
	for (long i = 0; i < count; i++)
		lost += sessions[i].waiting_count;
	bench_sort(samples, sample_count);
	p50 = bench_share(samples, sample_count, .5);
	p90 = bench_share(samples, sample_count, .9);
	p99 = bench_share(samples, sample_count, .99);
	most = bench_share(samples, sample_count, 1.);
	if (brief) {
		printf("%zu\t%zu\t%.1f\t%.1f\t%.1f\t%.0f\n", sample_count, lost, p50, p99, most, each_us);
		return;
	}
	printf("%ld sessions, %ld lines/s each, %ld s: %zu messages published,"
	       " %zu not; append to session file in ms: "
	       "p50 %.1f, p90 %.1f, p99 %.1f, max %.1f",
	       count, rate, seconds, sample_count, lost, p50, p90, p99, most);
	if (cpu_ms > 0.)
		printf("; CPU of the daemon: %.0f us a message", each_us);
	putchar('\n');
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "daemon", required_argument, NULL, 'd' }, { "file", required_argument, NULL, 'f' },
		{ "brief", no_argument, NULL, 'b' }, { NULL, 0, NULL, 0 }
	};
	pid_t daemon_pid = 0;
	const char *file = NULL;
	bool brief = false, usage_error = false;
	int option;
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'd')
			daemon_pid = (pid_t)strtol(optarg, NULL, 10);
		else if (option == 'f')
			file = optarg;
		else if (option == 'b')
			brief = true;
		else
			usage_error = true;
	}
	argv += optind;
	long count = 0, rate = 0, seconds = 0;
	if (argc - optind == 5) {
		count = strtol(argv[2], NULL, 10);
		rate = strtol(argv[3], NULL, 10);
		seconds = strtol(argv[4], NULL, 10);
	}
	if (usage_error || count < 1 || count > SESSIONS_MAX || rate < 1 || seconds < 1) {
		fprintf(stderr, "usage: latency [--daemon PID] [--file TRANSCRIPT] [--brief] "
			"PROJECTS-DIR CACHE-DIR SESSIONS LINES-A-SECOND SECONDS\n");
		return 2;
	}
	int cache_fd = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int inotify_fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (cache_fd < 0 || inotify_fd < 0 || inotify_add_watch(inotify_fd, argv[1], IN_MOVED_TO) < 0) {
		perror(argv[1]);
		return 1;
	}
	if (open_sessions(argv[0], file, count) != 0)
		return 1;
	double cpu_before_ms = bench_cpu_ms(daemon_pid);
	append_and_wait(inotify_fd, cache_fd, count, rate, seconds);
	print_figures(brief, count, rate, seconds, bench_cpu_ms(daemon_pid) - cpu_before_ms);
	return 0;
}
