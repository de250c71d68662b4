#include "base/capture.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/spawn.h"

#define GRACE_MS 2000
/* How long what the program left behind may hold its pipes. */
#define DRAIN_MS 500

struct run {
	struct capture *capture;
	pid_t pid;
	int out_fd, err_fd;    /* -1: ended */
	int signal_fd;
	int64_t deadline_ms;   /* then it is killed, first gently */
	bool ended;            /* reaped */
	bool stopped;          /* TERM was sent */
	int wait_status;
};

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void stop_group(struct run *run, enum capture_outcome outcome, int code)
{
	if (!run->stopped) {
		run->capture->outcome = outcome;
		run->capture->code = code;
	}
	(void)kill(-run->pid, run->stopped ? SIGKILL : SIGTERM);
	run->stopped = true;
	run->deadline_ms = clock_mono_ms() + GRACE_MS;
}

static void take_output(struct run *run, int *fd)
{
	static char bytes[65536];
	struct capture *capture = run->capture;
	bool is_out = fd == &run->out_fd;
	ssize_t got = read(*fd, bytes, sizeof(bytes));
	if (got < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (got <= 0) {
		/* Half an answer is none. */
		if (got < 0)
			stop_group(run, CAPTURE_NOT_HEARD, errno);
		close_fd(fd);
	} else if (!is_out) {
		buf_append(&capture->err, bytes, (size_t)got);
		if (capture->err.len > CAPTURE_STDERR_TAIL_BYTES)
			buf_consume(&capture->err, capture->err.len - CAPTURE_STDERR_TAIL_BYTES);
	} else if (!run->stopped) {
		buf_append(&capture->out, bytes, (size_t)got);
		if (capture->out.failed)
			stop_group(run, CAPTURE_NOT_HEARD, ENOMEM);
		else if (capture->out.len > CAPTURE_MAX_OUTPUT_BYTES)
			stop_group(run, CAPTURE_TOO_LONG, 0);
	}
}

static void look_for_end(struct run *run)
{
	if (run->ended || waitpid(run->pid, &run->wait_status, WNOHANG) != run->pid)
		return;
	run->ended = true;
	if (run->stopped)
		(void)kill(-run->pid, SIGKILL);
	run->deadline_ms = clock_mono_ms() + DRAIN_MS;
}

/* One wait for whatever comes. Returns false when the run is over. */
static bool follow(struct run *run)
{
	struct pollfd fds[] = { { run->out_fd, POLLIN, 0 }, { run->err_fd, POLLIN, 0 }, { run->signal_fd, POLLIN, 0 } };
	look_for_end(run);
	if (run->ended && run->out_fd < 0 && run->err_fd < 0)
		return false;
	int64_t left_ms = run->deadline_ms - clock_mono_ms();
	if (left_ms <= 0 && run->ended) {
		/* Something that it started holds the pipes. */
		(void)kill(-run->pid, SIGKILL);
		return false;
	}
	if (left_ms <= 0) {
		stop_group(run, CAPTURE_TIMED_OUT, 0);
		return true;
	}
	if (poll(fds, 3, left_ms > INT32_MAX ? INT32_MAX : (int)left_ms) < 0)
		return true;
	if (fds[0].revents)
		take_output(run, &run->out_fd);
	if (fds[1].revents)
		take_output(run, &run->err_fd);
	struct signalfd_siginfo info;
	if (fds[2].revents && read(run->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info)
	    && info.ssi_signo != SIGCHLD)
		stop_group(run, CAPTURE_INTERRUPTED, (int)info.ssi_signo);
	return true;
}

static void note_end(struct run *run)
{
	struct capture *capture = run->capture;
	if (run->stopped)
		return;
	if (WIFSIGNALED(run->wait_status)) {
		capture->outcome = CAPTURE_SIGNALED;
		capture->code = WTERMSIG(run->wait_status);
	} else {
		capture->outcome = CAPTURE_EXITED;
		capture->code = WEXITSTATUS(run->wait_status);
	}
}

void capture_run(const char *path, char *const argv[], int64_t timeout_ms, struct capture *capture)
{
	static const char *const hidden[] = { "FORCE_COLOR=", NULL };
	struct run run = { .capture = capture, .signal_fd = -1 };
	struct spawned spawned = { .out_fd = -1, .err_fd = -1 };
	char **environment = spawn_environment(hidden, NULL);
	sigset_t interrupts, before;
	memset(capture, 0, sizeof(*capture));
	sigemptyset(&interrupts);
	sigaddset(&interrupts, SIGINT);
	sigaddset(&interrupts, SIGTERM);
	sigaddset(&interrupts, SIGHUP);
	/* Its end, which may come long before that of its pipes. Ignored, there would be none to wait for. */
	sigaddset(&interrupts, SIGCHLD);
	(void)signal(SIGCHLD, SIG_DFL);
	(void)sigprocmask(SIG_BLOCK, &interrupts, &before);
	int64_t started_ms = clock_mono_ms();
	run.deadline_ms = started_ms + timeout_ms;
	run.signal_fd = signalfd(-1, &interrupts, SFD_CLOEXEC | SFD_NONBLOCK);
	const struct spawn_plan plan = { .path = path, .argv = argv, .environment = environment, .blocked = &before };
	int why = run.signal_fd < 0 ? errno : environment ? spawn_start(&plan, &spawned) : ENOMEM;
	free(environment);
	run.pid = spawned.pid;
	run.out_fd = spawned.out_fd;
	run.err_fd = spawned.err_fd;
	if (why != 0) {
		capture->outcome = CAPTURE_NOT_STARTED;
		capture->code = why;
	} else {
		while (follow(&run))
			;
		note_end(&run);
	}
	close_fd(&run.out_fd);
	close_fd(&run.err_fd);
	close_fd(&run.signal_fd);
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	capture->duration_ms = clock_mono_ms() - started_ms;
}

void capture_describe(const struct capture *capture, struct buf *out)
{
	switch (capture->outcome) {
	case CAPTURE_EXITED:
	case CAPTURE_SIGNALED:
		spawn_describe_status(capture->outcome == CAPTURE_SIGNALED, capture->code, out);
		break;
	case CAPTURE_TIMED_OUT:
		buf_printf(out, "still running after %.1f s: killed", (double)capture->duration_ms / 1000.);
		break;
	case CAPTURE_TOO_LONG:
		buf_printf(out, "printed more than %zu MiB: killed", CAPTURE_MAX_OUTPUT_BYTES >> 20);
		break;
	case CAPTURE_NOT_HEARD:
		buf_printf(out, "its output cannot be read: %s", strerror(capture->code));
		break;
	case CAPTURE_NOT_STARTED:
		buf_printf(out, "cannot be started: %s", strerror(capture->code));
		break;
	case CAPTURE_INTERRUPTED:
		buf_append_str(out, "interrupted");
		break;
	}
	spawn_describe_last_line(buf_str(&capture->err), capture->err.len, out);
}

void capture_release(struct capture *capture)
{
	buf_release(&capture->out);
	buf_release(&capture->err);
}
