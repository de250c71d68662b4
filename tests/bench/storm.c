/*
 * storm: many sessions, each of which runs a statusline command every second, as Claude Code does.
 *
 * usage: storm [--daemon PID] PROJECTS-DIR SESSIONS SECONDS COMMAND [ARG...]
 * Session I is bench-I, whose transcript is PROJECTS-DIR/-bench/bench-I.jsonl (the bench latency grows
 * those). The command gets what Claude Code writes on a pipe; a session whose command takes longer than a
 * second starts the next one at once. Prints a line, tab between the fields: runs, how many of them failed or
 * said nothing, p50 and p99 in ms, CPU of all (and of the daemon PID) in percent of a core, peak memory of
 * the largest process in MB.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"

#define SESSIONS_MAX 64
#define RUNS_MAX 512

struct session_runs {
	size_t count, failed;
	double wall_ms[RUNS_MAX], cpu_ms, peak_mb, end_ms;
};

struct storm {
	const char *projects;
	char **argv;
	long sessions;
	double seconds, start_ms;
};

static int write_input(const struct storm *storm, long number, int fd)
{
	char text[4096];
	int len = snprintf(
		text, sizeof(text),
		"{\"session_id\":\"bench-%ld\",\"transcript_path\":\"%s/-bench/bench-%ld.jsonl\","
		"\"cwd\":\"/\",\"version\":"
		"\"2.1.39\",\"model\":{\"id\":\"claude-opus-4-6\",\"display_name\":\"Opus 4.6\"},"
		"\"workspace\":{\"current_dir\":"
		"\"/\",\"project_dir\":\"/\"},\"output_style\":{\"name\":\"default\"},"
		"\"cost\":{\"total_cost_usd\":1.25,"
		"\"total_duration_ms\":60000,\"total_api_duration_ms\":30000,\"total_lines_added\":1,"
		"\"total_lines_removed\":0},\"context_window\":{\"context_window_size\":200000,"
		"\"used_percentage\":21,"
		"\"remaining_percentage\":79,\"total_input_tokens\":42000,\"total_output_tokens\":900,"
		"\"current_usage\":"
		"{\"input_tokens\":3,\"output_tokens\":10,\"cache_creation_input_tokens\":800,"
		"\"cache_read_input_tokens\":41000}},\"exceeds_200k_tokens\":false}\n",
		number, storm->projects, number);
	return len > 0 && (size_t)len < sizeof(text) && write(fd, text, (size_t)len) == len ? 0 : -1;
}

/* One statusline. Returns -1 when it could not be run at all. */
static int run_once(const struct storm *storm, long number, int out_fd, int null_fd,
		    struct session_runs *runs)
{
	struct bench_run run;
	struct stat said;
	int in[2];
	if (ftruncate(out_fd, 0) != 0 || lseek(out_fd, 0, SEEK_SET) != 0 || pipe2(in, O_CLOEXEC) != 0)
		return -1;
	int error = write_input(storm, number, in[1]) == 0 ? 0 : EIO;
	close(in[1]);
	if (error == 0)
		error = bench_run(storm->argv, in[0], out_fd, null_fd, &run);
	close(in[0]);
	if (error != 0 || fstat(out_fd, &said) != 0)
		return -1;
	runs->failed += run.status != 0 || said.st_size == 0;
	runs->wall_ms[runs->count++] = run.wall_ms;
	runs->cpu_ms += run.user_ms + run.sys_ms;
	if (run.peak_mb > runs->peak_mb)
		runs->peak_mb = run.peak_mb;
	return 0;
}

static void sleep_until(double at_ms)
{
	double left_ms = at_ms - bench_now_ms();
	if (left_ms <= 0.)
		return;
	struct timespec left = { .tv_sec = (time_t)(left_ms / 1000.),
				 .tv_nsec = (long)(left_ms * 1e6) % 1000000000 };
	while (nanosleep(&left, &left) != 0 && errno == EINTR)
		;
}

