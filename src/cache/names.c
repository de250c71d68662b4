#include "cache/names.h"

#include <stdio.h>
#include <string.h>

#include "base/array.h"
#include "transcript/path.h"

bool cache_session_id_is_valid(const char *id, size_t len)
{
	static const char *const reserved[] = { "sessions", "billing-shared", "config", "alerts" };
	if (!transcript_session_id_is_valid(id, len))
		return false;
	for (size_t i = 0; i < ARRAY_COUNT(reserved); i++)
		if (strlen(reserved[i]) == len && memcmp(reserved[i], id, len) == 0)
			return false;
	return true;
}

bool cache_session_file_name(const char *id, char out[CACHE_NAME_SIZE])
{
	if (!cache_session_id_is_valid(id, strlen(id)))
		return false;
	snprintf(out, CACHE_NAME_SIZE, "%s.json", id);
	return true;
}

bool cache_session_id_of_file(const char *file_name, char out[CACHE_SESSION_ID_MAX + 1])
{
	size_t len = strlen(file_name);
	if (len <= strlen(".json") || strcmp(file_name + len - strlen(".json"), ".json") != 0)
		return false;
	len -= strlen(".json");
	if (!cache_session_id_is_valid(file_name, len))
		return false;
	memcpy(out, file_name, len);
	out[len] = '\0';
	return true;
}
