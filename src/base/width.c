#include "base/width.h"

#include <locale.h>
#include <stdint.h>
#include <string.h>
#include <wchar.h>

#include "base/utf8.h"

#define ELLIPSIS "\xE2\x80\xA6"

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

size_t width_of_next(const char *text, size_t len, size_t *columns)
{
	size_t code = code_len(text, len);
	*columns = 0;
	if (code > 0)
		return code;
	uint32_t character;
	size_t took = utf8_decode(text, len, &character);
	*columns = took > 0 ? char_width(character) : 1;
	return took > 0 ? took : 1;
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
