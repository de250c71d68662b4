#include "json/walk.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "json/string_end.h"

void walk_init(struct walk *w, const char *text, size_t len)
{
	memset(w, 0, sizeof(*w));
	/* A field that is missing is NULL, to which C adds nothing, not even 0. */
	w->at = text ? text : "";
	w->end = w->at + len;
}

/* Notes the fault at w->at, and ends the walk. */
static bool fail(struct walk *w)
{
	if (!w->bad)
		w->bad_at = w->at;
	w->bad = true;
	w->at = w->end;
	return false;
}

static inline void skip_blanks(struct walk *w)
{
	/* Claude Code writes no blanks. */
	if (w->at < w->end && (unsigned char)*w->at > ' ')
		return;
	while (w->at < w->end && (*w->at == ' ' || *w->at == '\t' || *w->at == '\n' || *w->at == '\r'))
		w->at++;
}

static bool is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* Passes an escape, at its backslash. */
static bool walk_escape(struct walk *w)
{
	w->at++;
	if (w->at == w->end)
		return fail(w);
	if (*w->at != 'u')
		return *w->at != '\0' && strchr("\"\\/bfnrt", *w->at) ? (w->at++, true) : fail(w);
	w->at++;
	for (int i = 0; i < 4; i++, w->at++)
		if (w->at == w->end || !is_hex(*w->at))
			return fail(w);
	return true;
}

/* Passes the rest of a string that has an escape, at that escape. */
static bool walk_escaped_string(struct walk *w, struct slice *out, const char *start)
{
	while (w->at < w->end && *w->at == '\\') {
		if (!walk_escape(w))
			return false;
		w->at = json_find_string_end(w->at, w->end);
	}
	if (w->at >= w->end || *w->at != '"')
		return fail(w);
	*out = (struct slice){ start, (size_t)(w->at++ - start) };
	return true;
}

/* Passes a string, at its opening quote. */
static inline bool walk_string(struct walk *w, struct slice *out, bool *has_escapes)
{
	const char *start = w->at + 1;
	const char *at = json_find_string_end(start, w->end);
	*has_escapes = at >= w->end || *at != '"';
	if (*has_escapes) {
		w->at = at;
		return walk_escaped_string(w, out, start);
	}
	*out = (struct slice){ start, (size_t)(at - start) };
	w->at = at + 1;
	return true;
}

static size_t digits(struct walk *w)
{
	const char *start = w->at;
	while (w->at < w->end && *w->at >= '0' && *w->at <= '9')
		w->at++;
	return (size_t)(w->at - start);
}

static bool walk_number(struct walk *w, struct slice *out)
{
	const char *start = w->at;
	if (*w->at == '-')
		w->at++;
	bool leading_zero = w->at < w->end && *w->at == '0';
	size_t whole = digits(w);
	if (whole == 0 || (leading_zero && whole > 1))
		return fail(w);
	if (w->at < w->end && *w->at == '.') {
		w->at++;
		if (digits(w) == 0)
			return fail(w);
	}
	if (w->at < w->end && (*w->at == 'e' || *w->at == 'E')) {
		w->at++;
		if (w->at < w->end && (*w->at == '+' || *w->at == '-'))
			w->at++;
		if (digits(w) == 0)
			return fail(w);
	}
	out->data = start;
	out->len = (size_t)(w->at - start);
	return true;
}

static bool walk_word(struct walk *w, const char *word)
{
	for (; *word; word++, w->at++)
		if (w->at == w->end || *w->at != *word)
			return fail(w);
	return true;
}

enum walk_kind walk_peek(struct walk *w)
{
	skip_blanks(w);
	if (w->at >= w->end)
		return WALK_NONE;
	switch (*w->at) {
	case '"':
		return WALK_STRING;
	case '{':
		return WALK_OBJECT;
	case '[':
		return WALK_ARRAY;
	case 't':
		return WALK_TRUE;
	case 'f':
		return WALK_FALSE;
	case 'n':
		return WALK_NULL;
	default:
		return *w->at == '-' || (*w->at >= '0' && *w->at <= '9') ? WALK_NUMBER : WALK_NONE;
	}
}

static bool walk_scalar(struct walk *w, enum walk_kind kind, struct slice *text)
{
	bool has_escapes;
	switch (kind) {
	case WALK_STRING:
		return walk_string(w, text, &has_escapes);
	case WALK_NUMBER:
		return walk_number(w, text);
	case WALK_TRUE:
		return walk_word(w, "true");
	case WALK_FALSE:
		return walk_word(w, "false");
	case WALK_NULL:
		return walk_word(w, "null");
	default:
		return fail(w);
	}
}

/*
 * Passes an object or array: in a loop with one bit a level, since hostile text could make recursion too
 * deep.
 */
