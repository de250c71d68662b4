/* alert_text: the words of an alert, and the environment of its command. */
#include "unit.h"

#include <time.h>

#include "swatchd/alerts/text.h"

#define NOW_MS INT64_C(1795442700000)   /* 2026-11-23T14:05:00Z */
#define MINUTE_MS INT64_C(60000)
#define HOUR_MS (60 * MINUTE_MS)
#define DAY_MS (24 * HOUR_MS)

static void expect_message(struct alert alert, const char *expected)
{
	AUTO_BUF text = BUF_INIT;
	alert.at_ms = NOW_MS;
	alert_text_append_message(&alert, &text);
	assert_string_equal(buf_str(&text), expected);
}

static void messages_say_it_in_a_sentence(void **state UNUSED)
{
	expect_message((struct alert){ .rule = ALERT_BLOCK_COST,
				       .value = 40.126,
				       .limit = 40.,
				       .ends_ms = NOW_MS + HOUR_MS },
		       "This block has cost $40.13 (alert at $40.00); it ends at 15:05");
	expect_message((struct alert){ .rule = ALERT_TODAY_COST, .value = 100., .limit = 100. },
		       "Today has cost $100.00 (alert at $100.00)");
	expect_message((struct alert){ .rule = ALERT_FIVE_HOUR,
				       .value = 94.96,
				       .limit = 80.,
				       .name = "fiveHour",
				       .ends_ms = NOW_MS + HOUR_MS },
		       "94.9% of the 5-hour limit is used; it resets at 15:05");
	expect_message((struct alert){ .rule = ALERT_SEVEN_DAY,
				       .value = 80.,
				       .limit = 80.,
				       .name = "sevenDay",
				       .ends_ms = NOW_MS + 3 * DAY_MS },
		       "80% of the 7-day limit is used; it resets at Thu 14:05");
	expect_message(
		(struct alert){
			.rule = ALERT_OTHER_LIMITS, .value = 81., .limit = 80., .name = "sevenDayOpus" },
		"81% of the 7-day Opus limit is used");
	expect_message((struct alert){ .rule = ALERT_CONTEXT,
				       .value = 82.5,
				       .limit = 80.,
				       .session_id = "0123456789",
				       .project = "/home/u/my project" },
		       "The context of my project is 82.5% full");
	expect_message(
		(struct alert){
			.rule = ALERT_CONTEXT, .value = 82., .limit = 80., .session_id = "0123456789" },
		"The context of session 01234567 is 82% full");
	expect_message((struct alert){ .rule = ALERT_WAITING,
				       .value = 120.9,
				       .project = "/p/engine",
				       .waiting_for = "input needed" },
		       "engine has been waiting for you for 2 min: input needed");
	expect_message(
		(struct alert){
			.rule = ALERT_WAITING, .value = 7300., .project = "/p/engine", .waiting_for = "" },
		"engine has been waiting for you for 2 h");
	expect_message(
		(struct alert){
			.rule = ALERT_WAITING, .value = 3.9, .project = "/p/engine", .waiting_for = "$(x)" },
		"engine has been waiting for you for 3 s: __x_");
	expect_message(
		(struct alert){ .rule = ALERT_CACHE_COOLS, .value = 120., .limit = 120., .project = "/p" },
		"The prompt cache of p goes cold in 2 min");
	expect_message(
		(struct alert){ .rule = ALERT_CACHE_COOLS, .value = 59.5, .limit = 120., .project = "/p" },
		"The prompt cache of p goes cold in 60 s");
	expect_message((struct alert){ .rule = ALERT_LIMIT_REACHED,
				       .value = 100.,
				       .limit = 100.,
				       .name = "fiveHour",
				       .ends_ms = NOW_MS + HOUR_MS },
		       "The 5-hour limit is reached; it resets at 15:05");
	expect_message((struct alert){ .rule = ALERT_LIMIT_RESET, .limit = 100., .name = ALERTS_UNTOLD_LIMIT,
				       .ends_ms = NOW_MS },
		       "The usage limit is reset");
}

