/* printable: what a terminal or a reader of JSON may get of a text. */
#include "unit.h"

#include "base/printable.h"

static void expect_clean(const char *text, size_t len, const char *expected)
{
	AUTO_BUF out = BUF_INIT;
	printable_clean(&out, text, len);
	assert_string_equal(buf_str(&out), expected);
}

#define EXPECT_CLEAN(literal, expected) expect_clean("" literal, sizeof(literal) - 1, expected)

static void test_cleaning(void **state UNUSED)
{
	EXPECT_CLEAN("plain, \xC3\xA4, \xE2\x82\xAC, \xF0\x9F\x98\x80",
		     "plain, \xC3\xA4, \xE2\x82\xAC, \xF0\x9F\x98\x80");
	EXPECT_CLEAN("\033[31mred\a\n\t\0end", "?[31mred????end");
	EXPECT_CLEAN("\x7F", "?");
	EXPECT_CLEAN("\xC2\x9B" "31m", "?31m");                         /* C1: CSI */
	EXPECT_CLEAN("a\xE2\x80\xAE" "b\xE2\x81\xA6" "c", "a?b?c");       /* override, isolate */
	EXPECT_CLEAN("\x9B" "31m", "?31m");                             /* no UTF-8 */
	EXPECT_CLEAN("\xC0\x9B", "??");                                 /* overlong */
	EXPECT_CLEAN("\xE0\x82\x9B", "???");                            /* overlong */
	EXPECT_CLEAN("\xED\xA0\x80", "???");                            /* surrogate */
	EXPECT_CLEAN("\xF4\x90\x80\x80", "????");                       /* past the end */
	EXPECT_CLEAN("\xE2\x82", "??");                                 /* cut off */
	/* What nobody sees: soft hyphen, zero-width blank, word joiner, byte order mark, a tag, a Hangul
	 * filler. */
	EXPECT_CLEAN("a\xC2\xAD"
		     "b\xE2\x80\x8B"
		     "c\xE2\x81\xA0"
		     "d\xEF\xBB\xBF"
		     "e\xF3\xA0\x81\xA1"
		     "f\xE3\x85\xA4",
		     "a?b?c?d?e?f?");
	/* A joiner joins emoji, and Persian letters; anywhere else it hides. */
	EXPECT_CLEAN("\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x92\xBB",
		     "\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x92\xBB");
	EXPECT_CLEAN("\xE2\x9D\xA4\xEF\xB8\x8F\xE2\x80\x8D\xF0\x9F\x94\xA5",
		     "\xE2\x9D\xA4\xEF\xB8\x8F\xE2\x80\x8D\xF0\x9F\x94\xA5");
	EXPECT_CLEAN("\xF0\x9F\x91\xA9\xE2\x80\x8D", "\xF0\x9F\x91\xA9?");
	EXPECT_CLEAN("a\xE2\x80\x8D" "b", "a?b");
	EXPECT_CLEAN("\xDB\x8C\xE2\x80\x8C\xDA\xA9", "\xDB\x8C\xE2\x80\x8C\xDA\xA9");
	EXPECT_CLEAN("a\xE2\x80\x8C" "b", "a?b");
}

static void test_cleaning_json(void **state UNUSED)
{
	static const char text[] = "{\n\t\"a\": \"\x7F\xC2\x9B\xC3\xA4\xFF\xF3\xA0\x81\xA1\"}";
	AUTO_BUF out = BUF_INIT;
	printable_clean_json(&out, text, sizeof(text) - 1);
	assert_string_equal(buf_str(&out), "{\n\t\"a\": \"\\u007f\\u009b\xC3\xA4\\ufffd\\udb40\\udc61\"}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cleaning),
		cmocka_unit_test(test_cleaning_json),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
