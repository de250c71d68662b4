/* One member of a JSON document set and unset: every other byte stays. */
#include "unit.h"

#include "json/edit.h"

#define KEY "statusLine"
#define VALUE "{\"type\": \"command\", \"command\": \"/opt/a \\\"b\\\"/swatch statusline\"}"

static void expect_set(const char *before, const char *value, const char *after)
{
	struct buf out = BUF_INIT, error = BUF_INIT;
	if (!json_edit_set(before, strlen(before), KEY, value, &out, &error))
		fail_msg("%s: %s", before, buf_str(&error));
	assert_string_equal(buf_str(&out), after);
	buf_release(&out);
	buf_release(&error);
}

static void expect_unset(const char *before, const char *after)
{
	struct buf out = BUF_INIT, error = BUF_INIT;
	if (!json_edit_unset(before, strlen(before), KEY, &out, &error))
		fail_msg("%s: %s", before, buf_str(&error));
	assert_string_equal(buf_str(&out), after);
	buf_release(&out);
	buf_release(&error);
}

static void expect_refused_bytes(const char *text, size_t len, const char *why)
{
	struct buf out = BUF_INIT, error = BUF_INIT;
	struct json_edit_member member;
	if (json_edit_set(text, len, KEY, "1", &out, &error))
		fail_msg("accepted: %s", text);
	if (!strstr(buf_str(&error), why))
		fail_msg("%s: said '%s', not '%s'", text, buf_str(&error), why);
	assert_int_equal(out.len, 0);
	assert_false(json_edit_unset(text, len, KEY, &out, &error));
	assert_false(json_edit_find(text, len, KEY, &member, &error));
	assert_int_equal(out.len, 0);
	buf_release(&out);
	buf_release(&error);
}

static void expect_refused(const char *text, const char *why)
{
	expect_refused_bytes(text, strlen(text), why);
}

static void a_new_member_goes_to_the_end_as_the_document_is_set_out(void **state)
{
	(void)state;
	expect_set("{}", "1", "{\"statusLine\": 1}");
	expect_set(" { } \n", "1", " {\"statusLine\": 1 } \n");
	expect_set("{\n}\n", "1", "{\n  \"statusLine\": 1\n}\n");
	expect_set("{\"a\":1}", "2", "{\"a\":1, \"statusLine\": 2}");
	expect_set("{\n\t\"a\": [1, {\"b\": null}]\n}\n", "2",
		   "{\n\t\"a\": [1, {\"b\": null}],\n\t\"statusLine\": 2\n}\n");
	expect_set("{\r\n   \"a\" : \"x\"\r\n}", "2", "{\r\n   \"a\" : \"x\",\r\n   \"statusLine\": 2\r\n}");
	expect_set("{\n  \"a\": 1\n  , \"b\": \"{}\" \n}", "2",
		   "{\n  \"a\": 1\n  , \"b\": \"{}\", \"statusLine\": 2 \n}");
	/* One that is deeper in is another one. */
	expect_set("{\"a\": {\"statusLine\": 1}}", "2", "{\"a\": {\"statusLine\": 1}, \"statusLine\": 2}");
}

static void a_byte_order_mark_stays(void **state)
{
	(void)state;
	expect_set("\xEF\xBB\xBF{\"a\": 1}", "2", "\xEF\xBB\xBF{\"a\": 1, \"statusLine\": 2}");
	expect_set("\xEF\xBB\xBF{\"statusLine\": 1}", "2", "\xEF\xBB\xBF{\"statusLine\": 2}");
	expect_unset("\xEF\xBB\xBF{ \"statusLine\": 1 , \"b\": 2 }", "\xEF\xBB\xBF{ \"b\": 2 }");
	assert_true(json_edit_is_blank("\xEF\xBB\xBF\n", 4));
	assert_true(json_edit_is_blank("", 0));
	assert_false(json_edit_is_blank("{}", 2));
}

static void a_member_that_is_there_keeps_its_place(void **state)
{
	(void)state;
	expect_set("{\"statusLine\":  {\"x\": [1,2]} , \"b\": 1e400}", "null",
		   "{\"statusLine\":  null , \"b\": 1e400}");
	expect_set("{\"a\": 1.0, \"status\\u004cine\" :\"}\"}", "{}",
		   "{\"a\": 1.0, \"status\\u004cine\" :{}}");
}

static void unsetting_takes_one_comma_with_it(void **state)
{
	(void)state;
	expect_unset("{\"a\": 1}", "{\"a\": 1}");
	expect_unset("{ \"statusLine\": 1 }", "{ }");
	expect_unset("{ \"statusLine\": 1 , \"b\": 2 }", "{ \"b\": 2 }");
	expect_unset("{ \"a\": 1 , \"statusLine\": {} , \"b\": 2 }", "{ \"a\": 1 , \"b\": 2 }");
	expect_unset("{\n  \"a\": 1,\n  \"statusLine\": 1\n}\n", "{\n  \"a\": 1\n}\n");
}

