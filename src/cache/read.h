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

/* A larger file is not one of ours. */
#define CACHE_READ_MAX_BYTES ((size_t)4 << 20)

/*
 * The JSON object in `name`; the caller json_object_put()s it. NULL with errno: ENOENT, EBADMSG (no JSON object),
 * EFBIG, EINVAL (no regular file), or what the system said. Symlinks are not followed.
 */
struct json_object *cache_read_json(int dir_fd, const char *name);

/* The same of a text that was read already; EBADMSG, or ENOMEM. */
struct json_object *cache_parse_json(const struct buf *text);

/*
 * Whether cache_read_json()'s errno says that there is no cache file of ours, and not that one could not look: absent,
 * no JSON object, too large, no regular file, a symlink.
 */
bool cache_read_is_none(int why);

/* The member `key` of an object when it is there and of that type (numbers: int or double); else the fallback. */
double cache_json_double(struct json_object *object, const char *key, double fallback);
int64_t cache_json_int(struct json_object *object, const char *key, int64_t fallback);
bool cache_json_bool(struct json_object *object, const char *key, bool fallback);
/* NULL when it is no string, or one with a NUL in it; points into the object. */
const char *cache_json_string(struct json_object *object, const char *key);
/* NULL when it is no object; belongs to the parent. `object` may be NULL in all of these. */
struct json_object *cache_json_object(struct json_object *object, const char *key);

#endif
