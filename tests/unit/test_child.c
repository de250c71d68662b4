/* One command, and every way in which it may end (program/run.h). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "program/argv.h"
#include "swatchd/refresh/child.h"

struct ended {
	bool done;
	enum run_outcome outcome;
	int code;
	size_t out_len;
	char out[256], err[256];
};

static void on_done(void *ctx, const struct run *run)
{
	struct ended *ended = ctx;
	ended->done = true;
	ended->outcome = run->outcome;
	ended->code = run->code;
	ended->out_len = run->out.len;
	snprintf(ended->out, sizeof(ended->out), "%s", buf_str(&run->out));
	snprintf(ended->err, sizeof(ended->err), "%s", buf_str(&run->err));
	ev_break(ev_default_loop(0), EVBREAK_ALL);
}

/* Runs `sh -c SCRIPT` to its end. The loop ends with the callback: nothing here waits by the clock. */
static struct ended run_script(const char *script, int64_t timeout_ms)
{
	char *argv[] = { "sh", "-c", (char *)(uintptr_t)script, NULL };
	const struct child_command command = { .argv = argv, .timeout_ms = timeout_ms };
	struct ended ended = { 0 };
	struct ev_loop *loop = ev_default_loop(0);
	assert_non_null(child_start(loop, &command, on_done, &ended));
	ev_run(loop, 0);
	assert_true(ended.done);
	return ended;
}

static void output_and_status_come_back(void **state)
{
	(void)state;
	struct ended ended = run_script("echo out; echo err >&2; exit 7", 60000);
	assert_int_equal(ended.outcome, RUN_EXITED);
	assert_int_equal(ended.code, 7);
	assert_string_equal(ended.out, "out\n");
	assert_string_equal(ended.err, "err\n");
}

static void a_signal_is_told_from_a_status(void **state)
{
	(void)state;
	struct ended ended = run_script("kill -KILL $$", 60000);
	assert_int_equal(ended.outcome, RUN_SIGNALED);
	assert_int_equal(ended.code, SIGKILL);
}

static void a_hang_ends_at_the_deadline_even_when_it_ignores_term(void **state)
{
	(void)state;
	struct ended ended = run_script("trap '' TERM; while :; do sleep 1; done", 100);
	assert_int_equal(ended.outcome, RUN_TIMED_OUT);
}

static void a_flood_ends_at_the_cap(void **state)
{
	(void)state;
	struct ended ended = run_script("exec cat /dev/zero", 60000);
	assert_int_equal(ended.outcome, RUN_TOO_LONG);
	assert_true(ended.out_len <= CHILD_MAX_OUTPUT_BYTES);
}

static void output_that_ends_before_the_child_is_whole(void **state)
{
	(void)state;
	struct ended ended = run_script("echo all; exec >&- 2>&-; sleep 0.2; exit 3", 60000);
	assert_int_equal(ended.outcome, RUN_EXITED);
	assert_int_equal(ended.code, 3);
	assert_string_equal(ended.out, "all\n");
}

static void a_grandchild_that_holds_the_pipe_does_not_hold_the_run(void **state)
{
	(void)state;
	struct ended ended = run_script("sleep 1000 & echo answer", 60000);
	assert_int_equal(ended.outcome, RUN_EXITED);
	assert_int_equal(ended.code, 0);
	assert_string_equal(ended.out, "answer\n");
}

static void its_world_is_clean(void **state)
{
	(void)state;
	assert_int_equal(setenv("NOTIFY_SOCKET", "/x", 1), 0);
	assert_int_equal(setenv("CLAUDE_CODE_CHILD_SESSION", "1", 1), 0);
	(void)signal(SIGPIPE, SIG_IGN);
	struct ended ended = run_script(
		"echo ${NOTIFY_SOCKET-no} ${CLAUDE_CODE_CHILD_SESSION-no} $NO_COLOR $(cat | wc -c);"
		"grep SigIgn /proc/self/status",
		60000);
	assert_non_null(strstr(ended.out, "no no 1 0\n"));
	/* Not the whole mask: make has its children ignore libc's own signals 32 and 33, and nobody can undo
	 * that. */
	const char *mask = strstr(ended.out, "SigIgn:\t");
	assert_non_null(mask);
	assert_int_equal(strtoull(mask + strlen("SigIgn:\t"), NULL, 16) & (UINT64_C(1) << (SIGPIPE - 1)), 0);
}

