#include "unit.h"

#include <sys/stat.h>
#include <time.h>

#include "base/file.h"
#include "base/scope.h"
#include "base/zone.h"
#include "scratch.h"

static int hour_of(time_t at)
{
	struct tm local;
	return localtime_r(&at, &local) ? local.tm_hour : -1;
}

static bool is_read(const char *name, struct buf *error)
{
	buf_clear(error);
	assert_true(zone_set(name));
	return zone_is_read(error);
}

/* The half of a file of tzfile(5), which has two of them: one type of time, +05, and no changes. */
static void append_half(struct buf *file)
{
	static const char header[44] = { 'T', 'Z', 'i', 'f', '2', [39] = 1, [43] = 4 };
	static const char type[] = { 0, 0, 18000 / 256, 18000 % 256, 0, 0, '+', '0', '5', 0 };
	buf_append(file, header, sizeof(header));
	buf_append(file, type, sizeof(type));
}

/* A database of one zone, which no machine has. */
static int make_database(void **state)
{
	AUTO_BUF zone = BUF_INIT;
	append_half(&zone);
	append_half(&zone);
	buf_append_str(&zone, "\n<+05>-5\n");
	(void)scratch_set_up(state);
	assert_int_equal(mkdir(scratch_name(&test_dir, "Land"), 0700), 0);
	scratch_write(&test_dir, "Land/Town", zone.data, zone.len);
	scratch_write_text(&test_dir, "Land/Text", "no zone");
	setenv("TZDIR", test_dir.path, 1);
	return 0;
}

static int remove_database(void **state)
{
	unsetenv("TZDIR");
	(void)zone_set("UTC0");
	return scratch_tear_down(state);
}

static void knows_which_zones_were_read(void **state)
{
	(void)state;
	static const char *const good[] = { "",		 ":",	    "UTC",	 "GMT",
					    "Etc/UTC",	 ":UTC",    "Land/Town", ":Land/Town",
					    "CET-1CEST", "<+03>-3", "GMT+2",	 "EST5EDT" };
	static const char *const bad[] = { "Land/Nowhere",  ":Land/Nowhere", "Land/Text",
					   "Europe/Berlin", "CET",	     "XX",
					   "../x",	    "/nowhere/Town" };
	AUTO_BUF why = BUF_INIT;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		if (!is_read(good[i], &why) || why.len > 0)
			fail_msg("%s: %s", good[i], buf_str(&why));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (is_read(bad[i], &why))
			fail_msg("%s counts as read", bad[i]);
		assert_int_equal(hour_of(0), 0);
	}
	assert_true(is_read("Land/Town", &why));
	assert_int_equal(hour_of(0), 5);
}

static void says_why_it_was_not_read(void **state)
{
	(void)state;
	char name[ZONE_NAME_SIZE];
	AUTO_BUF why = BUF_INIT, want = BUF_INIT;
	buf_printf(&want,
		   "cannot read the time zone Land/Nowhere (%s/Land/Nowhere): No such file or directory",
		   test_dir.path);
	assert_false(is_read("Land/Nowhere", &why));
	assert_string_equal(buf_str(&why), buf_str(&want));
	assert_false(zone_is_read(NULL));
	zone_name(name);
	assert_string_equal(name, "UTC");
	assert_false(is_read("Land/Text", &why));
	assert_non_null(strstr(buf_str(&why), "/Land/Text): it is not of the tz database"));
	assert_false(is_read("/nowhere/Town", &why));
	assert_string_equal(
		buf_str(&why),
		"cannot read the time zone /nowhere/Town (/nowhere/Town): No such file or directory");
	assert_true(is_read("Land/Town", &why));
	zone_name(name);
	assert_string_equal(name, "Land/Town");
}

/* The C library looks again only when TZ is another. */
static void reads_a_zone_that_came_later(void **state)
{
	(void)state;
	AUTO_BUF why = BUF_INIT;
	assert_false(is_read("Land/Later", &why));
	AUTO_BUF town = BUF_INIT;
	assert_true(file_read_regular(test_dir.dir_fd, "Land/Town", 0, 1000, &town));
	scratch_write(&test_dir, "Land/Later", town.data, town.len);
	assert_false(zone_is_read(&why));
	assert_non_null(strstr(buf_str(&why), "it came later"));
	assert_true(is_read("Land/Later", &why));
	assert_int_equal(hour_of(0), 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(knows_which_zones_were_read, make_database, remove_database),
		cmocka_unit_test_setup_teardown(says_why_it_was_not_read, make_database, remove_database),
		cmocka_unit_test_setup_teardown(reads_a_zone_that_came_later, make_database, remove_database),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
