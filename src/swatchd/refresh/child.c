#include "swatchd/refresh/child.h"

#include <errno.h>
#include <stdlib.h>

#include "program/argv.h"
#include "base/clock.h"
#include "base/scope.h"
#include "base/unused.h"
#include "swatchd/loop/loop.h"

#define CHILD_NICENESS 10

struct child {
	struct ev_loop *loop;
	child_done *done;
	void *ctx;
	struct run run;
	ev_io out_readable, err_readable;
	ev_child exited;
	ev_timer deadline;
};

/* Variables that the child must not get: the service manager's, and the mark of a session's own children. */
static const char *const hidden[] = {
	"LISTEN_PID=", "LISTEN_FDS=", "LISTEN_FDNAMES=", "NOTIFY_SOCKET=", "WATCHDOG_USEC=", "WATCHDOG_PID=",
	"CLAUDE_CODE_CHILD_SESSION=", "JOURNAL_STREAM=", NULL,
};

static void free_child(struct child *child)
{
	ev_io_stop(child->loop, &child->out_readable);
	ev_io_stop(child->loop, &child->err_readable);
	ev_child_stop(child->loop, &child->exited);
	ev_timer_stop(child->loop, &child->deadline);
	run_release(&child->run);
	free(child);
}

static void set_timer(struct child *child)
{
	loop_set_timer(child->loop, &child->deadline, child->run.deadline_ms - clock_mono_ms());
}

/* After every event: waits for the rest, or reports the end and frees the child. */
static void go_on(struct child *child)
{
	struct run *run = &child->run;
	if (run_is_over(run)) {
		child->done(child->ctx, run);
		free_child(child);
		return;
	}
	if (run->out_fd < 0)
		ev_io_stop(child->loop, &child->out_readable);
	if (run->err_fd < 0)
		ev_io_stop(child->loop, &child->err_readable);
	if (run->reaped)
		ev_child_stop(child->loop, &child->exited);
	set_timer(child);
}

/* A run that could not be started ends here too, so that `done` never comes before child_start() returns. */
static void on_deadline(struct ev_loop *loop UNUSED, ev_timer *watcher, int revents UNUSED)
{
	struct child *child = watcher->data;
	if (!run_is_over(&child->run))
		run_pass_deadline(&child->run);
	go_on(child);
}

static void on_exited(struct ev_loop *loop UNUSED, ev_child *watcher, int revents UNUSED)
{
	struct child *child = watcher->data;
	run_take_status(&child->run, watcher->rstatus);
	go_on(child);
}

static void on_readable(struct ev_loop *loop UNUSED, ev_io *watcher, int revents)
{
	struct child *child = watcher->data;
	bool is_out = watcher == &child->out_readable;
	if (revents & EV_ERROR)
		run_lose(&child->run, is_out);
	else
		run_read(&child->run, is_out);
	go_on(child);
}

static void start_following(struct child *child)
{
	ev_io_set(&child->out_readable, child->run.out_fd, EV_READ);
	ev_io_set(&child->err_readable, child->run.err_fd, EV_READ);
	ev_child_set(&child->exited, child->run.pid, 0);
	ev_io_start(child->loop, &child->out_readable);
	ev_io_start(child->loop, &child->err_readable);
	ev_child_start(child->loop, &child->exited);
}

static void launch(struct child *child, const struct child_command *command)
{
	AUTO_FREE char *path = argv_find_program(command->argv[0]);
	int why = errno;
	AUTO_FREE char **environment = path ? spawn_environment(hidden, command->environment) : NULL;
	struct spawn_confinement confinement;
	AUTO_BUF refusal = BUF_INIT;
	const struct spawn_plan plan = {
		.path = path, .argv = command->argv, .environment = environment, .niceness = CHILD_NICENESS,
		.memory_limit_bytes = command->memory_limit_bytes, .confinement = &confinement,
	};
	size_t max_bytes = command->max_output_bytes ? command->max_output_bytes : CHILD_MAX_OUTPUT_BYTES;
	if (!environment)
		run_fail_start(&child->run, path ? ENOMEM : why);
	else if (!sandbox_confine(command->kind, &confinement, &refusal))
		run_refuse_start(&child->run, &refusal);
	else if (run_start(&child->run, &plan, command->timeout_ms, max_bytes))
		start_following(child);
}

struct child *child_start(struct ev_loop *loop, const struct child_command *command, child_done *done,
			  void *ctx)
{
	struct child *child = calloc(1, sizeof(*child));
	if (!child)
		return NULL;
	child->loop = loop;
	child->done = done;
	child->ctx = ctx;
	ev_init(&child->deadline, on_deadline);
	ev_init(&child->out_readable, on_readable);
	ev_init(&child->err_readable, on_readable);
	ev_init(&child->exited, on_exited);
	child->deadline.data = child->exited.data = child;
	child->out_readable.data = child->err_readable.data = child;
	launch(child, command);
	set_timer(child);
	return child;
}

void child_stop(struct child *child)
{
	free_child(child);
}

void child_describe(const struct run *run, enum sandbox_program kind, char *const *words, struct buf *out)
{
	if (run->outcome == RUN_NOT_HEARD && run->code == 0)
		buf_append_str(out,
			       "its output cannot be read: the kernel does not report it " LOOP_ERROR_TEXT);
	else
		run_describe(run, out);
	if (run->outcome != RUN_NOT_STARTED)
		buf_append_str(out, sandbox_hint(kind, words, buf_str(&run->err)));
}