static struct ended run_command(const struct child_command *command)
{
	struct ended ended = { 0 };
	struct ev_loop *loop = ev_default_loop(0);
	assert_non_null(child_start(loop, command, on_done, &ended));
	ev_run(loop, 0);
	assert_true(ended.done);
	return ended;
}

static void more_environment_goes_before_what_is_inherited(void **state)
{
	(void)state;
	char *argv[] = { "sh", "-c", "echo $MINE_A $MINE_B; env | grep -c ^MINE_A=", NULL };
	char *more[] = { "MINE_A=new value", "MINE_B=b", NULL };
	assert_int_equal(setenv("MINE_A", "old", 1), 0);
	struct ended ended = run_command(
		&(struct child_command){ .argv = argv, .environment = more, .timeout_ms = 60000 });
	assert_int_equal(ended.outcome, RUN_EXITED);
	assert_string_equal(ended.out, "new value b\n1\n");
}

static void a_smaller_cap_holds(void **state)
{
	(void)state;
	char *argv[] = { "yes", NULL };
	struct ended ended = run_command(&(struct child_command){ .argv = argv, .timeout_ms = 60000,
								  .max_output_bytes = 4096 });
	assert_int_equal(ended.outcome, RUN_TOO_LONG);
	assert_true(ended.out_len <= 4096);
}

static void a_program_that_is_not_there_reports_its_errno(void **state)
{
	(void)state;
	char *argv[] = { "no-such-program-anywhere", NULL };
	char *directory[] = { "/tmp", NULL };
	struct ended ended = { 0 };
	struct ev_loop *loop = ev_default_loop(0);
	/* A folder in PATH that this user may not look into would make it EACCES. */
	assert_int_equal(setenv("PATH", "/usr/bin:/bin", 1), 0);
	assert_non_null(child_start(loop, &(struct child_command){ .argv = argv, .timeout_ms = 1000 },
				    on_done, &ended));
	assert_false(ended.done);
	ev_run(loop, 0);
	assert_int_equal(ended.outcome, RUN_NOT_STARTED);
	assert_int_equal(ended.code, ENOENT);
	assert_non_null(child_start(loop, &(struct child_command){ .argv = directory, .timeout_ms = 1000 },
				    on_done, &ended));
	ev_run(loop, 0);
	assert_int_equal(ended.code, EACCES);
}

static void words_are_split_without_a_shell(void **state)
{
	(void)state;
	struct buf error = BUF_INIT;
	char **words = argv_split("  a 'b c'\t\"d 'e\"f g\\ h '$(x)' ''", &error);
	assert_non_null(words);
	const char *const expected[] = { "a", "b c", "d 'ef", "g h", "$(x)", "" };
	for (size_t i = 0; i < 6; i++)
		assert_string_equal(words[i], expected[i]);
	assert_null(words[6]);
	argv_free(words);
	assert_null(argv_split("a 'b", &error));
	assert_string_equal(buf_str(&error), "a quote is not closed");
	buf_clear(&error);
	assert_null(argv_split("  ", &error));
	assert_string_equal(buf_str(&error), "the command is empty");
	buf_release(&error);
}

static void a_stop_needs_no_callback(void **state)
{
	(void)state;
	char *argv[] = { "sleep", "1000", NULL };
	struct ended ended = { 0 };
	const struct child_command command = { .argv = argv, .timeout_ms = 60000 };
	struct child *child = child_start(ev_default_loop(0), &command, on_done, &ended);
	assert_non_null(child);
	child_stop(child);
	assert_false(ended.done);
}

/* The process ended, and nobody has reaped it yet. */
static void await_end(pid_t pid)
{
	siginfo_t info;
	while (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT) != 0)
		assert_int_equal(errno, EINTR);
}

