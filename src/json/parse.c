#include "json/parse.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/utf8.h"

#define NUMBER_MAX 64

struct parser {
	const char *at, *end;
	unsigned depth_left;
	int why;             /* errno of what went wrong; 0: nothing has */
	struct buf text;     /* of a string with escapes */
};

static struct json_object *take_value(struct parser *p);

static bool fail(struct parser *p, int why)
{
	if (p->why == 0)
		p->why = why;
	return false;
}

/* Wrong here: or, at the end of the text, only not there yet. */
static bool fail_here(struct parser *p)
{
	return fail(p, p->at == p->end ? EAGAIN : EBADMSG);
}

static void pass_blanks(struct parser *p)
{
	while (p->at < p->end && (*p->at == ' ' || *p->at == '\t' || *p->at == '\n' || *p->at == '\r'))
		p->at++;
}

static bool take_char(struct parser *p, char c)
{
	if (p->at == p->end || *p->at != c)
		return false;
	p->at++;
	return true;
}

/* ---- strings ---- */

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool take_hex(struct parser *p, uint32_t *out)
{
	*out = 0;
	for (int i = 0; i < 4; i++) {
		int digit = p->at < p->end ? hex_digit(*p->at) : -1;
		if (digit < 0)
			return fail_here(p);
		*out = *out * 16 + (uint32_t)digit;
		p->at++;
	}
	return true;
}

/* After "\u". Half of a surrogate pair without the other is U+FFFD. */
static bool take_unicode(struct parser *p)
{
	uint32_t code, low;
	char bytes[UTF8_MAX_BYTES];
	if (!take_hex(p, &code))
		return false;
	if (code >= 0xD800 && code < 0xDC00 && p->end - p->at >= 2 && p->at[0] == '\\' && p->at[1] == 'u') {
		const char *before = p->at;
		p->at += 2;
		if (!take_hex(p, &low))
			return false;
		if (low >= 0xDC00 && low < 0xE000)
			code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
		else
			p->at = before;
	}
	buf_append(&p->text, bytes, utf8_encode(code >= 0xD800 && code < 0xE000 ? UTF8_REPLACEMENT : code, bytes));
	return true;
}

