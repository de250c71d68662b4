/*
 * json_leaves: goes through a JSON object and names every value in it by its path: "cost.total_cost_usd".
 *
 * For: statusline, which wants some fields of three small objects within microseconds, whatever is missing, null or of
 * another type; what is not JSON ends the walk, and what came before it counts.
 */
#ifndef SWATCH_JSON_LEAVES_H
#define SWATCH_JSON_LEAVES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "json/walk.h"

/* Objects deeper than this are values of their own, not gone into; paths that are longer are passed over. */
#define JSON_LEAVES_MAX_DEPTH 5
#define JSON_LEAVES_PATH_SIZE 160

/* `item` is a string, a number, true, false, null, an array, or an object (which is gone into next). */
typedef void json_leaf(void *ctx, const char *path, const struct walk_item *item);

/* Returns true when the text is one whole object; of one that was cut off, what is whole is told. */
bool json_leaves_walk(const char *text, size_t len, json_leaf *leaf, void *ctx);

/* A number, or a string that holds one; finite. */
bool json_leaf_number(const struct walk_item *item, double *out);

/* A string as text, cut to the size at a character's end; control characters and the like as '?'. False: no string. */
bool json_leaf_text(const struct walk_item *item, char *out, size_t size);

/*
 * A moment: Unix seconds or milliseconds (a number, or a string with one), or RFC 3339. False when it is none of this
 * century.
 */
bool json_leaf_time(const struct walk_item *item, int64_t *out_ms);

/* true or false; false for any other value as the result. */
bool json_leaf_flag(const struct walk_item *item, bool *out);

#endif
