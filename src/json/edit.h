/*
 * edit: sets or removes one member of a JSON object in its text, and leaves every other byte as it is.
 *
 * For: `swatch setup`, in Claude Code's settings.json, which people write by hand. Pure: text in, text out.
 *
 * It edits only a strict document: one object in valid UTF-8, without comments, surplus commas, or duplicate
 * keys at its top, and of JSON_EDIT_MAX_BYTES at most. A byte order mark before it stays. It reads its result
 * back and checks that nothing but the member has changed. A new member goes to the end, so that
 * json_edit_unset() gives back the same bytes. Texts have a NUL after their `len` bytes, as a struct buf's
 * have.
 */
#ifndef SWATCH_JSON_EDIT_H
#define SWATCH_JSON_EDIT_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

#define JSON_EDIT_MAX_BYTES ((size_t)4 << 20)

struct json_edit_member {
	bool found;
	size_t value_at, value_len;    /* the place of its value, when found */
	char line[64];                 /* the start of a line in the top object, "\n  "; "" without lines */
};

/*
 * Looks for a member of the top object. Returns false with a message when something is wrong with the
 * document.
 */
bool json_edit_find(const char *text, size_t len, const char *key, struct json_edit_member *member,
		    struct buf *error);

/*
 * Append the document with the member set to `value`, which is JSON text, or without the member. A document
 * that lacks the member stays as it is without it. Return false with a message, and append nothing then.
 */
bool json_edit_set(const char *text, size_t len, const char *key, const char *value, struct buf *out,
		   struct buf *error);
bool json_edit_unset(const char *text, size_t len, const char *key, struct buf *out, struct buf *error);

/* Whether there is nothing but blanks in it: Claude Code takes such a settings.json for none. */
bool json_edit_is_blank(const char *text, size_t len);

/*
 * Returns the document as a tree, which the caller json_object_put()s; NULL with a message for a bad
 * document.
 */
struct json_object *json_edit_parse(const char *text, size_t len, struct buf *error);

#endif
