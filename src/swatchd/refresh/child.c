#include "swatchd/refresh/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/argv.h"
#include "base/clock.h"
#include "base/spawn.h"
#include "swatchd/loop/loop.h"
#include "swatchd/sandbox/sandbox.h"
#include "swatchd/sandbox/sockets.h"

#define CHILD_NICENESS 10

struct child {
	struct ev_loop *loop;
	child_done *done;
	void *ctx;
	pid_t pid;               /* 0: never started */
	int out_fd, err_fd;      /* -1: ended */
	ev_io out_readable, err_readable;
	ev_child exited;
	ev_timer deadline;       /* the time-out, then the grace, then the drain */
	bool reaped, timed_out, too_long, not_heard, killed;
	int wait_status;
	int start_errno, read_errno;
	int64_t started_mono_ms;
	size_t max_output_bytes;
	struct buf out, err;
};

/* What must not reach it: what the service manager tells the daemon, and what marks a session's own children. */
static const char *const hidden[] = { "LISTEN_PID=", "LISTEN_FDS=", "LISTEN_FDNAMES=", "NOTIFY_SOCKET=", "WATCHDOG_USEC=",
				      "WATCHDOG_PID=", "CLAUDE_CODE_CHILD_SESSION=", "JOURNAL_STREAM=", NULL };

