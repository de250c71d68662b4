/*
 * parse: JSON text into json-c's objects, built on json/walk.h.
 *
 * For: everyone who reads a tree: cache files, the daemon's answers, ccusage's output, settings. json-c's own
 * parser does not check every allocation (a member's name that cannot be copied ends the program), so this
 * one makes the objects. Strict, as walk is. Strings may hold bytes that are not UTF-8. Of two members with
 * one name the last counts. A number that does not fit an int64 is a double, and is written again as it was.
 */
#ifndef SWATCH_JSON_PARSE_H
#define SWATCH_JSON_PARSE_H

#include <json-c/json.h>
#include <stddef.h>

/* The parser refuses deeper nesting, whatever a caller asks for. */
#define JSON_PARSE_MAX_DEPTH 64

/*
 * Returns the object or array in `text`, which the caller json_object_put()s. With `end`, other text may
 * follow, and *end is the end of the value; with NULL, only blanks may. Returns NULL with errno: EBADMSG (not
 * JSON, not an object or array, nested deeper than `max_depth`, or a number of more than 63 characters),
 * EAGAIN (the text ends within the value), ENOMEM.
 */
struct json_object *json_parse(const char *text, size_t len, unsigned max_depth, size_t *end);

/*
 * Returns the object as text, by json-c's flags; it belongs to the object. NULL when memory ran out, where
 * json-c itself would return a part of the text.
 */
const char *json_text(struct json_object *object, int flags, size_t *len);

#endif
