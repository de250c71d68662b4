#include "unit.h"

#include <pwd.h>
#include <unistd.h>

#include "base/paths.h"

static void expect(char *made, const char *expected)
{
	if (expected)
		assert_string_equal(made, expected);
	else
		assert_null(made);
	free(made);
}

static char *expand(const char *text)
{
	return paths_expand(text, strlen(text));
}

static void expands_the_home_directory(void **state)
{
	(void)state;
	setenv("HOME", "/home/u", 1);
	expect(expand("~"), "/home/u");
	expect(expand("~/"), "/home/u");
	expect(expand("~/x/y//"), "/home/u/x/y");
	expect(expand("~other/x"), "~other/x");
	expect(expand("/a/~"), "/a/~");
	expect(expand("/"), "/");
	expect(expand("///"), "/");
	expect(expand("rel/"), "rel");
	expect(expand(""), "");
	expect(paths_expand("~/xyz", 3), "/home/u/x");
	setenv("HOME", "/home/u/", 1);
	expect(expand("~"), "/home/u");
	expect(expand("~/x"), "/home/u/x");
}

static void home_must_be_absolute(void **state)
{
	(void)state;
	const struct passwd *entry = getpwuid(geteuid());
	const char *expected = entry && entry->pw_dir[0] == '/' ? entry->pw_dir : NULL;
	char copy[1024];
	snprintf(copy, sizeof(copy), "%s", expected ? expected : "");
	static const char *const useless[] = { "", "relative", NULL };
	for (size_t i = 0; i < 3; i++) {
		if (useless[i])
			setenv("HOME", useless[i], 1);
		else
			unsetenv("HOME");
		if (expected)
			assert_string_equal(paths_home(), copy);
		else
			assert_null(paths_home());
	}
}

static void joins_with_one_slash(void **state)
{
	(void)state;
	expect(paths_join("/a", "b"), "/a/b");
	expect(paths_join("/a/", "b/c"), "/a/b/c");
	expect(paths_join("/", "b"), "/b");
}

static void config_home_follows_xdg(void **state)
{
	(void)state;
	setenv("HOME", "/home/u", 1);
	setenv("XDG_CONFIG_HOME", "/etc/x/", 1);
	expect(paths_config_home(), "/etc/x");
	setenv("XDG_CONFIG_HOME", "relative", 1);
	expect(paths_config_home(), "/home/u/.config");
	unsetenv("XDG_CONFIG_HOME");
	expect(paths_config_home(), "/home/u/.config");
}

static void takes_the_items_of_a_list(void **state)
{
	(void)state;
	setenv("HOME", "/home/u", 1);
	const char *cursor = " , ,/a b/ ,\t~/x,, ~ ,last ,";
	expect(paths_next_item(&cursor), "/a b");
	expect(paths_next_item(&cursor), "/home/u/x");
	expect(paths_next_item(&cursor), "/home/u");
	expect(paths_next_item(&cursor), "last");
	expect(paths_next_item(&cursor), NULL);
	expect(paths_next_item(&cursor), NULL);
	cursor = "";
	expect(paths_next_item(&cursor), NULL);
	cursor = " , ";
	expect(paths_next_item(&cursor), NULL);
}

static void finds_the_directory(void **state)
{
	(void)state;
	expect(paths_parent("/a/b"), "/a");
	expect(paths_parent("/a"), "/");
	expect(paths_parent("a"), ".");
	expect(paths_parent("a/b/"), "a/b");
}

static void finds_the_last_part(void **state)
{
	(void)state;
	assert_string_equal(paths_basename("/a/b"), "b");
	assert_string_equal(paths_basename("b"), "b");
	assert_string_equal(paths_basename("/a/"), "");
	assert_string_equal(paths_basename("/"), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(expands_the_home_directory),
		cmocka_unit_test(home_must_be_absolute),
		cmocka_unit_test(joins_with_one_slash),
		cmocka_unit_test(config_home_follows_xdg),
		cmocka_unit_test(takes_the_items_of_a_list),
		cmocka_unit_test(finds_the_directory),
		cmocka_unit_test(finds_the_last_part),
	};
	return cmocka_run_group_tests_name("paths", tests, NULL, NULL);
}