static bool take_escape(struct parser *p)
{
	static const char names[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
	if (p->at == p->end)
		return fail_here(p);
	char c = *p->at++;
	if (c == 'u')
		return take_unicode(p);
	const char *name = c ? strchr(names, c) : NULL;
	if (!name)
		return fail(p, EBADMSG);
	buf_append_char(&p->text, values[name - names]);
	return true;
}

/* After the opening quote. The string is in the text itself, or in p->text; good until the next one. */
static bool take_string(struct parser *p, const char **out, size_t *len)
{
	const char *start = p->at;
	bool plain = true;
	buf_clear(&p->text);
	for (;;) {
		const char *from = p->at;
		while (p->at < p->end && *p->at != '"' && *p->at != '\\' && (unsigned char)*p->at >= 0x20)
			p->at++;
		if (p->at == p->end || (unsigned char)*p->at < 0x20)
			return fail_here(p);
		bool closed = *p->at == '"';
		if (!closed || !plain)
			buf_append(&p->text, from, (size_t)(p->at - from));
		p->at++;
		if (closed)
			break;
		plain = false;
		if (!take_escape(p))
			return false;
	}
	if (p->text.failed)
		return fail(p, ENOMEM);
	*out = plain ? start : buf_str(&p->text);
	*len = plain ? (size_t)(p->at - 1 - start) : p->text.len;
	return true;
}

/* ---- numbers ---- */

static size_t pass_digits(struct parser *p)
{
	const char *start = p->at;
	while (p->at < p->end && *p->at >= '0' && *p->at <= '9')
		p->at++;
	return (size_t)(p->at - start);
}

/* Goes past a number; says whether it is one, and a whole one. */
static bool pass_number(struct parser *p, bool *whole)
{
	*whole = true;
	(void)take_char(p, '-');
	bool zero = p->at < p->end && *p->at == '0';
	size_t digits = pass_digits(p);
	if (digits == 0 || (zero && digits > 1))
		return fail_here(p);
	if (take_char(p, '.')) {
		*whole = false;
		if (pass_digits(p) == 0)
			return fail_here(p);
	}
	if (take_char(p, 'e') || take_char(p, 'E')) {
		*whole = false;
		if (!take_char(p, '+'))
			(void)take_char(p, '-');
		if (pass_digits(p) == 0)
			return fail_here(p);
	}
	return true;
}

static struct json_object *take_number(struct parser *p)
{
	const char *start = p->at;
	char text[NUMBER_MAX];
	bool whole;
	if (!pass_number(p, &whole))
		return NULL;
	size_t len = (size_t)(p->at - start);
	if (len >= sizeof(text)) {
		(void)fail(p, EBADMSG);
		return NULL;
	}
	memcpy(text, start, len);
	text[len] = '\0';
	errno = 0;
	if (whole) {
		long long value = strtoll(text, NULL, 10);
		if (errno == 0)
			return json_object_new_int64(value);
	}
	return json_object_new_double_s(strtod(text, NULL), text);
}

/* ---- values ---- */

static bool take_word(struct parser *p, const char *word)
{
	for (; *word; word++)
		if (!take_char(p, *word))
			return fail_here(p);
	return true;
}

static bool add_member(struct parser *p, struct json_object *object)
{
	const char *name;
	size_t len;
	if (!take_char(p, '"'))
		return fail_here(p);
	if (!take_string(p, &name, &len))
		return false;
	char *key = strndup(name, len);
	if (!key)
		return fail(p, ENOMEM);
	pass_blanks(p);
	bool good = take_char(p, ':') || fail_here(p);
	struct json_object *value = good ? take_value(p) : NULL;
	good = p->why == 0;
	if (good && json_object_object_add(object, key, value) != 0)
		good = fail(p, ENOMEM);
	if (!good)
		json_object_put(value);
	free(key);
	return good;
}

static bool add_element(struct parser *p, struct json_object *array)
{
	struct json_object *value = take_value(p);
	bool good = p->why == 0;
	if (good && json_object_array_add(array, value) != 0)
		good = fail(p, ENOMEM);
	if (!good)
		json_object_put(value);
	return good;
}

/* After the opening bracket. */
static struct json_object *take_nesting(struct parser *p, char close)
{
	bool is_object = close == '}';
	if (p->depth_left == 0) {
		(void)fail(p, EBADMSG);
		return NULL;
	}
	struct json_object *into = is_object ? json_object_new_object() : json_object_new_array();
	bool good = into || fail(p, ENOMEM);
	p->depth_left--;
	pass_blanks(p);
	bool closed = take_char(p, close);
	while (good && !closed) {
		pass_blanks(p);
		good = is_object ? add_member(p, into) : add_element(p, into);
		pass_blanks(p);
		closed = take_char(p, close);
		if (good && !closed && !take_char(p, ','))
			good = fail_here(p);
	}
	p->depth_left++;
	if (good)
		return into;
	json_object_put(into);
	return NULL;
}

/* NULL is also what json-c has for null: p->why tells. */
static struct json_object *take_value(struct parser *p)
{
	const char *text;
	size_t len;
	struct json_object *value = NULL;
	pass_blanks(p);
	char c = p->at < p->end ? *p->at : '\0';
	if (c == 'n') {
		(void)take_word(p, "null");
		return NULL;
	}
	if (c == '{' || c == '[') {
		p->at++;
		value = take_nesting(p, c == '{' ? '}' : ']');
	} else if (c == '"') {
		p->at++;
		if (take_string(p, &text, &len))
			value = json_object_new_string_len(text, (int)len);
	} else if (c == 't' || c == 'f') {
		if (take_word(p, c == 't' ? "true" : "false"))
			value = json_object_new_boolean(c == 't');
	} else if (c == '-' || (c >= '0' && c <= '9')) {
		value = take_number(p);
	} else {
		(void)fail_here(p);
	}
	if (!value)
		(void)fail(p, ENOMEM);  /* unless something else was wrong before */
	return value;
}

struct json_object *json_parse(const char *text, size_t len, unsigned max_depth, size_t *end)
{
	struct parser p = { .at = text, .end = text + len, .text = BUF_INIT };
	p.depth_left = max_depth < JSON_PARSE_MAX_DEPTH ? max_depth : JSON_PARSE_MAX_DEPTH;
	if (len > INT32_MAX)
		p.why = EBADMSG;
	struct json_object *value = p.why == 0 ? take_value(&p) : NULL;
	if (!end)
		pass_blanks(&p);
	if (p.why == 0 && (!value || (!end && p.at != p.end)
			   || (!json_object_is_type(value, json_type_object) && !json_object_is_type(value, json_type_array))))
		p.why = EBADMSG;
	buf_release(&p.text);
	if (p.why != 0) {
		json_object_put(value);
		errno = p.why;
		return NULL;
	}
	if (end)
		*end = (size_t)(p.at - text);
	return value;
}

const char *json_text(struct json_object *object, int flags, size_t *len)
{
	errno = 0;
	const char *text = json_object_to_json_string_length(object, flags, len);
	return errno == ENOMEM ? NULL : text;
}
