#include "unit.h"

#include "cache/names.h"

static bool is_valid(const char *id)
{
	return cache_session_id_is_valid(id, strlen(id));
}

static void ids_that_may_be_a_file(void **state)
{
	(void)state;
	assert_true(is_valid("0b6f0d2e-1111-4222-8333-944455556666"));
	assert_true(is_valid("a"));
	assert_true(is_valid("_x.Y-9"));
	assert_true(is_valid("-rf"));
	assert_true(is_valid("Sessions"));
	assert_true(is_valid("sessions2"));
	char longest[CACHE_SESSION_ID_MAX + 2];
	memset(longest, 'x', sizeof(longest));
	assert_true(cache_session_id_is_valid(longest, CACHE_SESSION_ID_MAX));
	assert_false(cache_session_id_is_valid(longest, CACHE_SESSION_ID_MAX + 1));
}

static void ids_that_may_not(void **state)
{
	(void)state;
	static const char *const bad[] = {
		"",	".",   "..",	   ".hidden",	     "../x",   "a/b",	 "a b", "a\n", "\xC3\xA4",
		"a\\b", "a:b", "sessions", "billing-shared", "config", "alerts", "*",	"~"
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (is_valid(bad[i]))
			fail_msg("accepted: %s", bad[i]);
	assert_false(cache_session_id_is_valid("a\0b", 3));
	/* Every byte, as the first and as a later one, against the words of the rule. */
	for (int c = 0; c < 256; c++) {
		bool first = c < 128 && c > 0
			     && strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-", c);
		char id[2] = { (char)c, 'x' };
		assert_int_equal(cache_session_id_is_valid(id, 2), first);
		id[0] = 'x';
		id[1] = (char)c;
		assert_int_equal(cache_session_id_is_valid(id, 2), first || c == '.');
	}
}

static void a_name_leads_back_to_its_id(void **state)
{
	(void)state;
	char name[CACHE_NAME_SIZE], id[CACHE_SESSION_ID_MAX + 1], longest[CACHE_SESSION_ID_MAX + 1];
	memset(longest, 'x', CACHE_SESSION_ID_MAX);
	longest[CACHE_SESSION_ID_MAX] = '\0';
	assert_true(cache_session_file_name(longest, name));
	assert_true(cache_session_id_of_file(name, id));
	assert_string_equal(id, longest);
	assert_true(cache_session_file_name("a.json", name));
	assert_string_equal(name, "a.json.json");
	assert_true(cache_session_id_of_file(name, id));
	assert_string_equal(id, "a.json");
	assert_false(cache_session_file_name("../x", name));
	assert_false(cache_session_file_name("config", name));
}

static void other_files_have_no_id(void **state)
{
	(void)state;
	static const char *const others[] = { "",
					      ".json",
					      "x",
					      "x.JSON",
					      "x.json~",
					      "config.json",
					      "daemon.log",
					      CACHE_BILLING_FILE,
					      CACHE_SESSIONS_FILE,
					      CACHE_LOCK_FILE,
					      CACHE_SOCKET_FILE,
					      CACHE_TEMP_PREFIX "1.json",
					      "alerts.json",
					      "a/b.json" };
	char id[CACHE_SESSION_ID_MAX + 1];
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (cache_session_id_of_file(others[i], id))
			fail_msg("taken for a session: %s", others[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ids_that_may_be_a_file),
		cmocka_unit_test(ids_that_may_not),
		cmocka_unit_test(a_name_leads_back_to_its_id),
		cmocka_unit_test(other_files_have_no_id),
	};
	return cmocka_run_group_tests_name("cache_names", tests, NULL, NULL);
}