static int deny_sockets(void)
{
	return sandbox_sockets_deny(true);
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void free_child(struct child *child)
{
	ev_io_stop(child->loop, &child->out_readable);
	ev_io_stop(child->loop, &child->err_readable);
	ev_child_stop(child->loop, &child->exited);
	ev_timer_stop(child->loop, &child->deadline);
	close_fd(&child->out_fd);
	close_fd(&child->err_fd);
	buf_release(&child->out);
	buf_release(&child->err);
	free(child);
}

static void finish(struct child *child)
{
	struct child_result result = { .duration_ms = clock_mono_ms() - child->started_mono_ms };
	if (child->start_errno != 0) {
		result.outcome = CHILD_NOT_STARTED;
		result.code = child->start_errno;
	} else if (child->not_heard) {
		result.outcome = CHILD_NOT_HEARD;
		result.code = child->read_errno;
	} else if (child->too_long) {
		result.outcome = CHILD_TOO_LONG;
	} else if (child->timed_out) {
		result.outcome = CHILD_TIMED_OUT;
	} else if (WIFSIGNALED(child->wait_status)) {
		result.outcome = CHILD_SIGNALED;
		result.code = WTERMSIG(child->wait_status);
	} else {
		result.outcome = CHILD_EXITED;
		result.code = WEXITSTATUS(child->wait_status);
	}
	result.out = buf_str(&child->out);
	result.out_len = child->out.len;
	result.err_tail = buf_str(&child->err);
	result.max_output_bytes = child->max_output_bytes;
	child->done(child->ctx, &result);
	free_child(child);
}

static void set_deadline(struct child *child, int64_t wait_ms)
{
	ev_timer_stop(child->loop, &child->deadline);
	ev_now_update(child->loop);
	ev_timer_set(&child->deadline, (double)wait_ms / 1000., 0.);
	ev_timer_start(child->loop, &child->deadline);
}

/* Finishes when there is nothing left to wait for. The child may be freed by it. */
static void finish_if_over(struct child *child)
{
	if (!child->reaped)
		return;
	if (child->out_fd < 0 && child->err_fd < 0)
		finish(child);
}

static void end_group(struct child *child)
{
	if (child->killed)
		return;
	child->killed = true;
	(void)kill(-child->pid, SIGTERM);
	set_deadline(child, CHILD_GRACE_MS);
}

/* Should the signal of its end have been lost, the child has been a zombie since: nobody else would notice. */
static bool has_ended_unseen(struct child *child)
{
	if (waitpid(child->pid, &child->wait_status, WNOHANG) != child->pid)
		return false;
	ev_child_stop(child->loop, &child->exited);
	child->reaped = true;
	return true;
}

static void on_deadline(struct ev_loop *loop, ev_timer *watcher, int revents)
{
	(void)loop;
	(void)revents;
	struct child *child = watcher->data;
	if (child->reaped || has_ended_unseen(child)) {
		/* It is gone, but something of its holds the pipe. */
		(void)kill(-child->pid, SIGKILL);
		close_fd(&child->out_fd);
		close_fd(&child->err_fd);
		finish(child);
		return;
	}
	if (!child->killed) {
		child->timed_out = true;
		end_group(child);
		return;
	}
	(void)kill(-child->pid, SIGKILL);
	/* The exit comes as an event; should the kernel be slow, the group is killed again. */
	set_deadline(child, CHILD_GRACE_MS);
}

static void on_exited(struct ev_loop *loop, ev_child *watcher, int revents)
{
	(void)revents;
	struct child *child = watcher->data;
	ev_child_stop(loop, watcher);
	child->reaped = true;
	child->wait_status = watcher->rstatus;
	if (child->killed)
		(void)kill(-child->pid, SIGKILL);
	set_deadline(child, CHILD_DRAIN_MS);
	finish_if_over(child);
}

static void take_output(struct child *child, const char *bytes, size_t len)
{
	if (child->out.len + len > child->max_output_bytes) {
		child->too_long = true;
		end_group(child);
		return;
	}
	buf_append(&child->out, bytes, len);
	if (child->out.failed) {
		child->not_heard = true;
		child->read_errno = ENOMEM;
		end_group(child);
	}
}

static void take_error_output(struct child *child, const char *bytes, size_t len)
{
	buf_append(&child->err, bytes, len);
	if (child->err.len > CHILD_STDERR_TAIL_BYTES)
		buf_consume(&child->err, child->err.len - CHILD_STDERR_TAIL_BYTES);
}

static void on_readable(struct ev_loop *loop, ev_io *watcher, int revents)
{
	static char bytes[65536];
	struct child *child = watcher->data;
	bool is_out = watcher == &child->out_readable;
	ssize_t got = (revents & EV_ERROR) ? -1 : read(watcher->fd, bytes, sizeof(bytes));
	if (got < 0 && !(revents & EV_ERROR) && (errno == EINTR || errno == EAGAIN))
		return;
	if (got < 0 && is_out) {
		/* Half an answer is none: nothing more is waited for. */
		child->not_heard = true;
		child->read_errno = (revents & EV_ERROR) ? 0 : errno;
		if (!child->reaped)
			end_group(child);
	}
	if (got > 0) {
		if (is_out && !child->too_long)
			take_output(child, bytes, (size_t)got);
		else if (!is_out)
			take_error_output(child, bytes, (size_t)got);
		return;
	}
	ev_io_stop(loop, watcher);
	close_fd(is_out ? &child->out_fd : &child->err_fd);
	finish_if_over(child);
}

/* From the loop, so that the caller of child_start() never gets its callback before the return. */
static void on_not_started(struct ev_loop *loop, ev_timer *watcher, int revents)
{
	(void)loop;
	(void)revents;
	finish(watcher->data);
}

static void fail_soon(struct child *child, int why)
{
	child->start_errno = why;
	ev_set_cb(&child->deadline, on_not_started);
	set_deadline(child, 0);
}

static void start_following(struct child *child, int64_t timeout_ms)
{
	ev_io_init(&child->out_readable, on_readable, child->out_fd, EV_READ);
	ev_io_init(&child->err_readable, on_readable, child->err_fd, EV_READ);
	ev_child_init(&child->exited, on_exited, child->pid, 0);
	child->out_readable.data = child->err_readable.data = child->exited.data = child;
	ev_io_start(child->loop, &child->out_readable);
	ev_io_start(child->loop, &child->err_readable);
	ev_child_start(child->loop, &child->exited);
	set_deadline(child, timeout_ms);
}

/* Returns the errno of what failed, the exec included. */
static int launch(struct child *child, const char *path, const struct child_command *command)
{
	char **environment = spawn_environment(hidden, command->environment);
	const struct spawn_plan plan = { .path = path, .argv = command->argv, .environment = environment,
					 .niceness = CHILD_NICENESS, .memory_limit_bytes = command->memory_limit_bytes,
					 .confine = command->no_sockets ? deny_sockets : NULL };
	struct spawned spawned;
	int why = environment ? spawn_start(&plan, &spawned) : ENOMEM;
	free(environment);
	if (why != 0)
		return why;
	child->pid = spawned.pid;
	child->out_fd = spawned.out_fd;
	child->err_fd = spawned.err_fd;
	(void)fcntl(child->out_fd, F_SETFL, O_NONBLOCK);
	(void)fcntl(child->err_fd, F_SETFL, O_NONBLOCK);
	return 0;
}

struct child *child_start(struct ev_loop *loop, const struct child_command *command, child_done *done, void *ctx)
{
	struct child *child = calloc(1, sizeof(*child));
	if (!child)
		return NULL;
	child->loop = loop;
	child->done = done;
	child->ctx = ctx;
	child->out_fd = child->err_fd = -1;
	child->started_mono_ms = clock_mono_ms();
	child->max_output_bytes = command->max_output_bytes ? command->max_output_bytes : CHILD_MAX_OUTPUT_BYTES;
	ev_init(&child->deadline, on_deadline);
	ev_init(&child->out_readable, on_readable);
	ev_init(&child->err_readable, on_readable);
	ev_init(&child->exited, on_exited);
	child->deadline.data = child;
	char *path = argv_find_program(command->argv[0]);
	if (!path) {
		fail_soon(child, errno);
		return child;
	}
	int why = launch(child, path, command);
	free(path);
	if (why != 0)
		fail_soon(child, why);
	else
		start_following(child, command->timeout_ms);
	return child;
}

void child_stop(struct child *child)
{
	if (child->pid > 0) {
		(void)kill(-child->pid, SIGKILL);
		if (!child->reaped)
			while (waitpid(child->pid, NULL, 0) < 0 && errno == EINTR)
				;
	}
	free_child(child);
}

void child_describe(const struct child_result *result, struct buf *out)
{
	switch (result->outcome) {
	case CHILD_EXITED:
	case CHILD_SIGNALED:
		spawn_describe_status(result->outcome == CHILD_SIGNALED, result->code, out);
		break;
	case CHILD_TIMED_OUT:
		buf_printf(out, "still running after %.1f s: killed", (double)result->duration_ms / 1000.);
		break;
	case CHILD_TOO_LONG:
		if (result->max_output_bytes < (size_t)1 << 20)
			buf_printf(out, "printed more than %zu KiB: killed", result->max_output_bytes >> 10);
		else
			buf_printf(out, "printed more than %zu MiB: killed", result->max_output_bytes >> 20);
		break;
	case CHILD_NOT_HEARD:
		buf_printf(out, "its output cannot be read: %s", result->code ? strerror(result->code)
			   : "the kernel does not report it " LOOP_ERROR_TEXT);
		break;
	case CHILD_NOT_STARTED:
		buf_printf(out, "cannot be started: %s", strerror(result->code));
		break;
	}
	spawn_describe_last_line(result->err_tail, strlen(result->err_tail), out);
	buf_append_str(out, sandbox_hint(result->err_tail));
}
