#include "base/width.h"

#include <locale.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <wchar.h>

#include "base/utf8.h"

#define ELLIPSIS "\xE2\x80\xA6"
#define EMOJI_SELECTOR 0xFE0F
#define KEYCAP 0x20E3

/* wcwidth() depends on the locale. Loading one takes time that text in ASCII does not need. */
static void load_locale(void)
{
	static int loaded;
	if (!loaded && !setlocale(LC_CTYPE, "C.UTF-8"))
		(void)setlocale(LC_CTYPE, "");
	loaded = 1;
}

static size_t char_width(uint32_t code)
{
	if (code < 0x300)
		return 1;
	load_locale();
	int width = wcwidth((wchar_t)code);
	return width >= 0 ? (size_t)width : 1;
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

/* The length of a character if it is the first one of the text; else 0. */
static size_t len_if(const char *text, size_t len, uint32_t wanted)
{
	uint32_t code;
	size_t took = len > 0 && (unsigned char)*text >= 0x80 ? utf8_decode(text, len, &code) : 0;
	return took > 0 && code == wanted ? took : 0;
}

/* The characters that the selector makes an emoji of. */
static bool has_emoji_form(uint32_t code)
{
	return code == 0xA9 || code == 0xAE || (code >= 0x203C && code <= 0x3299) || code >= 0x1F000;
}

/* What follows a character and makes an emoji, or a keycap, of two columns with it; 0: nothing does. */
static size_t emoji_len(uint32_t code, const char *rest, size_t len)
{
	size_t selector = len_if(rest, len, EMOJI_SELECTOR);
	if (code > 0 && code < 0x80 && strchr("0123456789#*", (int)code)) {
		size_t keycap = len_if(rest + selector, len - selector, KEYCAP);
		return keycap > 0 ? selector + keycap : 0;
	}
	return has_emoji_form(code) ? selector : 0;
}

size_t width_of_next(const char *text, size_t len, size_t *columns)
{
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
	size_t more = emoji_len(character, text + took, len - took);
	*columns = more > 0 ? 2 : char_width(character);
	return took + more;
}

size_t width_of(const char *text, size_t len)
{
	size_t width = 0;
	while (len > 0) {
		size_t columns, took = width_of_next(text, len, &columns);
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
