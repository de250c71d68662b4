/*
 * storm-writer: many sessions at once: appends real-shaped lines to one transcript a writer, at a steady
 * rate.
 *
 * usage: storm-writer PROJECTS-DIR WRITERS LINES-A-SECOND SECONDS [half]
 * Each writer is a process with its own file PROJECTS-DIR/-storm/storm-N.jsonl. Every third line repeats the
 * message before it with more output tokens, as Claude Code does. With "half" every line is written in two
 * pieces.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

static int write_all(int fd, const char *text, size_t len)
{
	while (len > 0) {
		ssize_t written = write(fd, text, len);
		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return -1;
		text += written;
		len -= (size_t)written;
	}
	return 0;
}

static size_t make_line(char *line, size_t size, int writer, int number)
{
	char at[CLOCK_RFC3339_SIZE];
	int message = number - (number % 3 == 2);
	clock_format_rfc3339(clock_wall_ms(), at);
	int len = snprintf(
		line, size,
		"{\"parentUuid\":null,\"isSidechain\":false,\"cwd\":\"/home/u/storm-%d\","
		"\"sessionId\":\"storm-%d\","
		"\"version\":\"2.1.39\",\"gitBranch\":\"main\",\"type\":\"assistant\","
		"\"requestId\":\"req_%d_%d\","
		"\"message\":{\"id\":\"msg_%d_%d\",\"model\":\"claude-opus-4-6\",\"role\":\"assistant\","
		"\"content\":"
		"[{\"type\":\"text\",\"text\":\"line %d says \\\"usage\\\":{ inside\"}],"
		"\"usage\":{\"input_tokens\":3,"
		"\"output_tokens\":%d,\"cache_creation_input_tokens\":100,\"cache_read_input_tokens\":%d}},"
		"\"uuid\":\"u-%d-%d\",\"timestamp\":\"%s\"}\n",
		writer, writer, writer, message, writer, message, number, 10 + number % 3, 1000 + message,
		writer, number, at);
	return (size_t)len;
}

static int run_writer(const char *directory, int writer, int rate, int seconds, int half)
{
	char path[4096], line[2048];
	snprintf(path, sizeof(path), "%s/-storm/storm-%d.jsonl", directory, writer);
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (fd < 0) {
		perror(path);
		return 1;
	}
	int64_t start_ms = clock_mono_ms();
	for (int number = 0; number < rate * seconds; number++) {
		int64_t wait_ms = start_ms + (int64_t)number * 1000 / rate - clock_mono_ms();
		if (wait_ms > 0) {
			const struct timespec pause = { wait_ms / 1000, (long)(wait_ms % 1000) * 1000000L };
			nanosleep(&pause, NULL);
		}
		size_t len = make_line(line, sizeof(line), writer, number);
		size_t first = half ? len / 2 : len;
		if (write_all(fd, line, first) != 0
		    || (half && write_all(fd, line + first, len - first) != 0)) {
			perror(path);
			return 1;
		}
	}
	close(fd);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc < 5) {
		fprintf(stderr, "usage: storm-writer PROJECTS-DIR WRITERS LINES-A-SECOND SECONDS [half]\n");
		return 2;
	}
	int writers = (int)strtol(argv[2], NULL, 10), rate = (int)strtol(argv[3], NULL, 10);
	int seconds = (int)strtol(argv[4], NULL, 10), result = 0, status;
	for (int i = 0; i < writers; i++) {
		pid_t pid = fork();
		if (pid < 0)
			return 1;
		if (pid == 0)
			_exit(run_writer(argv[1], i, rate, seconds, argc > 5));
	}
	while (wait(&status) > 0)
		if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
			result = 1;
	return result;
}
