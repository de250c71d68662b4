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
