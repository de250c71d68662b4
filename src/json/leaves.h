/*
 * leaves: goes through a JSON object and names every value in it by its path: "cost.total_cost_usd".
 *
 * For: the statusline, which reads some fields of three small objects within microseconds, whatever is missing, null or of
 * another type. Text that is not JSON ends the walk; the values before it count.
 */
#ifndef SWATCH_JSON_LEAVES_H
#define SWATCH_JSON_LEAVES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "json/walk.h"

/* The walk does not go into deeper objects, and skips values whose paths are longer. */
#define JSON_LEAVES_MAX_DEPTH 5
#define JSON_LEAVES_PATH_SIZE 160

/* `item` is a string, a number, true, false, null, an array, or an object (which is gone into next). */
typedef void json_leaf(void *ctx, const char *path, const struct walk_item *item);

/* Returns true when the text is one whole object. Of an object that was cut off, it reports the values that are whole. */
bool json_leaves_walk(const char *text, size_t len, json_leaf *leaf, void *ctx);

/* A number, or a string that holds one; finite. */
bool json_leaf_number(const struct walk_item *item, double *out);

/* A string as text, cut to the size at a character's end, with '?' for control characters and the like. False: no string. */
bool json_leaf_text(const struct walk_item *item, char *out, size_t size);

/*
 * A moment: Unix seconds or milliseconds (a number, or a string with one), or RFC 3339. False when it is not a moment of
 * this century.
 */
bool json_leaf_time(const struct walk_item *item, int64_t *out_ms);

/* Reads true or false. Returns false for any other value. */
bool json_leaf_flag(const struct walk_item *item, bool *out);

#endif
