#include "program/capture.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/array.h"
#include "base/clock.h"
#include "base/scope.h"

/* Waits for the next event and handles it. */
static void follow(struct run *run, int signal_fd)
{
	struct pollfd fds[] = { { run->out_fd, POLLIN, 0 },
				{ run->err_fd, POLLIN, 0 },
				{ signal_fd, POLLIN, 0 } };
	struct signalfd_siginfo info;
	int64_t left_ms = run->deadline_ms - clock_mono_ms();
	if (left_ms <= 0) {
		run_pass_deadline(run);
		return;
	}
	if (poll(fds, 3, left_ms > INT32_MAX ? INT32_MAX : (int)left_ms) < 0)
		return;
	if (fds[0].revents)
		run_read(run, true);
	if (fds[1].revents)
		run_read(run, false);
	if (fds[2].revents && read(signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info)
	    && info.ssi_signo != SIGCHLD)
		run_stop(run, RUN_INTERRUPTED, (int)info.ssi_signo);
}

static void start(const struct capture *capture, const sigset_t *blocked, struct run *run)
{
	static const char *const hidden[] = { "FORCE_COLOR=", NULL };
	AUTO_FREE char **environment = spawn_environment(hidden, NULL);
	const struct spawn_plan plan = { .path = capture->path, .argv = capture->argv,
					 .environment = environment, .blocked = blocked,
					 .memory_limit_bytes = capture->memory_limit_bytes,
					 .confinement = capture->confinement };
	if (environment)
		run_start(run, &plan, capture->timeout_ms, CAPTURE_MAX_OUTPUT_BYTES);
	else
		run_fail_start(run, ENOMEM);
}

void capture_confined(const struct capture *capture, struct run *run)
{
	/* SIGCHLD: the program may end long before its pipes do. */
	static const int expected[] = { SIGINT, SIGTERM, SIGHUP, SIGCHLD };
	sigset_t signals, before;
	sigemptyset(&signals);
	for (size_t i = 0; i < ARRAY_COUNT(expected); i++)
		sigaddset(&signals, expected[i]);
	/* If SIGCHLD were ignored, the kernel would keep no exit status. */
	(void)signal(SIGCHLD, SIG_DFL);
	(void)sigprocmask(SIG_BLOCK, &signals, &before);
	AUTO_CLOSE int signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
	if (signal_fd < 0)
		run_fail_start(run, errno);
	else
		start(capture, &before, run);
	while (!run_is_over(run)) {
		follow(run, signal_fd);
		run_try_reap(run);
	}
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
}

void capture_run(const char *path, char *const argv[], int64_t timeout_ms, struct run *run)
{
	const struct capture capture = { .path = path, .argv = argv, .timeout_ms = timeout_ms };
	capture_confined(&capture, run);
}