static bool walk_nested(struct walk *w)
{
	unsigned char objects[WALK_MAX_DEPTH / 8];
	size_t depth = 0;
	bool first = true;
	do {
		struct slice key = { NULL, 0 }, text;
		if (depth > 0) {
			size_t level = depth - 1;
			bool in_object = objects[level / 8] & (1U << (level % 8));
			bool more = in_object ? walk_next_key(w, &first, &key) : walk_next_item(w, &first);
			if (w->bad)
				return false;
			if (!more) {
				depth--;
				first = false;
				continue;
			}
		}
		enum walk_kind kind = walk_peek(w);
		if (kind == WALK_OBJECT || kind == WALK_ARRAY) {
			if (depth == WALK_MAX_DEPTH)
				return fail(w);
			if (depth % 8 == 0)
				objects[depth / 8] = 0;
			unsigned char bit = (unsigned char)(1U << (depth % 8));
			objects[depth / 8] = (unsigned char)(kind == WALK_OBJECT ? objects[depth / 8] | bit
									     : objects[depth / 8] & ~bit);
			depth++;
			first = true;
			w->at++;
			continue;
		}
		if (!walk_scalar(w, kind, &text))
			return false;
		if (kind == WALK_NULL && key.data && w->null_seen)
			w->null_seen(w->ctx, key);
	} while (depth > 0);
	return true;
}

bool walk_value(struct walk *w, struct walk_item *out)
{
	out->kind = walk_peek(w);
	out->text = (struct slice){ NULL, 0 };
	if (out->kind == WALK_OBJECT || out->kind == WALK_ARRAY) {
		out->text.data = w->at;
		if (!walk_nested(w))
			return false;
		out->text.len = (size_t)(w->at - out->text.data);
		return true;
	}
	return walk_scalar(w, out->kind, &out->text);
}

bool walk_enter(struct walk *w, char bracket)
{
	skip_blanks(w);
	if (w->at >= w->end || *w->at != bracket)
		return false;
	w->at++;
	return true;
}

bool walk_enter_or_pass(struct walk *w, char bracket)
{
	struct walk_item item;
	if (walk_enter(w, bracket))
		return true;
	walk_value(w, &item);
	return false;
}

/* Passes the comma before the next element; or the closing bracket, and returns false. */
static bool next_element(struct walk *w, bool *first, char closing)
{
	skip_blanks(w);
	if (w->at >= w->end)
		return fail(w);
	if (*w->at == closing) {
		w->at++;
		return false;
	}
	if (!*first) {
		if (*w->at != ',')
			return fail(w);
		w->at++;
		skip_blanks(w);
	}
	*first = false;
	return true;
}

/* Resolves a key's escapes, unless it is longer than any name that we know. */
static void resolve_key(struct walk *w, struct slice *key)
{
	size_t len;
	if (slice_to_text(*key, w->key, sizeof(w->key), &len))
		*key = (struct slice){ w->key, len };
}

static bool next_key(struct walk *w, bool *first, struct slice *key, bool *has_escapes)
{
	if (!next_element(w, first, '}'))
		return false;
	if (w->at >= w->end || *w->at != '"' || !walk_string(w, key, has_escapes))
		return fail(w);
	skip_blanks(w);
	if (w->at >= w->end || *w->at != ':')
		return fail(w);
	w->at++;
	return true;
}

bool walk_next_key(struct walk *w, bool *first, struct slice *key)
{
	bool has_escapes = false;
	if (!next_key(w, first, key, &has_escapes))
		return false;
	if (has_escapes)
		resolve_key(w, key);
	return true;
}

bool walk_next_member(struct walk *w, bool *first, struct slice *key, struct walk_item *out)
{
	if (!walk_next_key(w, first, key) || !walk_value(w, out))
		return false;
	if (out->kind == WALK_NULL && w->null_seen)
		w->null_seen(w->ctx, *key);
	return true;
}

bool walk_next_written_key(struct walk *w, bool *first, struct slice *key)
{
	bool has_escapes;
	return next_key(w, first, key, &has_escapes);
}

bool walk_next_item(struct walk *w, bool *first)
{
	if (!next_element(w, first, ']'))
		return false;
	return w->at < w->end && *w->at != ']' ? true : fail(w);
}

bool walk_at_end(struct walk *w)
{
	skip_blanks(w);
	return !w->bad && w->at == w->end;
}

bool slice_to_double(struct slice s, double *out)
{
	char text[64];
	if (!s.data || s.len == 0 || s.len >= sizeof(text))
		return false;
	memcpy(text, s.data, s.len);
	text[s.len] = '\0';
	char *end;
	errno = 0;
	*out = strtod(text, &end);
	return *end == '\0' && isfinite(*out);
}

bool slice_to_count(struct slice s, int64_t *out)
{
	int64_t value = 0;
	if (!s.data || s.len == 0 || s.len > 16)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		if (s.data[i] < '0' || s.data[i] > '9')
			return false;
		value = value * 10 + (s.data[i] - '0');
	}
	if (value > INT64_C(9007199254740992))
		return false;
	*out = value;
	return true;
}
