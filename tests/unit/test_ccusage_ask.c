/* ccusage/ask and run: a program in ccusage's place, which says how it was called and answers as it likes. */
#include <sys/stat.h>

#include "ccusage/ask.h"
#include "ccusage/differences.h"
#include "ccusage/run.h"
#include "json/get.h"
#include "scratch.h"
#include "unit.h"

#define BLOCK \
	"{\"startTime\":\"2026-11-23T05:00:00.000Z\",\"endTime\":\"2026-11-23T10:00:00.000Z\"," \
	"\"isActive\":true,\"isGap\":false,\"entries\":2,\"costUSD\":1.25,\"tokenCounts\":{\"inputTokens\":1," \
	"\"outputTokens\":2,\"cacheCreationInputTokens\":3,\"cacheReadInputTokens\":4}}"

static struct config config;
static struct ccusage_command command;
static struct ccusage_ask ask;
static struct buf error;

static int set_up(void **state)
{
	(void)state;
	scratch_make(&test_dir);
	assert_true(config_init(&config));
	config.sandbox_mode = SANDBOX_OFF;
	config.ccusage_memory_limit_bytes = 0;
	ask = (struct ccusage_ask){ .command = &command, .config = &config };
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	ccusage_command_release(&command);
	config_release(&config);
	buf_release(&error);
	scratch_remove(&test_dir);
	return 0;
}

/* The program does this; it gets the arguments of a refresh, or others in their place. */
static void play(const char *script)
{
	char text[1200];
	const char *path = scratch_name(&test_dir, "ccusage");
	snprintf(text, sizeof(text), "#!/bin/sh\n%s\n", script);
	scratch_write_text(&test_dir, "ccusage", text);
	assert_int_equal(chmod(path, 0700), 0);
	snprintf(text, sizeof(text), "%s --own blocks --active --json --offline", path);
	ccusage_command_release(&command);
	assert_true(ccusage_command_parse(&command, text, true, &error));
	buf_clear(&error);
}

static void expect_error(const char *text)
{
	if (!strstr(buf_str(&error), text))
		fail_msg("'%s' does not say '%s'", buf_str(&error), text);
	buf_clear(&error);
}

static void its_version(void **state)
{
	(void)state;
	static const struct {
		const char *script, *text;
		bool is_reference, is_older;
	} cases[] = {
		{ "[ \"$*\" = '--own --version' ] && echo ccusage/" CCUSAGE_REFERENCE_VERSION " linux",
		  CCUSAGE_REFERENCE_VERSION, true, false },
		{ "echo 18.0.11", "18.0.11", false, true },
		{ "echo v21.0.0-beta.1", "21.0.0-beta.1", false, false },
		{ "echo hello", "", false, false },
		{ "printf '2%0100d' 0", "", false, false },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ccusage_version version;
		play(cases[i].script);
		assert_true(ccusage_ask_version(&ask, &version, &error));
		assert_string_equal(version.text, cases[i].text);
		assert_true(version.is_reference == cases[i].is_reference);
		assert_true(version.is_older == cases[i].is_older);
		assert_false(ask.has_failed);
	}
}

static void one_that_fails_is_named_with_what_it_was_asked(void **state)
{
	(void)state;
	struct ccusage_version version;
	play("echo out of order >&2; exit 3");
	assert_false(ccusage_ask_version(&ask, &version, &error));
	assert_true(ask.has_failed);
	assert_string_equal(version.text, "");
	assert_non_null(strstr(buf_str(&error), "ccusage --version: exit status 3"));
	expect_error("out of order");
	assert_null(ccusage_ask_report(&ask, REPORT_WEEKLY, &error));
	expect_error("ccusage claude weekly --json --offline: exit status 3");
	assert_false(ccusage_ask_refresh(&ask, &error));
	expect_error("exit status 3");
	/* npm goes on after what went wrong. */
	play("printf 'npm error code E404\\r\\nnpm notice\\nnpm notice New version!\\n \\n' >&2; exit 1");
	assert_false(ccusage_ask_refresh(&ask, &error));
	expect_error("exit status 1: npm error code E404");
	/* One that was removed meanwhile. */
	assert_int_equal(remove(scratch_name(&test_dir, "ccusage")), 0);
	assert_false(ccusage_ask_refresh(&ask, &error));
	assert_true(ask.has_failed);
	assert_true(error.len > 0);
	config.ccusage_timeout_ms = 50;
	play("exec sleep 60");
	buf_clear(&error);
	assert_false(ccusage_ask_refresh(&ask, &error));
	expect_error("still running");
}

static void a_report_with_its_zone(void **state)
{
	(void)state;
	play("case \"$*\" in '--own blocks --json --offline') echo '{\"blocks\":[1]}' ;; "
	     "'--own claude session --json --offline --timezone Asia/Tokyo') echo noise '{\"sessions\":[1,2]}' ;; "
	     "*) echo '{\"daily\":7}' ;; esac");
	struct json_object *answer = ccusage_ask_report(&ask, REPORT_BLOCKS, &error);
	size_t length = 0;
	assert_non_null(json_get_array(answer, ccusage_list_name(REPORT_BLOCKS), &length));
	assert_int_equal(length, 1);
	json_object_put(answer);
	ask.timezone = "Asia/Tokyo";
	answer = ccusage_ask_report(&ask, REPORT_SESSIONS, &error);
	assert_non_null(json_get_array(answer, ccusage_list_name(REPORT_SESSIONS), &length));
	assert_int_equal(length, 2);
	json_object_put(answer);
	assert_null(ccusage_ask_report(&ask, REPORT_DAILY, &error));
	/* It ended well, and its answer is bad. */
	assert_false(ask.has_failed);
	expect_error("ccusage daily: ");
}

static void what_a_refresh_gets(void **state)
{
	(void)state;
	play("[ \"$*\" = '--own blocks --active --json --offline' ] && echo '{\"blocks\":[" BLOCK "]}'");
	assert_true(ccusage_ask_refresh(&ask, &error));
	assert_int_equal(error.len, 0);
	play("echo '{\"blocks\":7}'");
	assert_false(ccusage_ask_refresh(&ask, &error));
	assert_false(ask.has_failed);
	assert_true(error.len > 0);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(its_version),
		CASE(one_that_fails_is_named_with_what_it_was_asked),
		CASE(a_report_with_its_zone),
		CASE(what_a_refresh_gets),
	};
	return cmocka_run_group_tests_name("ccusage_ask", tests, NULL, NULL);
}
