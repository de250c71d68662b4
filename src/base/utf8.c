#include "base/utf8.h"

#include <string.h>

size_t utf8_decode(const char *text, size_t len, uint32_t *code)
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

size_t utf8_plain_len(const char *text, size_t len)
{
	const uint64_t ones = UINT64_C(0x0101010101010101), highs = UINT64_C(0x8080808080808080);
	size_t at = 0;
	for (uint64_t word; at + sizeof(word) <= len; at += sizeof(word)) {
		memcpy(&word, text + at, sizeof(word));
		uint64_t rubout = word ^ (ones * 0x7F);
		if ((word | (word - ones * 0x20) | (rubout - ones)) & highs)
			break;
	}
	while (at < len && text[at] >= 0x20 && text[at] < 0x7F)
		at++;
	return at;
}

size_t utf8_encode(uint32_t code, char out[UTF8_MAX_BYTES])
{
	static const unsigned char first[] = { 0, 0, 0xC0, 0xE0, 0xF0 };
	size_t len = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
	for (size_t i = len - 1; i > 0; i--, code >>= 6)
		out[i] = (char)(0x80 | (code & 0x3F));
	out[0] = (char)(first[len] | code);
	return len;
}
