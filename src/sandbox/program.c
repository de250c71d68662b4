#include "sandbox/program.h"

#include <errno.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/scope.h"

/* A status of program_try_rules()'s process for an errno that does not fit. */
#define OTHER_ERRNO 254

/* ---- in new processes: only calls that are safe after fork ---- */

static int forbid_privileges(void)
{
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

/*
 * Of root's capabilities keeps only those with which it reads and writes what belongs to others, where the
 * rules allow it. Nobody else has any.
 */
static int drop_capabilities(void)
{
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = { { 0 } };
	const uint32_t kept = 1U << CAP_DAC_OVERRIDE | 1U << CAP_DAC_READ_SEARCH;
	(void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	if (syscall(SYS_capget, &header, data) != 0)
		return -1;
	bool has_more = false;
	for (size_t i = 0; i < _LINUX_CAPABILITY_U32S_3; i++) {
		uint32_t allowed = i == 0 ? kept : 0;
		has_more |= (data[i].permitted & ~allowed) != 0 || data[i].inheritable != 0;
		data[i].permitted &= allowed;
		data[i].effective = data[i].permitted;
		data[i].inheritable = 0;
	}
	/* Services may not call it (SystemCallFilter=~@privileged), and have none. */
	return has_more ? (int)syscall(SYS_capset, &header, data) : 0;
}

static bool enclose(const void *ctx)
{
	const struct program *program = ctx;
	return program->scope_fd >= 0 && forbid_privileges() == 0 && ruleset_enter(program->scope_fd) == 0;
}

static int confine(const void *ctx)
{
	const struct program *program = ctx;
	if (forbid_privileges() != 0 || (program->is_confined && drop_capabilities() != 0)
	    || (program->ruleset_fd >= 0 && ruleset_enter(program->ruleset_fd) != 0))
		return -1;
	return program->has_filter ? filter_enter(&program->filter) : 0;
}

/* ---- in swatch ---- */

int program_prepare(struct program *program, const struct ruleset_plan *rules, bool has_filter,
		    enum filter_sockets sockets)
{
	program_release(program);
	program->is_confined = true;
	if (rules) {
		program->ruleset_fd = ruleset_make(rules, NULL);
		if (program->ruleset_fd < 0)
			return -1;
		program->scope_fd = ruleset_make_scope(rules->abi);
	}
	program->has_filter = has_filter;
	if (has_filter)
		filter_make(&program->filter, sockets, true);
	return 0;
}

struct spawn_confinement program_confinement(const struct program *program)
{
	return (struct spawn_confinement){ enclose, confine, program };
}

void program_release(struct program *program)
{
	close_quietly(program->ruleset_fd);
	close_quietly(program->scope_fd);
	program->ruleset_fd = program->scope_fd = -1;
	program->is_confined = program->has_filter = false;
}

int program_try_rules(int abi)
{
	const struct ruleset_plan plan = { .abi = abi };
	int status = 0;
	AUTO_CLOSE int fd = ruleset_make(&plan, NULL);
	if (fd < 0)
		return errno;
	pid_t pid = fork();
	if (pid == 0) {
		int why = forbid_privileges() == 0 && ruleset_enter(fd) == 0 ? 0 : errno;
		_exit(why < OTHER_ERRNO ? why : OTHER_ERRNO);
	}
	if (pid < 0)
		return errno;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return errno;
	return WIFEXITED(status) ? WEXITSTATUS(status) : ECHILD;
}
