#include "base/siphash.h"

/* Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012. */

struct state {
	uint64_t a, b, c, d;
};

static uint64_t rotate(uint64_t x, unsigned bits)
{
	return x << bits | x >> (64 - bits);
}

static void mix(struct state *s, unsigned rounds)
{
	while (rounds-- > 0) {
		s->a += s->b;
		s->b = rotate(s->b, 13) ^ s->a;
		s->a = rotate(s->a, 32);
		s->c += s->d;
		s->d = rotate(s->d, 16) ^ s->c;
		s->a += s->d;
		s->d = rotate(s->d, 21) ^ s->a;
		s->c += s->b;
		s->b = rotate(s->b, 17) ^ s->c;
		s->c = rotate(s->c, 32);
	}
}

/* Up to 8 bytes as a number, the lowest first. */
static uint64_t number_of(const uint8_t *bytes, size_t count)
{
	uint64_t number = 0;
	for (size_t i = 0; i < count; i++)
		number |= (uint64_t)bytes[i] << 8 * i;
	return number;
}

static void take(struct state *s, uint64_t word)
{
	s->d ^= word;
	mix(s, 2);
	s->a ^= word;
}

uint64_t siphash(const uint8_t key[SIPHASH_KEY_BYTES], const void *bytes, size_t len)
{
	const uint8_t *at = bytes;
	uint64_t low = number_of(key, 8), high = number_of(key + 8, 8);
	struct state s = { low ^ UINT64_C(0x736f6d6570736575), high ^ UINT64_C(0x646f72616e646f6d),
			   low ^ UINT64_C(0x6c7967656e657261), high ^ UINT64_C(0x7465646279746573) };
	size_t left = len;
	for (; left >= 8; left -= 8, at += 8)
		take(&s, number_of(at, 8));
	take(&s, number_of(at, left) | (uint64_t)(len & 0xff) << 56);
	s.c ^= 0xff;
	mix(&s, 4);
	return s.a ^ s.b ^ s.c ^ s.d;
}
