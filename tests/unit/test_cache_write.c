#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cache/names.h"
#include "cache/read.h"
#include "cache/dir.h"
#include "cache/write.h"
#include "scratch.h"

static void expect_content(const char *name, const char *expected)
{
	char *content = scratch_read(&test_dir, name);
	assert_non_null(content);
	assert_string_equal(content, expected);
	free(content);
}

static void writes_and_replaces(void **state)
{
	(void)state;
	umask(0);
	assert_int_equal(cache_write_file(test_dir.dir_fd, "a.json", "{\"a\":1}", 7), 0);
	expect_content("a.json", "{\"a\":1}");
	assert_int_equal(scratch_mode(&test_dir, "a.json"), 0600);
	assert_int_equal(cache_write_file(test_dir.dir_fd, "a.json", "{}", 2), 0);
	expect_content("a.json", "{}");
	assert_int_equal(cache_write_file(test_dir.dir_fd, "a.json", "", 0), 0);
	expect_content("a.json", "");
	assert_int_equal(scratch_count(&test_dir), 1);
}

static void a_symlink_is_replaced_and_not_followed(void **state)
{
	(void)state;
	scratch_write_text(&test_dir, "precious", "content");
	assert_int_equal(symlinkat("precious", test_dir.dir_fd, "a.json"), 0);
	assert_int_equal(cache_write_file(test_dir.dir_fd, "a.json", "{}", 2), 0);
	expect_content("precious", "content");
	expect_content("a.json", "{}");
}

static void a_name_with_a_slash_is_refused(void **state)
{
	(void)state;
	assert_int_equal(cache_write_file(test_dir.dir_fd, "../a.json", "{}", 2), -1);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(cache_write_file(test_dir.dir_fd, "", "{}", 2), -1);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(scratch_count(&test_dir), 0);
}

/* The disk is full in the middle of the file (here: the process may write 4 KiB a file). */
static void a_failed_write_leaves_the_old_file_alone(void **state)
{
	(void)state;
	struct rlimit before, small;
	char *large = calloc(1, 100000);
	assert_non_null(large);
	assert_int_equal(cache_write_file(test_dir.dir_fd, "a.json", "{\"old\":1}", 9), 0);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	small = before;
	small.rlim_cur = 4096;
	void (*old_handler)(int) = signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	int result = cache_write_file(test_dir.dir_fd, "a.json", large, 100000);
	int why = errno;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	(void)signal(SIGXFSZ, old_handler);
	free(large);
	assert_int_equal(result, -1);
	assert_int_equal(why, EFBIG);
	expect_content("a.json", "{\"old\":1}");
	assert_int_equal(scratch_count(&test_dir), 1);
}

static void a_failed_rename_leaves_no_temp_file(void **state)
{
	(void)state;
	assert_int_equal(mkdirat(test_dir.dir_fd, "a.json", 0700), 0);
	assert_int_equal(cache_write_file(test_dir.dir_fd, "a.json", "{}", 2), -1);
	assert_int_equal(errno, EISDIR);
	assert_int_equal(scratch_count(&test_dir), 1);
}

