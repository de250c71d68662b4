#include "bench.h"

#include <errno.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

double bench_now_ms(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1000. + (double)ts.tv_nsec / 1e6;
}

static double ms_of(struct timeval tv)
{
	return (double)tv.tv_sec * 1000. + (double)tv.tv_usec / 1000.;
}

static int spawn(char *const argv[], int in_fd, int out_fd, int error_fd, pid_t *pid)
{
	posix_spawn_file_actions_t actions;
	int error = posix_spawn_file_actions_init(&actions);
	if (error != 0)
		return error;
	const int fds[3] = { in_fd, out_fd, error_fd };
	for (int i = 0; i < 3 && error == 0; i++)
		error = posix_spawn_file_actions_adddup2(&actions, fds[i], i);
	if (error == 0)
		error = posix_spawnp(pid, argv[0], &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	return error;
}

int bench_run(char *const argv[], int in_fd, int out_fd, int error_fd, struct bench_run *run)
{
	struct rusage usage;
	int status;
	pid_t pid;
	double start_ms = bench_now_ms();
	int error = spawn(argv, in_fd, out_fd, error_fd, &pid);
	if (error != 0)
		return error;
	while (wait4(pid, &status, 0, &usage) < 0)
		if (errno != EINTR)
			return errno;
	run->wall_ms = bench_now_ms() - start_ms;
	run->user_ms = ms_of(usage.ru_utime);
	run->sys_ms = ms_of(usage.ru_stime);
	run->peak_mb = (double)usage.ru_maxrss * 1024. / 1e6;
	run->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	return 0;
}

double bench_cpu_ms(pid_t pid)
{
	clockid_t clock;
	struct timespec ts;
	if (pid <= 0 || clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &ts) != 0)
		return 0.;
	return (double)ts.tv_sec * 1000. + (double)ts.tv_nsec / 1e6;
}

static int compare(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;
	return left < right ? -1 : left > right;
}

void bench_sort(double *values, size_t count)
{
	qsort(values, count, sizeof(*values), compare);
}

double bench_share(const double *sorted, size_t count, double share)
{
	return count ? sorted[(size_t)((double)(count - 1) * share)] : 0.;
}
