#include "program/run.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/scope.h"

#define LAST_LINE_MAX_BYTES 300
#define READ_BYTES 65536
/* A daemon has two. */
#define SUPERVISORS_MAX 8
#define END_POLL_MS 5
#define ORPHAN_ROUNDS 40

static void close_fd(int *fd)
{
	close_quietly(*fd);
	*fd = -1;
}

static void set_deadline(struct run *run, int64_t wait_ms)
{
	run->deadline_ms = clock_mono_ms() + wait_ms;
}

static void end_pipe(struct run *run, int *fd)
{
	close_fd(fd);
	run->duration_ms = clock_mono_ms() - run->started_ms;
}

/* ---- the supervisors that live ---- */

static pid_t supervisors[SUPERVISORS_MAX];
static size_t supervisor_count;
/* Children that were there before the first run. */
static struct supervise_children others;

/* Should a program kill its supervisor, what it has started becomes this process's. */
static void become_subreaper(void)
{
	static bool is_one;
	if (is_one)
		return;
	supervise_list_children(&others);
	is_one = prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0;
}

static void note_supervisor(pid_t pid)
{
	if (supervisor_count < SUPERVISORS_MAX)
		supervisors[supervisor_count++] = pid;
}

/* What is killed leaves children, too, which are this process's then. */
static void end_orphans(void)
{
	pid_t kept[SUPERVISORS_MAX + SUPERVISE_CHILDREN_MAX];
	/* Rather a program's orphan lives on than a child that was there before, and is not known. */
	if (others.are_more)
		return;
	memcpy(kept, supervisors, supervisor_count * sizeof(kept[0]));
	memcpy(kept + supervisor_count, others.at, others.count * sizeof(kept[0]));
	for (int rounds = 0; rounds < ORPHAN_ROUNDS; rounds++) {
		if (supervise_end_orphans(kept, supervisor_count + others.count) == 0)
			return;
		(void)poll(NULL, 0, END_POLL_MS);
	}
}

/* `was_killed`: its work may not be done. */
static void forget_supervisor(pid_t pid, bool was_killed)
{
	size_t at = 0;
	while (at < supervisor_count && supervisors[at] != pid)
		at++;
	if (at < supervisor_count)
		supervisors[at] = supervisors[--supervisor_count];
	if (was_killed)
		end_orphans();
}

/* ---- a run ---- */

void run_fail_start(struct run *run, int why)
{
	*run = (struct run){ .outcome = RUN_NOT_STARTED, .code = why, .out_fd = -1, .err_fd = -1,
			     .reaped = true };
}

void run_refuse_start(struct run *run, struct buf *reason)
{
	run_fail_start(run, 0);
	run->err = *reason;
	*reason = (struct buf)BUF_INIT;
}

bool run_start(struct run *run, const struct spawn_plan *plan, int64_t timeout_ms, size_t max_output_bytes)
{
	struct spawned spawned;
	int64_t started_ms = clock_mono_ms();
	become_subreaper();
	int why = spawn_start(plan, &spawned);
	if (why != 0) {
		run_fail_start(run, why);
		return false;
	}
	*run = (struct run){ .pid = spawned.pid, .out_fd = spawned.out_fd, .err_fd = spawned.err_fd,
			     .max_output_bytes = max_output_bytes, .started_ms = started_ms,
			     .deadline_ms = started_ms + timeout_ms };
	note_supervisor(run->pid);
	(void)fcntl(run->out_fd, F_SETFL, O_NONBLOCK);
	(void)fcntl(run->err_fd, F_SETFL, O_NONBLOCK);
	return true;
}

void run_stop(struct run *run, enum run_outcome outcome, int code)
{
	if (run->stopped)
		return;
	run->stopped = true;
	run->outcome = outcome;
	run->code = code;
	/* Another program may have its pid by now. */
	if (run->reaped)
		return;
	(void)kill(run->pid, SIGTERM);
	set_deadline(run, RUN_LAST_RESORT_MS);
}

static void keep_output(struct run *run, const char *bytes, size_t len)
{
	if (run->stopped)
		return;
	if (len > run->max_output_bytes - run->out.len) {
		run_stop(run, RUN_TOO_LONG, 0);
		return;
	}
	buf_append(&run->out, bytes, len);
	if (run->out.failed)
		run_stop(run, RUN_NOT_HEARD, ENOMEM);
}

static void keep_errors(struct run *run, const char *bytes, size_t len)
{
	buf_append(&run->err, bytes, len);
	if (run->err.len > RUN_STDERR_TAIL_BYTES)
		buf_consume(&run->err, run->err.len - RUN_STDERR_TAIL_BYTES);
}

