/* The lines of swatch.conf (base/ini.h). The cases are what libinih 55, which read the file before, made of
 * the same text. */
#include "unit.h"

#include "base/buf.h"
#include "base/ini.h"

/* "[section] key = value" for each setting, "+ more" for an indented line, "! number" for a fault. */
static void expect(const char *text, const char *expected)
{
	struct ini_reader reader = { .text = text, .len = strlen(text) };
	struct ini_line line;
	AUTO_BUF out = BUF_INIT;
	while (ini_next(&reader, &line)) {
		int section_len = (int)reader.section.len, name_len = (int)line.name.len,
		    value_len = (int)line.value.len;
		if (line.kind == INI_SETTING)
			buf_printf(&out, "[%.*s] %.*s = %.*s\n", section_len,
				   section_len ? reader.section.data : "", name_len, line.name.data,
				   value_len, line.value.data);
		else if (line.kind == INI_MORE)
			buf_printf(&out, "+ %.*s\n", value_len, line.value.data);
		else if (line.kind == INI_FAULT)
			buf_printf(&out, "! %d\n", line.number);
	}
	if (strcmp(buf_str(&out), expected) != 0)
		fail_msg("%s: is\n%s, not\n%s", text, buf_str(&out), expected);
}

static void settings_belong_to_the_section_above_them(void **state)
{
	(void)state;
	expect("a = 1\n[s]\nb=2\n[t] what follows\n c : 3\n[ u ]\nd =\n",
	       "[] a = 1\n[s] b = 2\n[t] c = 3\n[ u ] d = \n");
	expect("[s]\nkey = a = b : c\nkey: a = b\n", "[s] key = a = b : c\n[s] key = a = b\n");
	expect("[s]\na = 1", "[s] a = 1\n");
	expect("", "");
}

static void comments_are_whole_lines_or_follow_a_blank(void **state)
{
	(void)state;
	expect("# a = 1\n; a = 1\n  # a = 1\n\n \t\n", "");
	expect("a = 1 ; x\nb = 1;x\nc = 1 # x\nd =; x\ne = ; x\n",
	       "[] a = 1\n[] b = 1;x\n[] c = 1 # x\n[] d = ; x\n[] e = \n");
	expect("a = 'x ; y'\n", "[] a = 'x\n");
	expect("[s] ; x\na = 1\n", "[s] a = 1\n");
}

static void an_indented_line_goes_on_below_a_setting_only(void **state)
{
	(void)state;
	expect("a = 1\n  2\n\n# x\n\t3 = 4 ; 5\n", "[] a = 1\n+ 2\n+ 3 = 4\n");
	expect("[s]\n  a = 1\n  b = 2\n[t]\n  c = 3\n", "[s] a = 1\n+ b = 2\n[t] c = 3\n");
	expect("a = 1\n  [s]\n", "[] a = 1\n+ [s]\n");
	expect("a = 1\nnonsense\n  2\n", "[] a = 1\n! 2\n+ 2\n");
}

static void what_is_none_of_these_is_a_fault(void **state)
{
	(void)state;
	expect("nonsense\n[s\na ; b = c\n[s ; ]\n[t]\nb = 1\n", "! 1\n! 2\n! 3\n! 4\n[t] b = 1\n");
}

static void marks_and_line_ends_do_not_count(void **state)
{
	(void)state;
	expect("\xEF\xBB\xBF[s]\r\na = 1\r\n\r\nb = 2 \r\n", "[s] a = 1\n[s] b = 2\n");
	expect("\xEF\xBB\xBF# x\n\xEF\xBB\xBF# y\n", "! 2\n");
}

static void a_line_knows_where_it_stands(void **state)
{
	(void)state;
	static const char text[] = "[s]\r\n\na = 1\n";
	struct ini_reader reader = { .text = text, .len = strlen(text) };
	struct ini_line line;
	assert_true(ini_next(&reader, &line));
	assert_int_equal(line.number, 1);
	assert_int_equal(line.start, 0);
	assert_int_equal(line.end, 3);
	assert_int_equal(line.next, 5);
	assert_true(ini_next(&reader, &line));
	assert_true(ini_next(&reader, &line));
	assert_int_equal(line.number, 3);
	assert_int_equal(line.start, 6);
	assert_int_equal(line.end, 11);
	assert_int_equal(line.next, 12);
	assert_false(ini_next(&reader, &line));
}

static void a_line_of_197_bytes_is_not_too_long(void **state)
{
	(void)state;
	char text[INI_LINE_MAX_BYTES + 2];
	memset(text, 'x', sizeof(text));
	for (size_t len = INI_LINE_MAX_BYTES - 1; len <= INI_LINE_MAX_BYTES + 1; len++) {
		struct ini_reader reader = { .text = text, .len = len };
		struct ini_line line;
		assert_true(ini_next(&reader, &line));
		assert_int_equal(line.too_long, len > INI_LINE_MAX_BYTES);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(settings_belong_to_the_section_above_them),
		cmocka_unit_test(comments_are_whole_lines_or_follow_a_blank),
		cmocka_unit_test(an_indented_line_goes_on_below_a_setting_only),
		cmocka_unit_test(what_is_none_of_these_is_a_fault),
		cmocka_unit_test(marks_and_line_ends_do_not_count),
		cmocka_unit_test(a_line_knows_where_it_stands),
		cmocka_unit_test(a_line_of_197_bytes_is_not_too_long),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
