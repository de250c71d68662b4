/* The process that ends all that a program has started: what it finds in /proc, and how it ends itself. */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "program/supervise.h"

/* A child that stays, under that name. */
static pid_t start_child(const char *name)
{
	int ready[2];
	char byte;
	assert_int_equal(pipe(ready), 0);
	pid_t pid = fork();
	if (pid == 0) {
		(void)prctl(PR_SET_NAME, name, 0, 0, 0);
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
		close(ready[0]);
		close(ready[1]);
		for (;;)
			pause();
	}
	assert_true(pid > 0);
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 0);
	close(ready[0]);
	return pid;
}

static int end_of(pid_t pid)
{
	int status = 0;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static bool lists(const struct supervise_children *children, pid_t pid)
{
	for (size_t i = 0; i < children->count; i++)
		if (children->at[i] == pid)
			return true;
	return false;
}

/* The name stands in /proc/PID/stat before the parent, and may look like anything. */
static void children_are_found_whatever_they_call_themselves(void **state)
{
	(void)state;
	pid_t liar = start_child("a) Z 1 (b) S 1"), other = start_child("\n) R 0");
	struct supervise_children children;
	supervise_list_children(&children);
	assert_int_equal(children.count, 2);
	assert_true(lists(&children, liar) && lists(&children, other) && !children.are_more);
	assert_int_equal(supervise_end_orphans(&other, 1), 1);
	assert_int_equal(end_of(liar), 128 + SIGKILL);
	assert_int_equal(waitpid(other, NULL, WNOHANG), 0);
	assert_int_equal(supervise_end_orphans(NULL, 0), 1);
	assert_int_equal(end_of(other), 128 + SIGKILL);
	assert_int_equal(supervise_end_orphans(NULL, 0), 0);
}

static void a_child_that_has_ended_is_nobody(void **state)
{
	(void)state;
	siginfo_t info;
	struct supervise_children children;
	pid_t pid = fork();
	if (pid == 0)
		_exit(3);
	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
	supervise_list_children(&children);
	assert_int_equal(children.count, 0);
	assert_int_equal(supervise_end_orphans(NULL, 0), 0);
	assert_int_equal(end_of(pid), 3);
}

/* Whoever has more than fit knows that, and so kills none of those that are missing in the list. */
static void more_children_than_fit_are_told(void **state)
{
	(void)state;
	pid_t pids[SUPERVISE_CHILDREN_MAX + 1];
	struct supervise_children children;
	for (size_t i = 0; i < SUPERVISE_CHILDREN_MAX; i++)
		pids[i] = start_child("child");
	supervise_list_children(&children);
	assert_true(children.count == SUPERVISE_CHILDREN_MAX && !children.are_more);
	pids[SUPERVISE_CHILDREN_MAX] = start_child("child");
	supervise_list_children(&children);
	assert_true(children.count == SUPERVISE_CHILDREN_MAX && children.are_more);
	for (size_t i = 0; i <= SUPERVISE_CHILDREN_MAX; i++) {
		(void)kill(pids[i], SIGKILL);
		(void)end_of(pids[i]);
	}
}

/* Runs a supervisor whose program stays until it is ended; `err_fd` becomes its stderr. Returns its end. */
static int supervise_child(pid_t parent, int64_t memory_limit_bytes, int err_fd, pid_t *program)
{
	int told[2];
	assert_int_equal(pipe(told), 0);
	pid_t pid = fork();
	if (pid == 0) {
		struct supervision supervision = { .parent = parent,
						   .memory_limit_bytes = memory_limit_bytes };
		(void)alarm(60);
		(void)prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
		supervise_block_signals();
		supervision.program = start_child("program");
		ssize_t wrote = write(told[1], &supervision.program, sizeof(supervision.program));
		(void)wrote;
		(void)dup2(err_fd, 2);
		supervise(&supervision);
	}
	assert_true(pid > 0);
	assert_int_equal(read(told[0], program, sizeof(*program)), sizeof(*program));
	close(told[0]);
	close(told[1]);
	return end_of(pid);
}

static void without_its_parent_all_ends(void **state)
{
	(void)state;
	pid_t program = 0;
	assert_int_equal(supervise_child(1, 0, 2, &program), 128 + SIGKILL);
	assert_true(kill(program, 0) == -1 && errno == ESRCH);
}

/* It says why it ends the program, but does not wait for a reader. */
static void nobody_reads_that_memory_is_used_up(void **state)
{
	(void)state;
	char bytes[4096] = { 0 };
	int ends[2];
	pid_t program = 0;
	assert_int_equal(pipe2(ends, O_NONBLOCK), 0);
	while (write(ends[1], bytes, sizeof(bytes)) > 0)
		;
	assert_int_equal(fcntl(ends[1], F_SETFL, 0), 0);
	assert_int_equal(supervise_child(getpid(), 1, ends[1], &program), 128 + SIGKILL);
	assert_true(kill(program, 0) == -1 && errno == ESRCH);
	/* With room, it is there. */
	while (read(ends[0], bytes, sizeof(bytes)) > 0)
		;
	assert_int_equal(supervise_child(getpid(), 1, ends[1], &program), 128 + SIGKILL);
	ssize_t got = read(ends[0], bytes, sizeof(bytes) - 1);
	bytes[got > 0 ? got : 0] = '\0';
	assert_non_null(strstr(bytes, "used more memory than memory_limit"));
	/* And nobody at all. */
	close(ends[0]);
	assert_int_equal(supervise_child(getpid(), 1, ends[1], &program), 128 + SIGKILL);
	close(ends[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(children_are_found_whatever_they_call_themselves),
		cmocka_unit_test(a_child_that_has_ended_is_nobody),
		cmocka_unit_test(more_children_than_fit_are_told),
		cmocka_unit_test(without_its_parent_all_ends),
		cmocka_unit_test(nobody_reads_that_memory_is_used_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
