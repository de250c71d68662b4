#include "unit.h"

#include "base/utf8.h"

/* Every character there is comes back as it went out, and takes the bytes that its range takes. */
static void gives_every_character_back(void **state)
{
	(void)state;
	for (uint32_t code = 0; code <= 0x10FFFF; code++) {
		char bytes[UTF8_MAX_BYTES];
		uint32_t back = UINT32_MAX;
		if (code == 0xD800)
			code = 0xE000;
		size_t len = utf8_encode(code, bytes);
		assert_int_equal(len, code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4);
		assert_int_equal(utf8_decode(bytes, len, &back), len);
		assert_int_equal(back, code);
		if (len > 1)
			assert_int_equal(utf8_decode(bytes, len - 1, &back), 0);
	}
}

static void reads_known_characters(void **state)
{
	(void)state;
	uint32_t code;
	assert_int_equal(utf8_decode("\xC3\xA9x", 3, &code), 2);
	assert_int_equal(code, 0xE9);
	assert_int_equal(utf8_decode("\xF0\x9F\x98\x80", 4, &code), 4);
	assert_int_equal(code, 0x1F600);
}

/* What RFC 3629 forbids is no character. */
static void refuses_what_is_no_character(void **state)
{
	(void)state;
	static const char *const bad[] = {
		"\x80", "\xBF",                       /* goes on with nothing */
		"\xC0\x80", "\xC1\xBF", "\xE0\x9F\xBF", "\xF0\x8F\xBF\xBF",  /* overlong */
		"\xED\xA0\x80", "\xED\xBF\xBF",       /* surrogates */
		"\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF",              /* past the last one */
		"\xC3(", "\xE2\x82(", "\xF0\x9F\x98("                       /* broken off */
	};
	uint32_t code;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(utf8_decode(bad[i], strlen(bad[i]), &code), 0);
}

static void plain_text_ends_at_the_first_other_byte(void **state)
{
	static const char others[] = { '\0', '\n', 0x1F, 0x7F, (char)0x80, (char)0xC3, (char)0xFF };
	(void)state;
	for (size_t len = 0; len <= 24; len++) {
		char text[24];
		memset(text, len % 2 ? ' ' : '~', sizeof(text));
		assert_int_equal(utf8_plain_len(text, len), len);
		for (size_t i = 0; i < sizeof(others) && len > 0; i++) {
			text[len - 1] = others[i];
			assert_int_equal(utf8_plain_len(text, sizeof(text)), len - 1);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gives_every_character_back),
		cmocka_unit_test(reads_known_characters),
		cmocka_unit_test(refuses_what_is_no_character),
		cmocka_unit_test(plain_text_ends_at_the_first_other_byte),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