static void a_vanished_directory_is_an_error(void **state)
{
	(void)state;
	assert_int_equal(mkdirat(test_dir.dir_fd, "gone", 0700), 0);
	int fd = openat(test_dir.dir_fd, "gone", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(unlinkat(test_dir.dir_fd, "gone", AT_REMOVEDIR), 0);
	assert_int_equal(cache_write_file(fd, "a.json", "{}", 2), -1);
	assert_int_equal(errno, ENOENT);
	close(fd);
}

/* A crashed process of the same pid may have left the very name that comes next. */
static void left_temp_names_are_passed_over(void **state)
{
	(void)state;
	char name[64];
	for (unsigned long i = 1; i < 40; i++) {
		snprintf(name, sizeof(name), CACHE_TEMP_PREFIX "%ld.%lu", (long)getpid(), i);
		scratch_write_text(&test_dir, name, "left");
	}
	assert_int_equal(cache_write_file(test_dir.dir_fd, "a.json", "{}", 2), 0);
	expect_content("a.json", "{}");
	assert_int_equal(scratch_count(&test_dir), 40);
}

#define STORM_SIZE 200000

static void fill_version(char *text, int version)
{
	int used = snprintf(text, STORM_SIZE, "{\"version\":%d,\"filler\":\"", version);
	memset(text + used, 'a' + version % 26, (size_t)(STORM_SIZE - used));
	snprintf(text + STORM_SIZE - 40, 40, "\",\"again\":%d}", version);
}

/* Review, points 1 and 3: whoever reads gets whole files, and none older than the one before. */
static void readers_never_see_half_a_file(void **state)
{
	(void)state;
	char *text = malloc(STORM_SIZE);
	assert_non_null(text);
	fill_version(text, 0);
	assert_int_equal(cache_write_file(test_dir.dir_fd, "a.json", text, strlen(text)), 0);
	pid_t writer = fork();
	assert_true(writer >= 0);
	if (writer == 0) {
		for (int version = 1;; version++) {
			fill_version(text, version);
			if (cache_write_file(test_dir.dir_fd, "a.json", text, strlen(text)) != 0)
				_exit(1);
		}
	}
	int64_t newest = 0;
	int bad = 0, reads = 0, changes = 0;
	while (bad == 0 && reads < 100000 && changes < 200) {
		struct json_object *object = cache_read_json(test_dir.dir_fd, "a.json");
		int64_t version = json_get_int(object, "version", -1);
		bad += version < newest || json_get_int(object, "again", -2) != version;
		changes += version != newest;
		newest = version;
		reads++;
		json_object_put(object);
	}
	int status;
	kill(writer, SIGKILL);
	assert_int_equal(waitpid(writer, &status, 0), writer);
	free(text);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(bad, 0);
	assert_true(changes > 0);
	/* The killed writer left one temp file at most, which the next start sweeps. */
	int left = scratch_count(&test_dir) - 1;
	assert_true(left == 0 || left == 1);
	assert_int_equal(cache_sweep_temp_files(test_dir.dir_fd), left);
	assert_int_equal(scratch_count(&test_dir), 1);
}

static void sweeps_only_temp_files(void **state)
{
	(void)state;
	scratch_write_text(&test_dir, CACHE_TEMP_PREFIX "123.1", "half");
	scratch_write_text(&test_dir, CACHE_TEMP_PREFIX "9.77", "");
	scratch_write_text(&test_dir, ".swatch.tmp", "not the prefix");
	scratch_write_text(&test_dir, "x.swatch.tmp.1", "nor this");
	scratch_write_text(&test_dir, "a.json", "{}");
	assert_int_equal(mkdirat(test_dir.dir_fd, CACHE_TEMP_PREFIX "dir", 0700), 0);
	assert_int_equal(symlinkat("a.json", test_dir.dir_fd, CACHE_TEMP_PREFIX "link"), 0);
	assert_int_equal(cache_sweep_temp_files(test_dir.dir_fd), 2);
	assert_int_equal(scratch_count(&test_dir), 5);
	assert_int_equal(cache_sweep_temp_files(test_dir.dir_fd), 0);
	assert_int_equal(cache_sweep_temp_files(-1), -1);
}

static void removes_only_what_is_ours(void **state)
{
	(void)state;
	static const struct { const char *content; int result; } cases[] = {
		{ "{\"writer\":\"" CACHE_WRITER "\",\"schema\":1}", 1 },
		{ "{\"writer\":\"swatchd 99.0\"}", 1 },
		{ "{\"writer\":\"swatchdog 1\"}", 0 },
		{ "{\"writer\":\"swatchd\"}", 0 },
		{ "{\"writer\":[\"swatchd 1\"]}", 0 },
		{ "{\"other\":1}", 0 },
		{ "[\"swatchd 1\"]", 0 },
		{ "not json", 0 },
		{ "", 0 },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		scratch_write_text(&test_dir, "a.json", cases[i].content);
		assert_int_equal(cache_remove_own_file(test_dir.dir_fd, "a.json"), cases[i].result);
		assert_int_equal(scratch_mode(&test_dir, "a.json") < 0, cases[i].result);
	}
	assert_int_equal(cache_remove_own_file(test_dir.dir_fd, "absent.json"), 0);
	assert_int_equal(mkdirat(test_dir.dir_fd, "dir.json", 0700), 0);
	assert_int_equal(cache_remove_own_file(test_dir.dir_fd, "dir.json"), 0);
	scratch_write_text(&test_dir, "target", cases[0].content);
	assert_int_equal(symlinkat("target", test_dir.dir_fd, "link.json"), 0);
	assert_int_equal(cache_remove_own_file(test_dir.dir_fd, "link.json"), 0);
	assert_int_equal(cache_remove_own_file(-1, "a.json"), -1);
	assert_int_equal(errno, EBADF);
}

static void what_could_not_be_written_is_marked(void **state)
{
	(void)state;
	assert_false(cache_is_unwritten(test_dir.dir_fd));
	assert_int_equal(cache_write_file(test_dir.dir_fd, CACHE_BILLING_FILE, "{}", 2), 0);
	assert_false(cache_is_unwritten(test_dir.dir_fd));
	cache_mark_unwritten(test_dir.dir_fd, CACHE_BILLING_FILE);
	assert_true(cache_is_unwritten(test_dir.dir_fd));
	assert_int_equal(cache_write_file(test_dir.dir_fd, CACHE_BILLING_FILE, "{}", 2), 0);
	assert_false(cache_is_unwritten(test_dir.dir_fd));
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, scratch_set_up, scratch_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		/* Before all that write: the names that the first writes would take are there already. */
		CASE(left_temp_names_are_passed_over),
		CASE(writes_and_replaces),
		CASE(a_symlink_is_replaced_and_not_followed),
		CASE(a_name_with_a_slash_is_refused),
		CASE(a_failed_write_leaves_the_old_file_alone),
		CASE(a_failed_rename_leaves_no_temp_file),
		CASE(a_vanished_directory_is_an_error),
		CASE(readers_never_see_half_a_file),
		CASE(sweeps_only_temp_files),
		CASE(removes_only_what_is_ours),
		CASE(what_could_not_be_written_is_marked),
	};
	return cmocka_run_group_tests_name("cache_write", tests, NULL, NULL);
}
