#include "base/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* Of a last line that has no end. */
#define LAST_LINE_MAX_BYTES 300

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

/* Returns only when that failed, with errno. */
static void become_program(const struct spawn_plan *plan, const struct ends *ends)
{
	if (plan->niceness != 0)
		(void)setpriority(PRIO_PROCESS, 0, plan->niceness);
	/* Not RLIMIT_AS: V8 reserves far more addresses than it uses. */
	const struct rlimit limit = { (rlim_t)plan->memory_limit_bytes, (rlim_t)plan->memory_limit_bytes };
	if (plan->memory_limit_bytes > 0 && setrlimit(RLIMIT_DATA, &limit) != 0)
		return;
	int null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (null_fd < 0 || dup2(null_fd, 0) < 0 || dup2(ends->out_fd, 1) < 0 || dup2(ends->err_fd, 2) < 0)
		return;
	if (!plan->confine || plan->confine() == 0)
		execve(plan->path, plan->argv, plan->environment);
}

static _Noreturn void run_child(const struct spawn_plan *plan, const struct ends *ends)
{
	reset_signals(plan->blocked);
	(void)setpgid(0, 0);
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != ends->parent)
		_exit(127);  /* it died before the line above */
	become_program(plan, ends);
	int why = errno;
	ssize_t told = write(ends->report_fd, &why, sizeof(why));
	(void)told;
	_exit(127);
}

/* ---- this process ---- */

static void close_both(int fds[2])
{
	for (int i = 0; i < 2; i++)
		if (fds[i] >= 0)
			close(fds[i]);
	fds[0] = fds[1] = -1;
}

static void close_one(int *fd)
{
	close(*fd);
	*fd = -1;
}

/* Waits for the exec, which closes the pipe; its errno, or that of not knowing, 0 when it was done. */
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

/* Forks; returns the errno of what failed. `report`: the pipe through which the child tells. */
static int fork_child(const struct spawn_plan *plan, int out_fd, int err_fd, int report[2], pid_t *pid)
{
	const struct ends ends = { .out_fd = out_fd, .err_fd = err_fd, .report_fd = report[1], .parent = getpid() };
	*pid = fork();
	if (*pid == 0)
		run_child(plan, &ends);
	if (*pid < 0)
		return errno;
	close_one(&report[1]);
	/* In both processes, so that a kill right after this cannot miss the group. */
	(void)setpgid(*pid, *pid);
	int why = exec_errno(report[0]);
	if (why != 0)
		(void)kill(-*pid, SIGKILL);
	while (why != 0 && waitpid(*pid, NULL, 0) < 0 && errno == EINTR)
		;
	return why;
}

int spawn_start(const struct spawn_plan *plan, struct spawned *spawned)
{
	int out[2] = { -1, -1 }, err[2] = { -1, -1 }, report[2] = { -1, -1 };
	int why = 0;
	*spawned = (struct spawned){ .out_fd = -1, .err_fd = -1 };
	if (pipe2(out, O_CLOEXEC) != 0 || pipe2(err, O_CLOEXEC) != 0 || pipe2(report, O_CLOEXEC) != 0)
		why = errno;
	else
		why = fork_child(plan, out[1], err[1], report, &spawned->pid);
	close_both(report);
	if (why != 0) {
		close_both(out);
		close_both(err);
		return why;
	}
	close_one(&out[1]);
	close_one(&err[1]);
	spawned->out_fd = out[0];
	spawned->err_fd = err[0];
	return 0;
}

/* ---- the environment ---- */

static size_t count_strings(char *const *vector)
{
	size_t count = 0;
	while (vector && vector[count])
		count++;
	return count;
}

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
	size_t count = count_strings(environ), more_count = count_strings(more), kept = 0;
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

/* ---- how it ended, for people ---- */

void spawn_describe_status(bool signaled, int code, struct buf *out)
{
	if (signaled)
		buf_printf(out, "killed by signal %d (%s)", code, strsignal(code));
	else
		buf_printf(out, "exit status %d", code);
}

void spawn_describe_last_line(const char *text, size_t len, struct buf *out)
{
	while (len > 0 && (text[len - 1] == '\n' || text[len - 1] == '\r'))
		len--;
	size_t start = len;
	while (start > 0 && text[start - 1] != '\n')
		start--;
	len -= start;
	if (len > 0)
		buf_printf(out, ": %.*s", (int)(len < LAST_LINE_MAX_BYTES ? len : LAST_LINE_MAX_BYTES), text + start);
}
