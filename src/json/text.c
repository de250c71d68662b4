/* The characters of JSON strings: escapes and UTF-8. */
#include <string.h>

#include "base/utf8.h"
#include "json/walk.h"

static uint32_t hex_value(const char *s)
{
	uint32_t value = 0;
	for (int i = 0; i < 4; i++) {
		char c = s[i];
		value = value * 16 + (uint32_t)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
	}
	return value;
}

static uint32_t simple_escape(char c)
{
	static const char letters[] = "nrtbf", characters[] = "\n\r\t\b\f";
	const char *found = memchr(letters, c, sizeof(letters) - 1);
	return found ? (unsigned char)characters[found - letters] : (unsigned char)c;
}

static uint32_t take_escape(struct slice s, size_t *at)
{
	char c = s.data[*at + 1];
	if (c != 'u') {
		*at += 2;
		return simple_escape(c);
	}
	uint32_t code = hex_value(s.data + *at + 2);
	*at += 6;
	const char *next = s.data + *at;
	if (code >= 0xD800 && code < 0xDC00 && *at + 6 <= s.len && next[0] == '\\' && next[1] == 'u') {
		uint32_t low = hex_value(next + 2);
		if (low >= 0xDC00 && low < 0xE000) {
			*at += 6;
			return 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
		}
	}
	return code >= 0xD800 && code < 0xE000 ? WALK_NO_CHAR : code;
}

static uint32_t take_plain(struct slice s, size_t *at)
{
	uint32_t code;
	size_t took = utf8_decode(s.data + *at, s.len - *at, &code);
	*at += took ? took : 1;
	return took ? code : WALK_NO_CHAR;
}

uint32_t slice_take_char(struct slice s, size_t *at)
{
	return s.data[*at] == '\\' ? take_escape(s, at) : take_plain(s, at);
}

/* Returns how many bytes from the start are ASCII without an escape: nearly always all of them. */
static size_t plain_len(struct slice s)
{
	const uint64_t ones = UINT64_C(0x0101010101010101), highs = UINT64_C(0x8080808080808080);
	size_t at = 0;
	for (uint64_t word; at + sizeof(word) <= s.len; at += sizeof(word)) {
		memcpy(&word, s.data + at, sizeof(word));
		uint64_t backslash = word ^ (ones * '\\');
		if ((word | ((backslash - ones) & ~backslash)) & highs)
			break;
	}
	while (at < s.len && s.data[at] != '\\' && (unsigned char)s.data[at] < 0x80)
		at++;
	return at;
}

bool slice_is_text(struct slice s)
{
	size_t at = plain_len(s);
	while (at < s.len)
		if (slice_take_char(s, &at) == WALK_NO_CHAR)
			return false;
	return true;
}

bool slice_to_text(struct slice s, char *out, size_t size, size_t *len)
{
	size_t at = plain_len(s);
	*len = 0;
	if (at > size)
		return false;
	memcpy(out, s.data, at);
	*len = at;
	while (at < s.len) {
		char bytes[UTF8_MAX_BYTES];
		uint32_t code = slice_take_char(s, &at);
		if (code == WALK_NO_CHAR)
			return false;
		size_t count = utf8_encode(code, bytes);
		if (count > size - *len)
			return false;
		memcpy(out + *len, bytes, count);
		*len += count;
	}
	return true;
}

void slice_append_text(struct slice s, struct buf *out)
{
	for (size_t at = 0; at < s.len;) {
		const char *from = s.data + at;
		const char *escape = memchr(from, '\\', s.len - at);
		size_t plain = escape ? (size_t)(escape - from) : s.len - at;
		buf_append(out, from, plain);
		at += plain;
		if (!escape)
			continue;
		char bytes[UTF8_MAX_BYTES];
		uint32_t code = take_escape(s, &at);
		buf_append(out, bytes, utf8_encode(code == WALK_NO_CHAR ? UTF8_REPLACEMENT : code, bytes));
	}
}
