#include "base/jsonw.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

void jsonw_init(struct jsonw *w, struct buf *out)
{
	memset(w, 0, sizeof(*w));
	w->out = out;
}

/* Before every value: the comma that is due. */
static void begin_value(struct jsonw *w)
{
	if (w->after_key) {
		w->after_key = false;
		return;
	}
	if (w->has_items[w->depth])
		buf_append_char(w->out, ',');
	w->has_items[w->depth] = true;
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
	buf_append_char(w->out, bracket);
	if (w->depth > 0)
		w->depth--;
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
	switch (c) {
	case '"':
		buf_append(out, "\\\"", 2);
		break;
	case '\\':
		buf_append(out, "\\\\", 2);
		break;
	case '\n':
		buf_append(out, "\\n", 2);
		break;
	case '\t':
		buf_append(out, "\\t", 2);
		break;
	case '\r':
		buf_append(out, "\\r", 2);
		break;
	default:
		buf_printf(out, "\\u%04x", c);
	}
}

static void append_quoted(struct buf *out, const char *text, size_t len)
{
	const unsigned char *s = (const unsigned char *)text;
	buf_append_char(out, '"');
	size_t plain = 0;  /* start of what can be copied as it is */
	size_t i = 0;
	while (i < len) {
		unsigned char c = s[i];
		uint32_t code;
		size_t n = c >= 0x20 && c < 0x7F && c != '"' && c != '\\' ? 1 : 0;
		if (n == 0 && c >= 0x80)
			n = utf8_decode(text + i, len - i, &code);
		if (n > 0) {
			i += n;
			continue;
		}
		buf_append(out, text + plain, i - plain);
		if (c >= 0x80)
			buf_append(out, "\xEF\xBF\xBD", 3);
		else
			append_escaped(out, c);
		plain = ++i;
	}
	buf_append(out, text + plain, len - plain);
	buf_append_char(out, '"');
}

void jsonw_key(struct jsonw *w, const char *key)
{
	begin_value(w);
	append_quoted(w->out, key, strlen(key));
	buf_append_char(w->out, ':');
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

void jsonw_int(struct jsonw *w, int64_t value)
{
	begin_value(w);
	buf_printf(w->out, "%" PRId64, value);
}

void jsonw_double(struct jsonw *w, double value)
{
	if (!isfinite(value)) {
		jsonw_null(w);
		return;
	}
	begin_value(w);
	char text[40];
	for (int digits = 15; digits <= 17; digits++) {
		snprintf(text, sizeof(text), "%.*g", digits, value);
		if (strtod(text, NULL) == value)
			break;
	}
	buf_append_str(w->out, text);
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

void jsonw_put_bool(struct jsonw *w, const char *key, bool value)
{
	jsonw_key(w, key);
	jsonw_bool(w, value);
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
