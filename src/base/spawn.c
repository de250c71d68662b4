#include "base/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/argv.h"
#include "base/scope.h"

/* ---- the new process: only calls that are safe after fork ---- */

struct ends {
	int out_fd, err_fd, report_fd;
	pid_t parent;
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

/* Gives the program signals, a group and streams of its own. Returns false with errno. */
static bool prepare_read(const struct spawn_plan *plan, const struct ends *ends)
{
	reset_signals(plan->blocked);
	(void)setpgid(0, 0);
	int null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	return null_fd >= 0 && redirect(null_fd, ends->out_fd, ends->err_fd);
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
	(void)close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
	int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC), err_fd = plan->log_fd ? *plan->log_fd : null_fd;
	return null_fd >= 0 && redirect(null_fd, null_fd, err_fd) && chdir("/") == 0;
}

static bool prepare(const struct spawn_plan *plan, const struct ends *ends)
{
	if (plan->kind == SPAWN_DETACHED)
		return prepare_detached(plan);
	if (prctl(PR_SET_PDEATHSIG, plan->kind == SPAWN_READ ? SIGKILL : SIGTERM) != 0)
		return false;
	if (getppid() != ends->parent)
		_exit(127);  /* the parent died before the line above */
	return plan->kind == SPAWN_ON_TERMINAL || prepare_read(plan, ends);
}

static bool set_limits(const struct spawn_plan *plan)
{
	if (plan->niceness != 0)
		(void)setpriority(PRIO_PROCESS, 0, plan->niceness);
	/* Not RLIMIT_AS: V8 reserves far more addresses than it uses. */
	const struct rlimit limit = { (rlim_t)plan->memory_limit_bytes, (rlim_t)plan->memory_limit_bytes };
	return plan->memory_limit_bytes <= 0 || setrlimit(RLIMIT_DATA, &limit) == 0;
}

static _Noreturn void run_child(const struct spawn_plan *plan, const struct ends *ends)
{
	if (prepare(plan, ends) && set_limits(plan) && (!plan->confine || plan->confine() == 0))
		execve(plan->path, plan->argv, plan->environment ? plan->environment : environ);
	int why = errno;
	ssize_t told = write(ends->report_fd, &why, sizeof(why));
	(void)told;
	_exit(127);
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
	const struct ends ends = { out_fd, err_fd, report[1], getpid() };
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
	int why = 0;
	*spawned = (struct spawned){ .out_fd = -1, .err_fd = -1 };
	if ((plan->kind == SPAWN_READ && (pipe2(out, O_CLOEXEC) != 0 || pipe2(err, O_CLOEXEC) != 0))
	    || pipe2(report, O_CLOEXEC) != 0)
		why = errno;
	else
		why = fork_child(plan, out[1], err[1], report, &spawned->pid);
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
