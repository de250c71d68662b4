#include "transcript/find.h"

#include <string.h>

#include "json/string_end.h"

/* A line whose brackets go further up or down than this is walked. */
#define LEVELS 64

#if defined(__SSE2__)

/* The key's 'u' and 'g': other text seldom has these two letters three bytes apart. */
#define FIRST_AT 1
#define SECOND_AT 4

static inline __m128i load(const char *at)
{
	return _mm_loadu_si128((const __m128i *)(const void *)at);
}

/* Marks those of the 16 places from `at` on where the key may begin. Reads 16 + SECOND_AT bytes. */
static inline __m128i key_places(const char *at)
{
	__m128i first = _mm_cmpeq_epi8(load(at + FIRST_AT), _mm_set1_epi8('u'));
	__m128i second = _mm_cmpeq_epi8(load(at + SECOND_AT), _mm_set1_epi8('g'));
	return _mm_and_si128(first, second);
}

/* Returns the first key that begins in the 16 places from `at` on, or NULL. */
static const char *find_among(const char *at)
{
	for (unsigned places = (unsigned)_mm_movemask_epi8(key_places(at)); places; places &= places - 1) {
		const char *place = at + __builtin_ctz(places);
		if (memcmp(place, SCAN_USAGE_KEY, SCAN_USAGE_KEY_LEN) == 0)
			return place;
	}
	return NULL;
}

#endif

const char *scan_find_usage(const char *at, const char *end)
{
#if defined(__SSE2__)
	/* One test for 64 places, since most of them have no key. */
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
#endif
	return memmem(at, (size_t)(end - at), SCAN_USAGE_KEY, SCAN_USAGE_KEY_LEN);
}

/* Returns the place after a string whose opening quote was passed; `end` when the string does not end. */
static const char *pass_string(const char *at, const char *end)
{
	while ((at = json_find_string_end(at, end)) < end) {
		if (*at == '"')
			return at + 1;
		at += *at == '\\' ? 2 : 1;
	}
	return end;
}

/* Skips hits inside of strings, where a backslash precedes the key's quote. */
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
	/* Levels count from the first key's own level, which only the line's end tells. */
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
	return level >= LEVELS || memchr(seen, 1, (size_t)level + 3);
}
