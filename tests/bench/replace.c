/*
 * replace: wakes up twice, as for an event and a delay after it, and replaces files whole, as publishing does
 * (a new file, written, renamed over the old one). It does nothing else: what no daemon that publishes them
 * in DIR can beat.
 *
 * usage: replace DIR FILES BYTES ROUNDS ROUNDS-A-SECOND
 * Prints the CPU time of a round in us, and how much of it the wake-ups alone took. A bench, not a test: it
 * judges nothing.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"

static char content[64 << 10];

static int replace_file(int dir_fd, long number, size_t size)
{
	char name[32];
	snprintf(name, sizeof(name), "replaced-%ld", number);
	int fd = openat(dir_fd, ".replace", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return -1;
	bool written = write(fd, content, size) == (ssize_t)size;
	return close(fd) == 0 && written ? renameat(dir_fd, ".replace", dir_fd, name) : -1;
}

int main(int argc, char **argv)
{
	long files = argc == 6 ? strtol(argv[2], NULL, 10) : 0, size = files ? strtol(argv[3], NULL, 10) : 0;
	long rounds = files ? strtol(argv[4], NULL, 10) : 0, rate = files ? strtol(argv[5], NULL, 10) : 0;
	if (files < 1 || size < 1 || size > (long)sizeof(content) || rounds < 1 || rate < 1) {
		fprintf(stderr, "usage: replace DIR FILES BYTES ROUNDS ROUNDS-A-SECOND\n");
		return 2;
	}
	int dir_fd = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir_fd < 0) {
		perror(argv[1]);
		return 1;
	}
	memset(content, '0', sizeof(content));
	/* Both sleeps of a round. */
	const struct timespec pause = { .tv_nsec = 500000000L / rate };
	double replacing_ms = 0., start_ms = 0.;
	/* The first round makes the files; the others replace them. */
	for (long round = 0; round <= rounds; round++) {
		double before_ms = bench_cpu_ms(getpid());
		for (long number = 0; number < files; number++) {
			if (replace_file(dir_fd, number, (size_t)size) != 0) {
				fprintf(stderr, "replace: cannot replace a file in %s: %s\n", argv[1],
					strerror(errno));
				return 1;
			}
		}
		if (round > 0)
			replacing_ms += bench_cpu_ms(getpid()) - before_ms;
		else
			start_ms = bench_cpu_ms(getpid());
		(void)nanosleep(&pause, NULL);
		(void)nanosleep(&pause, NULL);
	}
	double all_ms = bench_cpu_ms(getpid()) - start_ms;
	printf("%.0f\t%.0f\n", all_ms * 1000. / (double)rounds,
	       (all_ms - replacing_ms) * 1000. / (double)rounds);
	return 0;
}
