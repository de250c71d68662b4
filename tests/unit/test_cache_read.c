#include "unit.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cache/read.h"
#include "scratch.h"

static void expect_refused(const char *name, int why)
{
	errno = 0;
	assert_null(cache_read_json(test_dir.dir_fd, name));
	assert_int_equal(errno, why);
}

static void reads_an_object(void **state)
{
	(void)state;
	static const char *const good[] = { "{}", " {\"a\": 1} ", "{\"a\":1}\n", "{\"a\":1}\r\n\r\n" };
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		scratch_write_text(&test_dir, "a.json", good[i]);
		struct json_object *object = cache_read_json(test_dir.dir_fd, "a.json");
		assert_non_null(object);
		assert_int_equal(json_get_int(object, "a", 0), i > 0);
		json_object_put(object);
	}
}

static void refuses_what_is_no_object(void **state)
{
	(void)state;
	static const char *const bad[] = {
		"",	" ",	      "null",	    "1",	  "\"x\"",
		"[{}]", "{",	      "{\"a\":1",   "{\"a\":1}}", "{}{}",
		"{} x", "{\"a\":tru", "{\"a\":1,}", "\xEF\xBB",	  "{\"a\":1}{\"b\""
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		scratch_write_text(&test_dir, "a.json", bad[i]);
		if (cache_read_json(test_dir.dir_fd, "a.json") || errno != EBADMSG)
			fail_msg("taken: %s", bad[i]);
	}
	scratch_write(&test_dir, "a.json", "{}\0{}", 5);
	expect_refused("a.json", EBADMSG);
}

static void depth_is_bounded(void **state)
{
	(void)state;
	char *text = malloc(200001);
	assert_non_null(text);
	for (size_t i = 0; i < 200000; i += 5)
		memcpy(text + i, "{\"a\":", 5);
	text[200000] = '\0';
	scratch_write_text(&test_dir, "a.json", text);
	free(text);
	expect_refused("a.json", EBADMSG);
}

static void size_is_bounded(void **state)
{
	(void)state;
	char *text = malloc(CACHE_READ_MAX_BYTES + 2);
	assert_non_null(text);
	memset(text, ' ', CACHE_READ_MAX_BYTES + 2);
	memcpy(text, "{}", 2);
	scratch_write(&test_dir, "a.json", text, CACHE_READ_MAX_BYTES);
	struct json_object *object = cache_read_json(test_dir.dir_fd, "a.json");
	assert_non_null(object);
	json_object_put(object);
	scratch_write(&test_dir, "a.json", text, CACHE_READ_MAX_BYTES + 1);
	free(text);
	expect_refused("a.json", EFBIG);
}

static void reads_regular_files_only(void **state)
{
	(void)state;
	expect_refused("absent.json", ENOENT);
	scratch_write_text(&test_dir, "target", "{}");
	assert_int_equal(symlinkat("target", test_dir.dir_fd, "link.json"), 0);
	expect_refused("link.json", ELOOP);
	assert_int_equal(mkdirat(test_dir.dir_fd, "dir.json", 0700), 0);
	expect_refused("dir.json", EINVAL);
	/* A FIFO without a writer must not hold the reader up. */
	assert_int_equal(mkfifo(scratch_name(&test_dir, "fifo.json"), 0600), 0);
	expect_refused("fifo.json", EINVAL);
}

static void getters_take_the_type_or_the_fallback(void **state)
{
	(void)state;
	scratch_write_text(
		&test_dir, "a.json",
		"{\"i\":7,\"d\":2.5,\"big\":1e300,\"huge\":99999999999999999999999,\"s\":\"text\",\"t\":true,"
		"\"n\":null,\"o\":{\"x\":1},\"a\":[1],\"num\":\"12\",\"ms\":1770842207925.0}");
	struct json_object *o = cache_read_json(test_dir.dir_fd, "a.json");
	assert_non_null(o);
	assert_true(json_get_double(o, "i", -1) == 7);
	assert_true(json_get_double(o, "d", -1) == 2.5);
	assert_true(json_get_double(o, "big", -1) == 1e300);
	static const char *const no_number[] = { "s", "t", "n", "o", "a", "num", "absent" };
	for (size_t i = 0; i < sizeof(no_number) / sizeof(no_number[0]); i++) {
		assert_true(json_get_double(o, no_number[i], -1) == -1);
		assert_true(json_get_int(o, no_number[i], -1) == -1);
	}
	assert_true(json_get_int(o, "i", -1) == 7);
	assert_true(json_get_int(o, "d", -1) == 2);
	assert_true(json_get_int(o, "ms", -1) == INT64_C(1770842207925));
	assert_true(json_get_int(o, "big", -1) == -1);
	assert_true(json_get_int(o, "huge", -1) == INT64_MAX || json_get_int(o, "huge", -1) == -1);
	assert_string_equal(json_get_string(o, "s"), "text");
	assert_null(json_get_string(o, "i"));
	assert_null(json_get_string(o, "n"));
	assert_true(json_get_bool(o, "t", false));
	assert_true(json_get_bool(o, "i", true));
	assert_false(json_get_bool(o, "n", false));
	assert_true(json_get_int(json_get_object(o, "o"), "x", 0) == 1);
	assert_null(json_get_object(o, "a"));
	assert_null(json_get_object(o, "n"));
	/* Absent all the way down. */
	assert_null(json_get_object(NULL, "x"));
	assert_null(json_get_string(json_get_object(o, "absent"), "x"));
	assert_true(json_get_double(NULL, "x", 3.5) == 3.5);
	assert_true(json_get_int(NULL, "x", 3) == 3);
	assert_true(json_get_bool(NULL, "x", true));
	json_object_put(o);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, scratch_set_up, scratch_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(reads_an_object),
		CASE(refuses_what_is_no_object),
		CASE(depth_is_bounded),
		CASE(size_is_bounded),
		CASE(reads_regular_files_only),
		CASE(getters_take_the_type_or_the_fallback),
	};
	return cmocka_run_group_tests_name("cache_read", tests, NULL, NULL);
}
