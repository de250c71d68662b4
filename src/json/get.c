#include "json/get.h"

#include <math.h>
#include <string.h>

static struct json_object *member(struct json_object *object, const char *key)
{
	struct json_object *value = NULL;
	if (json_object_is_type(object, json_type_object))
		json_object_object_get_ex(object, key, &value);
	return value;
}

double json_get_double(struct json_object *object, const char *key, double fallback)
{
	struct json_object *value = member(object, key);
	if (!json_object_is_type(value, json_type_double) && !json_object_is_type(value, json_type_int))
		return fallback;
	double number = json_object_get_double(value);
	return isfinite(number) ? number : fallback;
}

int64_t json_get_int(struct json_object *object, const char *key, int64_t fallback)
{
	struct json_object *value = member(object, key);
	if (json_object_is_type(value, json_type_int))
		return json_object_get_int64(value);
	double number = json_get_double(object, key, NAN);
	return number >= -9e15 && number <= 9e15 ? (int64_t)number : fallback;
}

bool json_get_bool(struct json_object *object, const char *key, bool fallback)
{
	struct json_object *value = member(object, key);
	return json_object_is_type(value, json_type_boolean) ? json_object_get_boolean(value) != 0 : fallback;
}

static const char *string_of(struct json_object *value)
{
	bool is_string = json_object_is_type(value, json_type_string);
	const char *text = is_string ? json_object_get_string(value) : NULL;
	/* Callers would take a text with a NUL for the part before it. */
	return text && strlen(text) == (size_t)json_object_get_string_len(value) ? text : NULL;
}

const char *json_get_string(struct json_object *object, const char *key)
{
	return string_of(member(object, key));
}

struct json_object *json_get_object(struct json_object *object, const char *key)
{
	struct json_object *value = member(object, key);
	return json_object_is_type(value, json_type_object) ? value : NULL;
}

struct json_object *json_get_array(struct json_object *object, const char *key, size_t *length)
{
	struct json_object *value = member(object, key);
	bool is_array = json_object_is_type(value, json_type_array);
	*length = is_array ? json_object_array_length(value) : 0;
	return is_array ? value : NULL;
}

const char *json_item_string(struct json_object *array, size_t at)
{
	return string_of(array ? json_object_array_get_idx(array, at) : NULL);
}
