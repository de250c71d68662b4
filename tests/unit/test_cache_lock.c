#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "cache/lock.h"
#include "cache/names.h"
#include "scratch.h"

static enum cache_lock_result take(int *lock_fd, struct cache_lock_holder *holder)
{
	return cache_lock_take(test_dir.dir_fd, "once", lock_fd, holder);
}

/* A child that takes the lock and keeps it until it is killed. Returns when it has it. */
static pid_t start_holder(void)
{
	int ready[2];
	char byte;
	assert_int_equal(pipe(ready), 0);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		struct cache_lock_holder holder;
		int lock_fd;
		if (cache_lock_take(test_dir.dir_fd, "daemon", &lock_fd, &holder) != CACHE_LOCK_TAKEN
		    || write(ready[1], "x", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	return pid;
}

static void kill_holder(pid_t pid)
{
	int status;
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
}

static void one_holder_at_a_time(void **state)
{
	(void)state;
	struct cache_lock_holder holder;
	int first = -1, second = -1;
	assert_false(cache_lock_is_held(test_dir.dir_fd));
	assert_int_equal(scratch_count(&test_dir), 0);  /* a look makes no file */
	assert_int_equal(take(&first, &holder), CACHE_LOCK_TAKEN);
	assert_true(fcntl(first, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(scratch_mode(&test_dir, CACHE_LOCK_FILE), 0600);
	assert_true(cache_lock_is_held(test_dir.dir_fd));
	assert_int_equal(take(&second, &holder), CACHE_LOCK_HELD);
	assert_int_equal(second, -1);
	assert_int_equal(holder.pid, getpid());
	assert_string_equal(holder.role, "once");
	assert_string_equal(holder.version, PACKAGE_VERSION);
	close(first);
	assert_false(cache_lock_is_held(test_dir.dir_fd));
	assert_int_equal(take(&second, &holder), CACHE_LOCK_TAKEN);
	close(second);
}

/* Review, point 5: a holder that crashes frees the lock at once. */
static void a_killed_holder_frees_the_lock_at_once(void **state)
{
	(void)state;
	struct cache_lock_holder holder;
	int lock_fd = -1;
	for (int round = 0; round < 10; round++) {
		pid_t pid = start_holder();
		assert_int_equal(take(&lock_fd, &holder), CACHE_LOCK_HELD);
		assert_int_equal(holder.pid, pid);
		assert_string_equal(holder.role, "daemon");
		assert_true(cache_lock_find_holder(test_dir.dir_fd, &holder));
		assert_int_equal(holder.pid, pid);
		kill_holder(pid);
		assert_false(cache_lock_find_holder(test_dir.dir_fd, &holder));
		assert_int_equal(holder.pid, 0);
		assert_int_equal(take(&lock_fd, &holder), CACHE_LOCK_TAKEN);
		close(lock_fd);
	}
}

/* Statuslines look several times a second: none of these looks may pass for a holder. */
static void who_only_looks_is_no_holder(void **state)
{
	(void)state;
	struct cache_lock_holder holder;
	int lock_fd = -1;
	pid_t lookers[2];
	assert_int_equal(take(&lock_fd, &holder), CACHE_LOCK_TAKEN);
	close(lock_fd);
	for (size_t i = 0; i < 2; i++) {
		lookers[i] = fork();
		assert_true(lookers[i] >= 0);
		if (lookers[i] == 0)
			for (;;)
				(void)cache_lock_is_held(test_dir.dir_fd);
	}
	int taken = 0;
	for (int i = 0; i < 300; i++) {
		if (take(&lock_fd, &holder) == CACHE_LOCK_TAKEN) {
			taken++;
			close(lock_fd);
		}
	}
	kill_holder(lookers[0]);
	kill_holder(lookers[1]);
	assert_int_equal(taken, 300);
}

static void waiting_ends_at_its_time(void **state)
{
	(void)state;
	struct cache_lock_holder holder;
	int first = -1, second = -1;
	int64_t waited_ms = -1;
	assert_int_equal(take(&first, &holder), CACHE_LOCK_TAKEN);
	assert_int_equal(cache_lock_wait(test_dir.dir_fd, "once", 0, &second, &holder, &waited_ms),
			 CACHE_LOCK_HELD);
	assert_true(waited_ms >= 0);
	int64_t start_ms = clock_mono_ms();
	assert_int_equal(cache_lock_wait(test_dir.dir_fd, "once", 120, &second, &holder, &waited_ms),
			 CACHE_LOCK_HELD);
	assert_true(waited_ms >= 120);
	assert_true(clock_mono_ms() - start_ms >= waited_ms);
	assert_int_equal(holder.pid, getpid());
	close(first);
	assert_int_equal(cache_lock_wait(test_dir.dir_fd, "once", 0, &second, &holder, &waited_ms),
			 CACHE_LOCK_TAKEN);
	close(second);
}

/* Review, point 6: who waits gets it when the holder is gone. */
static void waiting_gets_the_lock_when_it_is_free(void **state)
{
	(void)state;
	int lock_fd = -1, status;
	struct cache_lock_holder holder;
	assert_int_equal(take(&lock_fd, &holder), CACHE_LOCK_TAKEN);
	pid_t waiter = fork();
	assert_true(waiter >= 0);
	if (waiter == 0) {
		int64_t waited_ms;
		int mine = -1;
		close(lock_fd);
		enum cache_lock_result result;
		result = cache_lock_wait(test_dir.dir_fd, "once", 600000, &mine, &holder, &waited_ms);
		_exit(result == CACHE_LOCK_TAKEN ? 0 : 1);
	}
	close(lock_fd);
	assert_int_equal(waitpid(waiter, &status, 0), waiter);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void a_foreign_lock_file_is_refused(void **state)
{
	(void)state;
	struct cache_lock_holder holder;
	int lock_fd = -1;
	scratch_write_text(&test_dir, "precious", "content");
	assert_int_equal(symlinkat("precious", test_dir.dir_fd, CACHE_LOCK_FILE), 0);
	assert_int_equal(take(&lock_fd, &holder), CACHE_LOCK_FAILED);
	assert_int_equal(errno, ELOOP);
	assert_false(cache_lock_is_held(test_dir.dir_fd));
	char *content = scratch_read(&test_dir, "precious");
	assert_string_equal(content, "content");
	free(content);
	assert_int_equal(unlinkat(test_dir.dir_fd, CACHE_LOCK_FILE, 0), 0);
	assert_int_equal(mkdirat(test_dir.dir_fd, CACHE_LOCK_FILE, 0700), 0);
	assert_int_equal(take(&lock_fd, &holder), CACHE_LOCK_FAILED);
	assert_int_equal(lock_fd, -1);
}

/* What stands in the file may be anything: it is only told, and never trusted. */
static void odd_words_about_the_holder_do_no_harm(void **state)
{
	(void)state;
	static const struct { const char *text; int pid; const char *role; } cases[] = {
		{ "", 0, "" }, { "garbage", 0, "" }, { "-5 daemon 1", 0, "" }, { "0 x y", 0, "" },
		{ "99999999999999999999 daemon 1", 0, "" }, { "77\n", 77, "" },
		{ "78 \033[31mevil 1", 78, "?[31mevil" },
		{ "79 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa b", 79, "aaaaaaaaaaaaaaa" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct cache_lock_holder holder;
		int lock_fd = -1, other = -1;
		assert_int_equal(take(&lock_fd, &holder), CACHE_LOCK_TAKEN);
		scratch_write_text(&test_dir, CACHE_LOCK_FILE, cases[i].text);
		assert_int_equal(take(&other, &holder), CACHE_LOCK_HELD);
		assert_int_equal(holder.pid, cases[i].pid);
		assert_string_equal(holder.role, cases[i].role);
		close(lock_fd);
	}
}

/* The lines after the first: the namespace of the pid, and the socket, whose path may have any characters. */
static void the_file_names_the_socket(void **state)
{
	(void)state;
	static const struct { const char *text; int pid; bool elsewhere; const char *socket; } cases[] = {
		{ "80 daemon 1\n\n/run/a.sock\n", 80, false, "/run/a.sock" },
		{ "81 daemon 1\n\n\n", 81, false, "" },
		{ "82 daemon 1\npid:[1]\n/run/b.sock\n", 0, true, "/run/b.sock" },
		/* Half a line: the disk was full. */
		{ "83 daemon 1\n\n/run/c.so", 83, false, "" },
		{ "84 daemon 1\n\nrelative.sock\n", 84, false, "" },
	};
	struct cache_lock_holder holder;
	int lock_fd = -1;
	assert_int_equal(take(&lock_fd, &holder), CACHE_LOCK_TAKEN);
	assert_true(cache_lock_find_holder(test_dir.dir_fd, &holder));
	assert_false(holder.elsewhere);
	assert_string_equal(holder.socket, "");
	assert_true(cache_lock_name_socket(lock_fd, "daemon", "/home/J\xC3\xB6rg M/.swatch.sock"));
	assert_true(cache_lock_find_holder(test_dir.dir_fd, &holder));
	assert_int_equal(holder.pid, getpid());
	assert_string_equal(holder.socket, "/home/J\xC3\xB6rg M/.swatch.sock");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		scratch_write_text(&test_dir, CACHE_LOCK_FILE, cases[i].text);
		assert_true(cache_lock_find_holder(test_dir.dir_fd, &holder));
		assert_int_equal(holder.pid, cases[i].pid);
		assert_int_equal(holder.elsewhere, cases[i].elsewhere);
		assert_string_equal(holder.socket, cases[i].socket);
	}
	close(lock_fd);
}

/* Somebody removed the file under its holder: who comes next makes a new one, and only that one counts. */
static void a_removed_lock_file_is_made_again(void **state)
{
	(void)state;
	struct cache_lock_holder holder;
	int first = -1, second = -1, third = -1;
	assert_int_equal(take(&first, &holder), CACHE_LOCK_TAKEN);
	assert_int_equal(unlinkat(test_dir.dir_fd, CACHE_LOCK_FILE, 0), 0);
	assert_int_equal(take(&second, &holder), CACHE_LOCK_TAKEN);
	assert_int_equal(take(&third, &holder), CACHE_LOCK_HELD);
	assert_true(cache_lock_is_held(test_dir.dir_fd));
	close(first);
	assert_true(cache_lock_is_held(test_dir.dir_fd));
	close(second);
	assert_false(cache_lock_is_held(test_dir.dir_fd));
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, scratch_set_up, scratch_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(one_holder_at_a_time),
		CASE(a_killed_holder_frees_the_lock_at_once),
		CASE(who_only_looks_is_no_holder),
		CASE(waiting_ends_at_its_time),
		CASE(waiting_gets_the_lock_when_it_is_free),
		CASE(a_foreign_lock_file_is_refused),
		CASE(odd_words_about_the_holder_do_no_harm),
		CASE(the_file_names_the_socket),
		CASE(a_removed_lock_file_is_made_again),
	};
	return cmocka_run_group_tests_name("cache_lock", tests, NULL, NULL);
}
