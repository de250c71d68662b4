/* Which sessions have a living process: with real processes, and the files that Claude Code writes of them.
 */
#include "unit.h"

#include <errno.h>
#include <ev.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "scratch.h"
#include "swatchd/session/liveness.h"

static struct ev_loop *loop;
static struct liveness liveness;
static unsigned changes;
static char changed_id[256];
static pid_t child;

static void on_changed(void *ctx, const char *session_id)
{
	(void)ctx;
	changes++;
	snprintf(changed_id, sizeof(changed_id), "%s", session_id);
}

/* A process that lives until it is killed. */
static pid_t start_process(void)
{
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		for (;;)
			pause();
	}
	return pid;
}

static void end_process(pid_t pid)
{
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static int set_up(void **state)
{
	(void)state;
	scratch_make(&test_dir);
	loop = ev_loop_new(EVFLAG_AUTO);
	liveness_init(&liveness, loop, on_changed, NULL);
	changes = 0;
	child = start_process();
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	if (child > 0)
		end_process(child);
	liveness_release(&liveness);
	ev_loop_destroy(loop);
	scratch_remove(&test_dir);
	return 0;
}

/* When a process started, in clock ticks since boot: the 22nd word of its stat file, whose 2nd is in
 * parentheses. */
static unsigned long long start_of(pid_t pid)
{
	char path[64], text[1024];
	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	FILE *stat = fopen(path, "re");
	assert_non_null(stat);
	assert_non_null(fgets(text, sizeof(text), stat));
	assert_int_equal(fclose(stat), 0);
	unsigned long long started;
	assert_int_equal(sscanf(strrchr(text, ')') + 1,
				" %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d "
				"%*d %llu",
				&started),
			 1);
	return started;
}

/* Writes a file and reports it, as watch does. */
static void report(const char *name, const char *text)
{
	scratch_write_text(&test_dir, name, text);
	liveness_note_file(&liveness, scratch_name(&test_dir, name));
}

static const char *file_of(pid_t pid, const char *session_id, unsigned long long started)
{
	static char text[512];
	snprintf(text, sizeof(text),
		 "{\"pid\":%d,\"sessionId\":\"%s\",\"procStart\":\"%llu\",\"cwd\":\"/x\"}", (int)pid,
		 session_id, started);
	return text;
}

static void a_living_process_counts_until_it_ends(void **state)
{
	(void)state;
	report("1.json", file_of(child, "s", start_of(child)));
	assert_int_equal(changes, 1);
	assert_string_equal(changed_id, "s");
	assert_int_equal(liveness_count(&liveness, "s"), 1);
	assert_int_equal(liveness_count(&liveness, "other"), 0);
	/* The same again is no news. */
	report("1.json", file_of(child, "s", start_of(child)));
	assert_int_equal(changes, 1);
	ev_run(loop, EVRUN_NOWAIT);
	assert_int_equal(changes, 1);
	end_process(child);
	child = 0;
	while (changes < 2)
		ev_run(loop, EVRUN_ONCE);
	assert_int_equal(liveness_count(&liveness, "s"), 0);
	assert_int_equal(liveness_total(&liveness), 0);
}

static void several_processes_of_a_session_are_counted(void **state)
{
	(void)state;
	pid_t second = start_process();
	report("1.json", file_of(child, "s", start_of(child)));
	report("2.json", file_of(second, "s", start_of(second)));
	assert_int_equal(liveness_count(&liveness, "s"), 2);
	end_process(second);
	while (changes < 3)
		ev_run(loop, EVRUN_ONCE);
	assert_int_equal(liveness_count(&liveness, "s"), 1);
}

static const char *doing(const char *members)
{
	static char text[600];
	const char *plain = file_of(child, "s", start_of(child));
	snprintf(text, sizeof(text), "%.*s,%s}", (int)strlen(plain) - 1, plain, members);
	return text;
}

static void what_a_process_does_is_news_when_it_changes(void **state)
{
	(void)state;
	struct session_status status;
	report("1.json", doing("\"status\":\"busy\",\"statusUpdatedAt\":5,\"waitingFor\":\"x\""));
	status = liveness_status(&liveness, "s");
	assert_true(changes == 1 && status.doing == SESSION_BUSY && status.since_ms == 5
		    && status.waiting_for[0] == '\0');
	report("1.json",
	       doing("\"status\":\"waiting\",\"waitingFor\":\"permission prompt\",\"statusUpdatedAt\":7"));
	status = liveness_status(&liveness, "s");
	assert_true(changes == 2 && status.doing == SESSION_WAITING && status.since_ms == 7);
	assert_string_equal(status.waiting_for, "permission prompt");
	/* It waits on: since when stays. */
	report("1.json",
	       doing("\"status\":\"waiting\",\"waitingFor\":\"permission prompt\",\"statusUpdatedAt\":9"));
	assert_int_equal(changes, 2);
	assert_int_equal(liveness_status(&liveness, "s").since_ms, 7);
	/* A second process at work does not hide that one waits. */
	report("2.json", doing("\"status\":\"busy\""));
	assert_int_equal(liveness_status(&liveness, "s").doing, SESSION_WAITING);
	assert_int_equal(liveness_status(&liveness, "other").doing, SESSION_UNKNOWN);
	/* What is unknown, too long, unsafe, or ahead. */
	report("2.json", doing("\"status\":\"dreaming\""));
	report("1.json", doing("\"status\":7"));
	assert_int_equal(liveness_status(&liveness, "s").doing, SESSION_UNKNOWN);
	report("1.json",
	       doing("\"status\":\"waiting\",\"statusUpdatedAt\":9007199254740991,\"waitingFor\":"
		     "\"\\u001b[31mé123456789012345678901234567890123456789012345678901234567890é\""));
	status = liveness_status(&liveness, "s");
	assert_true(status.since_ms <= clock_wall_ms());
	assert_int_equal(strlen(status.waiting_for), SESSION_WAITING_FOR_SIZE - 1);
	assert_memory_equal(status.waiting_for, "?[31mé", 7);
	end_process(child);
	child = 0;
	while (liveness_total(&liveness) > 0)
		ev_run(loop, EVRUN_ONCE);
	assert_int_equal(liveness_status(&liveness, "s").doing, SESSION_UNKNOWN);
}

static void report_again(void)
{
	liveness_note_file(&liveness, scratch_name(&test_dir, "1.json"));
}

static void the_file_of_a_dead_process_is_no_life(void **state)
{
	(void)state;
	unsigned long long started = start_of(child);
	pid_t dead = child;
	end_process(child);
	child = 0;
	report("1.json", file_of(dead, "s", started));
	assert_int_equal(changes, 0);
	assert_int_equal(liveness_total(&liveness), 0);
	/* Claude Code leaves such a file behind when it is killed: nothing that people should read about. */
	AUTO_BUF said = BUF_INIT;
	scratch_catch_log(&test_dir, report_again, &said);
	assert_string_equal(buf_str(&said), "");
}

static void a_pid_that_is_used_again_is_another_process(void **state)
{
	(void)state;
	report("1.json", file_of(child, "s", start_of(child) - 1));
	report("2.json", file_of(child, "s", start_of(child) + 1));
	assert_int_equal(liveness_total(&liveness), 0);
	/* Nobody can tell without a start. */
	char text[128];
	snprintf(text, sizeof(text), "{\"pid\":%d,\"sessionId\":\"s\"}", (int)child);
	report("3.json", text);
	assert_int_equal(changes, 0);
	/* As a number it is as good as in a string. */
	snprintf(text, sizeof(text), "{\"pid\":\"%d\",\"sessionId\":\"s\",\"procStart\":%llu}", (int)child,
		 start_of(child));
	report("3.json", text);
	assert_int_equal(liveness_count(&liveness, "s"), 1);
	/* An earlier error is no fault of this file. */
	scratch_write_text(&test_dir, "4.json", text);
	errno = ERANGE;
	liveness_note_file(&liveness, scratch_name(&test_dir, "4.json"));
	assert_int_equal(liveness_count(&liveness, "s"), 2);
}

static void a_file_may_name_another_session_or_go(void **state)
{
	(void)state;
	report("1.json", file_of(child, "s", start_of(child)));
	report("1.json", file_of(child, "t", start_of(child)));
	assert_int_equal(changes, 3);
	assert_int_equal(liveness_count(&liveness, "s"), 0);
	assert_int_equal(liveness_count(&liveness, "t"), 1);
	assert_int_equal(unlinkat(test_dir.dir_fd, "1.json", 0), 0);
	liveness_note_file(&liveness, scratch_name(&test_dir, "1.json"));
	assert_int_equal(changes, 4);
	assert_string_equal(changed_id, "t");
	assert_int_equal(liveness_total(&liveness), 0);
}

static void half_a_file_changes_nothing(void **state)
{
	(void)state;
	report("1.json", file_of(child, "s", start_of(child)));
	report("1.json", "{\"pid\":");
	report("1.json", "");
	assert_int_equal(changes, 1);
	assert_int_equal(liveness_count(&liveness, "s"), 1);
}

static void bad_files_are_passed_over(void **state)
{
	(void)state;
	char text[512];
	static const char *const formats[] = {
		"[%d,%llu]",
		"{\"pid\":%d,\"procStart\":%llu}",
		"{\"pid\":-%d,\"sessionId\":\"s\",\"procStart\":%llu}",
		"{\"pid\":0,\"x\":%d,\"sessionId\":\"s\",\"procStart\":%llu}",
		"{\"pid\":99999999999,\"x\":%d,\"sessionId\":\"s\",\"procStart\":%llu}",
		"{\"pid\":%d,\"sessionId\":\"../s\",\"procStart\":%llu}",
		"{\"pid\":%d,\"sessionId\":7,\"procStart\":%llu}",
		"{\"pid\":%d,\"sessionId\":\"s\",\"procStart\":\"%llu \"}",
		"{\"pid\":%d,\"sessionId\":\"s\",\"procStart\":-%llu}",
		"{\"pid\":\"%d x\",\"sessionId\":\"s\",\"procStart\":%llu}",
	};
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		snprintf(text, sizeof(text), formats[i], (int)child, start_of(child));
#pragma GCC diagnostic pop
		report("1.json", text);
		assert_int_equal(changes, 0);
	}
	/* Another name, a link, and a directory are no process files. */
	scratch_write_text(&test_dir, "1.txt", file_of(child, "s", start_of(child)));
	liveness_note_file(&liveness, scratch_name(&test_dir, "1.txt"));
	scratch_write_text(&test_dir, ".json", file_of(child, "s", start_of(child)));
	liveness_note_file(&liveness, ".json");
	assert_int_equal(symlinkat("1.txt", test_dir.dir_fd, "2.json"), 0);
	liveness_note_file(&liveness, scratch_name(&test_dir, "2.json"));
	assert_int_equal(mkdirat(test_dir.dir_fd, "3.json", 0700), 0);
	liveness_note_file(&liveness, scratch_name(&test_dir, "3.json"));
	assert_int_equal(changes, 0);
	assert_int_equal(liveness_total(&liveness), 0);
}

static void too_many_processes_are_not_followed(void **state)
{
	(void)state;
	char name[32];
	for (int i = 0; i < LIVENESS_MAX_PROCESSES + 3; i++) {
		snprintf(name, sizeof(name), "%d.json", i);
		report(name, file_of(child, "s", start_of(child)));
	}
	assert_int_equal(liveness_total(&liveness), LIVENESS_MAX_PROCESSES);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_living_process_counts_until_it_ends),
		TEST(several_processes_of_a_session_are_counted),
		TEST(what_a_process_does_is_news_when_it_changes),
		TEST(the_file_of_a_dead_process_is_no_life),
		TEST(a_pid_that_is_used_again_is_another_process),
		TEST(a_file_may_name_another_session_or_go),
		TEST(half_a_file_changes_nothing),
		TEST(bad_files_are_passed_over),
		TEST(too_many_processes_are_not_followed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
