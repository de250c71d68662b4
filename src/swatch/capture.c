#include "swatch/capture.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"

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

/* ---- the child's side: only calls that are safe after fork ---- */

struct plan {
	const char *path;
	char *const *argv;
	char **environment;
	int out_fd, err_fd, report_fd;
	sigset_t mask;         /* as it was before */
	pid_t parent;
};

static _Noreturn void become_program(const struct plan *plan)
{
	struct sigaction by_default = { .sa_handler = SIG_DFL };
	for (int number = 1; number < NSIG; number++)
		(void)sigaction(number, &by_default, NULL);
	(void)sigprocmask(SIG_SETMASK, &plan->mask, NULL);
	(void)setpgid(0, 0);
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	int null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (getppid() == plan->parent && null_fd >= 0 && dup2(null_fd, 0) >= 0 && dup2(plan->out_fd, 1) >= 0
	    && dup2(plan->err_fd, 2) >= 0)
		execve(plan->path, plan->argv, plan->environment);
	int why = errno;
	ssize_t told = write(plan->report_fd, &why, sizeof(why));
	(void)told;
	_exit(127);
}

/* The strings stay the environment's: only the vector is new. */
static char **make_environment(void)
{
	static char no_color[] = "NO_COLOR=1";
	size_t count = 0, kept = 0;
	while (environ && environ[count])
		count++;
	char **vector = calloc(count + 2, sizeof(*vector));
	for (size_t i = 0; vector && i < count; i++)
		if (strncmp(environ[i], "NO_COLOR=", 9) != 0 && strncmp(environ[i], "FORCE_COLOR=", 12) != 0)
			vector[kept++] = environ[i];
	if (vector)
		vector[kept] = no_color;
	return vector;
}

/* ---- this side ---- */

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* Waits for the exec; its errno, 0 when it was done. */
static int exec_errno(int fd)
{
	int why = 0;
	ssize_t got;
	do
		got = read(fd, &why, sizeof(why));
	while (got < 0 && errno == EINTR);
	return got == (ssize_t)sizeof(why) ? why : 0;
}

static int launch(struct run *run, struct plan *plan)
{
	int out[2] = { -1, -1 }, err[2] = { -1, -1 }, report[2] = { -1, -1 };
	int why = 0;
	if (pipe2(out, O_CLOEXEC) != 0 || pipe2(err, O_CLOEXEC) != 0 || pipe2(report, O_CLOEXEC) != 0)
		why = errno;
	plan->out_fd = out[1];
	plan->err_fd = err[1];
	plan->report_fd = report[1];
	plan->parent = getpid();
	run->pid = why == 0 ? fork() : -1;
	if (run->pid == 0)
		become_program(plan);
	if (why == 0 && run->pid < 0)
		why = errno;
	close_fd(&out[1]);
	close_fd(&err[1]);
	close_fd(&report[1]);
	if (run->pid > 0) {
		/* In both processes, so that a kill right after this cannot miss the group. */
		(void)setpgid(run->pid, run->pid);
		why = exec_errno(report[0]);
		if (why != 0)
			while (waitpid(run->pid, NULL, 0) < 0 && errno == EINTR)
				;
	}
	close_fd(&report[0]);
	run->out_fd = out[0];
	run->err_fd = err[0];
	return why;
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
		close_fd(fd);
	} else if (!is_out) {
		buf_append(&capture->err, bytes, (size_t)got);
		if (capture->err.len > CAPTURE_STDERR_TAIL_BYTES)
			buf_consume(&capture->err, capture->err.len - CAPTURE_STDERR_TAIL_BYTES);
	} else if (!run->stopped) {
		buf_append(&capture->out, bytes, (size_t)got);
		if (capture->out.failed || capture->out.len > CAPTURE_MAX_OUTPUT_BYTES)
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
	struct run run = { .capture = capture, .out_fd = -1, .err_fd = -1, .signal_fd = -1 };
	struct plan plan = { .path = path, .argv = argv, .environment = make_environment() };
	sigset_t interrupts;
	memset(capture, 0, sizeof(*capture));
	sigemptyset(&interrupts);
	sigaddset(&interrupts, SIGINT);
	sigaddset(&interrupts, SIGTERM);
	sigaddset(&interrupts, SIGHUP);
	/* Its end, which may come long before that of its pipes. Ignored, there would be none to wait for. */
	sigaddset(&interrupts, SIGCHLD);
	(void)signal(SIGCHLD, SIG_DFL);
	(void)sigprocmask(SIG_BLOCK, &interrupts, &plan.mask);
	int64_t started_ms = clock_mono_ms();
	run.deadline_ms = started_ms + timeout_ms;
	run.signal_fd = signalfd(-1, &interrupts, SFD_CLOEXEC | SFD_NONBLOCK);
	int why = run.signal_fd < 0 ? errno : plan.environment ? launch(&run, &plan) : ENOMEM;
	free(plan.environment);
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
	(void)sigprocmask(SIG_SETMASK, &plan.mask, NULL);
	capture->duration_ms = clock_mono_ms() - started_ms;
}

void capture_describe(const struct capture *capture, struct buf *out)
{
	switch (capture->outcome) {
	case CAPTURE_EXITED:
		buf_printf(out, "exit status %d", capture->code);
		break;
	case CAPTURE_SIGNALED:
		buf_printf(out, "killed by signal %d (%s)", capture->code, strsignal(capture->code));
		break;
	case CAPTURE_TIMED_OUT:
		buf_printf(out, "still running after %.1f s: killed", (double)capture->duration_ms / 1000.);
		break;
	case CAPTURE_TOO_LONG:
		buf_printf(out, "printed more than %zu MiB: killed", CAPTURE_MAX_OUTPUT_BYTES >> 20);
		break;
	case CAPTURE_NOT_STARTED:
		buf_printf(out, "cannot be started: %s", strerror(capture->code));
		break;
	case CAPTURE_INTERRUPTED:
		buf_append_str(out, "interrupted");
		break;
	}
	const char *text = buf_str(&capture->err);
	size_t end = capture->err.len;
	while (end > 0 && (text[end - 1] == '\n' || text[end - 1] == '\r'))
		end--;
	size_t start = end;
	while (start > 0 && text[start - 1] != '\n')
		start--;
	if (end > start)
		buf_printf(out, ": %.*s", (int)(end - start < 300 ? end - start : 300), text + start);
}

void capture_release(struct capture *capture)
{
	buf_release(&capture->out);
	buf_release(&capture->err);
}
