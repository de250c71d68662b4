#include "program/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "program/argv.h"
#include "base/scope.h"
#include "program/supervise.h"

#define FILE_FLOOR_BYTES ((rlim_t)256 << 20)
/* Where they have to be closed one by one. */
#define DESCRIPTORS_MAX 65536

/* ---- the new process: only calls that are safe after fork ---- */

struct ends {
	int out_fd, err_fd, report_fd;
	pid_t parent, supervisor;
};

static void reset_signals(const sigset_t *blocked)
{
	struct sigaction by_default = { .sa_handler = SIG_DFL };
	sigset_t none;
	sigemptyset(&none);
	for (int number = 1; number < NSIG; number++)
		(void)sigaction(number, &by_default, NULL);
	(void)sigprocmask(SIG_SETMASK, blocked ? blocked : &none, NULL);
}

static bool redirect(int in_fd, int out_fd, int err_fd)
{
	return dup2(in_fd, 0) >= 0 && dup2(out_fd, 1) >= 0 && dup2(err_fd, 2) >= 0;
}

/* Closes all descriptors but the first three, or (CLOSE_RANGE_CLOEXEC) lets exec() close them. */
static void close_others(int flags)
{
	struct rlimit limit;
	if (close_range(3, ~0U, flags) == 0)
		return;
	/* An old kernel, or a container's filter that is older than the call. */
	int end = getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < DESCRIPTORS_MAX
			  ? (int)limit.rlim_cur
			  : DESCRIPTORS_MAX;
	for (int fd = 3; fd < end; fd++) {
		if (flags != 0)
			(void)fcntl(fd, F_SETFD, FD_CLOEXEC);
		else
			close(fd);
	}
}

/*
 * Becomes nobody's child, and not a session's leader, so that it never gets a terminal. Returns false with
 * errno.
 */
static bool prepare_detached(const struct spawn_plan *plan)
{
	pid_t child = -1;
	if (setsid() < 0 || (child = fork()) < 0)
		return false;
	if (child > 0)
		_exit(0);
	reset_signals(plan->blocked);
	/* This process's parent may have left descriptors open for all children. */
	close_others(CLOSE_RANGE_CLOEXEC);
	int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC), err_fd = plan->log_fd ? *plan->log_fd : null_fd;
	return null_fd >= 0 && redirect(null_fd, null_fd, err_fd) && chdir("/") == 0;
}

static bool prepare(const struct spawn_plan *plan, const struct ends *ends)
{
	if (plan->kind == SPAWN_DETACHED)
		return prepare_detached(plan);
	if (prctl(PR_SET_PDEATHSIG, SIGTERM) != 0)
		return false;
	if (getppid() != ends->parent)
		_exit(127);  /* the parent died before the line above */
	return true;
}

static _Noreturn void report_failure(const struct ends *ends)
{
	int why = errno;
	ssize_t told = write(ends->report_fd, &why, sizeof(why));
	(void)told;
	_exit(127);
}

static _Noreturn void execute(const struct spawn_plan *plan, const struct ends *ends)
{
	execve(plan->path, plan->argv, plan->environment ? plan->environment : environ);
	report_failure(ends);
}

/* ---- a program whose output is read, and its supervisor ---- */

static bool set_limits(const struct spawn_plan *plan)
{
	/* No real time and no better priority, also where the user may have them. */
	static const struct rlimit none = { 0, 0 };
	(void)setrlimit(RLIMIT_RTPRIO, &none);
	(void)setrlimit(RLIMIT_NICE, &none);
	if (plan->niceness != 0)
		(void)setpriority(PRIO_PROCESS, 0, plan->niceness);
	if (plan->memory_limit_bytes <= 0)
		return true;
	const rlim_t bytes = (rlim_t)plan->memory_limit_bytes;
	const struct rlimit data = { bytes, bytes };
	/* Also of a file in memory. */
	const rlim_t file_bytes = bytes > FILE_FLOOR_BYTES ? bytes : FILE_FLOOR_BYTES;
	const struct rlimit file = { file_bytes, file_bytes };
	return setrlimit(RLIMIT_DATA, &data) == 0 && setrlimit(RLIMIT_FSIZE, &file) == 0;
}

static _Noreturn void become_program(const struct spawn_plan *plan, const struct ends *ends)
{
	reset_signals(plan->blocked);
	/* Its input and its errors go where the supervisor's do. */
	if (setsid() >= 0 && prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() == ends->supervisor
	    && dup2(ends->out_fd, 1) >= 0 && set_limits(plan)
	    && (!plan->confinement || plan->confinement->confine(plan->confinement->ctx) == 0)) {
		/* What swatch itself was handed down would be a way around the sandbox. */
		close_others(CLOSE_RANGE_CLOEXEC);
		execute(plan, ends);
	}
	report_failure(ends);
}

