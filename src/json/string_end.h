/*
 * string_end: finds where a JSON string may end, 16 bytes at a time.
 *
 * For: walk.c, and transcript/find.c, which passes over strings without reading them.
 */
#ifndef SWATCH_JSON_STRING_END_H
#define SWATCH_JSON_STRING_END_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

/*
 * Returns the next quote, backslash or control character in [at, end), or `end`. Inline, since most strings
 * are short.
 */
static inline const char *json_find_string_end(const char *at, const char *end)
{
#if defined(__SSE2__)
	const __m128i quote = _mm_set1_epi8('"'), backslash = _mm_set1_epi8('\\');
	const __m128i control = _mm_set1_epi8(0x1f);
	while (end - at >= 16) {
		__m128i text = _mm_loadu_si128((const __m128i *)(const void *)at);
		/* The lesser of a byte and 0x1f is the byte itself: a control character. */
		__m128i found = _mm_cmpeq_epi8(_mm_min_epu8(text, control), text);
		found = _mm_or_si128(found, _mm_cmpeq_epi8(text, quote));
		found = _mm_or_si128(found, _mm_cmpeq_epi8(text, backslash));
		unsigned places = (unsigned)_mm_movemask_epi8(found);
		if (places)
			return at + __builtin_ctz(places);
		at += 16;
	}
#else
	const uint64_t ones = UINT64_C(0x0101010101010101), highs = UINT64_C(0x8080808080808080);
	uint64_t word;
	while (end - at >= (ptrdiff_t)sizeof(word)) {
		memcpy(&word, at, sizeof(word));
		uint64_t quote = word ^ (ones * '"'), backslash = word ^ (ones * '\\');
		uint64_t control = (word - ones * 0x20) & ~word;
		if ((((quote - ones) & ~quote) | ((backslash - ones) & ~backslash) | control) & highs)
			break;
		at += sizeof(word);
	}
#endif
	while (at < end && *at != '"' && *at != '\\' && (unsigned char)*at >= 0x20)
		at++;
	return at;
}

#endif
