#include "swatch/statusline/text.h"

#include <stdint.h>

#include "base/printable.h"
#include "base/utf8.h"

const char *statusline_text_find_fault(const char *text, size_t len, const char **at)
{
	const char *end = text + len;
	uint32_t before = 0, code;
	for (size_t took = 0; text < end; text += took, before = code) {
		size_t rest = (size_t)(end - text);
		*at = text;
		took = utf8_decode(text, rest, &code);
		if (took == 0)
			return "this is not UTF-8";
		if (code < 0x20)
			return "a control character; a new line is \\n";
		if (printable_is_unsafe_at(before, code, text, rest, took))
			return "an invisible character that controls a terminal";
	}
	return NULL;
}