static void what_is_not_strict_json_is_refused(void **state)
{
	(void)state;
	expect_refused("", "empty");
	expect_refused(" \n", "empty");
	expect_refused("[]", "not a JSON object");
	expect_refused("null", "not a JSON object");
	expect_refused("{\"a\": 1", "ends in the middle");
	expect_refused("{\"a\": 1,}", "");
	expect_refused("{,}", "");
	expect_refused("{\n// comment\n\"a\": 1}", "line 2");
	expect_refused("{\"a\": 1 /* comment */}", "");
	expect_refused("{\"a\": 1} {}", "");
	expect_refused("{'a': 1}", "");
	expect_refused("{\"a\": NaN}", "");
	expect_refused("{\"a\": 01}", "");
	expect_refused("{\"a\": tru}", "");
	expect_refused("{\"a\": \"x\ny\"}", "");
	expect_refused("{\"a\": \"\\x\"}", "");
	expect_refused("{\"a\": \"\xFF\"}", "");
	expect_refused("\xEF\xBB\xBF\xEF\xBB\xBF{\"a\": 1}", "not a JSON object");
	expect_refused("{\"a\": 1, \"b\": 2, \"a\": 3}", "twice");
	expect_refused("{\"a\": 1, \"\\u0061\": 3}", "twice");
	expect_refused("{\"statusLine\": 1, \"status\\u004cine\": 3}", "twice");
	expect_refused_bytes("{\"a\": 1\0}", 9, "NUL");
}

static void depth_and_size_have_limits(void **state)
{
	struct buf text = BUF_INIT;
	(void)state;
	buf_append_str(&text, "{\"a\":");
	for (int i = 0; i < 100000; i++)
		buf_append_char(&text, '[');
	expect_refused(buf_str(&text), "");
	buf_clear(&text);
	buf_append_str(&text, "{\"a\":\"");
	while (text.len <= JSON_EDIT_MAX_BYTES)
		buf_append_str(&text, "0123456789abcdef");
	buf_append_str(&text, "\"}");
	expect_refused(buf_str(&text), "larger than 4 MiB");
	buf_release(&text);
}

static void only_one_value_is_put_in(void **state)
{
	static const char *const bad[] = { "",	   "1, \"x\": 2",	"{", "1 2", "}", "\"a", "1}",
					   "// x", "{\"a\":1,\"a\":2,}" };
	struct buf out = BUF_INIT, error = BUF_INIT;
	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (json_edit_set("{}", 2, KEY, bad[i], &out, &error))
			fail_msg("accepted: %s", bad[i]);
	assert_int_equal(out.len, 0);
	buf_release(&out);
	buf_release(&error);
}

/* ---- documents made at random ---- */

static uint64_t seed = 20261123;

static size_t pick(size_t count)
{
	return (size_t)(unit_random(&seed) % count);
}

static void put_blanks(struct buf *out)
{
	static const char *const blanks[] = { "", "", "", " ", "\n  ", "\r\n\t", "  ", "\n\n    ", "\t" };
	buf_append_str(out, blanks[pick(9)]);
}

static void put_string(struct buf *out)
{
	static const char *const parts[] = { "a",
					     "{",
					     "}",
					     "[",
					     ",",
					     ":",
					     "\\\"",
					     "\\\\",
					     "\\u0041",
					     "\\n",
					     "\xC3\xA4",
					     "\xF0\x9F\x98\x80",
					     "//",
					     "/*",
					     "statusLine",
					     " ",
					     "\\ud83d\\ude00" };
	buf_append_char(out, '"');
	for (size_t n = pick(6); n > 0; n--)
		buf_append_str(out, parts[pick(17)]);
	buf_append_char(out, '"');
}

static void put_value(struct buf *out, unsigned depth);

/* `own`: where the key that is looked for goes; -1: nowhere. */
static void put_object(struct buf *out, unsigned depth, size_t count, int own)
{
	buf_append_char(out, '{');
	put_blanks(out);
	for (size_t i = 0; i < count; i++) {
		if (i > 0) {
			buf_append_char(out, ',');
			put_blanks(out);
		}
		if ((int)i == own)
			buf_append_str(out, pick(2) ? "\"statusLine\"" : "\"\\u0073tatusLine\"");
		else
			buf_printf(out, "\"k%zu%s\"", i, pick(4) ? "" : "\\u00e4{");
		put_blanks(out);
		buf_append_char(out, ':');
		put_blanks(out);
		put_value(out, depth + 1);
		put_blanks(out);
	}
	buf_append_char(out, '}');
}

static void put_array(struct buf *out, unsigned depth)
{
	buf_append_char(out, '[');
	for (size_t n = pick(4), i = 0; i < n; i++) {
		buf_append_str(out, i > 0 ? "," : "");
		put_blanks(out);
		put_value(out, depth + 1);
		put_blanks(out);
	}
	buf_append_char(out, ']');
}

