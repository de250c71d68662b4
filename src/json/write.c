#include "json/write.h"

#include <math.h>
#include <string.h>

#include "base/utf8.h"

void jsonw_init(struct jsonw *w, struct buf *out)
{
	memset(w, 0, sizeof(*w));
	w->out = out;
}

void jsonw_init_lines(struct jsonw *w, struct buf *out)
{
	jsonw_init(w, out);
	w->in_lines = true;
}

static void begin_line(struct jsonw *w)
{
	static const char blanks[] = "\n" "                " "                "
				     "                " "                ";
	_Static_assert(sizeof(blanks) > 1 + 2 * JSONW_MAX_DEPTH, "deeper values are indented, too");
	if (w->in_lines)
		buf_append(w->out, blanks, 1 + (size_t)2 * w->depth);
}

/* Writes the comma before a value that needs one. */
static void begin_value(struct jsonw *w)
{
	if (w->after_key) {
		w->after_key = false;
		return;
	}
	if (w->has_items[w->depth])
		buf_append_char(w->out, ',');
	w->has_items[w->depth] = true;
	if (w->depth > 0)
		begin_line(w);
}

static void begin_nesting(struct jsonw *w, char bracket)
{
	begin_value(w);
	buf_append_char(w->out, bracket);
	if (w->depth + 1 >= JSONW_MAX_DEPTH) {
		w->out->failed = true;
		return;
	}
	w->has_items[++w->depth] = false;
}

static void end_nesting(struct jsonw *w, char bracket)
{
	bool has_items = w->has_items[w->depth];
	if (w->depth > 0)
		w->depth--;
	if (has_items)
		begin_line(w);
	buf_append_char(w->out, bracket);
}

void jsonw_begin_object(struct jsonw *w)
{
	begin_nesting(w, '{');
}

void jsonw_end_object(struct jsonw *w)
{
	end_nesting(w, '}');
}

void jsonw_begin_array(struct jsonw *w)
{
	begin_nesting(w, '[');
}

void jsonw_end_array(struct jsonw *w)
{
	end_nesting(w, ']');
}

static void append_escaped(struct buf *out, unsigned char c)
{
	static const char special[] = "\"\\\n\t\r", letters[] = "\"\\ntr";
	const char *found = memchr(special, c, sizeof(special) - 1);
	if (found)
		buf_append(out, (const char[]){ '\\', letters[found - special] }, 2);
	else
		buf_printf(out, "\\u%04x", c);
}

/* Characters that JSON takes without an escape. */
static bool is_plain(unsigned char c)
{
	return c >= 0x20 && c < 0x7F && c != '"' && c != '\\';
}

static void append_quoted(struct buf *out, const char *text, size_t len)
{
	const unsigned char *s = (const unsigned char *)text;
	buf_append_char(out, '"');
	size_t plain = 0;  /* from here on, bytes can be copied as they are */
	size_t i = 0;
	for (;;) {
		uint32_t code;
		while (i < len && is_plain(s[i]))
			i++;
		if (i == len)
			break;
		size_t n = s[i] >= 0x80 ? utf8_decode(text + i, len - i, &code) : 0;
		if (n > 0) {
			i += n;
			continue;
		}
		buf_append(out, text + plain, i - plain);
		if (s[i] >= 0x80)
			buf_append(out, "\xEF\xBF\xBD", 3);
		else
			append_escaped(out, s[i]);
		plain = ++i;
	}
	buf_append(out, text + plain, len - plain);
	buf_append_char(out, '"');
}

void jsonw_key(struct jsonw *w, const char *key)
{
	begin_value(w);
	append_quoted(w->out, key, strlen(key));
	buf_append(w->out, ": ", w->in_lines ? 2 : 1);
	w->after_key = true;
}

void jsonw_string_len(struct jsonw *w, const char *text, size_t len)
{
	begin_value(w);
	append_quoted(w->out, text, len);
}

void jsonw_string(struct jsonw *w, const char *text)
{
	if (text)
		jsonw_string_len(w, text, strlen(text));
	else
		jsonw_null(w);
}

/*
 * Writes at least `least` digits of `value` so that they end before `end`. Returns the first digit's place.
 */
static char *put_digits(char *end, uint64_t value, int least)
{
	do {
		*--end = (char)('0' + value % 10);
		value /= 10;
		least--;
	} while (value > 0 || least > 0);
	return end;
}

