#include "swatch/statusline/style.h"

#include <string.h>

const struct statusline_style statusline_style_none = { STYLE_NO_COLOUR, STYLE_NO_COLOUR, 0 };

/* In the order of the palette. */
static const char *const colour_names[] = {
	"black", "red", "green", "yellow", "blue", "magenta", "cyan", "white",
};
#define COLOURS (sizeof(colour_names) / sizeof(colour_names[0]))
#define BRIGHT 8

static const struct {
	const char *name;
	int code;
} attributes[] = {
	{ "bold", 1 }, { "dim", 2 }, { "italic", 3 }, { "underline", 4 }, { "reverse", 7 },
};
#define ATTRIBUTES (sizeof(attributes) / sizeof(attributes[0]))

static bool is_word(const char *word, size_t len, const char *name)
{
	return strlen(name) == len && memcmp(word, name, len) == 0;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Reads one to three digits (of the palette) or six (of red, green and blue). */
static int32_t read_number(const char *word, size_t len)
{
	int32_t value = 0;
	int base = len == 6 ? 16 : 10;
	if (len == 0 || (len > 3 && len != 6))
		return STYLE_NO_COLOUR;
	for (size_t i = 0; i < len; i++) {
		int digit = hex_digit(word[i]);
		if (digit < 0 || digit >= base)
			return STYLE_NO_COLOUR;
		value = value * base + digit;
	}
	if (len == 6)
		return STYLE_RGB | value;
	return value <= 255 ? value : STYLE_NO_COLOUR;
}

static int32_t read_colour(const char *word, size_t len)
{
	int32_t bright = 0;
	if (len > 7 && memcmp(word, "bright-", 7) == 0) {
		bright = BRIGHT;
		word += 7;
		len -= 7;
	}
	for (size_t i = 0; i < COLOURS; i++)
		if (is_word(word, len, colour_names[i]))
			return (int32_t)i + bright;
	if (is_word(word, len, "gray") || is_word(word, len, "grey"))
		return BRIGHT;
	return bright ? STYLE_NO_COLOUR : read_number(word, len);
}

static bool add_word(struct statusline_style *style, const char *word, size_t len)
{
	if (is_word(word, len, "none")) {
		*style = statusline_style_none;
		return true;
	}
	for (size_t i = 0; i < ATTRIBUTES; i++) {
		if (is_word(word, len, attributes[i].name)) {
			style->bits |= 1U << i;
			return true;
		}
	}
	bool background = len > 3 && memcmp(word, "bg-", 3) == 0;
	int32_t colour = background ? read_colour(word + 3, len - 3) : read_colour(word, len);
	*(background ? &style->background : &style->foreground) = colour;
	return colour != STYLE_NO_COLOUR;
}

bool statusline_style_add(struct statusline_style *style, const char *words, size_t len)
{
	for (;;) {
		const char *plus = memchr(words, '+', len);
		size_t word = plus ? (size_t)(plus - words) : len;
		if (!add_word(style, words, word))
			return false;
		if (!plus)
			return true;
		words += word + 1;
		len -= word + 1;
	}
}

bool statusline_style_equals(const struct statusline_style *a, const struct statusline_style *b)
{
	return a->foreground == b->foreground && a->background == b->background && a->bits == b->bits;
}

/* `base` is 30 for the foreground and 40 for the background. */
static void write_colour(int32_t colour, int base, struct buf *out)
{
	if (colour == STYLE_NO_COLOUR)
		return;
	if (colour >= STYLE_RGB)
		buf_printf(out, ";%d;2;%d;%d;%d", base + 8, colour >> 16 & 0xFF, colour >> 8 & 0xFF,
			   colour & 0xFF);
	else if (colour >= 2 * BRIGHT)
		buf_printf(out, ";%d;5;%d", base + 8, colour);
	else
		buf_printf(out, ";%d", colour < BRIGHT ? base + colour : base + 60 + colour - BRIGHT);
}

void statusline_style_write(const struct statusline_style *style, struct buf *out)
{
	buf_append_str(out, "\033[0");
	for (size_t i = 0; i < ATTRIBUTES; i++)
		if (style->bits & (1U << i))
			buf_printf(out, ";%d", attributes[i].code);
	write_colour(style->foreground, 30, out);
	write_colour(style->background, 40, out);
	buf_append_char(out, 'm');
}