static void put_value(struct buf *out, unsigned depth)
{
	static const char *const plain[] = { "0",    "-1.5e-7", "12345678901234567890123",
					     "true", "false",	"null",
					     "1E5",  "\"\"" };
	switch (pick(depth > 4 ? 4 : 6)) {
	case 4:
		put_object(out, depth, pick(4), -1);
		break;
	case 5:
		put_array(out, depth);
		break;
	case 3:
		put_string(out);
		break;
	default:
		buf_append_str(out, plain[pick(8)]);
		break;
	}
}

static void make_document(struct buf *out, bool with_key)
{
	size_t count = pick(6);
	put_blanks(out);
	if (with_key)
		put_object(out, 0, count + 1, (int)pick(count + 1));
	else
		put_object(out, 0, count, -1);
	put_blanks(out);
}

static void set_then_unset_gives_the_same_bytes(void **state)
{
	(void)state;
	for (int i = 0; i < 4000; i++) {
		struct buf text = BUF_INIT, set = BUF_INIT, back = BUF_INIT, error = BUF_INIT;
		make_document(&text, false);
		if (!json_edit_set(text.data, text.len, KEY, VALUE, &set, &error)
		    || !json_edit_unset(set.data, set.len, KEY, &back, &error))
			fail_msg("%s\n%s", text.data, buf_str(&error));
		assert_string_equal(buf_str(&back), text.data);
		assert_non_null(strstr(set.data, VALUE));
		assert_int_equal(set.len > text.len, true);
		buf_release(&text);
		buf_release(&set);
		buf_release(&back);
		buf_release(&error);
	}
}

static void a_value_replaced_and_put_back_gives_the_same_bytes(void **state)
{
	(void)state;
	for (int i = 0; i < 4000; i++) {
		struct buf text = BUF_INIT, set = BUF_INIT, back = BUF_INIT, gone = BUF_INIT,
			   error = BUF_INIT;
		struct json_edit_member member;
		make_document(&text, true);
		assert_true(json_edit_find(text.data, text.len, KEY, &member, &error));
		assert_true(member.found);
		char *former = strndup(text.data + member.value_at, member.value_len);
		assert_non_null(former);
		if (!json_edit_set(text.data, text.len, KEY, VALUE, &set, &error)
		    || !json_edit_set(set.data, set.len, KEY, former, &back, &error)
		    || !json_edit_unset(text.data, text.len, KEY, &gone, &error))
			fail_msg("%s\n%s", text.data, buf_str(&error));
		assert_string_equal(buf_str(&back), text.data);
		/* Everything before and behind the value is as it was. */
		assert_memory_equal(set.data, text.data, member.value_at);
		assert_string_equal(set.data + member.value_at + strlen(VALUE),
				    text.data + member.value_at + member.value_len);
		assert_true(json_edit_find(gone.data, gone.len, KEY, &member, &error));
		assert_false(member.found);
		free(former);
		buf_release(&text);
		buf_release(&set);
		buf_release(&back);
		buf_release(&gone);
		buf_release(&error);
	}
}

/* One byte of a good document changed: it is edited rightly or refused, never something else (the edit checks
 * itself). */
static void a_damaged_document_is_edited_whole_or_refused(void **state)
{
	(void)state;
	for (int i = 0; i < 4000; i++) {
		struct buf text = BUF_INIT, set = BUF_INIT, back = BUF_INIT, error = BUF_INIT;
		make_document(&text, false);
		text.data[pick(text.len)] = (char)pick(256);
		if (json_edit_set(text.data, text.len, KEY, VALUE, &set, &error)) {
			assert_true(json_edit_unset(set.data, set.len, KEY, &back, &error));
			assert_int_equal(back.len, text.len);
			assert_memory_equal(back.data, text.data, text.len);
		} else {
			assert_int_equal(set.len, 0);
			assert_true(error.len > 0);
		}
		buf_release(&text);
		buf_release(&set);
		buf_release(&back);
		buf_release(&error);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_new_member_goes_to_the_end_as_the_document_is_set_out),
		cmocka_unit_test(a_byte_order_mark_stays),
		cmocka_unit_test(a_member_that_is_there_keeps_its_place),
		cmocka_unit_test(unsetting_takes_one_comma_with_it),
		cmocka_unit_test(what_is_not_strict_json_is_refused),
		cmocka_unit_test(depth_and_size_have_limits),
		cmocka_unit_test(only_one_value_is_put_in),
		cmocka_unit_test(set_then_unset_gives_the_same_bytes),
		cmocka_unit_test(a_value_replaced_and_put_back_gives_the_same_bytes),
		cmocka_unit_test(a_damaged_document_is_edited_whole_or_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
