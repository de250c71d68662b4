#include "secret/random.h"

#include <ctype.h>
#include <math.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "base/array.h"

#define RUN_MAX 5                /* so many of "abcdef" or "aaaaaa" happen by chance */
#define PERIOD_MAX 16            /* longer parts do not repeat in what people type */
#define PERIODIC_MIN 10          /* so many characters that repeat are no chance */

bool secret_has_entropy(const char *text, size_t len, double min_bits)
{
	unsigned counts[256] = { 0 };
	double bits = 0.;
	for (size_t i = 0; i < len; i++)
		counts[(unsigned char)text[i]]++;
	for (size_t i = 0; i < ARRAY_COUNT(counts); i++)
		if (counts[i] > 0)
			bits -= counts[i] * log2((double)counts[i] / (double)len);
	return len > 0 && bits / (double)len >= min_bits;
}

/* "aaaaaa", "abcdef", "654321". */
static bool has_run(const char *text, size_t len)
{
	int step = 0;
	size_t run = 1;
	for (size_t i = 1; i < len; i++) {
		int now = tolower((unsigned char)text[i]) - tolower((unsigned char)text[i - 1]);
		run = now == step && now >= -1 && now <= 1 ? run + 1 : 2;
		step = now;
		if (run > RUN_MAX && now >= -1 && now <= 1)
			return true;
	}
	return false;
}

static bool repeats(const char *text, size_t len)
{
	for (size_t period = 2; period <= PERIOD_MAX; period++) {
		size_t same = 0;
		for (size_t i = period; i < len; i++) {
			same = text[i] == text[i - period] ? same + 1 : 0;
			if (same >= PERIODIC_MIN)
				return true;
		}
	}
	return false;
}

static bool has_word(const char *text, size_t len)
{
	static const char *const words[] = { "example", "xxxx", "placeholder", "redacted", "sample", "dummy",
					     "fake", "replace", "insert", "your", "changeme" };
	for (size_t w = 0; w < ARRAY_COUNT(words); w++) {
		size_t word_len = strlen(words[w]);
		for (size_t i = 0; i + word_len <= len; i++)
			if (strncasecmp(text + i, words[w], word_len) == 0)
				return true;
	}
	return false;
}

bool secret_is_random(const char *text, size_t len, double min_bits)
{
	return secret_has_entropy(text, len, min_bits) && !has_run(text, len) && !repeats(text, len)
	       && !has_word(text, len);
}

/* As zlib has it. A token is short: no table is worth its memory. */
static uint32_t crc32_of(const char *text, size_t len)
{
	uint32_t crc = UINT32_MAX;
	for (size_t i = 0; i < len; i++) {
		crc ^= (unsigned char)text[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? UINT32_C(0xEDB88320) : 0);
	}
	return ~crc;
}

bool secret_has_checksum(const char *text, size_t len)
{
	static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
	const size_t checksum_len = 6;
	if (len <= checksum_len)
		return false;
	uint32_t crc = crc32_of(text, len - checksum_len);
	for (size_t i = len; i > len - checksum_len; i--, crc /= 62)
		if (text[i - 1] != digits[crc % 62])
			return false;
	return true;
}
