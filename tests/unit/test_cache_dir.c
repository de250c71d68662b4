#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cache/dir.h"
#include "scratch.h"

static struct config config;

static int set_up(void **state)
{
	(void)state;
	scratch_make(&test_dir);
	setenv("HOME", "/home/u", 1);
	unsetenv("CLAUDE_CONFIG_DIR");
	umask(022);
	return config_init(&config) ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	config_release(&config);
	scratch_remove(&test_dir);
	return 0;
}

static void expect_place(const char *override, const char *expected)
{
	char *path = cache_dir_locate(&config, override);
	assert_string_equal(path, expected);
	free(path);
}

static void set_directory(const char *text)
{
	free(config.cache_directory);
	config.cache_directory = strdup(text);
}

static void the_place_follows_claudes_own(void **state)
{
	(void)state;
	expect_place(NULL, "/home/u/.claude/session-health");
	setenv("CLAUDE_CONFIG_DIR", "", 1);
	expect_place(NULL, "/home/u/.claude/session-health");
	setenv("CLAUDE_CONFIG_DIR", " , ~/office/ , /b", 1);
	expect_place(NULL, "/home/u/office/session-health");
	setenv("CLAUDE_CONFIG_DIR", "/srv/claude/projects/,/b", 1);
	expect_place(NULL, "/srv/claude/session-health");
	setenv("CLAUDE_CONFIG_DIR", "/projects", 1);
	expect_place(NULL, "/session-health");
	setenv("CLAUDE_CONFIG_DIR", "/srv/my-projects", 1);
	expect_place(NULL, "/srv/my-projects/session-health");
}

static void the_config_and_the_option_go_before(void **state)
{
	(void)state;
	setenv("CLAUDE_CONFIG_DIR", "/b", 1);
	set_directory("~/cache/");
	expect_place(NULL, "/home/u/cache");
	expect_place("/opt/c/", "/opt/c");
}

static void the_place_is_absolute(void **state)
{
	(void)state;
	char *here = getcwd(NULL, 0);
	assert_non_null(here);
	assert_int_equal(chdir(test_dir.path), 0);
	expect_place("sub/c", scratch_name(&test_dir, "sub/c"));
	setenv("CLAUDE_CONFIG_DIR", "projects", 1);
	expect_place(NULL, scratch_name(&test_dir, "session-health"));
	assert_int_equal(chdir(here), 0);
	free(here);
}

/* Opens, and says the error. Returns the descriptor. */
static int open_dir(const char *name, bool create, char said[1024])
{
	struct buf error = BUF_INIT;
	errno = 0;
	int fd = cache_dir_open(scratch_name(&test_dir, name), create, &error);
	int why = errno;
	snprintf(said, 1024, "%s", buf_str(&error));
	assert_int_equal(fd < 0, error.len > 0);
	buf_release(&error);
	errno = why;
	return fd;
}

static void open_good(const char *name, bool create)
{
	char said[1024];
	int fd = open_dir(name, create, said);
	assert_string_equal(said, "");
	assert_true(fd >= 0);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	close(fd);
}

static void makes_what_is_missing_for_its_user_alone(void **state)
{
	(void)state;
	umask(0);
	open_good("a/b/session-health", true);
	assert_int_equal(scratch_mode(&test_dir, "a"), 0700);
	assert_int_equal(scratch_mode(&test_dir, "a/b"), 0700);
	assert_int_equal(scratch_mode(&test_dir, "a/b/session-health"), 0700);
	open_good("a/b/session-health", true);
}

static void without_create_nothing_is_made(void **state)
{
	(void)state;
	char said[1024];
	assert_int_equal(open_dir("a/b", false, said), -1);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(scratch_count(&test_dir), 0);
}

static void make_dir(const char *name, mode_t mode)
{
	assert_int_equal(mkdir(scratch_name(&test_dir, name), 0700), 0);
	assert_int_equal(chmod(scratch_name(&test_dir, name), mode), 0);
}

static void takes_permissions_off_its_own(void **state)
{
	(void)state;
	make_dir("open", 0755);
	open_good("open", false);
	assert_int_equal(scratch_mode(&test_dir, "open"), 0755);
	open_good("open", true);
	assert_int_equal(scratch_mode(&test_dir, "open"), 0700);
	make_dir("umask002", 0775);
	open_good("umask002", true);
	assert_int_equal(scratch_mode(&test_dir, "umask002"), 0700);
}

static void refuses_one_that_others_may_write(void **state)
{
	(void)state;
	char said[1024];
	make_dir("world", 0777);
	assert_int_equal(open_dir("world", true, said), -1);
	assert_int_equal(errno, EPERM);
	assert_non_null(strstr(said, "others may write"));
	assert_non_null(strstr(said, "chmod 700 "));
	assert_int_equal(scratch_mode(&test_dir, "world"), 0777);
	make_dir("group", 0770);
	assert_int_equal(open_dir("group", false, said), -1);
	assert_int_equal(errno, EPERM);
}

static void refuses_one_of_another_user(void **state)
{
	(void)state;
	char said[1024];
	/* Root gives a directory away; everyone else finds that "/" is root's. */
	if (geteuid() == 0) {
		make_dir("foreign", 0700);
		assert_int_equal(chown(scratch_name(&test_dir, "foreign"), 65534, 65534), 0);
		assert_int_equal(symlink("foreign", scratch_name(&test_dir, "link")), 0);
	} else {
		assert_int_equal(symlink("/", scratch_name(&test_dir, "link")), 0);
	}
	assert_int_equal(open_dir("link", true, said), -1);
	assert_int_equal(errno, EPERM);
	assert_non_null(strstr(said, "belongs to another user"));
}

static void follows_a_symlink_of_its_own(void **state)
{
	(void)state;
	make_dir("real", 0700);
	assert_int_equal(symlink("real", scratch_name(&test_dir, "link")), 0);
	open_good("link", true);
	open_good("link/sub", true);
	assert_int_equal(scratch_mode(&test_dir, "real/sub"), 0700);
}

static void a_file_in_its_place_is_told(void **state)
{
	(void)state;
	char said[1024];
	scratch_write_text(&test_dir, "file", "x");
	assert_int_equal(open_dir("file", true, said), -1);
	assert_int_equal(errno, ENOTDIR);
	assert_int_equal(open_dir("file/below", true, said), -1);
	assert_int_equal(errno, ENOTDIR);
	assert_non_null(strstr(said, "cannot make the cache directory"));
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(the_place_follows_claudes_own),
		CASE(the_config_and_the_option_go_before),
		CASE(the_place_is_absolute),
		CASE(makes_what_is_missing_for_its_user_alone),
		CASE(without_create_nothing_is_made),
		CASE(takes_permissions_off_its_own),
		CASE(refuses_one_that_others_may_write),
		CASE(refuses_one_of_another_user),
		CASE(follows_a_symlink_of_its_own),
		CASE(a_file_in_its_place_is_told),
	};
	return cmocka_run_group_tests_name("cache_dir", tests, NULL, NULL);
}
