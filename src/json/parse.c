#include "json/parse.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/scope.h"
#include "json/get.h"
#include "json/walk.h"

#define NUMBER_MAX 64

struct builder {
	struct walk walk;
	unsigned depth_left;
	int why;             /* errno of a failure other than bad text; 0: none */
	struct buf text;     /* of a string with escapes */
};

static struct json_object *build_value(struct builder *b);

static bool fail(struct builder *b, int why)
{
	if (b->why == 0)
		b->why = why;
	return false;
}

static bool is_good(const struct builder *b)
{
	return b->why == 0 && !b->walk.bad;
}

/* Resolves a string's escapes. The result is good until the next one. */
static struct slice decode(struct builder *b, struct slice written)
{
	if (!memchr(written.data, '\\', written.len))
		return written;
	buf_clear(&b->text);
	slice_append_text(written, &b->text);
	if (b->text.failed)
		(void)fail(b, ENOMEM);
	return (struct slice){ buf_str(&b->text), b->text.len };
}

static struct json_object *make_number(struct builder *b, struct slice written)
{
	char text[NUMBER_MAX];
	if (written.len >= sizeof(text)) {
		(void)fail(b, EBADMSG);
		return NULL;
	}
	memcpy(text, written.data, written.len);
	text[written.len] = '\0';
	errno = 0;
	if (!strpbrk(text, ".eE")) {
		long long value = strtoll(text, NULL, 10);
		if (errno == 0)
			return json_object_new_int64(value);
	}
	return json_object_new_double_s(strtod(text, NULL), text);
}

static bool add_member(struct builder *b, struct json_object *object, struct slice written)
{
	struct slice name = decode(b, written);
	AUTO_FREE char *key = strndup(name.data, name.len);
	AUTO_JSON *value = key ? build_value(b) : NULL;
	if (!key || (is_good(b) && json_object_object_add(object, key, value) != 0))
		(void)fail(b, ENOMEM);
	if (is_good(b))
		value = NULL;
	return is_good(b);
}

static bool add_element(struct builder *b, struct json_object *array)
{
	AUTO_JSON *value = build_value(b);
	if (is_good(b) && json_object_array_add(array, value) != 0)
		(void)fail(b, ENOMEM);
	if (is_good(b))
		value = NULL;
	return is_good(b);
}

static struct json_object *build_nesting(struct builder *b, bool is_object)
{
	struct slice key;
	bool first = true;
	if (b->depth_left == 0) {
		(void)fail(b, EBADMSG);
		return NULL;
	}
	AUTO_JSON *into = is_object ? json_object_new_object() : json_object_new_array();
	if (!into)
		return NULL;
	b->depth_left--;
	(void)walk_enter(&b->walk, is_object ? '{' : '[');
	while (is_object ? walk_next_written_key(&b->walk, &first, &key) : walk_next_item(&b->walk, &first))
		if (!(is_object ? add_member(b, into, key) : add_element(b, into)))
			break;
	b->depth_left++;
	return is_good(b) ? SCOPE_KEEP(into) : NULL;
}

/* Returns NULL also for null, as json-c does: is_good() tells the difference. */
static struct json_object *build_value(struct builder *b)
{
	struct json_object *value = NULL;
	struct walk_item item;
	enum walk_kind kind = walk_peek(&b->walk);
	if (kind == WALK_OBJECT || kind == WALK_ARRAY) {
		value = build_nesting(b, kind == WALK_OBJECT);
	} else if (!walk_value(&b->walk, &item) || kind == WALK_NULL) {
		return NULL;
	} else if (kind == WALK_STRING) {
		struct slice text = decode(b, item.text);
		value = json_object_new_string_len(text.data, (int)text.len);
	} else if (kind == WALK_NUMBER) {
		value = make_number(b, item.text);
	} else {
		value = json_object_new_boolean(kind == WALK_TRUE);
	}
	if (!value && is_good(b))
		(void)fail(b, ENOMEM);
	return value;
}

struct json_object *json_parse(const char *text, size_t len, unsigned max_depth, size_t *end)
{
	struct builder b = { .text = BUF_INIT };
	b.depth_left = max_depth < JSON_PARSE_MAX_DEPTH ? max_depth : JSON_PARSE_MAX_DEPTH;
	walk_init(&b.walk, text, len);
	enum walk_kind kind = walk_peek(&b.walk);
	if (len > INT32_MAX || (kind != WALK_OBJECT && kind != WALK_ARRAY))
		(void)fail(&b, b.walk.at == b.walk.end ? EAGAIN : EBADMSG);
	AUTO_JSON *value = is_good(&b) ? build_value(&b) : NULL;
	if (end)
		*end = (size_t)(b.walk.at - text);
	else if (is_good(&b) && !walk_at_end(&b.walk))
		(void)fail(&b, EBADMSG);
	buf_release(&b.text);
	if (is_good(&b))
		return SCOPE_KEEP(value);
	errno = b.why != 0 ? b.why : b.walk.bad_at == b.walk.end ? EAGAIN : EBADMSG;
	return NULL;
}

const char *json_text(struct json_object *object, int flags, size_t *len)
{
	errno = 0;
	const char *text = json_object_to_json_string_length(object, flags, len);
	return errno == ENOMEM ? NULL : text;
}
