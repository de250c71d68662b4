#include "base/printable.h"

#include <string.h>

#include "base/array.h"
#include "base/utf8.h"

#define ZERO_WIDTH_NON_JOINER 0x200CU
#define ZERO_WIDTH_JOINER 0x200DU

/* From, to; in order. */
static const uint32_t unsafe[][2] = {
	{ 0x00, 0x1F }, { 0x7F, 0x9F },
	{ 0xAD, 0xAD },                         /* soft hyphen */
	{ 0x034F, 0x034F },                     /* grapheme joiner */
	{ 0x061C, 0x061C },                     /* directional mark */
	{ 0x115F, 0x1160 }, { 0x17B4, 0x17B5 }, /* fillers; vowels without a form */
	{ 0x180B, 0x180F },                     /* Mongolian selectors and separator */
	{ 0x200B, 0x200F },                     /* zero-width blanks and joiners, directional marks */
	{ 0x2028, 0x202E },                     /* separators, embeddings, overrides */
	{ 0x2060, 0x206F },                     /* word joiner, invisible operators, isolates */
	{ 0x3164, 0x3164 },                     /* Hangul filler */
	{ 0xFEFF, 0xFEFF },                     /* zero-width blank, the byte order mark */
	{ 0xFFA0, 0xFFA0 },                     /* Hangul filler */
	{ 0xFFF0, 0xFFFB },                     /* annotations */
	{ 0x1BCA0, 0x1BCA3 }, { 0x1D173, 0x1D17A },
	{ 0xE0000, 0xE0FFF },                   /* tags, more selectors */
};

bool printable_is_unsafe(uint32_t code)
{
	for (size_t i = 0; i < ARRAY_COUNT(unsafe) && code >= unsafe[i][0]; i++)
		if (code <= unsafe[i][1])
			return true;
	return false;
}

/* Pictures, their skin tones, and the selector that makes a picture of a sign. */
static bool is_emoji(uint32_t code)
{
	return (code >= 0x1F000 && code <= 0x1FAFF) || (code >= 0x2190 && code <= 0x2BFF) || code == 0xFE0F;
}

/* Arabic and the other scripts up to Sinhala, and Mongolian, whose letters join. */
static bool joins(uint32_t code)
{
	return (code >= 0x0600 && code <= 0x0DFF) || (code >= 0x1820 && code <= 0x18AA);
}

bool printable_is_unsafe_between(uint32_t before, uint32_t code, uint32_t after)
{
	if (code == ZERO_WIDTH_JOINER
	    && ((is_emoji(before) && is_emoji(after)) || (joins(before) && joins(after))))
		return false;
	if (code == ZERO_WIDTH_NON_JOINER && joins(before) && joins(after))
		return false;
	return printable_is_unsafe(code);
}

bool printable_is_unsafe_at(uint32_t before, uint32_t code, const char *text, size_t len, size_t took)
{
	uint32_t after = 0;
	if ((code != ZERO_WIDTH_JOINER && code != ZERO_WIDTH_NON_JOINER) || took >= len
	    || utf8_decode(text + took, len - took, &after) == 0)
		after = 0;
	return printable_is_unsafe_between(before, code, after);
}

void printable_mask(char *text, size_t len)
{
	uint32_t before = 0;
	for (size_t at = 0; at < len;) {
		uint32_t code = 0;
		size_t took = utf8_decode(text + at, len - at, &code);
		bool masks = took == 0 || printable_is_unsafe_at(before, code, text + at, len - at, took);
		took = took ? took : 1;
		if (masks)
			memset(text + at, '?', took);
		before = masks ? 0 : code;
		at += took;
	}
}

/*
 * Appends the ASCII without control characters that a text begins with: most texts are nothing else.
 * Returns its length, and sets its last character.
 */
static size_t append_plain(struct buf *out, const char *text, size_t len, uint32_t *last)
{
	size_t took = utf8_plain_len(text, len);
	if (took > 0) {
		buf_append(out, text, took);
		*last = (uint32_t)text[took - 1];
	}
	return took;
}

/* Appends a text's first character, or '?' for it. Returns its length, and sets what the next one follows. */
static size_t append_masked(struct buf *out, const char *text, size_t len, uint32_t *before)
{
	uint32_t code = 0;
	size_t took = utf8_decode(text, len, &code);
	bool masks = took == 0 || printable_is_unsafe_at(*before, code, text, len, took);
	if (masks)
		buf_append_char(out, '?');
	else
		buf_append(out, text, took);
	*before = masks ? 0 : code;
	return took ? took : 1;
}

void printable_clean(struct buf *out, const char *text, size_t len)
{
	uint32_t before = 0;
	for (size_t took; len > 0; text += took, len -= took) {
		took = append_plain(out, text, len, &before);
		if (took == 0)
			took = append_masked(out, text, len, &before);
	}
}

static void append_escape(struct buf *out, uint32_t code)
{
	if (code < 0x10000)
		buf_printf(out, "\\u%04x", (unsigned)code);
	else
		buf_printf(out, "\\u%04x\\u%04x", (unsigned)(0xD7C0 + (code >> 10)),
			   (unsigned)(0xDC00 + (code & 0x3FF)));
}

/* The same in JSON, where it becomes an escape. */
static size_t append_escaped(struct buf *out, const char *text, size_t len, uint32_t *before)
{
	uint32_t code = 0;
	size_t took = utf8_decode(text, len, &code);
	if (took == 0)
		buf_append_str(out, "\\ufffd");
	else if (code >= 0x20 && printable_is_unsafe_at(*before, code, text, len, took))
		append_escape(out, code);
	else
		buf_append(out, text, took);
	*before = code;
	return took ? took : 1;
}

void printable_clean_json(struct buf *out, const char *text, size_t len)
{
	uint32_t before = 0;
	for (size_t took; len > 0; text += took, len -= took) {
		took = append_plain(out, text, len, &before);
		if (took == 0)
			took = append_escaped(out, text, len, &before);
	}
}
