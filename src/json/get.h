/*
 * get: reads members of json-c objects by name and type.
 *
 * For: everyone who reads a tree: cache files, the daemon's answers, ccusage's output, settings. Input is
 * hostile: for a member that is missing or of another type, these return the fallback; numbers are finite.
 */
#ifndef SWATCH_JSON_GET_H
#define SWATCH_JSON_GET_H

#include <errno.h>
#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A local object that is put when its block ends, which preserves errno. */
static inline void json_put_scope(struct json_object **object)
{
	int why = errno;
	json_object_put(*object);
	errno = why;
}
#define AUTO_JSON __attribute__((cleanup(json_put_scope))) struct json_object

/* Return a member of an object, which may be NULL in all of these. A number may be an int or a double. */
double json_get_double(struct json_object *object, const char *key, double fallback);
int64_t json_get_int(struct json_object *object, const char *key, int64_t fallback);
bool json_get_bool(struct json_object *object, const char *key, bool fallback);
/* NULL when it is not a string, or contains a NUL; points into the object. */
const char *json_get_string(struct json_object *object, const char *key);
/* NULL when it is not an object; belongs to the parent. */
struct json_object *json_get_object(struct json_object *object, const char *key);
/* NULL when it is not an array, and then *length is 0; belongs to the parent. */
struct json_object *json_get_array(struct json_object *object, const char *key, size_t *length);

/* The text at a place of an array; NULL when something else, or nothing, is there. */
const char *json_item_string(struct json_object *array, size_t at);

#endif