static _Noreturn void supervise_program(const struct spawn_plan *plan, struct ends *ends)
{
	struct supervision supervision = { .parent = ends->parent,
					   .memory_limit_bytes = plan->memory_limit_bytes };
	supervise_block_signals();
	(void)setpgid(0, 0);
	ends->supervisor = getpid();
	if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0)
		report_failure(ends);
	bool is_enclosed = plan->confinement && plan->confinement->enclose
			   && plan->confinement->enclose(plan->confinement->ctx);
	/* kill(-1) would else reach all that the user runs, so it has to be tried. */
	supervision.reaches_own_only = is_enclosed && kill(ends->parent, 0) != 0 && errno == EPERM;
	/* Before there is a program: a failure here still has somebody who hears of it. */
	int null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (null_fd < 0 || !redirect(null_fd, null_fd, ends->err_fd))
		report_failure(ends);
	supervision.program = fork();
	if (supervision.program == 0)
		become_program(plan, ends);
	if (supervision.program < 0)
		report_failure(ends);
	/* Keeps stderr alone: whoever waits for the end of a pipe, or for a lock, does not wait for the
	 * supervisor. */
	close_others(0);
	supervise(&supervision);
}

static _Noreturn void run_child(const struct spawn_plan *plan, struct ends *ends)
{
	if (!prepare(plan, ends))
		report_failure(ends);
	if (plan->kind == SPAWN_READ)
		supervise_program(plan, ends);
	execute(plan, ends);
}

/* ---- this process ---- */

static void close_both(int fds[2])
{
	close_quietly(fds[0]);
	close_quietly(fds[1]);
}

/* Waits for the exec, which closes the pipe. Returns 0, or the errno of what failed. */
static int exec_errno(int fd)
{
	int why = 0;
	ssize_t got;
	do
		got = read(fd, &why, sizeof(why));
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return errno;
	return got == (ssize_t)sizeof(why) ? why : 0;
}

/* Forks. Returns the errno of what failed. The child reports through the pipe `report`. */
static int fork_child(const struct spawn_plan *plan, int out_fd, int err_fd, int report[2], pid_t *pid)
{
	struct ends ends = { out_fd, err_fd, report[1], getpid(), 0 };
	*pid = fork();
	if (*pid == 0)
		run_child(plan, &ends);
	if (*pid < 0)
		return errno;
	close_quietly(report[1]);
	report[1] = -1;
	/* In both processes, so that a kill right after this cannot miss the group. */
	if (plan->kind == SPAWN_READ)
		(void)setpgid(*pid, *pid);
	int why = exec_errno(report[0]);
	if (why != 0 && plan->kind == SPAWN_READ)
		(void)kill(-*pid, SIGKILL);
	if (why == 0 && plan->kind != SPAWN_DETACHED)
		return 0;
	while (waitpid(*pid, NULL, 0) < 0 && errno == EINTR)
		;
	*pid = 0;
	return why;
}

int spawn_start(const struct spawn_plan *plan, struct spawned *spawned)
{
	int out[2] = { -1, -1 }, err[2] = { -1, -1 }, report[2] = { -1, -1 };
	int why = 0, takes_orphans = 0;
	/* What is detached becomes an orphan here, and would be this process's child (run.c). */
	if (plan->kind == SPAWN_DETACHED)
		(void)prctl(PR_GET_CHILD_SUBREAPER, &takes_orphans, 0, 0, 0);
	if (takes_orphans)
		(void)prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0);
	*spawned = (struct spawned){ .out_fd = -1, .err_fd = -1 };
	if ((plan->kind == SPAWN_READ && (pipe2(out, O_CLOEXEC) != 0 || pipe2(err, O_CLOEXEC) != 0))
	    || pipe2(report, O_CLOEXEC) != 0)
		why = errno;
	else
		why = fork_child(plan, out[1], err[1], report, &spawned->pid);
	if (takes_orphans)
		(void)prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	close_both(report);
	if (why != 0) {
		close_both(out);
		close_both(err);
		return why;
	}
	close_quietly(out[1]);
	close_quietly(err[1]);
	spawned->out_fd = out[0];
	spawned->err_fd = err[0];
	return 0;
}

/* ---- the environment ---- */

/* True when one of `names`, with its "=" and maybe a value behind it, is this variable's. */
static bool has_name(const char *variable, const char *const *names)
{
	size_t name_len = strcspn(variable, "=") + 1;
	for (; names && *names; names++)
		if (strncmp(variable, *names, name_len) == 0)
			return true;
	return false;
}

char **spawn_environment(const char *const *hidden, char *const *more)
{
	static char no_color[] = "NO_COLOR=1";
	static const char *const replaced[] = { no_color, NULL };
	size_t count = argv_count(environ), more_count = argv_count(more), kept = 0;
	char **vector = calloc(count + more_count + 2, sizeof(*vector));
	if (!vector)
		return NULL;
	for (size_t i = 0; i < count; i++)
		if (!has_name(environ[i], hidden) && !has_name(environ[i], replaced)
		    && !has_name(environ[i], (const char *const *)more))
			vector[kept++] = environ[i];
	for (size_t i = 0; i < more_count; i++)
		vector[kept++] = more[i];
	vector[kept] = no_color;
	return vector;
}
