/*
 * cache_read: reads a cache file as it may be: absent, somebody else's, of a newer schema.
 *
 * For: swatchd at its start (what the last run knew), and the commands. No lock is needed: files are whole.
 */
#ifndef SWATCH_CACHE_READ_H
#define SWATCH_CACHE_READ_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "json/get.h"

/* A larger file is not one of ours. */
#define CACHE_READ_MAX_BYTES ((size_t)4 << 20)

/*
 * The JSON object in `name`; the caller json_object_put()s it. NULL with errno: ENOENT, EBADMSG (no JSON
 * object), EFBIG, EINVAL (no regular file), or what the system said. Symlinks are not followed.
 */
struct json_object *cache_read_json(int dir_fd, const char *name);

/* The same of a text that was read already; EBADMSG, or ENOMEM. */
struct json_object *cache_parse_json(const struct buf *text);

/*
 * Whether cache_read_json()'s errno means that there is no cache file of ours (it is absent, no JSON object,
 * too large, no regular file, or a symlink), rather than that reading failed.
 */
bool cache_read_is_none(int why);

#endif
