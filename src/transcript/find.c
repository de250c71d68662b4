#include "transcript/find.h"

#include <string.h>

#include "json/string_end.h"

/* A line whose brackets go further up or down than this is walked. */
#define LEVELS 64

/* "\u0075" */
#define ESCAPE_LEN 6

/* Whether an escape begins at `at` that stands for a small letter; the six bytes are there. Nobody has to
 * write these so. */
static bool is_escaped_letter(const char *start, const char *at)
{
	const char *before = at;
	if (at[0] != '\\' || at[1] != 'u' || at[2] != '0' || at[3] != '0' || (at[4] | 1) != '7')
		return false;
	/* Behind another backslash it is text that speaks of an escape. */
	while (before > start && before[-1] == '\\')
		before--;
	return (at - before) % 2 == 0;
}

#if defined(__SSE2__)

/* The key's 'u' and 'g': other text seldom has these two letters three bytes apart. */
#define FIRST_AT 1
#define SECOND_AT 4

static inline __m128i load(const char *at)
{
	return _mm_loadu_si128((const __m128i *)(const void *)at);
}

/*
 * Marks those of the 16 places from `at` on where the key may begin, or a letter that is written \u006x or
 * \u007x. Reads 16 + SECOND_AT bytes.
 */
static inline __m128i key_places(const char *at)
{
	__m128i first = _mm_cmpeq_epi8(load(at + FIRST_AT), _mm_set1_epi8('u'));
	/* 'g', '6' and '7' without the bits in which they differ; a few others look the same. */
	__m128i rest = _mm_and_si128(load(at + SECOND_AT), _mm_set1_epi8((char)0xAE));
	__m128i second = _mm_cmpeq_epi8(rest, _mm_set1_epi8('g' & 0xAE));
	return _mm_and_si128(first, second);
}

/* Returns the first key, or escaped letter, that begins in the 16 places from `at` on, or NULL. */
static const char *find_among(const char *start, const char *at)
{
	for (unsigned places = (unsigned)_mm_movemask_epi8(key_places(at)); places; places &= places - 1) {
		const char *place = at + __builtin_ctz(places);
		if (memcmp(place, SCAN_USAGE_KEY, SCAN_USAGE_KEY_LEN) == 0 || is_escaped_letter(start, place))
			return place;
	}
	return NULL;
}

#endif

const char *scan_find_usage(const char *at, const char *end)
{
	const char *start = at;
#if defined(__SSE2__)
	/* One test for 64 places, since most of them have no key. */
	for (; end - at >= 64 + SECOND_AT + 2; at += 64) {
		__m128i any = _mm_or_si128(_mm_or_si128(key_places(at), key_places(at + 16)),
					   _mm_or_si128(key_places(at + 32), key_places(at + 48)));
		if (_mm_movemask_epi8(any) == 0)
			continue;
		for (size_t i = 0; i < 64; i += 16) {
			const char *place = find_among(start, at + i);
			if (place)
				return place;
		}
	}
#endif
	const char *key = memmem(at, (size_t)(end - at), SCAN_USAGE_KEY, SCAN_USAGE_KEY_LEN);
	const char *limit = key ? key : end, *escape;
	while ((escape = memmem(at, (size_t)(limit - at), "\\u00", 4)) && limit - escape >= ESCAPE_LEN) {
		if (is_escaped_letter(start, escape))
			return escape;
		at = escape + 1;
	}
	return key;
}

/*
 * Returns the place after a string whose opening quote was passed; `end` when the string does not end. Sets
 * *escaped when a letter in it is written as an escape: it may be the key.
 */
static const char *pass_string(const char *at, const char *end, bool *escaped)
{
	while ((at = json_find_string_end(at, end)) < end) {
		if (*at == '"')
			return at + 1;
		*escaped = *escaped || ((size_t)(end - at) >= ESCAPE_LEN && is_escaped_letter(at, at));
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
 * What a character outside of strings does to the level. One that JSON does not have there shows that the
 * line is damaged: it takes the level out of all bounds.
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
	bool escaped = *hit == '\\';
	const char *at = escaped ? NULL : first_key(line, hit, end);
	if (!at || escaped || *at == '\\')
		return escaped || at;
	while (at < end) {
		if (*at == '"') {
			if ((size_t)(end - at) >= SCAN_USAGE_KEY_LEN
			    && memcmp(at, SCAN_USAGE_KEY, SCAN_USAGE_KEY_LEN) == 0)
				seen[level] = true;
			at = pass_string(at + 1, end, &escaped);
			continue;
		}
		level += level_steps[(unsigned char)*at++];
		if (level < 0 || level >= 2 * LEVELS || escaped)
			return true;
	}
	/* A whole line closes the key's own brackets, too; of two records on a line, the second one may stay
	 * open. */
	return escaped || level >= LEVELS || memchr(seen, 1, (size_t)level + 3);
}
