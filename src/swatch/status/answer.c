#include "swatch/status/answer.h"

#include "cache/read.h"

int64_t status_number(struct json_object *answer, const char *section, const char *key)
{
	return json_get_int(json_get_object(answer, section), key, 0);
}

const char *status_text(struct json_object *answer, const char *section, const char *key)
{
	const char *text = json_get_string(json_get_object(answer, section), key);
	return text && *text ? text : NULL;
}

struct json_object *status_array(struct json_object *answer, const char *section, const char *key, size_t *length)
{
	struct json_object *array;
	struct json_object *object = json_get_object(answer, section);
	*length = 0;
	if (!object || !json_object_object_get_ex(object, key, &array) || !json_object_is_type(array, json_type_array))
		return NULL;
	*length = json_object_array_length(array);
	return array;
}
