#include "json/pretty.h"

#include "json/walk.h"

/* Deeper values stay on one line. */
#define MAX_DEPTH 64

void json_pretty_newline(struct buf *out, unsigned level)
{
	buf_append_char(out, '\n');
	while (level-- > 0)
		buf_append_str(out, "  ");
}

static void put_value(struct buf *out, struct walk *w, unsigned level, unsigned depth)
{
	struct walk_item item;
	struct slice key = { NULL, 0 };
	bool first = true, is_object = walk_peek(w) == WALK_OBJECT;
	const char *from = w->at;
	if (depth == MAX_DEPTH || !walk_enter(w, is_object ? '{' : '[')) {
		/* Where the text is not JSON, its rest is shown as it is. */
		(void)walk_value(w, &item);
		buf_append(out, from, (size_t)(w->at - from));
		return;
	}
	buf_append_char(out, is_object ? '{' : '[');
	bool empty = true;
	while (is_object ? walk_next_written_key(w, &first, &key) : walk_next_item(w, &first)) {
		buf_append_str(out, empty ? "" : ",");
		json_pretty_newline(out, level + 1);
		if (is_object) {
			buf_append_char(out, '"');
			buf_append(out, key.data, key.len);
			buf_append_str(out, "\": ");
		}
		put_value(out, w, level + 1, depth + 1);
		empty = false;
	}
	if (w->bad)
		return;
	if (!empty)
		json_pretty_newline(out, level);
	buf_append_char(out, is_object ? '}' : ']');
}

void json_pretty(struct buf *out, const char *json, size_t len, unsigned level)
{
	struct walk w;
	walk_init(&w, json, len);
	put_value(out, &w, level, 0);
}
