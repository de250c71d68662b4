/* swatch/setup/swap and person_file: a file that Claude Code may write at any moment; program_find_lasting().
 */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include "json/get.h"
#include "scratch.h"
#include "swatch/cli/claude_settings.h"
#include "swatch/setup/person_file.h"
#include "swatch/setup/swap.h"

#define WRITES 100

/* ---- file systems that can do less (the linker's --wrap sends the calls here) ---- */

static int flags_fail_with, links_fail_with;

int __real_renameat2(int from_fd, const char *from, int to_fd, const char *to, unsigned flags);
int __wrap_renameat2(int from_fd, const char *from, int to_fd, const char *to, unsigned flags);
int __real_link(const char *from, const char *to);
int __wrap_link(const char *from, const char *to);

int __wrap_renameat2(int from_fd, const char *from, int to_fd, const char *to, unsigned flags)
{
	if (flags_fail_with == 0 || flags == 0)
		return __real_renameat2(from_fd, from, to_fd, to, flags);
	errno = flags_fail_with;
	return -1;
}

int __wrap_link(const char *from, const char *to)
{
	if (links_fail_with == 0)
		return __real_link(from, to);
	errno = links_fail_with;
	return -1;
}

/* ---- swap ---- */

static struct buf text_of(const char *text)
{
	struct buf buf = BUF_INIT;
	buf_append_str(&buf, text);
	return buf;
}

static void expect_text(const char *name, const char *text)
{
	char *got = scratch_read(&test_dir, name);
	if (text)
		assert_string_equal(got, text);
	else
		assert_null(got);
	free(got);
}

/* Puts "ours" in the place of "target", which is expected to hold `expected`. */
static enum swap_result swap(const char *expected)
{
	AUTO_BUF ours = text_of("ours"), read = text_of(expected ? expected : ""), error = BUF_INIT;
	scratch_write_text(&test_dir, "temp", "ours");
	enum swap_result result = swap_in(scratch_name(&test_dir, "temp"), &ours,
					  scratch_name(&test_dir, "target"), expected ? &read : NULL, &error);
	expect_text("temp", NULL);
	return result;
}

static void the_file_that_was_read_is_replaced(void **state)
{
	(void)state;
	scratch_write_text(&test_dir, "target", "read");
	assert_int_equal(swap("read"), SWAP_DONE);
	expect_text("target", "ours");
	assert_int_equal(unlink(scratch_name(&test_dir, "target")), 0);
	assert_int_equal(swap(NULL), SWAP_DONE);
	expect_text("target", "ours");
}

static void a_newer_file_goes_back_to_its_place(void **state)
{
	(void)state;
	scratch_write_text(&test_dir, "target", "newer");
	assert_int_equal(swap("read"), SWAP_CHANGED);
	expect_text("target", "newer");
	/* One that came into being, one that went, and a link that took its place. */
	assert_int_equal(swap(NULL), SWAP_CHANGED);
	expect_text("target", "newer");
	assert_int_equal(rename(scratch_name(&test_dir, "target"), scratch_name(&test_dir, "other")), 0);
	assert_int_equal(swap("read"), SWAP_CHANGED);
	expect_text("target", NULL);
	assert_int_equal(symlink("other", scratch_name(&test_dir, "target")), 0);
	assert_int_equal(swap("newer"), SWAP_CHANGED);
	char link[16] = "";
	assert_int_equal(readlink(scratch_name(&test_dir, "target"), link, sizeof(link)), 5);
	expect_text("other", "newer");
}

static void whoever_has_it_open_for_writing_is_not_cut_off(void **state)
{
	(void)state;
	scratch_write_text(&test_dir, "target", "read");
	int fd = open(scratch_name(&test_dir, "target"), O_WRONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(swap("read"), SWAP_CHANGED);
	assert_int_equal(write(fd, "late", 4), 4);
	close(fd);
	expect_text("target", "late");
}

static void only_the_file_that_was_read_is_removed(void **state)
{
	AUTO_BUF read = text_of("read"), error = BUF_INIT;
	(void)state;
	scratch_write_text(&test_dir, "target", "newer");
	assert_int_equal(
		swap_out(scratch_name(&test_dir, "target"), &read, scratch_name(&test_dir, "temp"), &error),
		SWAP_CHANGED);
	expect_text("target", "newer");
	scratch_write_text(&test_dir, "target", "read");
	assert_int_equal(
		swap_out(scratch_name(&test_dir, "target"), &read, scratch_name(&test_dir, "temp"), &error),
		SWAP_DONE);
	assert_int_equal(scratch_count(&test_dir), 0);
}

/* NFS refuses the flags of renameat2(), FUSE often links, too. */
static void file_systems_that_cannot_exchange_files_get_them_too(void **state)
{
	static const struct { int flags, links; } kinds[] = {
		{ EINVAL, 0 }, { EINVAL, EPERM }, { ENOSYS, ENOSYS }
	};
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		flags_fail_with = kinds[i].flags;
		links_fail_with = kinds[i].links;
		the_file_that_was_read_is_replaced(state);
		scratch_write_text(&test_dir, "target", "newer");
		assert_int_equal(swap("read"), SWAP_CHANGED);
		expect_text("target", "newer");
		assert_int_equal(swap(NULL), SWAP_CHANGED);
		expect_text("target", "newer");
		only_the_file_that_was_read_is_removed(state);
	}
	flags_fail_with = links_fail_with = 0;
}

