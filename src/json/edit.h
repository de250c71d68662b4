/*
 * edit: sets or removes one member of a JSON object in its text, and leaves every other byte as it is.
 *
 * For: `swatch setup`, in Claude Code's settings.json, which people write by hand. Pure: text in, text out.
 *
 * It touches a strict document only: one object in valid UTF-8, no byte order mark, no comments, no comma too many, no key
 * twice at its top, JSON_EDIT_MAX_BYTES at most. It reads the result back before it gives it: that holds what the document
 * held, but for the member.
 * Texts end with a NUL behind their `len` bytes, as a struct buf's do.
 * A new member goes to the end; json_edit_unset() of it then gives the document as it was, byte for byte.
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
	size_t value_at, value_len;    /* where its value stands, when it is there */
	/* How the document is set out: what a line of the top object begins with, such as "\n  "; "" when all is one line. */
	char line[64];
};

/* Looks for a member of the top object. Returns false with a message that says what is wrong with the document. */
bool json_edit_find(const char *text, size_t len, const char *key, struct json_edit_member *member, struct buf *error);

/*
 * Appends the document with the member set to `value`, which is JSON text and is put in as it is, or without the member.
 * Unsetting a member that is not there gives the document. Returns false with a message: nothing was appended.
 */
bool json_edit_set(const char *text, size_t len, const char *key, const char *value, struct buf *out, struct buf *error);
bool json_edit_unset(const char *text, size_t len, const char *key, struct buf *out, struct buf *error);

/* Returns the document as json-c has it; the caller json_object_put()s it. NULL with a message when this module refuses it. */
struct json_object *json_edit_parse(const char *text, size_t len, struct buf *error);

#endif
