/* data_dirs: where transcripts are looked for. */
#include "scratch.h"
#include "unit.h"
#include "transcript/data_dirs.h"

static int set_up(void **state)
{
	(void)state;
	scratch_make(&test_dir);
	unsetenv("CLAUDE_CONFIG_DIR");
	unsetenv("XDG_CONFIG_HOME");
	return setenv("HOME", test_dir.path, 1);
}

/* What is found must be these directories, "~" being the scratch directory, in this order. */
static void check(const char *paths, const char *const *want, size_t count)
{
	struct data_dirs dirs;
	assert_int_equal(data_dirs_find(&dirs, paths), 0);
	assert_int_equal(dirs.count, count);
	for (size_t i = 0; i < count; i++)
		assert_string_equal(dirs.projects[i],
				    want[i][0] == '~' ? scratch_name(&test_dir, want[i] + 2) : want[i]);
	data_dirs_release(&dirs);
}

#define CHECK(paths, ...) \
	do { \
		const char *const want_[] = { __VA_ARGS__ }; \
		check(paths, want_, sizeof(want_) / sizeof(want_[0])); \
	} while (0)

static void by_default_both_places_also_when_they_do_not_exist(void **state)
{
	(void)state;
	CHECK("", "~/.config/claude/projects", "~/.claude/projects");
	CHECK(NULL, "~/.config/claude/projects", "~/.claude/projects");
	assert_int_equal(setenv("XDG_CONFIG_HOME", "/elsewhere/cfg", 1), 0);
	CHECK("", "/elsewhere/cfg/claude/projects", "~/.claude/projects");
}

static void the_environment_names_them(void **state)
{
	(void)state;
	assert_int_equal(setenv("CLAUDE_CONFIG_DIR", " ~/one , /two/,,~,/two", 1), 0);
	CHECK("", "~/one/projects", "/two/projects", "~/projects");
	/* Nothing in it is nothing said. */
	assert_int_equal(setenv("CLAUDE_CONFIG_DIR", " , ", 1), 0);
	CHECK("", "~/.config/claude/projects", "~/.claude/projects");
	assert_int_equal(setenv("CLAUDE_CONFIG_DIR", "", 1), 0);
	CHECK("", "~/.config/claude/projects", "~/.claude/projects");
}

static void the_config_goes_before_the_environment(void **state)
{
	(void)state;
	assert_int_equal(setenv("CLAUDE_CONFIG_DIR", "/env", 1), 0);
	CHECK("/conf,~/x", "/conf/projects", "~/x/projects");
}

static void an_item_may_be_the_projects_directory_itself(void **state)
{
	(void)state;
	CHECK("/data/projects,/data/projects/", "/data/projects");
}

static void too_many_are_cut(void **state)
{
	(void)state;
	char list[DATA_DIRS_MAX * 16];
	struct data_dirs dirs;
	size_t len = 0;
	for (int i = 0; i < DATA_DIRS_MAX + 5; i++)
		len += (size_t)snprintf(list + len, sizeof(list) - len, "/d%d,", i);
	assert_int_equal(data_dirs_find(&dirs, list), 0);
	assert_int_equal(dirs.count, DATA_DIRS_MAX);
	data_dirs_release(&dirs);
	assert_int_equal(dirs.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(by_default_both_places_also_when_they_do_not_exist, set_up,
						scratch_tear_down),
		cmocka_unit_test_setup_teardown(the_environment_names_them, set_up, scratch_tear_down),
		cmocka_unit_test_setup_teardown(the_config_goes_before_the_environment, set_up,
						scratch_tear_down),
		cmocka_unit_test_setup_teardown(an_item_may_be_the_projects_directory_itself, set_up,
						scratch_tear_down),
		cmocka_unit_test_setup_teardown(too_many_are_cut, set_up, scratch_tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
