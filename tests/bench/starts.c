/*
 * starts: how long short programs take from their start to their end, in turns, so that the machine is the
 * same for all: what a statusline costs beside /bin/true.
 *
 * usage: starts INPUT ROUNDS { --run NAME COMMAND [ARG...] }...
 * Each run has a pipe with INPUT's content (64 KiB at most) on stdin, and its output goes nowhere. Prints a
 * line for each, tab between the fields: NAME, rounds, how many failed, p50 and p99 in ms, p50 of CPU in ms,
 * p50 over that of the first. Exit 1 when a run failed.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"

#define COMMANDS_MAX 8
#define ROUNDS_MAX 20000
#define INPUT_MAX 65536

struct command {
	const char *name;
	char **argv;
	size_t failed;
	double wall_ms[ROUNDS_MAX], cpu_ms[ROUNDS_MAX];
};

static struct command commands[COMMANDS_MAX];
static size_t command_count;
static char input[INPUT_MAX];
static size_t input_len;

/* Cuts argv into commands: each --run becomes the NULL that ends the arguments before it. */
static int parse(int argc, char **argv)
{
	for (int i = 3; i < argc; i++) {
		if (strcmp(argv[i], "--run") != 0)
			continue;
		if (i + 2 >= argc || command_count == COMMANDS_MAX)
			return -1;
		commands[command_count].name = argv[i + 1];
		commands[command_count++].argv = &argv[i + 2];
		argv[i++] = NULL;
	}
	return command_count > 0 ? 0 : -1;
}

static int read_input(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got = fd >= 0 ? read(fd, input, sizeof(input)) : -1;
	if (got >= 0)
		input_len = (size_t)got;
	if (fd >= 0)
		close(fd);
	return got >= 0 ? 0 : -1;
}

static void run_once(struct command *command, size_t round, int null_fd)
{
	struct bench_run run = { 0 };
	int in[2], error;
	if (pipe2(in, O_CLOEXEC) != 0) {
		command->failed++;
		return;
	}
	/* A pipe takes 64 KiB at once. */
	error = write(in[1], input, input_len) == (ssize_t)input_len ? 0 : errno;
	close(in[1]);
	if (error == 0)
		error = bench_run(command->argv, in[0], null_fd, STDERR_FILENO, &run);
	close(in[0]);
	command->failed += error != 0 || run.status != 0;
	command->wall_ms[round] = run.wall_ms;
	command->cpu_ms[round] = run.user_ms + run.sys_ms;
}

int main(int argc, char **argv)
{
	long rounds = argc > 2 ? strtol(argv[2], NULL, 10) : 0;
	if (argc < 4 || rounds < 1 || rounds > ROUNDS_MAX || parse(argc, argv) != 0) {
		fprintf(stderr, "usage: starts INPUT ROUNDS { --run NAME COMMAND [ARG...] }...\n");
		return 2;
	}
	int null_fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
	if (null_fd < 0 || read_input(argv[1]) != 0) {
		perror(null_fd < 0 ? "/dev/null" : argv[1]);
		return 1;
	}
	for (size_t round = 0; round < (size_t)rounds; round++)
		for (size_t i = 0; i < command_count; i++)
			run_once(&commands[i], round, null_fd);
	size_t failed = 0;
	double first = 0.;
	for (size_t i = 0; i < command_count; i++) {
		struct command *command = &commands[i];
		bench_sort(command->wall_ms, (size_t)rounds);
		bench_sort(command->cpu_ms, (size_t)rounds);
		double p50 = bench_share(command->wall_ms, (size_t)rounds, .5);
		first = i == 0 ? p50 : first;
		printf("%s\t%ld\t%zu\t%.3f\t%.3f\t%.3f\t%.2f\n", command->name, rounds, command->failed, p50,
		       bench_share(command->wall_ms, (size_t)rounds, .99),
		       bench_share(command->cpu_ms, (size_t)rounds, .5), p50 / first);
		failed += command->failed;
	}
	return failed == 0 ? 0 : 1;
}
