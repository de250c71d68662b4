/* What swatch does not know in transcripts is counted by its name, and the lists have an end. */
#include "unit.h"

#include <stdio.h>

#include "base/buf.h"
#include "json/get.h"
#include "swatchd/session/unknown_lines.h"

static struct drift drift;

static int set_up(void **state)
{
	(void)state;
	drift_init(&drift);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	drift_release(&drift);
	return 0;
}

static void note(const char *line)
{
	struct scan_facts facts;
	assert_true(scan_line(line, strlen(line), &facts, drift_note_field, &drift));
	drift_note_line(&drift, &facts);
}

static void expect(const char *wanted)
{
	AUTO_BUF out = BUF_INIT;
	struct jsonw w;
	jsonw_init(&w, &out);
	jsonw_begin_object(&w);
	drift_write_status(&drift, &w);
	jsonw_end_object(&w);
	assert_string_equal(buf_str(&out), wanted);
}

static void what_is_known_is_not_counted(void **state)
{
	(void)state;
	note("{\"type\":\"user\",\"version\":\"2.1.39\",\"message\":{\"role\":\"user\",\"content\":\"x\"}}");
	note("{\"type\":\"user\",\"version\":\"1.0.7\"}");
	note("{\"type\":\"user\",\"version\":\"\"}");
	note("{\"type\":\"user\"}");
	expect("{\"lineTypes\":{},\"fields\":{},\"versions\":{}}");
}

static void what_is_unknown_is_counted_by_its_name(void **state)
{
	(void)state;
	note("{\"type\":\"dream\",\"version\":\"9.0.1\",\"mood\":1}");
	note("{\"type\":\"dream\",\"version\":\"2.1\"}");
	note("{\"type\":\"user\",\"version\":\"9.0.1\",\"mood\":2}");
	note("{\"type\":\"user\",\"version\":\"9.0.1\",\"mood\":3}");
	AUTO_BUF out = BUF_INIT;
	struct jsonw w;
	jsonw_init(&w, &out);
	jsonw_begin_object(&w);
	drift_write_status(&drift, &w);
	jsonw_end_object(&w);
	assert_non_null(strstr(buf_str(&out), "{\"lineTypes\":{\"dream\":2},\"fields\":{\"mood\":3},"));
	assert_non_null(strstr(buf_str(&out), "\"9.0.1\":3"));
	assert_non_null(strstr(buf_str(&out), "\"2.1\":1"));
}

/* The next run goes on counting. */
static void a_restart_takes_the_counts_back(void **state)
{
	(void)state;
	AUTO_JSON *before = json_tokener_parse("{\"lineTypes\":{\"dream\":2,\"none\":0,\"text\":\"x\"},"
					       "\"fields\":{\"mood\":3},\"versions\":[1]}");
	drift_restore(&drift, NULL);
	drift_restore(&drift, before);
	assert_true(drift.changes > 0);
	note("{\"type\":\"dream\"}");
	expect("{\"lineTypes\":{\"dream\":3},\"fields\":{\"mood\":3},\"versions\":{}}");
}

/* A hostile transcript fills the list, and goes on. */
static void the_lists_have_an_end(void **state)
{
	(void)state;
	char line[400], long_name[DRIFT_NAME_MAX + 20] = "";
	memset(long_name, 'n', sizeof(long_name) - 1);
	snprintf(line, sizeof(line), "{\"type\":\"%s\"}", long_name);
	note(line);
	for (int i = 0; i < DRIFT_MAX_NAMES + 5; i++) {
		snprintf(line, sizeof(line), "{\"type\":\"t%d\"}", i);
		note(line);
		note(line);
	}
	assert_int_equal(drift.line_types.used, DRIFT_MAX_NAMES);
	long_name[DRIFT_NAME_MAX] = '\0';
	assert_int_equal((uintptr_t)strmap_get_len(&drift.line_types, long_name, DRIFT_NAME_MAX), 1);
	assert_int_equal((uintptr_t)strmap_get_len(&drift.line_types, "t0", 2), 2);
	assert_null(strmap_get_len(&drift.line_types, "t68", 3));
	/* One that is in the list counts on. */
	note("{\"type\":\"t0\"}");
	assert_int_equal((uintptr_t)strmap_get_len(&drift.line_types, "t0", 2), 3);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(what_is_known_is_not_counted),
		TEST(what_is_unknown_is_counted_by_its_name),
		TEST(a_restart_takes_the_counts_back),
		TEST(the_lists_have_an_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
