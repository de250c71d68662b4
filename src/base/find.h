/*
 * scan_find: which lines are worth a walk, at the speed of memory. Most bytes of a transcript belong to lines without a
 * usage record, and to lines that hold another one's (agent_progress): both are told here without reading them whole.
 *
 * For: gather (whole transcripts); json_walk's strings end here too.
 */
#ifndef SWATCH_BASE_FIND_H
#define SWATCH_BASE_FIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

/* The bytes that every line with a usage record holds. A key written with escapes is none, as in ccusage. */
#define SCAN_USAGE_KEY "\"usage\""
#define SCAN_USAGE_KEY_LEN (sizeof(SCAN_USAGE_KEY) - 1)

/* The next SCAN_USAGE_KEY in [at, end); NULL when there is none. */
const char *scan_find_usage(const char *at, const char *end);

/*
 * Whether the line [line, end) can hold a record, `hit` being its first SCAN_USAGE_KEY: whether one of these keys stands
 * two levels deep, as message.usage does. From the hit on, only strings and brackets are looked at: what is left of the
 * line closes as many brackets as its level. True also of a line that is not whole JSON from the hit on: it may have a
 * whole record in it.
 */
bool scan_hit_may_count(const char *line, const char *hit, const char *end);

/* The next quote, backslash or control character in [at, end); `end` when there is none. Inline: most are short. */
static inline const char *scan_find_string_end(const char *at, const char *end)
{
#if defined(__SSE2__)
	const __m128i quote = _mm_set1_epi8('"'), backslash = _mm_set1_epi8('\\'), control = _mm_set1_epi8(0x1f);
	while (end - at >= 16) {
		__m128i text = _mm_loadu_si128((const __m128i *)(const void *)at);
		/* The lesser of a byte and 0x1f is the byte itself: a control character. */
		__m128i found = _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(text, quote), _mm_cmpeq_epi8(text, backslash)),
					     _mm_cmpeq_epi8(_mm_min_epu8(text, control), text));
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