static void start_run(struct run *run, const char *script)
{
	char *argv[] = { "sh", "-c", (char *)(uintptr_t)script, NULL };
	const struct spawn_plan plan = { .path = "/bin/sh", .argv = argv };
	assert_true(run_start(run, &plan, 60000, 1000));
}

static void an_answer_that_lay_in_the_pipe_counts_after_the_deadline(void **state)
{
	struct run run;
	(void)state;
	start_run(&run, "echo answer; echo words >&2");
	await_end(run.pid);
	run_pass_deadline(&run);  /* this process was stopped until now */
	assert_true(run_is_over(&run));
	assert_true(run_is_good(&run));
	assert_string_equal(buf_str(&run.out), "answer\n");
	run_release(&run);
}

static void half_an_answer_does_not(void **state)
{
	struct run run;
	char byte;
	(void)state;
	start_run(&run, "echo half; echo . >&2; exec sleep 1000");
	while (read(run.err_fd, &byte, 1) != 1)
		assert_int_equal(errno, EAGAIN);
	run_pass_deadline(&run);
	assert_int_equal(run.outcome, RUN_TIMED_OUT);
	assert_false(run_is_good(&run));
	run_release(&run);
}

static void a_session_of_its_own_does_not_outlive_the_run(void **state)
{
	(void)state;
	struct ended ended = run_script(
		"setsid sleep 1000 >/dev/null 2>&1 & echo $!; (setsid sleep 1000 >/dev/null 2>&1 & echo $!)",
		60000);
	char *rest;
	long first = strtol(ended.out, &rest, 10), second = strtol(rest, NULL, 10);
	assert_int_equal(ended.outcome, RUN_EXITED);
	assert_true(first > 1 && second > 1);
	assert_true(kill((pid_t)first, 0) == -1 && errno == ESRCH);
	assert_true(kill((pid_t)second, 0) == -1 && errno == ESRCH);
}

static void a_release_ends_all_of_it(void **state)
{
	struct run run;
	char bytes[64];
	ssize_t got;
	(void)state;
	start_run(&run, "trap '' TERM; setsid sleep 1000 >/dev/null 2>&1 & echo $!; wait");
	while ((got = read(run.out_fd, bytes, sizeof(bytes) - 1)) <= 0)
		assert_int_equal(errno, EAGAIN);
	bytes[got] = '\0';
	run_release(&run);
	long pid = strtol(bytes, NULL, 10);
	assert_true(pid > 1 && kill((pid_t)pid, 0) == -1 && errno == ESRCH);
}

/* First of all, because the first run looks which they are. */
static void other_children_outlive_a_killed_supervisor(void **state)
{
	struct run run;
	(void)state;
	pid_t other = fork();
	if (other == 0) {
		for (;;)
			pause();
	}
	start_run(&run, "kill -KILL $PPID; exec sleep 1000");
	await_end(run.pid);
	run_try_reap(&run);
	assert_true(run.reaped);
	assert_int_equal(run.outcome, RUN_SIGNALED);
	run_release(&run);
	int status = 0;
	assert_int_equal(waitpid(other, &status, WNOHANG), 0);
	assert_int_equal(kill(other, SIGKILL), 0);
	assert_int_equal(waitpid(other, &status, 0), other);
}

static int next_fd(void)
{
	int fd = 0;
	while (fcntl(fd, F_GETFD) >= 0)
		fd++;
	return fd;
}

/* Wherever the descriptors run out, in this process or in the new ones, errno says so, and none is lost. */
static void without_descriptors_it_does_not_start(void **state)
{
	char *argv[] = { "sh", "-c", "exit 7", NULL };
	const struct spawn_plan plan = { .path = "/bin/sh", .argv = argv };
	struct rlimit before;
	int first = next_fd(), started = 0;
	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	for (int more = 0; more < 10; more++) {
		const struct rlimit few = { (rlim_t)(first + more), before.rlim_max };
		struct run run;
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
		if (run_start(&run, &plan, 60000, 1000)) {
			await_end(run.pid);
			run_try_reap(&run);
			assert_int_equal(run.outcome, RUN_EXITED);
			assert_int_equal(run.code, 7);
			started++;
		} else {
			assert_int_equal(run.outcome, RUN_NOT_STARTED);
			assert_int_equal(run.code, EMFILE);
		}
		run_release(&run);
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
		assert_int_equal(next_fd(), first);
	}
	assert_true(started > 0 && started < 10);
}