void run_read(struct run *run, bool is_out)
{
	static char bytes[READ_BYTES];
	int *fd = is_out ? &run->out_fd : &run->err_fd;
	ssize_t got = read(*fd, bytes, sizeof(bytes));
	if (got < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (got <= 0) {
		/* Half an answer is worth nothing. */
		if (got < 0 && is_out)
			run_stop(run, RUN_NOT_HEARD, errno);
		end_pipe(run, fd);
	} else if (is_out) {
		keep_output(run, bytes, (size_t)got);
	} else {
		keep_errors(run, bytes, (size_t)got);
	}
}

void run_lose(struct run *run, bool is_out)
{
	if (is_out)
		run_stop(run, RUN_NOT_HEARD, 0);
	end_pipe(run, is_out ? &run->out_fd : &run->err_fd);
}

void run_take_status(struct run *run, int wait_status)
{
	run->reaped = true;
	forget_supervisor(run->pid, WIFSIGNALED(wait_status));
	if (!run->stopped) {
		run->outcome = WIFSIGNALED(wait_status) ? RUN_SIGNALED : RUN_EXITED;
		run->code = WIFSIGNALED(wait_status) ? WTERMSIG(wait_status) : WEXITSTATUS(wait_status);
	}
	run->duration_ms = clock_mono_ms() - run->started_ms;
	set_deadline(run, RUN_DRAIN_MS);
}

void run_try_reap(struct run *run)
{
	int wait_status;
	if (!run->reaped && waitpid(run->pid, &wait_status, WNOHANG) == run->pid)
		run_take_status(run, wait_status);
}

/* Reads what lies in the pipe. A child that ended in time may have been waiting for this process to go on. */
static void read_what_is_there(struct run *run, bool is_out)
{
	const int *fd = is_out ? &run->out_fd : &run->err_fd;
	size_t rounds = run->max_output_bytes / READ_BYTES + 2;
	for (struct pollfd poll_fd = { *fd, POLLIN, 0 }; *fd >= 0 && rounds > 0; rounds--) {
		if (poll(&poll_fd, 1, 0) != 1)
			return;
		run_read(run, is_out);
	}
}

void run_pass_deadline(struct run *run)
{
	if (!run->stopped) {
		read_what_is_there(run, true);
		read_what_is_there(run, false);
	}
	/* SIGCHLD may have been lost, and it may be a zombie that nobody else notices. */
	bool was_reaped = run->reaped;
	run_try_reap(run);
	if (run_is_over(run))
		return;
	if (!run->reaped && !run->stopped) {
		run_stop(run, RUN_TIMED_OUT, 0);
		return;
	}
	if (was_reaped) {
		/* Something that nobody could end held the pipes. */
		end_pipe(run, &run->out_fd);
		end_pipe(run, &run->err_fd);
	} else if (!run->reaped) {
		/* The supervisor does not do its work: something stopped it. */
		(void)kill(run->pid, SIGKILL);
		set_deadline(run, RUN_GRACE_MS);
	}
}

bool run_is_over(const struct run *run)
{
	return run->reaped && run->out_fd < 0 && run->err_fd < 0;
}

bool run_is_good(const struct run *run)
{
	return run->outcome == RUN_EXITED && run->code == 0;
}

/* Ends all of it now, and waits for that. */
static void end_now(struct run *run)
{
	int64_t patience_ms = clock_mono_ms() + RUN_LAST_RESORT_MS;
	(void)kill(run->pid, SUPERVISE_END_SIGNAL);
	while (!run->reaped && clock_mono_ms() < patience_ms) {
		pid_t pid = waitpid(run->pid, NULL, WNOHANG);
		run->reaped = pid == run->pid || (pid < 0 && errno != EINTR);
		if (!run->reaped)
			(void)poll(NULL, 0, END_POLL_MS);
	}
	if (!run->reaped)
		(void)kill(run->pid, SIGKILL);
	while (!run->reaped && waitpid(run->pid, NULL, 0) < 0 && errno == EINTR)
		;
	forget_supervisor(run->pid, true);
}

void run_release(struct run *run)
{
	if (run->pid > 0 && !run->reaped)
		end_now(run);
	close_fd(&run->out_fd);
	close_fd(&run->err_fd);
	run->reaped = true;
	buf_release(&run->out);
	buf_release(&run->err);
}

/* ---- for people ---- */

/* npm ends with these, whatever went wrong before them: it advertises its next version. */
#define NPM_NOTICE "npm notice"

static bool says_nothing(const char *line, size_t len)
{
	return strspn(line, " \t\r") >= len
	    || (len >= strlen(NPM_NOTICE) && memcmp(line, NPM_NOTICE, strlen(NPM_NOTICE)) == 0);
}

/* The last line that the program printed on stderr mostly says what is wrong. */
static void describe_last_line(const struct run *run, struct buf *out)
{
	const char *text = buf_str(&run->err);
	for (size_t end = run->err.len; end > 0;) {
		const char *newline = memrchr(text, '\n', end), *line = newline ? newline + 1 : text;
		size_t len = (size_t)(text + end - line);
		while (len > 0 && line[len - 1] == '\r')
			len--;
		if (!says_nothing(line, len)) {
			buf_printf(out, ": %.*s",
				   (int)(len < LAST_LINE_MAX_BYTES ? len : LAST_LINE_MAX_BYTES), line);
			return;
		}
		end = newline ? (size_t)(newline - text) : 0;
	}
}

void run_describe(const struct run *run, struct buf *out)
{
	bool is_small = run->max_output_bytes < (size_t)1 << 20;
	size_t most = run->max_output_bytes >> (is_small ? 10 : 20);
	switch (run->outcome) {
	case RUN_EXITED:
		buf_printf(out, "exit status %d", run->code);
		break;
	case RUN_SIGNALED:
		buf_printf(out, "killed by signal %d (%s)", run->code, strsignal(run->code));
		break;
	case RUN_TIMED_OUT:
		buf_printf(out, "still running after %.1f s: killed", (double)run->duration_ms / 1000.);
		break;
	case RUN_TOO_LONG:
		buf_printf(out, "printed more than %zu %s: killed", most, is_small ? "KiB" : "MiB");
		break;
	case RUN_NOT_HEARD:
		buf_printf(out, "its output cannot be read: %s", strerror(run->code));
		break;
	case RUN_NOT_STARTED:
		if (run->code == 0) {
			buf_append_str(out, buf_message(&run->err));
			return;
		}
		buf_printf(out, "cannot be started: %s", strerror(run->code));
		break;
	case RUN_INTERRUPTED:
		buf_append_str(out, "interrupted");
		break;
	}
	describe_last_line(run, out);
}
