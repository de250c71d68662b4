#include "mkhome_text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define WORDS_BYTES ((size_t)4 << 20)
#define BASE64_BYTES ((size_t)6 << 20)
/* No word of the pool, with what follows it, is longer. */
#define WORD_MAX 64

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static struct buf words, base64;

uint64_t rng_next(struct rng *r)
{
	uint64_t z = r->state += UINT64_C(0x9e3779b97f4a7c15);
	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

uint64_t rng_below(struct rng *r, uint64_t bound)
{
	return rng_next(r) % bound;
}

int64_t rng_between(struct rng *r, int64_t low, int64_t high)
{
	return low + (int64_t)rng_below(r, (uint64_t)(high - low) + 1);
}

int64_t rng_skewed(struct rng *r, int64_t low, int64_t high)
{
	double share = (double)(rng_next(r) >> 11) / 9007199254740992.;
	return (int64_t)((double)low * exp(share * log((double)high / (double)low)));
}

bool rng_chance(struct rng *r, double percent)
{
	return (double)rng_below(r, 1000000) < percent * 10000.;
}

void text_append_word(struct buf *out, struct rng *r)
{
	static const char consonants[] = "bcdfghklmnprstvwz", vowels[] = "aeiou";
	uint64_t bits = rng_next(r);
	for (unsigned i = 1 + (unsigned)(bits & 3); i > 0; i--) {
		bits >>= 2;
		buf_append_char(out, consonants[(bits & 255) % (sizeof(consonants) - 1)]);
		bits >>= 8;
		buf_append_char(out, vowels[(bits & 15) % (sizeof(vowels) - 1)]);
		bits >>= 4;
	}
}

/* What stands between two words. No escape has a space inside, so that a cut after a space cuts none. */
static const char *gap_after_word(struct rng *r)
{
	static const char *const rare[] = { ".\\n\\n ",
					    ",\\n\\t\\t ",
					    "(); ",
					    " = \\\"",
					    "\\\" ",
					    "{\\n ",
					    "}\\n ",
					    "\\\\n ",
					    " \xe2\x86\x92 ",
					    " \\u001b[0m ",
					    "\xc3\xa9 ",
					    " \\u25cb ",
					    "/",
					    "_",
					    ": ",
					    " // ",
					    "->",
					    " \xf0\x9f\x98\x80 ",
					    "\\r\\n ",
					    " [1] " };
	return rng_chance(r, 70) ? " " : rare[rng_below(r, sizeof(rare) / sizeof(rare[0]))];
}

bool text_pool_init(uint64_t seed)
{
	struct rng r = { seed };
	while (words.len < WORDS_BYTES && !words.failed) {
		text_append_word(&words, &r);
		buf_append_str(&words, gap_after_word(&r));
	}
	buf_reserve(&base64, BASE64_BYTES);
	while (base64.len < BASE64_BYTES && !base64.failed) {
		uint64_t bits = rng_next(&r);
		char some[10];
		for (size_t i = 0; i < sizeof(some); i++, bits >>= 6)
			some[i] = alphabet[bits & 63];
		buf_append(&base64, some, sizeof(some));
	}
	return !words.failed && !base64.failed;
}

void text_pool_release(void)
{
	buf_release(&words);
	buf_release(&base64);
}

/* The first place after a space, from `at` on; the end of the pool when no space follows. */
static const char *next_word(const char *at)
{
	const char *end = words.data + words.len;
	const char *space = memchr(at, ' ', (size_t)(end - at));
	return space ? space + 1 : end;
}

void text_append(struct buf *out, struct rng *r, size_t len)
{
	while (len > WORD_MAX) {
		size_t piece = len < words.len / 2 ? len : words.len / 2;
		const char *from = next_word(words.data + rng_below(r, words.len - piece));
		const char *to = words.data + words.len;
		if ((size_t)(to - from) > piece)
			to = next_word(from + piece - WORD_MAX);
		buf_append(out, from, (size_t)(to - from));
		len -= piece;
	}
	if (len > 0)
		text_append_word(out, r);
}

void text_append_base64(struct buf *out, struct rng *r, size_t len)
{
	while (len > 0) {
		size_t piece = len < base64.len / 2 ? len : base64.len / 2;
		buf_append(out, base64.data + rng_below(r, base64.len - piece), piece);
		len -= piece;
	}
}

void text_append_uuid(struct buf *out, struct rng *r)
{
	static const char hex[] = "0123456789abcdef";
	const uint64_t bits[2] = { rng_next(r), rng_next(r) };
	char uuid[36];
	for (size_t i = 0, digit = 0; i < sizeof(uuid); i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;
		uuid[i] = dash ? '-' : hex[bits[digit / 16] >> (digit % 16 * 4) & 15];
		digit += !dash;
	}
	uuid[14] = '4';
	buf_append(out, uuid, sizeof(uuid));
}

void text_append_id(struct buf *out, struct rng *r, const char *prefix, size_t len)
{
	uint64_t bits = 0;
	buf_append_str(out, prefix);
	for (size_t i = 0; i < len; i++, bits >>= 6) {
		if (i % 10 == 0)
			bits = rng_next(r);
		buf_append_char(out, alphabet[(bits & 63) % 62]);
	}
}
