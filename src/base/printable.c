#include "base/printable.h"

#include <string.h>

size_t printable_decode(const char *text, size_t len, uint32_t *code)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const unsigned char *bytes = (const unsigned char *)text;
	size_t need = bytes[0] < 0x80 ? 1 : bytes[0] < 0xC2 ? 0 : bytes[0] < 0xE0 ? 2 : bytes[0] < 0xF0 ? 3
		      : bytes[0] < 0xF5 ? 4 : 0;
	if (need == 0 || need > len)
		return 0;
	uint32_t value = need == 1 ? bytes[0] : bytes[0] & (0xFFU >> (need + 1));
	for (size_t i = 1; i < need; i++) {
		if ((bytes[i] & 0xC0) != 0x80)
			return 0;
		value = value << 6 | (bytes[i] & 0x3F);
	}
	if (value < least[need] || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF))
		return 0;
	*code = value;
	return need;
}

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
		size_t took = printable_decode(text + at, len - at, &code);
		size_t masked = took == 0 ? 1 : printable_is_unsafe(code) ? took : 0;
		memset(text + at, '?', masked);
		at += took ? took : 1;
	}
}
