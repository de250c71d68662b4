#include "json/edit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/scope.h"
#include "base/utf8.h"
#include "json/get.h"
#include "json/parse.h"
#include "json/walk.h"
#include "json/write.h"

/* Settings nest four or five deep. */
#define MAX_DEPTH JSON_PARSE_MAX_DEPTH

static const char blanks[] = " \t\r\n";

/* Places in the text; 0: there is no such thing. */
struct layout {
	size_t open_at;                /* after the object's brace */
	size_t count;
	size_t last_lead_at;           /* after the comma, or the brace, before the last member */
	size_t last_key_at, last_end;  /* the last member's key, and the end of its value */
	bool found;
	size_t key_at, value_at, value_end;
	size_t before_end;             /* the end of the value before it */
	size_t next_key_at;            /* the key after it */
};

/* ---- reading ---- */

/* Steps over a byte order mark, which Claude Code takes, too. Returns its length. */
static size_t skip_mark(const char **text, size_t *len)
{
	size_t mark = *len >= 3 && memcmp(*text, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
	*text += mark;
	*len -= mark;
	return mark;
}

bool json_edit_is_blank(const char *text, size_t len)
{
	(void)skip_mark(&text, &len);
	return strspn(text, blanks) == len;
}

static size_t count_lines(const char *text, size_t len)
{
	size_t lines = 1;
	for (size_t i = 0; i < len; i++)
		lines += text[i] == '\n';
	return lines;
}

static bool is_too_odd(const char *text, size_t len, struct buf *error)
{
	if (len > JSON_EDIT_MAX_BYTES)
		buf_printf(error, "it is larger than %zu MiB", JSON_EDIT_MAX_BYTES >> 20);
	else if (memchr(text, '\0', len))
		buf_append_str(error, "it contains a NUL byte, so it is not text");
	else
		return false;
	return true;
}

/* Returns the line of the first byte that is not UTF-8, or 0 when all of it is. */
static size_t find_bad_line(const char *text, size_t len)
{
	uint32_t code;
	for (size_t at = 0, size; at < len; at += size) {
		size = utf8_decode(text + at, len - at, &code);
		if (size == 0)
			return count_lines(text, at);
	}
	return 0;
}

/* Tells where the text is not JSON. */
static void explain(const char *text, size_t len, struct buf *error)
{
	struct walk w;
	struct walk_item item;
	walk_init(&w, text, len);
	if (!walk_value(&w, &item))
		buf_printf(error, "it is not JSON: line %zu: unexpected character",
			   count_lines(text, (size_t)(w.bad_at - text)));
	else if (!walk_at_end(&w))
		buf_printf(error, "it is not JSON: line %zu: something follows the object",
			   count_lines(text, (size_t)(w.at - text)));
	else
		buf_append_str(error, "a value in it is nested too deep, or a number in it is too long");
}

static struct json_object *parse(const char *text, size_t len, struct buf *error)
{
	if (is_too_odd(text, len, error))
		return NULL;
	AUTO_JSON *object = json_parse(text, len, MAX_DEPTH, NULL);
	int why = errno;
	size_t bad_line = object ? find_bad_line(text, len) : 0;
	if (object && bad_line == 0 && json_object_is_type(object, json_type_object))
		return SCOPE_KEEP(object);
	size_t start = strspn(text, blanks);
	/* An empty message means that memory ran out. */
	if (!object && why == ENOMEM)
		return NULL;
	if (start == len)
		buf_append_str(error, "it is empty");
	else if (text[start] != '{')
		buf_append_str(error, "it is not a JSON object");
	else if (bad_line > 0)
		buf_printf(error, "it is not JSON: line %zu: this is not UTF-8", bad_line);
	else if (why == EAGAIN)
		buf_append_str(error, "it ends in the middle");
	else
		explain(text, len, error);
	return NULL;
}

struct json_object *json_edit_parse(const char *text, size_t len, struct buf *error)
{
	(void)skip_mark(&text, &len);
	return parse(text, len, error);
}

/*
 * Returns the next key's place, from after the brace or a value; *lead_at: the start of the blanks before it.
 */
static size_t skip_to_key(const char *text, size_t at, size_t *lead_at)
{
	size_t comma = at + strspn(text + at, blanks);
	*lead_at = text[comma] == ',' ? comma + 1 : at;
	return *lead_at + strspn(text + *lead_at, blanks);
}

/* Finds the places in an object that json_edit_parse() accepted. */
static bool find_layout(const char *text, size_t len, const char *key, struct layout *layout)
{
	struct walk w;
	struct walk_item item;
	struct slice name;
	bool first = true;
	memset(layout, 0, sizeof(*layout));
	walk_init(&w, text, len);
	if (!walk_enter(&w, '{'))
		return false;
	layout->open_at = (size_t)(w.at - text);
	for (size_t from = layout->open_at; walk_next_key(&w, &first, &name); from = layout->last_end) {
		size_t before_end = layout->last_end;
		layout->last_key_at = skip_to_key(text, from, &layout->last_lead_at);
		bool is_it = slice_equals(name, key);
		(void)walk_peek(&w);
		size_t value_at = (size_t)(w.at - text);
		if (!walk_value(&w, &item))
			return false;
		if (layout->found && layout->next_key_at == 0)
			layout->next_key_at = layout->last_key_at;
		layout->last_end = (size_t)(w.at - text);
		layout->count++;
		if (!is_it || layout->found)
			continue;
		layout->found = true;
		layout->key_at = layout->last_key_at;
		layout->value_at = value_at;
		layout->value_end = layout->last_end;
		layout->before_end = before_end;
	}
	return walk_at_end(&w);
}

/* Parses the document and finds the places in it. Returns NULL with a message. */
static struct json_object *read_document(const char *text, size_t len, const char *key, struct layout *layout,
					 struct buf *error)
{
	AUTO_JSON *object = parse(text, len, error);
	if (!object)
		return NULL;
	if (find_layout(text, len, key, layout) && layout->count == (size_t)json_object_object_length(object))
		return SCOPE_KEEP(object);
	buf_append_str(error, "it has a key twice");
	return NULL;
}

/* Takes "\n  " out of the blanks before a key: this document's newline, and the indentation. */
static void take_line(const char *text, size_t from, size_t to, char line[64])
{
	line[0] = '\0';
	size_t start = to;
	while (start > from && text[start - 1] != '\n')
		start--;
	if (start == from || to - start > 48)
		return;
	bool has_return = start - from >= 2 && text[start - 2] == '\r';
	snprintf(line, 64, "%s%.*s", has_return ? "\r\n" : "\n", (int)(to - start), text + start);
}

static void take_style(const char *text, size_t len, const struct layout *layout,
		       struct json_edit_member *member)
{
	if (layout->count > 0) {
		take_line(text, layout->last_lead_at, layout->last_key_at, member->line);
		return;
	}
	/* An empty object may have its closing brace on another line. */
	size_t close_at = layout->open_at + strspn(text + layout->open_at, blanks);
	const char *newline = text[layout->open_at] == '\r' ? "\r\n" : "\n";
	take_line(text, layout->open_at, close_at, member->line);
	if (member->line[0] && close_at < len)
		snprintf(member->line, sizeof(member->line), "%s  ", newline);
}

bool json_edit_find(const char *text, size_t len, const char *key, struct json_edit_member *member,
		    struct buf *error)
{
	struct layout layout;
	memset(member, 0, sizeof(*member));
	size_t mark = skip_mark(&text, &len);
	AUTO_JSON *object = read_document(text, len, key, &layout, error);
	if (!object)
		return false;
	member->found = layout.found;
	member->value_at = mark + layout.value_at;
	member->value_len = layout.value_end - layout.value_at;
	take_style(text, len, &layout, member);
	return true;
}

/* ---- writing ---- */

/* Whether only the member has changed, and has the value of `wanted`, {"v": value}; NULL: it is gone. */
static bool is_as_meant(const struct buf *out, size_t from, struct json_object *before, const char *key,
			struct json_object *wanted)
{
	AUTO_BUF ignored = BUF_INIT;
	struct layout layout;
	AUTO_JSON *after = read_document(out->data + from, out->len - from, key, &layout, &ignored);
	struct json_object *got = NULL, *value = NULL;
	bool has = after && json_object_object_get_ex(after, key, &got);
	bool wants = wanted && json_object_object_get_ex(wanted, "v", &value);
	/* json-c has no object for null: then both are NULL. */
	if (!after || has != wants || (got != value && json_object_equal(got, value) != 1))
		return false;
	json_object_object_del(before, key);
	json_object_object_del(after, key);
	return json_object_equal(before, after) == 1;
}

/*
 * Appends the text with [from, to) replaced by `what`, and checks it against `before`, which loses the
 * member.
 */
static bool splice(const char *text, size_t len, size_t from, size_t to, const struct buf *what,
		   const char *key, struct json_object *before, struct json_object *wanted, struct buf *out,
		   struct buf *error)
{
	size_t start = out->len;
	buf_append(out, text, from);
	buf_append(out, buf_str(what), what->len);
	buf_append(out, text + to, len - to);
	bool written = !out->failed && !what->failed;
	if (written && is_as_meant(out, start, before, key, wanted))
		return true;
	if (written)
		buf_append_str(error, "the edit would change more than that");
	buf_truncate(out, start);
	return false;
}

/* Writes the member as it goes after the last one, or into an empty object. */
static void write_member(const char *text, size_t len, const struct layout *layout, const char *key,
			 const char *value, struct buf *what)
{
	struct json_edit_member style = { 0 };
	struct jsonw w;
	take_style(text, len, layout, &style);
	if (layout->count > 0)
		buf_append_str(what, style.line[0] ? "," : ", ");
	buf_append_str(what, style.line);
	jsonw_init(&w, what);
	jsonw_string(&w, key);
	buf_printf(what, ": %s", value);
}

/* Returns {"v": value}; NULL with a message when the text is not exactly one value. */
static struct json_object *wrap_value(const char *value, struct buf *error)
{
	AUTO_BUF text = BUF_INIT;
	struct layout layout;
	buf_printf(&text, "{\"v\":%s}", value);
	AUTO_JSON *object = text.failed ? NULL : read_document(text.data, text.len, "v", &layout, error);
	if (object && layout.count == 1)
		return SCOPE_KEEP(object);
	if (object)
		buf_append_str(error, "it is more than one value");
	return NULL;
}

static bool set(const char *text, size_t len, const char *key, const char *value, struct buf *out,
		struct buf *error)
{
	struct layout layout;
	AUTO_BUF what = BUF_INIT;
	AUTO_JSON *wanted = wrap_value(value, error);
	AUTO_JSON *before = wanted ? read_document(text, len, key, &layout, error) : NULL;
	if (!before)
		return false;
	size_t from = layout.count > 0 ? layout.last_end : layout.open_at, to = from;
	if (layout.found) {
		from = layout.value_at;
		to = layout.value_end;
		buf_append_str(&what, value);
	} else {
		write_member(text, len, &layout, key, value, &what);
	}
	return splice(text, len, from, to, &what, key, before, wanted, out, error);
}

static bool unset(const char *text, size_t len, const char *key, struct buf *out, struct buf *error)
{
	static const struct buf nothing = BUF_INIT;
	struct layout layout;
	AUTO_JSON *before = read_document(text, len, key, &layout, error);
	if (!before)
		return false;
	size_t from = 0, to = 0;
	if (layout.found && layout.before_end > 0) {
		from = layout.before_end;
		to = layout.value_end;
	} else if (layout.found && layout.next_key_at > 0) {
		from = layout.key_at;
		to = layout.next_key_at;
	} else if (layout.found) {
		from = layout.open_at;
		to = layout.value_end;
	}
	return splice(text, len, from, to, &nothing, key, before, NULL, out, error);
}

/* `value` NULL: without the member. */
static bool edit(const char *text, size_t len, const char *key, const char *value, struct buf *out,
		 struct buf *error)
{
	size_t start = out->len, mark = skip_mark(&text, &len);
	buf_append(out, text - mark, mark);
	bool good = value ? set(text, len, key, value, out, error) : unset(text, len, key, out, error);
	if (!good)
		buf_truncate(out, start);
	return good;
}

bool json_edit_set(const char *text, size_t len, const char *key, const char *value, struct buf *out,
		   struct buf *error)
{
	return edit(text, len, key, value, out, error);
}

bool json_edit_unset(const char *text, size_t len, const char *key, struct buf *out, struct buf *error)
{
	return edit(text, len, key, NULL, out, error);
}