void jsonw_int(struct jsonw *w, int64_t value)
{
	char text[24], *end = text + sizeof(text);
	char *start = put_digits(end, value < 0 ? -(uint64_t)value : (uint64_t)value, 1);
	if (value < 0)
		*--start = '-';
	begin_value(w);
	buf_append(w->out, start, (size_t)(end - start));
}

/* Doubles hold every whole number up to this. */
#define EXACT_MAX 9007199254740992.0
/* Digits after the point, in threes: a token's price has up to eleven. */
#define DECIMALS_MAX 12
#define DECIMALS_MIN 6

/*
 * Writes a number with a few decimals, as most amounts are, in a tenth of the time that printf() takes. The
 * quotient of two whole numbers that doubles hold is the double next to that decimal, which is the one that
 * strtod() reads; so a number that equals the quotient reads back the same. Returns false for other numbers;
 * with `rounded`, only for too large ones.
 */
static bool put_decimal(struct jsonw *w, double value, bool rounded)
{
	double size = fabs(value);
	uint64_t unit = UINT64_C(1000000000000);
	int decimals = DECIMALS_MAX;
	for (; size * (double)unit >= EXACT_MAX && decimals > DECIMALS_MIN; decimals -= 3)
		unit /= 1000;
	if (size * (double)unit >= EXACT_MAX)
		return false;
	uint64_t all = (uint64_t)(size * (double)unit + .5);
	if (!rounded && (double)all / (double)unit != size)
		return false;
	char text[40], *end = text + sizeof(text), *point = end;
	if (all % unit > 0) {
		(void)put_digits(end, all % unit, decimals);
		point = end - decimals - 1;
		*point = '.';
		while (end[-1] == '0')
			end--;
	}
	char *start = put_digits(point, all / unit, 1);
	if (value < 0. && all > 0)
		*--start = '-';
	buf_append(w->out, start, (size_t)(end - start));
	return true;
}

static void put_number(struct jsonw *w, double value, bool rounded)
{
	if (!isfinite(value)) {
		jsonw_null(w);
		return;
	}
	begin_value(w);
	if (value == 0. && signbit(value))
		buf_append_str(w->out, "-0.0");
	else if (!put_decimal(w, value, rounded))
		buf_printf(w->out, "%.17g", value);
}

void jsonw_double(struct jsonw *w, double value)
{
	put_number(w, value, false);
}

void jsonw_amount(struct jsonw *w, double value)
{
	put_number(w, value, true);
}

void jsonw_bool(struct jsonw *w, bool value)
{
	begin_value(w);
	buf_append_str(w->out, value ? "true" : "false");
}

void jsonw_null(struct jsonw *w)
{
	begin_value(w);
	buf_append_str(w->out, "null");
}

void jsonw_put_string(struct jsonw *w, const char *key, const char *text)
{
	jsonw_key(w, key);
	jsonw_string(w, text);
}

void jsonw_put_int(struct jsonw *w, const char *key, int64_t value)
{
	jsonw_key(w, key);
	jsonw_int(w, value);
}

void jsonw_put_double(struct jsonw *w, const char *key, double value)
{
	jsonw_key(w, key);
	jsonw_double(w, value);
}

void jsonw_put_amount(struct jsonw *w, const char *key, double value)
{
	jsonw_key(w, key);
	jsonw_amount(w, value);
}

void jsonw_put_bool(struct jsonw *w, const char *key, bool value)
{
	jsonw_key(w, key);
	jsonw_bool(w, value);
}

void jsonw_key_object(struct jsonw *w, const char *key)
{
	jsonw_key(w, key);
	jsonw_begin_object(w);
}

void jsonw_key_array(struct jsonw *w, const char *key)
{
	jsonw_key(w, key);
	jsonw_begin_array(w);
}

bool jsonw_key_object_or_null(struct jsonw *w, const char *key, bool present)
{
	if (present)
		jsonw_key_object(w, key);
	else
		jsonw_put_null(w, key);
	return present;
}

void jsonw_put_null(struct jsonw *w, const char *key)
{
	jsonw_key(w, key);
	jsonw_null(w);
}

void jsonw_put_int_or_null(struct jsonw *w, const char *key, int64_t value)
{
	if (value > 0)
		jsonw_put_int(w, key, value);
	else
		jsonw_put_null(w, key);
}
