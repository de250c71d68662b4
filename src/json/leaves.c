#include "json/leaves.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/printable.h"
#include "base/utf8.h"

/* 2001-09-09 and 2100-01-01, in ms; a number below the first counts seconds. */
#define EARLIEST_MS INT64_C(1000000000000)
#define LATEST_MS INT64_C(4102444800000)
/* Longer text is cut, since it goes on a line of a screen. */
#define TEXT_MAX_BYTES 1024

struct walking {
	struct walk walk;
	json_leaf *leaf;
	void *ctx;
	char path[JSON_LEAVES_PATH_SIZE];
};

/* Adds a key to the path. Returns false when it does not fit. */
static bool extend_path(struct walking *walking, size_t path_len, struct slice key, size_t *new_len)
{
	size_t dot = path_len > 0;
	if (path_len + dot + key.len >= sizeof(walking->path))
		return false;
	if (dot)
		walking->path[path_len] = '.';
	memcpy(walking->path + path_len + dot, key.data, key.len);
	*new_len = path_len + dot + key.len;
	walking->path[*new_len] = '\0';
	return true;
}

/* In a whole text, a brace follows at least, so a number at the very end may be cut off. */
static bool is_cut(const struct walk *w, const struct walk_item *item)
{
	return item->kind == WALK_NUMBER && w->at == w->end;
}

static void walk_object(struct walking *walking, size_t path_len, int depth)
{
	struct walk *w = &walking->walk;
	struct slice key;
	bool first = true;
	if (!walk_enter(w, '{'))
		return;
	while (walk_next_key(w, &first, &key)) {
		size_t len = 0;
		bool named = extend_path(walking, path_len, key, &len);
		struct walk here = *w;
		struct walk_item item;
		if (named && depth < JSON_LEAVES_MAX_DEPTH && walk_peek(w) == WALK_OBJECT) {
			/* A text that is cut off may have half of the object: report only a whole one. */
			if (walk_value(&here, &item))
				walking->leaf(walking->ctx, walking->path, &item);
			walk_object(walking, len, depth + 1);
		} else if (walk_value(w, &item) && named && !is_cut(w, &item)) {
			walking->leaf(walking->ctx, walking->path, &item);
		}
		walking->path[path_len] = '\0';
	}
}

bool json_leaves_walk(const char *text, size_t len, json_leaf *leaf, void *ctx)
{
	struct walking walking = { .leaf = leaf, .ctx = ctx };
	if (len >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0) {
		text += 3;
		len -= 3;
	}
	walk_init(&walking.walk, text, len);
	if (walk_peek(&walking.walk) != WALK_OBJECT)
		return false;
	walk_object(&walking, 0, 1);
	return walk_at_end(&walking.walk);
}

bool json_leaf_number(const struct walk_item *item, double *out)
{
	struct slice text = item->text;
	struct walk walk;
	struct walk_item inner;
	if (item->kind == WALK_NUMBER)
		return slice_to_double(text, out);
	if (item->kind != WALK_STRING)
		return false;
	walk_init(&walk, text.data, text.len);
	return walk_value(&walk, &inner) && inner.kind == WALK_NUMBER && walk_at_end(&walk)
	       && slice_to_double(inner.text, out);
}

/* Decodes a string, with U+FFFD for bytes that are not characters. Stops before `size` bytes are full. */
static size_t decode(struct slice text, char *out, size_t size)
{
	size_t at = 0, len = 0;
	while (at < text.len) {
		char bytes[UTF8_MAX_BYTES];
		uint32_t code = slice_take_char(text, &at);
		size_t count = utf8_encode(code == WALK_NO_CHAR ? UTF8_REPLACEMENT : code, bytes);
		if (len + count > size)
			break;
		memcpy(out + len, bytes, count);
		len += count;
	}
	return len;
}

bool json_leaf_text(const struct walk_item *item, char *out, size_t size)
{
	char raw[TEXT_MAX_BYTES];
	AUTO_BUF clean = BUF_INIT;
	if (item->kind != WALK_STRING || size == 0)
		return false;
	size_t room = size - 1 < sizeof(raw) ? size - 1 : sizeof(raw);
	/* Cleaning never makes a text longer. */
	printable_clean(&clean, raw, decode(item->text, raw, room));
	snprintf(out, size, "%s", buf_str(&clean));
	return true;
}

bool json_leaf_time(const struct walk_item *item, int64_t *out_ms)
{
	double number;
	int64_t at_ms;
	if (json_leaf_number(item, &number)) {
		if (number < 0. || number > (double)LATEST_MS)
			return false;
		at_ms = number < (double)EARLIEST_MS / 10. ? (int64_t)(number * 1000.) : (int64_t)number;
	} else if (item->kind != WALK_STRING
		   || !clock_parse_rfc3339(item->text.data, item->text.len, &at_ms)) {
		return false;
	}
	if (at_ms < EARLIEST_MS || at_ms > LATEST_MS)
		return false;
	*out_ms = at_ms;
	return true;
}

bool json_leaf_flag(const struct walk_item *item, bool *out)
{
	*out = item->kind == WALK_TRUE;
	return item->kind == WALK_TRUE || item->kind == WALK_FALSE;
}
