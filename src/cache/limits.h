/*
 * cache/limits: the account's usage limits as billing-shared.json has them.
 *
 * For: status, check and top, which show them, and the daemon, which takes back what an earlier run wrote.
 */
#ifndef SWATCH_CACHE_LIMITS_H
#define SWATCH_CACHE_LIMITS_H

#include <json-c/json.h>
#include <stdint.h>

#include "limits/limits.h"

/*
 * Reads the object `rateLimits` (NULL when the file has no such object) as of `now_ms`: leaves out what
 * cannot be, and what was reset since.
 */
void cache_limits_read(struct json_object *written, int64_t now_ms, struct rate_limits *out);

#endif
