#include "cache/read.h"

#include <errno.h>
#include <fcntl.h>
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
