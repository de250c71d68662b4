#include "cache/read.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "json/parse.h"

#define MAX_DEPTH 32

struct json_object *cache_parse_json(const struct buf *text)
{
	struct json_object *object = json_parse(buf_str(text), text->len, MAX_DEPTH, NULL);
	if (object && json_object_is_type(object, json_type_object))
		return object;
	int why = object || errno != ENOMEM ? EBADMSG : ENOMEM;
	json_object_put(object);
	errno = why;
	return NULL;
}

struct json_object *cache_read_json(int dir_fd, const char *name)
{
	int fd = openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return NULL;
	struct stat st;
	struct buf text = BUF_INIT;
	struct json_object *object = NULL;
	if (fstat(fd, &st) == 0 && !S_ISREG(st.st_mode))
		errno = EINVAL;
	else if (file_read_all(fd, CACHE_READ_MAX_BYTES, &text))
		object = cache_parse_json(&text);
	int why = errno;
	buf_release(&text);
	close(fd);
	errno = why;
	return object;
}

bool cache_read_is_none(int why)
{
	return why == ENOENT || why == EBADMSG || why == EFBIG || why == EINVAL || why == ELOOP;
}

static struct json_object *member(struct json_object *object, const char *key)
{
	struct json_object *value = NULL;
	if (json_object_is_type(object, json_type_object))
		json_object_object_get_ex(object, key, &value);
	return value;
}

double cache_json_double(struct json_object *object, const char *key, double fallback)
{
	struct json_object *value = member(object, key);
	if (!json_object_is_type(value, json_type_double) && !json_object_is_type(value, json_type_int))
		return fallback;
	double number = json_object_get_double(value);
	return isfinite(number) ? number : fallback;
}

int64_t cache_json_int(struct json_object *object, const char *key, int64_t fallback)
{
	struct json_object *value = member(object, key);
	if (json_object_is_type(value, json_type_int))
		return json_object_get_int64(value);
	double number = cache_json_double(object, key, NAN);
	return number >= -9e15 && number <= 9e15 ? (int64_t)number : fallback;
}

bool cache_json_bool(struct json_object *object, const char *key, bool fallback)
{
	struct json_object *value = member(object, key);
	return json_object_is_type(value, json_type_boolean) ? json_object_get_boolean(value) != 0 : fallback;
}

const char *cache_json_string(struct json_object *object, const char *key)
{
	struct json_object *value = member(object, key);
	const char *text = json_object_is_type(value, json_type_string) ? json_object_get_string(value) : NULL;
	/* With a NUL in it, it would be taken for the text before that. */
	return text && strlen(text) == (size_t)json_object_get_string_len(value) ? text : NULL;
}

struct json_object *cache_json_object(struct json_object *object, const char *key)
{
	struct json_object *value = member(object, key);
	return json_object_is_type(value, json_type_object) ? value : NULL;
}