static int run_session(const struct storm *storm, long number, struct session_runs *runs)
{
	int out_fd = memfd_create("storm", MFD_CLOEXEC), null_fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
	/* the sessions' seconds begin at different moments */
	double due_ms = storm->start_ms + 1000. * (double)number / (double)storm->sessions;
	if (out_fd < 0 || null_fd < 0)
		return -1;
	while (due_ms < storm->start_ms + storm->seconds * 1000. && runs->count < RUNS_MAX) {
		sleep_until(due_ms);
		if (run_once(storm, number, out_fd, null_fd, runs) != 0)
			return -1;
		runs->end_ms = bench_now_ms();
		due_ms = runs->end_ms > due_ms + 1000. ? runs->end_ms : due_ms + 1000.;
	}
	return 0;
}

/* Every session is a process of its own. Returns how many could not do their work. */
static int run_all(const struct storm *storm, struct session_runs *runs)
{
	int broken = 0, status;
	for (long i = 0; i < storm->sessions; i++) {
		pid_t pid = fork();
		if (pid == 0)
			_exit(run_session(storm, i, &runs[i]) == 0 ? 0 : 1);
		broken += pid < 0;
	}
	for (;;) {
		pid_t pid = wait(&status);
		if (pid < 0 && errno != EINTR)
			return broken;
		broken += pid > 0 && status != 0;
	}
}

static void print_runs(const struct storm *storm, const struct session_runs *runs, double daemon_ms)
{
	static double all[SESSIONS_MAX * RUNS_MAX];
	size_t count = 0, failed = 0;
	double cpu_ms = daemon_ms, end_ms = storm->start_ms + storm->seconds * 1000., peak_mb = 0.;
	for (long i = 0; i < storm->sessions; i++) {
		memcpy(&all[count], runs[i].wall_ms, runs[i].count * sizeof(*all));
		count += runs[i].count;
		failed += runs[i].failed;
		cpu_ms += runs[i].cpu_ms;
		if (runs[i].end_ms > end_ms)
			end_ms = runs[i].end_ms;
		if (runs[i].peak_mb > peak_mb)
			peak_mb = runs[i].peak_mb;
	}
	bench_sort(all, count);
	printf("%zu\t%zu\t%.2f\t%.2f\t%.2f\t%.1f\n", count, failed, bench_share(all, count, .5),
	       bench_share(all, count, .99), 100. * cpu_ms / (end_ms - storm->start_ms), peak_mb);
}

int main(int argc, char **argv)
{
	pid_t daemon_pid = 0;
	if (argc > 2 && strcmp(argv[1], "--daemon") == 0) {
		daemon_pid = (pid_t)strtol(argv[2], NULL, 10);
		argv += 2;
		argc -= 2;
	}
	struct storm storm = { 0 };
	if (argc >= 5) {
		storm = (struct storm){ .projects = argv[1],
					.argv = &argv[4],
					.sessions = strtol(argv[2], NULL, 10),
					.seconds = strtod(argv[3], NULL) };
	}
	if (storm.sessions < 1 || storm.sessions > SESSIONS_MAX || !(storm.seconds > 0.)) {
		fprintf(stderr,
			"usage: storm [--daemon PID] PROJECTS-DIR SESSIONS SECONDS COMMAND [ARG...]\n");
		return 2;
	}
	struct session_runs *runs = mmap(NULL, SESSIONS_MAX * sizeof(*runs), PROT_READ | PROT_WRITE,
					 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (runs == MAP_FAILED) {
		perror("storm");
		return 1;
	}
	double daemon_before_ms = bench_cpu_ms(daemon_pid);
	storm.start_ms = bench_now_ms();
	int broken = run_all(&storm, runs);
	print_runs(&storm, runs, bench_cpu_ms(daemon_pid) - daemon_before_ms);
	if (broken > 0)
		fprintf(stderr, "storm: %d sessions could not run %s\n", broken, storm.argv[0]);
	return broken > 0;
}
