#include "base/find.h"

/* Levels further apart than this are not told apart: such a line is walked. */
#define LEVELS 64

#if defined(__SSE2__)

/* Two bytes of the key that seldom stand three apart in any text: its 'u' and its 'g'. */
#define FIRST_AT 1
#define SECOND_AT 4

/* Which of the 16 places from `at` on may begin the key. Reads 16 + SECOND_AT bytes. */
static inline __m128i key_places(const char *at)
{
	__m128i first = _mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *)(const void *)(at + FIRST_AT)), _mm_set1_epi8('u'));
	__m128i second = _mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *)(const void *)(at + SECOND_AT)), _mm_set1_epi8('g'));
	return _mm_and_si128(first, second);
}

/* The first key that begins in the 16 places from `at` on. */
static const char *find_among(const char *at)
{
	for (unsigned places = (unsigned)_mm_movemask_epi8(key_places(at)); places; places &= places - 1) {
		const char *place = at + __builtin_ctz(places);
		if (memcmp(place, SCAN_USAGE_KEY, SCAN_USAGE_KEY_LEN) == 0)
			return place;
	}
	return NULL;
}

const char *scan_find_usage(const char *at, const char *end)
{
	/* Four at a time: one test for all of them, since most have none. */
	for (; end - at >= 64 + SECOND_AT + 2; at += 64) {
		__m128i any = _mm_or_si128(_mm_or_si128(key_places(at), key_places(at + 16)),
					   _mm_or_si128(key_places(at + 32), key_places(at + 48)));
		if (_mm_movemask_epi8(any) == 0)
			continue;
		for (size_t i = 0; i < 64; i += 16) {
			const char *place = find_among(at + i);
			if (place)
				return place;
		}
	}
	return memmem(at, (size_t)(end - at), SCAN_USAGE_KEY, SCAN_USAGE_KEY_LEN);
}

#else

const char *scan_find_usage(const char *at, const char *end)
{
	return memmem(at, (size_t)(end - at), SCAN_USAGE_KEY, SCAN_USAGE_KEY_LEN);
}

#endif

/* Past the string whose opening quote was passed; `end` when it does not end. */
static const char *pass_string(const char *at, const char *end)
{
	while ((at = scan_find_string_end(at, end)) < end) {
		if (*at == '"')
			return at + 1;
		at += *at == '\\' ? 2 : 1;
	}
	return end;
}

/* The first key from `hit` on that is no text: in a string its quote would stand behind a backslash. */
static const char *first_key(const char *line, const char *hit, const char *end)
{
	while (hit && hit > line && hit[-1] == '\\')
		hit = scan_find_usage(hit + 1, end);
	return hit;
}

/*
 * What a character outside of strings does to the level. One that JSON does not have there shows that the line is
 * damaged: it takes the level out of all bounds.
 */
#define FOREIGN 127
#define FOREIGN_16 FOREIGN, FOREIGN, FOREIGN, FOREIGN, FOREIGN, FOREIGN, FOREIGN, FOREIGN, \
		   FOREIGN, FOREIGN, FOREIGN, FOREIGN, FOREIGN, FOREIGN, FOREIGN, FOREIGN
#define X FOREIGN
static const signed char level_steps[256] = {
	X, X, X, X, X, X, X, X, X, 0, 0, X, X, 0, X, X,      /* tab, newline, return */
	FOREIGN_16,
	0, X, 0, X, X, X, X, X, X, X, X, 0, 0, 0, 0, X,      /* blank " + , - . */
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, X, X, X, X, X,      /* digits : */
	X, X, X, X, X, 0, X, X, X, X, X, X, X, X, X, X,      /* E */
	X, X, X, X, X, X, X, X, X, X, X, 1, X, -1, X, X,     /* [ ] */
	X, 0, X, X, X, 0, 0, X, X, X, X, X, 0, X, 0, X,      /* a e f l n */
	X, X, 0, 0, 0, 0, X, X, X, X, X, 1, X, -1, X, X,     /* r s t u { } */
	FOREIGN_16, FOREIGN_16, FOREIGN_16, FOREIGN_16, FOREIGN_16, FOREIGN_16, FOREIGN_16, FOREIGN_16,
};
#undef X

bool scan_hit_may_count(const char *line, const char *hit, const char *end)
{
	/* Levels are told from the key's own, which is not known before the line's end. */
	bool seen[2 * LEVELS] = { false };
	int level = LEVELS;
	const char *at = first_key(line, hit, end);
	if (!at)
		return false;
	while (at < end) {
		if (*at == '"') {
			if ((size_t)(end - at) >= SCAN_USAGE_KEY_LEN
			    && memcmp(at, SCAN_USAGE_KEY, SCAN_USAGE_KEY_LEN) == 0)
				seen[level] = true;
			at = pass_string(at + 1, end);
			continue;
		}
		level += level_steps[(unsigned char)*at++];
		if (level < 0 || level >= 2 * LEVELS)
			return true;
	}
	/* A whole line closes the key's own brackets, too; of two records on a line, the second one may stay open. */
	return level >= LEVELS || memchr(seen, true, (size_t)level + 3);
}
