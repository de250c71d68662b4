/*
 * json_parse: JSON text into json-c's objects.
 *
 * For: everyone who reads JSON that is not a transcript. json-c's own parser does not check every allocation (a
 * member's name that cannot be copied ends the program), so this one makes the objects, and fails in order.
 * Strict, as RFC 8259 has it: no comments, no trailing commas, no control characters in strings. Strings may hold
 * bytes that are no UTF-8. The last of two members of one name counts. A number that is no int64 is a double, and is
 * written again as it was.
 */
#ifndef SWATCH_JSON_PARSE_H
#define SWATCH_JSON_PARSE_H

#include <json-c/json.h>
#include <stddef.h>

/* Deeper nesting is refused, whatever a caller asks for. */
#define JSON_PARSE_MAX_DEPTH 64

/*
 * The object or array that `text` holds; the caller json_object_put()s it. With `end`, other text may follow, and *end
 * says where the value ended; with NULL, only blanks may. NULL with errno: EBADMSG (no such JSON, or nested deeper than
 * `max_depth`), EAGAIN (the text ends within the value), ENOMEM.
 */
struct json_object *json_parse(const char *text, size_t len, unsigned max_depth, size_t *end);

/*
 * The object as text, by json-c's flags; it belongs to the object. NULL when memory ran out: json-c itself would then
 * return what it got so far.
 */
const char *json_text(struct json_object *object, int flags, size_t *len);

#endif