/* A mount point cannot be renamed; no other way is tried. */
static void an_exchange_that_fails_leaves_both_as_they_were(void **state)
{
	AUTO_BUF ours = text_of("ours"), read = text_of("read"), error = BUF_INIT;
	(void)state;
	scratch_write_text(&test_dir, "target", "read");
	scratch_write_text(&test_dir, "temp", "ours");
	flags_fail_with = EBUSY;
	enum swap_result result = swap_in(scratch_name(&test_dir, "temp"), &ours,
					  scratch_name(&test_dir, "target"), &read, &error);
	flags_fail_with = 0;
	assert_int_equal(result, SWAP_FAILED);
	assert_string_equal(buf_str(&error), strerror(EBUSY));
	expect_text("target", "read");
	assert_int_equal(scratch_count(&test_dir), 1);
}

/* ---- both at once ---- */

static int tries;
static bool is_done;

static int load_tries(void)
{
	return __atomic_load_n(&tries, __ATOMIC_SEQ_CST);
}

/* Claude Code: writes a file beside it, and renames. (scratch_name() is the other thread's.) */
static void *write_all_the_time(void *unused)
{
	for (int i = 1; i <= WRITES; i++) {
		char text[16];
		int len = snprintf(text, sizeof(text), "%d", i);
		int fd = openat(test_dir.dir_fd, "theirs", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
		if (fd < 0 || write(fd, text, (size_t)len) != len || close(fd) != 0
		    || renameat(test_dir.dir_fd, "theirs", test_dir.dir_fd, "target") != 0)
			abort();
		/* After some writes, let the other one through. */
		for (int seen = load_tries(); i % 4 == 0 && load_tries() < seen + 2;)
			(void)sched_yield();
	}
	__atomic_store_n(&is_done, true, __ATOMIC_SEQ_CST);
	return unused;
}

static void nothing_is_lost_while_both_write(void **state)
{
	const char *target = scratch_name(&test_dir, "target");
	pthread_t writer;
	int swapped = 0, last_seen = 0;
	(void)state;
	scratch_write_text(&test_dir, "target", "0");
	assert_int_equal(pthread_create(&writer, NULL, write_all_the_time, NULL), 0);
	while (!__atomic_load_n(&is_done, __ATOMIC_SEQ_CST)) {
		AUTO_PERSON_FILE file = { 0 };
		AUTO_BUF error = BUF_INIT;
		char text[64];
		assert_true(person_file_read(target, 64, &file, &error));
		int number = atoi(buf_str(&file.text));
		assert_true(number >= last_seen);
		last_seen = number;
		snprintf(text, sizeof(text), "%d and ours %d", number, load_tries());
		bool good = person_file_replace(&file, text, strlen(text), NULL, NULL, &error);
		assert_true(good || file.changed);
		swapped += good;
		(void)__atomic_fetch_add(&tries, 1, __ATOMIC_SEQ_CST);
	}
	assert_int_equal(pthread_join(writer, NULL), 0);
	char *last = scratch_read(&test_dir, "target");
	assert_int_equal(atoi(last), WRITES);
	free(last);
	assert_true(swapped > 0 && swapped < tries);
	assert_int_equal(scratch_count(&test_dir), 1);
}

/* ---- Claude Code's settings ---- */

static void settings_are_read_as_claude_code_reads_them(void **state)
{
	static const char *const texts[] = { "", " \n", "\xEF\xBB\xBF", "\xEF\xBB\xBF{}", "{}" };
	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		AUTO_BUF error = BUF_INIT;
		scratch_write_text(&test_dir, "s", texts[i]);
		AUTO_JSON *settings = claude_settings_read(scratch_name(&test_dir, "s"), &error);
		assert_int_equal(json_object_object_length(settings), 0);
	}
	AUTO_BUF error = BUF_INIT;
	AUTO_JSON *none = claude_settings_read(scratch_name(&test_dir, "missing"), &error);
	assert_non_null(none);
	scratch_write_text(&test_dir, "s", "{\"disableAllHooks\": true,}");
	assert_null(claude_settings_read(scratch_name(&test_dir, "s"), &error));
	assert_non_null(strstr(buf_str(&error), "line 1"));
	scratch_write_text(&test_dir, "s", "{\"disableAllHooks\": true}");
	AUTO_JSON *settings = claude_settings_read(scratch_name(&test_dir, "s"), &error);
	assert_string_equal(claude_settings_find_off("s", settings), "s");
}

int main(void)
{
#define IN_SCRATCH(test) cmocka_unit_test_setup_teardown(test, scratch_set_up, scratch_tear_down)
	const struct CMUnitTest tests[] = {
		IN_SCRATCH(the_file_that_was_read_is_replaced),
		IN_SCRATCH(a_newer_file_goes_back_to_its_place),
		IN_SCRATCH(whoever_has_it_open_for_writing_is_not_cut_off),
		IN_SCRATCH(only_the_file_that_was_read_is_removed),
		IN_SCRATCH(file_systems_that_cannot_exchange_files_get_them_too),
		IN_SCRATCH(an_exchange_that_fails_leaves_both_as_they_were),
		IN_SCRATCH(nothing_is_lost_while_both_write),
		IN_SCRATCH(settings_are_read_as_claude_code_reads_them),
	};
	return cmocka_run_group_tests_name("setup files", tests, NULL, NULL);
}
