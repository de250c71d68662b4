#include "base/width.h"

#include <locale.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "base/array.h"
#include "base/utf8.h"

#define ELLIPSIS "\xE2\x80\xA6"
#define TEXT_SELECTOR 0xFE0E
#define EMOJI_SELECTOR 0xFE0F
#define JOINER 0x200D
#define KEYCAP 0x20E3

/* wcwidth() depends on the locale. Loading one takes time that text in ASCII does not need. */
static void load_locale(void)
{
	static int loaded;
	if (!loaded && !setlocale(LC_CTYPE, "C.UTF-8"))
		(void)setlocale(LC_CTYPE, "");
	loaded = 1;
}

/* Returns the length of the colour code at the text's start, or 0 when other text starts it. */
static size_t code_len(const char *text, size_t len)
{
	if (len < 3 || text[0] != '\033' || text[1] != '[')
		return 0;
	size_t at = 2;
	while (at < len && ((text[at] >= '0' && text[at] <= '9') || text[at] == ';'))
		at++;
	return at < len && text[at] == 'm' ? at + 1 : 0;
}

/*
 * Returns the length of a text's first character, and sets the character; 0 at the end, or where the bytes
 * are not UTF-8.
 */
static size_t next_character(const char *text, size_t len, uint32_t *code)
{
	*code = 0;
	return len > 0 ? utf8_decode(text, len, code) : 0;
}

/* From, to; in order. */
struct range {
	uint32_t from, to;
};

static int compare_range(const void *key, const void *item)
{
	uint32_t code = *(const uint32_t *)key;
	const struct range *range = item;
	return code < range->from ? -1 : code > range->to;
}

#define IS_IN(code, ranges) \
	(bsearch(&(code), (ranges), ARRAY_COUNT(ranges), sizeof(struct range), compare_range) != NULL)

/* Wide since Unicode 15 to 17, which the C library may not know. */
static const struct range newly_wide[] = {
	{ 0x2630, 0x2637 }, { 0x268A, 0x268F }, { 0x2FFC, 0x2FFF }, { 0x31E4, 0x31E5 }, { 0x31EF, 0x31EF },
	{ 0x1D300, 0x1D356 }, { 0x1D360, 0x1D376 },
	{ 0x1F6D8, 0x1F6D8 }, { 0x1F6DC, 0x1F6DC }, { 0x1FA70, 0x1FAFF },
};

/* Extended_Pictographic, below U+3300: the signs that a joiner makes part of a picture. */
static const struct range pictures[] = {
	{ 0x203C, 0x203C }, { 0x2049, 0x2049 }, { 0x2122, 0x2122 }, { 0x2139, 0x2139 },
	{ 0x2194, 0x2199 }, { 0x21A9, 0x21AA }, { 0x231A, 0x231B }, { 0x2328, 0x2328 },
	{ 0x23CF, 0x23CF }, { 0x23E9, 0x23F3 }, { 0x23F8, 0x23FA }, { 0x24C2, 0x24C2 },
	{ 0x25AA, 0x25AB }, { 0x25B6, 0x25B6 }, { 0x25C0, 0x25C0 }, { 0x25FB, 0x25FE },
	{ 0x2600, 0x2604 }, { 0x260E, 0x260E }, { 0x2611, 0x2611 }, { 0x2614, 0x2615 },
	{ 0x2618, 0x2618 }, { 0x261D, 0x261D }, { 0x2620, 0x2620 }, { 0x2622, 0x2623 },
	{ 0x2626, 0x2626 }, { 0x262A, 0x262A }, { 0x262E, 0x262F }, { 0x2638, 0x263A },
	{ 0x2640, 0x2640 }, { 0x2642, 0x2642 }, { 0x2648, 0x2653 }, { 0x265F, 0x2660 },
	{ 0x2663, 0x2663 }, { 0x2665, 0x2666 }, { 0x2668, 0x2668 }, { 0x267B, 0x267B },
	{ 0x267E, 0x267F }, { 0x2692, 0x2697 }, { 0x2699, 0x2699 }, { 0x269B, 0x269C },
	{ 0x26A0, 0x26A1 }, { 0x26A7, 0x26A7 }, { 0x26AA, 0x26AB }, { 0x26B0, 0x26B1 },
	{ 0x26BD, 0x26BE }, { 0x26C4, 0x26C5 }, { 0x26C8, 0x26C8 }, { 0x26CE, 0x26CF },
	{ 0x26D1, 0x26D1 }, { 0x26D3, 0x26D4 }, { 0x26E9, 0x26EA }, { 0x26F0, 0x26F5 },
	{ 0x26F7, 0x26FA }, { 0x26FD, 0x26FD }, { 0x2702, 0x2702 }, { 0x2705, 0x2705 },
	{ 0x2708, 0x270D }, { 0x270F, 0x270F }, { 0x2712, 0x2712 }, { 0x2714, 0x2714 },
	{ 0x2716, 0x2716 }, { 0x271D, 0x271D }, { 0x2721, 0x2721 }, { 0x2728, 0x2728 },
	{ 0x2733, 0x2734 }, { 0x2744, 0x2744 }, { 0x2747, 0x2747 }, { 0x274C, 0x274C },
	{ 0x274E, 0x274E }, { 0x2753, 0x2755 }, { 0x2757, 0x2757 }, { 0x2763, 0x2764 },
	{ 0x2795, 0x2797 }, { 0x27A1, 0x27A1 }, { 0x27B0, 0x27B0 }, { 0x27BF, 0x27BF },
	{ 0x2934, 0x2935 }, { 0x2B05, 0x2B07 }, { 0x2B1B, 0x2B1C }, { 0x2B50, 0x2B50 },
	{ 0x2B55, 0x2B55 }, { 0x3030, 0x3030 }, { 0x303D, 0x303D }, { 0x3297, 0x3297 },
	{ 0x3299, 0x3299 },
};

