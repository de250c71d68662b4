/*
 * measure: runs several commands, turn by turn, and prints the median of what each took.
 *
 * usage: measure { --run NAME ROUNDS COMMAND [ARG...] }...
 * Round by round every command runs once, so that whatever else the machine does meets all of them alike; a
 * command with fewer rounds stays out of the later ones. Prints a line for each, tab between the fields:
 * NAME, rounds, how many of them failed, wall ms, user ms, system ms, peak memory in MB. Exit 1 when a
 * command failed.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"

#define COMMANDS_MAX 16
#define ROUNDS_MAX 100

struct command {
	const char *name;
	char **argv;
	size_t rounds, done, failed;
	double wall_ms[ROUNDS_MAX], user_ms[ROUNDS_MAX], sys_ms[ROUNDS_MAX], peak_mb[ROUNDS_MAX];
};

static struct command commands[COMMANDS_MAX];
static size_t command_count;

/* Cuts argv into commands: each --run becomes the NULL that ends the arguments before it. */
static int parse(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--run") != 0)
			continue;
		if (i + 3 >= argc || command_count == COMMANDS_MAX)
			return -1;
		struct command *c = &commands[command_count++];
		long rounds = strtol(argv[i + 2], NULL, 10);
		if (rounds < 1 || rounds > ROUNDS_MAX)
			return -1;
		c->name = argv[i + 1];
		c->rounds = (size_t)rounds;
		c->argv = &argv[i + 3];
		argv[i] = NULL;
		i += 3;
	}
	return command_count > 0 && argv[1] == NULL ? 0 : -1;
}

static void run_once(struct command *c, int null_fd)
{
	struct bench_run run;
	int error = bench_run(c->argv, null_fd, null_fd, STDERR_FILENO, &run);
	if (error != 0) {
		fprintf(stderr, "measure: cannot run %s: %s\n", c->argv[0], strerror(error));
		c->failed++;
		return;
	}
	if (run.status != 0) {
		fprintf(stderr, "measure: %s: exit status %d\n", c->name, run.status);
		c->failed++;
	}
	c->wall_ms[c->done] = run.wall_ms;
	c->user_ms[c->done] = run.user_ms;
	c->sys_ms[c->done] = run.sys_ms;
	c->peak_mb[c->done] = run.peak_mb;
	c->done++;
}

static double median(double *values, size_t count)
{
	bench_sort(values, count);
	return bench_share(values, count, .5);
}

int main(int argc, char **argv)
{
	size_t failed = 0;
	if (parse(argc, argv) != 0) {
		fprintf(stderr, "usage: measure { --run NAME ROUNDS COMMAND [ARG...] }...\n");
		return 2;
	}
	int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null_fd < 0) {
		perror("/dev/null");
		return 1;
	}
	for (size_t round = 0; round < ROUNDS_MAX; round++)
		for (size_t i = 0; i < command_count; i++)
			if (round < commands[i].rounds)
				run_once(&commands[i], null_fd);
	for (size_t i = 0; i < command_count; i++) {
		struct command *c = &commands[i];
		failed += c->failed;
		printf("%s\t%zu\t%zu\t%.1f\t%.1f\t%.1f\t%.1f\n", c->name, c->done, c->failed,
		       median(c->wall_ms, c->done), median(c->user_ms, c->done), median(c->sys_ms, c->done),
		       median(c->peak_mb, c->done));
	}
	return failed > 0;
}