static void no_descriptor_is_handed_down(void **state)
{
	(void)state;
	/* As a shell that starts swatch may leave it open. */
	assert_int_equal(dup2(0, 50), 50);
	assert_int_equal(run_script("[ ! -e /proc/self/fd/50 ] && [ -e /proc/self/fd/2 ]", 60000).code, 0);
	close(50);
}

static void lack_close_range(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_close_range, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = { sizeof(code) / sizeof(code[0]), code };
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0
	    || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
		_exit(77);
}

/* An older kernel, or a container's filter. */
static void without_close_range_it_runs_all_the_same(void **state)
{
	int status = 0;
	(void)state;
	pid_t pid = fork();
	if (pid == 0) {
		struct run run;
		lack_close_range();
		bool good = dup2(0, 50) == 50;
		start_run(&run, "[ ! -e /proc/self/fd/50 ] && exit 7");
		await_end(run.pid);
		run_try_reap(&run);
		good = good && run.outcome == RUN_EXITED && run.code == 7;
		run_release(&run);
		_exit(good ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == 77)
		skip();
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* This process takes its runs' orphans, and ends them with a run; but not what was to go on by itself. */
static void what_is_detached_is_nobodys_child(void **state)
{
	char *argv[] = { "sh", "-c", "echo $$ >&2; exec sleep 1000", NULL };
	char text[32] = "";
	int pipe_fds[2];
	struct spawned spawned;
	(void)state;
	assert_int_equal(run_script("exit 0", 60000).code, 0);
	assert_int_equal(pipe(pipe_fds), 0);
	const struct spawn_plan plan = { .kind = SPAWN_DETACHED, .path = "/bin/sh", .argv = argv,
					 .log_fd = &pipe_fds[1] };
	assert_int_equal(spawn_start(&plan, &spawned), 0);
	close(pipe_fds[1]);
	assert_true(read(pipe_fds[0], text, sizeof(text) - 1) > 0);
	close(pipe_fds[0]);
	pid_t pid = atoi(text);
	assert_true(pid > 1);
	int status, is_child = waitpid(pid, &status, WNOHANG) == 0;
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_false(is_child);
}

static int end_loop(void **state)
{
	(void)state;
	ev_loop_destroy(ev_default_loop(0));
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(other_children_outlive_a_killed_supervisor),
		cmocka_unit_test(output_and_status_come_back),
		cmocka_unit_test(a_signal_is_told_from_a_status),
		cmocka_unit_test(a_hang_ends_at_the_deadline_even_when_it_ignores_term),
		cmocka_unit_test(a_flood_ends_at_the_cap),
		cmocka_unit_test(output_that_ends_before_the_child_is_whole),
		cmocka_unit_test(a_grandchild_that_holds_the_pipe_does_not_hold_the_run),
		cmocka_unit_test(its_world_is_clean),
		cmocka_unit_test(more_environment_goes_before_what_is_inherited),
		cmocka_unit_test(a_smaller_cap_holds),
		cmocka_unit_test(a_program_that_is_not_there_reports_its_errno),
		cmocka_unit_test(words_are_split_without_a_shell),
		cmocka_unit_test(a_stop_needs_no_callback),
		cmocka_unit_test(an_answer_that_lay_in_the_pipe_counts_after_the_deadline),
		cmocka_unit_test(half_an_answer_does_not),
		cmocka_unit_test(a_session_of_its_own_does_not_outlive_the_run),
		cmocka_unit_test(a_release_ends_all_of_it),
		cmocka_unit_test(without_descriptors_it_does_not_start),
		cmocka_unit_test(no_descriptor_is_handed_down),
		cmocka_unit_test(without_close_range_it_runs_all_the_same),
		cmocka_unit_test(what_is_detached_is_nobodys_child),
	};
	return cmocka_run_group_tests(tests, NULL, end_loop);
}