/* Emoji_Modifier_Base: the people and hands that a skin tone belongs to. */
static const struct range has_skin[] = {
	{ 0x261D, 0x261D }, { 0x26F9, 0x26F9 }, { 0x270A, 0x270D }, { 0x1F385, 0x1F385 },
	{ 0x1F3C2, 0x1F3C4 }, { 0x1F3C7, 0x1F3C7 }, { 0x1F3CA, 0x1F3CC }, { 0x1F442, 0x1F443 },
	{ 0x1F446, 0x1F450 }, { 0x1F466, 0x1F478 }, { 0x1F47C, 0x1F47C }, { 0x1F481, 0x1F483 },
	{ 0x1F485, 0x1F487 }, { 0x1F48F, 0x1F48F }, { 0x1F491, 0x1F491 }, { 0x1F4AA, 0x1F4AA },
	{ 0x1F574, 0x1F575 }, { 0x1F57A, 0x1F57A }, { 0x1F590, 0x1F590 }, { 0x1F595, 0x1F596 },
	{ 0x1F645, 0x1F647 }, { 0x1F64B, 0x1F64F }, { 0x1F6A3, 0x1F6A3 }, { 0x1F6B4, 0x1F6B6 },
	{ 0x1F6C0, 0x1F6C0 }, { 0x1F6CC, 0x1F6CC }, { 0x1F90C, 0x1F90C }, { 0x1F90F, 0x1F90F },
	{ 0x1F918, 0x1F91F }, { 0x1F926, 0x1F926 }, { 0x1F930, 0x1F939 }, { 0x1F93C, 0x1F93E },
	{ 0x1F977, 0x1F977 }, { 0x1F9B5, 0x1F9B6 }, { 0x1F9B8, 0x1F9B9 }, { 0x1F9BB, 0x1F9BB },
	{ 0x1F9CD, 0x1F9CF }, { 0x1F9D1, 0x1F9DD }, { 0x1FAC3, 0x1FAC5 }, { 0x1FAF0, 0x1FAF8 },
};

static bool is_regional(uint32_t code)
{
	return code >= 0x1F1E6 && code <= 0x1F1FF;
}

static size_t char_width(uint32_t code)
{
	/* Half a flag is a letter. */
	if (code < 0x300 || is_regional(code))
		return 1;
	if (IS_IN(code, newly_wide))
		return 2;
	load_locale();
	int width = wcwidth((wchar_t)code);
	return width >= 0 ? (size_t)width : 1;
}

/* The characters that the selector makes an emoji of. */
static bool has_emoji_form(uint32_t code)
{
	return code == 0xA9 || code == 0xAE || (code >= 0x203C && code <= 0x3299) || code >= 0x1F000;
}

static bool is_skin_tone(uint32_t code)
{
	return code >= 0x1F3FB && code <= 0x1F3FF;
}

