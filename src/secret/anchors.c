#include "secret/anchors.h"

#include <stdint.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

/* Which sets a byte at each of the three places fits, by its lower and its upper half. */
static struct {
	uint8_t low[SECRET_ANCHOR_LEN][16], high[SECRET_ANCHOR_LEN][16];
} tables;

void secret_anchors_add(const char *anchor, unsigned set)
{
	uint8_t bit = (uint8_t)(1U << set);
	for (int i = 0; i < SECRET_ANCHOR_LEN; i++) {
		tables.low[i][anchor[i] & 15] |= bit;
		tables.high[i][(unsigned char)anchor[i] >> 4] |= bit;
	}
}

static inline unsigned sets_at(const char *at)
{
	unsigned sets = ~0U;
	for (int i = 0; i < SECRET_ANCHOR_LEN; i++) {
		unsigned char c = (unsigned char)at[i];
		sets &= (unsigned)tables.low[i][c & 15] & tables.high[i][c >> 4];
	}
	return sets;
}

const char *secret_anchors_next_plain(const char *at, const char *end, unsigned *sets)
{
	for (; end - at >= SECRET_ANCHOR_LEN; at++) {
		*sets = sets_at(at);
		if (*sets)
			return at;
	}
	return NULL;
}

#if defined(__x86_64__)

#define BLOCK_BYTES 32
#define TURN_BYTES ((ptrdiff_t)2 * BLOCK_BYTES)

/* The tables in registers. */
struct vectors {
	__m256i low0, low1, low2, high0, high1, high2;
};

__attribute__((target("avx2"))) static inline __m256i load_table(const uint8_t table[16])
{
	return _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(const void *)table));
}

/* The sets that the 32 bytes at `at` fit by one of the three places. */
__attribute__((target("avx2"))) static inline __m256i fit(const char *at, __m256i low, __m256i high)
{
	__m256i text = _mm256_loadu_si256((const __m256i *)(const void *)at);
	__m256i upper = _mm256_and_si256(_mm256_srli_epi16(text, 4), _mm256_set1_epi8(15));
	/* A byte that is no ASCII has its highest bit set, for which the shuffle gives 0. */
	return _mm256_and_si256(_mm256_shuffle_epi8(low, text), _mm256_shuffle_epi8(high, upper));
}

/* By all three. Reads two bytes beyond the 32. */
__attribute__((target("avx2"))) static inline __m256i fits(const char *at, const struct vectors *v)
{
	return _mm256_and_si256(_mm256_and_si256(fit(at, v->low0, v->high0), fit(at + 1, v->low1, v->high1)),
				fit(at + 2, v->low2, v->high2));
}

/* A bit for each of the 64 places from `at` on that fits a set. */
__attribute__((target("avx2"))) static inline uint64_t places(const char *at, const struct vectors *v)
{
	const __m256i none = _mm256_setzero_si256();
	__m256i first = fits(at, v), second = fits(at + BLOCK_BYTES, v);
	__m256i either = _mm256_or_si256(first, second);
	if (__builtin_expect(_mm256_testz_si256(either, either), 1))
		return 0;
	return ~((uint64_t)(uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(first, none))
		 | (uint64_t)(uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(second, none)) << BLOCK_BYTES);
}

__attribute__((target("avx2"))) static const char *next_avx2(const char *at, const char *end, unsigned *sets)
{
	const ptrdiff_t need = TURN_BYTES + SECRET_ANCHOR_LEN - 1;
	uint64_t found = 0;
	const char *start = end - need;
	if (end - at < need)
		return secret_anchors_next_plain(at, end, sets);
	const struct vectors v = {
		load_table(tables.low[0]), load_table(tables.low[1]), load_table(tables.low[2]),
		load_table(tables.high[0]), load_table(tables.high[1]), load_table(tables.high[2]),
	};
	for (; at <= start; at += TURN_BYTES) {
		found = places(at, &v);
		if (found)
			break;
	}
	/* What is left is less than a turn: the last turn overlaps the one before. */
	if (!found && at < start + TURN_BYTES)
		found = places(start, &v) >> (at - start);
	if (!found)
		return NULL;
	at += __builtin_ctzll(found);
	*sets = sets_at(at);
	return at;
}

const char *secret_anchors_next(const char *at, const char *end, unsigned *sets)
{
	return __builtin_cpu_supports("avx2") ? next_avx2(at, end, sets)
					      : secret_anchors_next_plain(at, end, sets);
}

#else

const char *secret_anchors_next(const char *at, const char *end, unsigned *sets)
{
	return secret_anchors_next_plain(at, end, sets);
}

#endif
