#include "cache/read.h"

#include <errno.h>
#include <fcntl.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/scope.h"
#include "json/parse.h"

#define MAX_DEPTH 32

struct json_object *cache_parse_json(const struct buf *text)
{
	AUTO_JSON *object = json_parse(buf_str(text), text->len, MAX_DEPTH, NULL);
	if (object && json_object_is_type(object, json_type_object))
		return SCOPE_KEEP(object);
	errno = object || errno != ENOMEM ? EBADMSG : ENOMEM;
	return NULL;
}

struct json_object *cache_read_json(int dir_fd, const char *name)
{
	AUTO_BUF text = BUF_INIT;
	bool is_read = file_read_regular(dir_fd, name, O_NOFOLLOW, CACHE_READ_MAX_BYTES, &text);
	return is_read ? cache_parse_json(&text) : NULL;
}

bool cache_read_is_none(int why)
{
	return why == ENOENT || why == EBADMSG || why == EFBIG || why == EINVAL || why == ELOOP;
}
