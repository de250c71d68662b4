#include "swatch/status/answer.h"

#include "json/get.h"

int64_t status_number(struct json_object *answer, const char *section, const char *key)
{
	return json_get_int(json_get_object(answer, section), key, 0);
}

const char *status_text(struct json_object *answer, const char *section, const char *key)
{
	const char *text = json_get_string(json_get_object(answer, section), key);
	return text && *text ? text : NULL;
}

struct json_object *status_array(struct json_object *answer, const char *section, const char *key,
				 size_t *length)
{
	return json_get_array(json_get_object(answer, section), key, length);
}
