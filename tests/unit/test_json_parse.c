/* JSON into objects (base/json_parse.h): what it takes, what it refuses, and when memory runs out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "json/parse.h"
#include "fail_alloc.h"
#include "unit.h"

static int why_not(const char *text)
{
	struct json_object *object = json_parse(text, strlen(text), 8, NULL);
	int why = object ? 0 : errno;
	json_object_put(object);
	return why;
}

static void values_come_as_they_are(void **state)
{
	(void)state;
	static const char text[] = " {\"a\":[1,-2,0.5,1e3,9223372036854775808],\"b\":null,\"c\":true,"
				   "\"d\":\"x\\n\\u00e9\\ud83d\\ude00\\ud800\",\"d2\":{},\"a2\":[]} ";
	size_t len;
	struct json_object *object = json_parse(text, strlen(text), 8, NULL);
	assert_non_null(object);
	assert_string_equal(json_text(object, JSON_C_TO_STRING_PLAIN, &len),
			    "{\"a\":[1,-2,0.5,1e3,9223372036854775808],\"b\":null,\"c\":true,"
			    "\"d\":\"x\\n\xC3\xA9\xF0\x9F\x98\x80\xEF\xBF\xBD\",\"d2\":{},\"a2\":[]}");
	json_object_put(object);
}

static void what_is_no_json_is_refused(void **state)
{
	(void)state;
	static const char *const bad[] = {
		"{\"a\":1,}", "{a:1}",	    "[1 2]", "{\"a\" 1}", "[01]",      "[1.]",
		"[-]x",	      "[+1]",	    "['a']", "{} {}",	  "[\"\\x\"]", "[nul]x",
		"// c\n{}",   "[\"a\tb\"]", "1",     "\"a\"",	  "null",      "[[[[[[[[[1]]]]]]]]]"
	};
	static const char *const cut[] = {
		"", "{", "{\"a", "{\"a\":", "[1,", "[\"\\u00", "[tr", "[-", "[1."
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(why_not(bad[i]), EBADMSG);
	for (size_t i = 0; i < sizeof(cut) / sizeof(cut[0]); i++)
		assert_int_equal(why_not(cut[i]), EAGAIN);
}

static void other_text_may_follow_where_that_is_asked_for(void **state)
{
	(void)state;
	size_t end = 0;
	struct json_object *object = json_parse("{\"a\":1} rest", 12, 8, &end);
	assert_non_null(object);
	assert_int_equal(end, 7);
	json_object_put(object);
}

/* json-c's parser ends the program at some of these. */
static void without_memory_it_says_so(void **state)
{
	(void)state;
	static const char text[] = "{\"name\":[1,\"text\",{\"deep\\n\":0.25}],\"other\":true}";
	unsigned long failed = 0;
	for (int n = 0;; n++) {
		fail_alloc_after(n);
		struct json_object *object = json_parse(text, strlen(text), 8, NULL);
		int why = errno;
		fail_alloc_stop();
		if (object) {
			json_object_put(object);
			break;
		}
		assert_int_equal(why, ENOMEM);
		failed++;
	}
	assert_true(failed >= 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_come_as_they_are),
		cmocka_unit_test(what_is_no_json_is_refused),
		cmocka_unit_test(other_text_may_follow_where_that_is_asked_for),
		cmocka_unit_test(without_memory_it_says_so),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