static void what_a_transcript_says_is_harmless(void **state UNUSED)
{
	expect_message((struct alert){ .rule = ALERT_CONTEXT,
				       .value = 82.,
				       .project = "/x/$(reboot)`id`;<b>&\"'\\" },
		       "The context of __reboot__id___b_____ is 82% full");
	expect_message((struct alert){ .rule = ALERT_CONTEXT,
				       .value = 82.,
				       .project = "/x/a\x1B[2J\nb\xC2\x9B"
						  "c\xE2\x80\xAE"
						  "d\xE2\x81\xA6"
						  "e\x7F" },
		       "The context of a__2J_b_c_d_e_ is 82% full");
	/* Text stays text; what is cut off is whole characters. */
	expect_message((struct alert){ .rule = ALERT_CONTEXT,
				       .value = 82.,
				       .project = "/x/Z\xC3\xBCrich \xE6\x97\xA5" },
		       "The context of Z\xC3\xBCrich \xE6\x97\xA5 is 82% full");
	char path[4 * ALERT_TEXT_NAME_CHARS], expected[4 * ALERT_TEXT_NAME_CHARS + 64] = "The context of ";
	path[0] = '/';
	path[1] = '\0';
	for (int i = 0; i < ALERT_TEXT_NAME_CHARS; i++)
		memcpy(path + 1 + 2 * i, "\xC3\xBC", 3);
	snprintf(expected, sizeof(expected), "The context of %s is 82%% full", path + 1);
	expect_message((struct alert){ .rule = ALERT_CONTEXT, .value = 82., .project = path }, expected);
	memcpy(path + 1 + 2 * ALERT_TEXT_NAME_CHARS, "x", 2);
	snprintf(expected, sizeof(expected), "The context of %.*s... is 82%% full", 2 * ALERT_TEXT_NAME_CHARS,
		 path + 1);
	expect_message((struct alert){ .rule = ALERT_CONTEXT, .value = 82., .project = path }, expected);
	/* Bytes that are cut off in a character's middle are no text. */
	expect_message((struct alert){ .rule = ALERT_CONTEXT, .value = 82., .project = "/x\xE2" },
		       "The context of x_ is 82% full");
	expect_message((struct alert){ .rule = ALERT_CONTEXT, .value = 82., .project = "/x\xE2\x80" },
		       "The context of x__ is 82% full");
}

static const char *variable(const struct buf *environment, const char *name)
{
	size_t name_len = strlen(name);
	for (size_t at = 0; at < environment->len; at += strlen(environment->data + at) + 1)
		if (strncmp(environment->data + at, name, name_len) == 0
		    && environment->data[at + name_len] == '=')
			return environment->data + at + name_len + 1;
	return NULL;
}

static void the_environment_has_every_variable(void **state UNUSED)
{
	AUTO_BUF text = BUF_INIT;
	const struct alert cost = { .rule = ALERT_BLOCK_COST, .at_ms = NOW_MS, .value = 40.126, .limit = 40.,
				    .ends_ms = NOW_MS + HOUR_MS };
	alert_text_append_environment(&cost, "it did", &text);
	assert_string_equal(variable(&text, "SWATCH_ALERT"), "block_cost");
	assert_string_equal(variable(&text, "SWATCH_VALUE"), "40.13");
	assert_string_equal(variable(&text, "SWATCH_LIMIT"), "40.00");
	assert_string_equal(variable(&text, "SWATCH_UNIT"), "usd");
	assert_string_equal(variable(&text, "SWATCH_LIMIT_NAME"), "");
	assert_string_equal(variable(&text, "SWATCH_WAITING_FOR"), "");
	assert_string_equal(variable(&text, "SWATCH_SESSION_ID"), "");
	assert_string_equal(variable(&text, "SWATCH_PROJECT"), "");
	assert_string_equal(variable(&text, "SWATCH_AT"), "1795442700");
	assert_string_equal(variable(&text, "SWATCH_RESETS_AT"), "1795446300");
	assert_string_equal(variable(&text, "SWATCH_MESSAGE"), "it did");
	buf_clear(&text);
	const struct alert full = { .rule = ALERT_CONTEXT, .at_ms = NOW_MS, .value = 82.55, .limit = 80.,
				    .session_id = "s1", .project = "/x/$a b\ncLD_PRELOAD=y" };
	alert_text_append_environment(&full, "m", &text);
	assert_string_equal(variable(&text, "SWATCH_VALUE"), "82.5");
	assert_string_equal(variable(&text, "SWATCH_UNIT"), "percent");
	assert_string_equal(variable(&text, "SWATCH_SESSION_ID"), "s1");
	assert_string_equal(variable(&text, "SWATCH_PROJECT"), "/x/$a b_cLD_PRELOAD=y");
	assert_string_equal(variable(&text, "SWATCH_RESETS_AT"), "");
	assert_null(variable(&text, "LD_PRELOAD"));
	buf_clear(&text);
	const struct alert option = { .rule = ALERT_CONTEXT, .at_ms = NOW_MS, .session_id = "s1",
				      .project = "--help" };
	alert_text_append_environment(&option, "m", &text);
	assert_string_equal(variable(&text, "SWATCH_PROJECT"), "");
}

static struct json_object *written_environment(const struct buf *environment)
{
	AUTO_BUF text = BUF_INIT;
	struct jsonw w;
	jsonw_init(&w, &text);
	alert_text_write_environment(environment, &w);
	struct json_object *written = json_tokener_parse(buf_str(&text));
	assert_non_null(written);
	return written;
}

