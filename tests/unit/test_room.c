/* How wide a line may be, by settings of all sizes. */
#include "unit.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "scratch.h"
#include "swatch/statusline/room.h"

#define COLUMNS 100
#define ROOM_OF(padding) (COLUMNS - ROOM_MARGIN_COLUMNS - 2 * (size_t)(padding))

static int set_up(void **state)
{
	scratch_set_up(state);
	(void)setenv("HOME", test_dir.path, 1);
	(void)unsetenv("CLAUDE_CONFIG_DIR");
	return mkdir(scratch_name(&test_dir, ".claude"), 0700);
}

/* The room that these settings leave, with `before` bytes of blanks before their statusLine. */
static size_t room_with(size_t before, const char *line)
{
	AUTO_BUF text = BUF_INIT;
	buf_append_str(&text, "{");
	while (text.len < before)
		buf_append_char(&text, ' ');
	buf_append_str(&text, line);
	buf_append_str(&text, "}");
	scratch_write(&test_dir, ".claude/settings.json", buf_str(&text), text.len);
	return statusline_room(COLUMNS, "");
}

static void settings_of_all_sizes_are_read(void **state)
{
	(void)state;
	static const char line[] = "\"statusLine\":{\"padding\":3}";
	assert_int_equal(statusline_room(COLUMNS, ""), ROOM_OF(0));
	assert_int_equal(room_with(0, line), ROOM_OF(3));
	assert_int_equal(room_with(0, ""), ROOM_OF(0));
	assert_int_equal(room_with(100000, "\"model\":\"x\""), ROOM_OF(0));
	/* The key lies across each edge of what is read at a time, in turn. */
	for (size_t before = 16370; before < 16400; before++)
		assert_int_equal(room_with(before, line), ROOM_OF(3));
	for (size_t before = 32730; before < 32775; before++)
		assert_int_equal(room_with(before, line), ROOM_OF(3));
	assert_int_equal(room_with(200000, line), ROOM_OF(3));
	/* So much is not read at each line. */
	assert_int_equal(room_with(300000, line), ROOM_OF(0));
	/* The word alone is no statusLine. */
	assert_int_equal(room_with(20000, "\"a\":[\"statusLine\"]"), ROOM_OF(0));
}

static void what_is_no_file_is_passed_over(void **state)
{
	(void)state;
	const char *name = scratch_name(&test_dir, ".claude/settings.json");
	assert_int_equal(mkfifo(name, 0600), 0);
	assert_int_equal(statusline_room(COLUMNS, ""), ROOM_OF(0));
	assert_int_equal(unlink(name), 0);
	assert_int_equal(mkdir(name, 0700), 0);
	assert_int_equal(statusline_room(COLUMNS, ""), ROOM_OF(0));
	scratch_write_text(&test_dir, "empty", "");
	assert_int_equal(rmdir(name), 0);
	assert_int_equal(symlink("../empty", name), 0);
	assert_int_equal(statusline_room(COLUMNS, ""), ROOM_OF(0));
	scratch_write_text(&test_dir, "empty", "{\"statusLine\":{\"padding\":5,");
	assert_int_equal(statusline_room(COLUMNS, ""), ROOM_OF(5));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, scratch_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(settings_of_all_sizes_are_read),
		TEST(what_is_no_file_is_passed_over),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