static bool is_picture(uint32_t code)
{
	return code >= 0x1F200 ? !is_skin_tone(code) : IS_IN(code, pictures);
}

/* What a picture may consist of besides: selectors, its skin tone, and the letters of a flag. */
static bool belongs_to_picture(uint32_t picture, uint32_t code)
{
	return code == EMOJI_SELECTOR || code == TEXT_SELECTOR
	       || (is_skin_tone(code) && IS_IN(picture, has_skin)) || (code >= 0xE0020 && code <= 0xE007F);
}

/* What makes a keycap of a character; 0: nothing does. */
static size_t keycap_len(const char *rest, size_t len)
{
	uint32_t code;
	size_t took = next_character(rest, len, &code);
	size_t selector = code == EMOJI_SELECTOR ? took : 0;
	took = next_character(rest + selector, len - selector, &code);
	return code == KEYCAP ? selector + took : 0;
}

/* The rest of a picture: *is_emoji: it makes an emoji, of two columns however many are joined in it. */
static size_t picture_len(uint32_t picture, const char *rest, size_t len, bool *is_emoji)
{
	size_t at = 0;
	for (;;) {
		uint32_t code, joined;
		size_t took = next_character(rest + at, len - at, &code);
		if (code == JOINER) {
			size_t more = next_character(rest + at + took, len - at - took, &joined);
			if (more == 0 || !is_picture(picture) || !is_picture(joined))
				return at;
			took += more;
			picture = joined;
		} else if (!belongs_to_picture(picture, code)) {
			return at;
		}
		*is_emoji = *is_emoji || code != TEXT_SELECTOR;
		at += took;
	}
}

/* What follows a character and makes an emoji of two columns with it; 0: nothing does. */
static size_t emoji_len(uint32_t code, const char *rest, size_t len, bool *is_emoji)
{
	uint32_t second;
	size_t keycap = keycap_len(rest, len);
	*is_emoji = keycap > 0;
	if (keycap > 0 || code < 0x80)
		return keycap;
	if (is_regional(code)) {
		size_t took = next_character(rest, len, &second);
		*is_emoji = is_regional(second);
		return *is_emoji ? took : 0;
	}
	return has_emoji_form(code) ? picture_len(code, rest, len, is_emoji) : 0;
}

/* Whether a text begins with a letter of ASCII that what follows cannot change. */
static bool is_plain(const char *text, size_t len)
{
	return text[0] >= 0x20 && text[0] < 0x7F && (len == 1 || (unsigned char)text[1] < 0x80);
}

size_t width_of_next(const char *text, size_t len, size_t *columns)
{
	if (len > 0 && is_plain(text, len)) {
		*columns = 1;
		return 1;
	}
	size_t code = code_len(text, len);
	*columns = 0;
	if (code > 0)
		return code;
	uint32_t character;
	size_t took = utf8_decode(text, len, &character);
	if (took == 0) {
		*columns = 1;
		return 1;
	}
	bool is_emoji = false;
	size_t more = character > 0 ? emoji_len(character, text + took, len - took, &is_emoji) : 0;
	*columns = is_emoji ? 2 : char_width(character);
	return took + more;
}

size_t width_of(const char *text, size_t len)
{
	size_t width = utf8_plain_len(text, len);
	if (width == len)
		return width;
	/* What follows its last letter may change that. */
	width -= width > 0;
	text += width;
	len -= width;
	while (len > 0) {
		size_t columns, took = 0;
		while (took < len && is_plain(text + took, len - took))
			took++;
		if (took > 0)
			columns = took;
		else
			took = width_of_next(text, len, &columns);
		width += columns;
		text += took;
		len -= took;
	}
	return width;
}

void width_clip(struct buf *out, const char *text, size_t len, size_t columns)
{
	/* No character takes more columns than bytes, so a short text fits without a measurement. */
	if (len <= columns || width_of(text, len) <= columns) {
		buf_append(out, text, len);
		return;
	}
	size_t used = 0;
	bool full = columns == 0;
	while (len > 0) {
		size_t wide, took = width_of_next(text, len, &wide);
		if (code_len(text, len) > 0) {
			buf_append(out, text, took);
		} else if (!full && used + wide + 1 <= columns) {
			buf_append(out, text, took);
			used += wide;
		} else if (!full) {
			buf_append_str(out, ELLIPSIS);
			full = true;
		}
		text += took;
		len -= took;
	}
}
