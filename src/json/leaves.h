/*
 * leaves: goes through a JSON object and names every value in it by its path: "cost.total_cost_usd".
 *
 * For: the statusline, which reads some fields of three small objects within microseconds, whatever is
 * missing, null or of another type. Text that is not JSON ends the walk; the values before it count.
 */
#ifndef SWATCH_JSON_LEAVES_H
#define SWATCH_JSON_LEAVES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "json/walk.h"

/* The walk does not enter deeper objects, and skips values with longer paths. */
#define JSON_LEAVES_MAX_DEPTH 5
#define JSON_LEAVES_PATH_SIZE 160

/* `item` is a string, a number, true, false, null, an array, or an object (which the walk enters next). */
typedef void json_leaf(void *ctx, const char *path, const struct walk_item *item);

/* Returns true when the text is one whole object. When it is cut off, reports the values that are whole. */
bool json_leaves_walk(const char *text, size_t len, json_leaf *leaf, void *ctx);

/* These return false for any other value. Reads a finite number, or a string that holds one. */
bool json_leaf_number(const struct walk_item *item, double *out);

/* Reads a string, cuts it to the size at a character's end, and writes '?' for unsafe characters. */
bool json_leaf_text(const struct walk_item *item, char *out, size_t size);

/*
 * Reads a moment of this century: Unix seconds or milliseconds (a number, or a string with one), or RFC 3339.
 */
bool json_leaf_time(const struct walk_item *item, int64_t *out_ms);

/* Reads true or false. */
bool json_leaf_flag(const struct walk_item *item, bool *out);

#endif
