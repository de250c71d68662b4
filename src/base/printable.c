#include "base/printable.h"

#include <string.h>

#include "base/utf8.h"

bool printable_is_unsafe(uint32_t code)
{
	return code < 0x20 || (code >= 0x7F && code <= 0x9F)
	       || code == 0x061C || code == 0x200E || code == 0x200F   /* directional marks */
	       || (code >= 0x2028 && code <= 0x202E)                   /* separators, embeddings, overrides */
	       || (code >= 0x2066 && code <= 0x2069);                  /* isolates */
}

void printable_mask(char *text, size_t len)
{
	for (size_t at = 0; at < len;) {
		uint32_t code;
		size_t took = utf8_decode(text + at, len - at, &code);
		size_t masked = took == 0 ? 1 : printable_is_unsafe(code) ? took : 0;
		memset(text + at, '?', masked);
		at += took ? took : 1;
	}
}

void printable_clean(struct buf *out, const char *text, size_t len)
{
	while (len > 0) {
		uint32_t code = 0;
		size_t took = utf8_decode(text, len, &code);
		if (took == 0 || printable_is_unsafe(code)) {
			buf_append_char(out, '?');
			took = took ? took : 1;
		} else {
			buf_append(out, text, took);
		}
		text += took;
		len -= took;
	}
}

void printable_clean_json(struct buf *out, const char *text, size_t len)
{
	while (len > 0) {
		uint32_t code = 0;
		size_t took = utf8_decode(text, len, &code);
		if (took == 0)
			buf_append_str(out, "\\ufffd");
		else if (code >= 0x20 && printable_is_unsafe(code))
			buf_printf(out, "\\u%04x", (unsigned)code);
		else
			buf_append(out, text, took);
		took = took ? took : 1;
		text += took;
		len -= took;
	}
}
