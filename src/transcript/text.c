#include "transcript/text.h"

#include "base/printable.h"
#include "base/utf8.h"

/* A blank stands for what would steer a terminal or turn a line around; U+FFFD for what is not UTF-8. */
static uint32_t harmless(uint32_t code)
{
	if (code == WALK_NO_CHAR)
		return 0xFFFD;
	return printable_is_unsafe(code) ? ' ' : code;
}

size_t scan_unescape(struct slice s, char *out, size_t size, size_t max_chars)
{
	size_t len = 0, at = 0;
	bool blank = true;  /* leading blanks go */
	while (s.data && at < s.len && max_chars > 0) {
		char bytes[4];
		uint32_t code = harmless(slice_take_char(s, &at));
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
