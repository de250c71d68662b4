#include "transcript/text.h"

#include "base/printable.h"
#include "base/utf8.h"

/*
 * The next character of a string. A blank stands for what would steer a terminal, turn a line around or hide
 * in it; U+FFFD for what is not UTF-8.
 */
static uint32_t take_harmless(struct slice s, size_t *at, uint32_t before)
{
	uint32_t code = slice_take_char(s, at), after = 0;
	size_t next = *at;
	if (code == WALK_NO_CHAR)
		return 0xFFFD;
	if (!printable_is_unsafe(code))
		return code;
	if (next < s.len)
		after = slice_take_char(s, &next);
	return printable_is_unsafe_between(before, code, after) ? ' ' : code;
}

size_t scan_unescape(struct slice s, char *out, size_t size, size_t max_chars)
{
	size_t len = 0, at = 0;
	bool blank = true;  /* leading blanks go */
	uint32_t before = 0;
	while (s.data && at < s.len && max_chars > 0) {
		char bytes[4];
		uint32_t code = take_harmless(s, &at, before);
		before = code;
		if (code == ' ' && blank)
			continue;
		blank = code == ' ';
		size_t count = utf8_encode(code, bytes);
		if (len + count >= size)
			break;
		memcpy(out + len, bytes, count);
		len += count;
		max_chars--;
	}
	if (len > 0 && out[len - 1] == ' ')
		len--;
	if (size > 0)
		out[len] = '\0';
	return len;
}