static void an_environment_comes_back_after_a_restart(void **state UNUSED)
{
	AUTO_BUF before = BUF_INIT, after = BUF_INIT;
	const struct alert full = { .rule = ALERT_CONTEXT, .at_ms = NOW_MS, .value = 82.5, .limit = 80.,
				    .session_id = "s1", .project = "/x/a=\"b\"" };
	alert_text_append_environment(&full, "The context", &before);
	struct json_object *written = written_environment(&before);
	assert_int_equal(alert_text_read_environment(written, NOW_MS, &after), ALERT_CONTEXT);
	assert_int_equal(after.len, before.len);
	assert_memory_equal(after.data, before.data, before.len);
	/* An hour later it is no news, and nothing happened yet that lies ahead. */
	buf_clear(&after);
	assert_int_equal(alert_text_read_environment(written, NOW_MS + HOUR_MS + MINUTE_MS, &after),
			 ALERT_RULES);
	assert_int_equal(alert_text_read_environment(written, NOW_MS - MINUTE_MS, &after), ALERT_RULES);
	assert_int_equal(after.len, 0);
	json_object_put(written);
}

static void of_a_forged_environment_only_our_variables_are_taken(void **state UNUSED)
{
	AUTO_BUF after = BUF_INIT;
	struct json_object *forged = json_tokener_parse(
		"{\"SWATCH_ALERT\": \"waiting\", \"SWATCH_AT\": \"1795442700\", \"LD_PRELOAD\": \"/x.so\","
		"\"SWATCH_VALUE\": \"7\", \"SWATCH_LIMIT\": \"6\", \"SWATCH_UNIT\": \"seconds\","
		"\"SWATCH_LIMIT_NAME\": \"`id`\", \"SWATCH_SESSION_ID\": \"s1\","
		" \"SWATCH_PROJECT\": \"/a b\\n\","
		"\"SWATCH_WAITING_FOR\": \"\\u202ex\", \"SWATCH_RESETS_AT\": \"\","
		"\"SWATCH_MESSAGE\": \"a\\u001bb `id` <b> costs $4.20 (or so); 5%\"}");
	assert_int_equal(alert_text_read_environment(forged, NOW_MS, &after), ALERT_WAITING);
	assert_null(variable(&after, "LD_PRELOAD"));
	assert_string_equal(variable(&after, "SWATCH_MESSAGE"), "a_b _id_ _b_ costs $4.20 (or so); 5%");
	assert_string_equal(variable(&after, "SWATCH_LIMIT_NAME"), "_id_");
	assert_string_equal(variable(&after, "SWATCH_PROJECT"), "/a b_");
	assert_string_equal(variable(&after, "SWATCH_WAITING_FOR"), "_x");
	/* One value that we cannot have written, and none of it is taken. */
	static const char *const changes[][2] = {
		{ "SWATCH_VALUE", "" }, { "SWATCH_VALUE", "7;id" }, { "SWATCH_VALUE", "1e999" },
		{ "SWATCH_LIMIT", "nan" }, { "SWATCH_UNIT", "percent" }, { "SWATCH_SESSION_ID", "../s1" },
		{ "SWATCH_SESSION_ID", "s1 -x" }, { "SWATCH_PROJECT", "-x" }, { "SWATCH_AT", "1795442700 " },
		{ "SWATCH_RESETS_AT", "-5" }, { "SWATCH_RESETS_AT", "99999999999999999999999999999999" },
		{ "SWATCH_MESSAGE", "$(id)" }, { "SWATCH_MESSAGE", "a $" },
	};
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		const char *key = changes[i][0];
		struct json_object *good = json_object_get(json_object_object_get(forged, key));
		buf_clear(&after);
		json_object_object_add(forged, key, json_object_new_string(changes[i][1]));
		if (alert_text_read_environment(forged, NOW_MS, &after) != ALERT_RULES || after.len != 0)
			fail_msg("%s=%s", key, changes[i][1]);
		json_object_object_del(forged, key);
		if (alert_text_read_environment(forged, NOW_MS, &after) != ALERT_RULES || after.len != 0)
			fail_msg("without %s", key);
		json_object_object_add(forged, key, good);
	}
	json_object_put(forged);
	buf_clear(&after);
	static const char *const bad[] = {
		"7",
		"{}",
		"{\"SWATCH_ALERT\": \"more\"}",
		"{\"SWATCH_ALERT\": \"much\", \"SWATCH_AT\": \"1795442700\"}",
		"{\"SWATCH_ALERT\": \"more\", \"SWATCH_AT\": \"99999999999999999999\"}",
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		forged = json_tokener_parse(bad[i]);
		assert_int_equal(alert_text_read_environment(forged, NOW_MS, &after), ALERT_RULES);
		json_object_put(forged);
	}
	assert_int_equal(after.len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_say_it_in_a_sentence),
		cmocka_unit_test(what_a_transcript_says_is_harmless),
		cmocka_unit_test(the_environment_has_every_variable),
		cmocka_unit_test(an_environment_comes_back_after_a_restart),
		cmocka_unit_test(of_a_forged_environment_only_our_variables_are_taken),
	};
	/* 14:05 everywhere. */
	setenv("TZ", "UTC", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
