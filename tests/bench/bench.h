/*
 * bench: running a command and measuring it; shared by the programs here.
 */
#ifndef SWATCH_BENCH_BENCH_H
#define SWATCH_BENCH_BENCH_H

#include <stddef.h>
#include <sys/types.h>

struct bench_run {
	double wall_ms, user_ms, sys_ms;
	double peak_mb;      /* of the largest process of the command, in MB of 1,000,000 bytes */
	int status;          /* as a shell has it: the exit status, or 128 and the signal's number */
};

/* Milliseconds of the monotonic clock. */
double bench_now_ms(void);

/*
 * Runs a command (argv ends in NULL, found along PATH) to its end, with these descriptors as its stdin,
 * stdout and stderr. Returns 0, or an errno when it could not be started or waited for.
 */
int bench_run(char *const argv[], int in_fd, int out_fd, int error_fd, struct bench_run *run);

/* CPU time of a process that runs, with all of its threads; 0 when it is not known. */
double bench_cpu_ms(pid_t pid);

/* Sorts; then a share of the values (0 the least, .5 the median, 1 the most); 0 when there are none. */
void bench_sort(double *values, size_t count);
double bench_share(const double *sorted, size_t count, double share);

#endif
