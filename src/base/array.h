/*
 * array: growable arrays, and binary search in sorted ones.
 *
 * For: every room that keeps a list. An array is three variables of its owner: the items, how many there are, and for
 * how many there is room.
 *
 *     if (!array_reserve(&list->items, &list->cap, list->count + 1, sizeof(*list->items)))
 *             return false;
 *     list->items[list->count++] = item;
 */
#ifndef SWATCH_BASE_ARRAY_H
#define SWATCH_BASE_ARRAY_H

#include <stdbool.h>
#include <stddef.h>

/* How many items an array has whose size the compiler knows. */
#define ARRAY_COUNT(array) (sizeof(array) / sizeof((array)[0]))

/*
 * Makes room for `needed` items of `item_bytes` each. `items` is the address of the pointer to them, `cap` of the number
 * that fits. Grows by a quarter and 16, so that large arrays waste little and small ones are not grown often. New memory is
 * not cleared. Returns false when memory ran out, or when the size in bytes does not fit a size_t; the array is as it was.
 */
bool array_reserve(void *items, size_t *cap, size_t needed, size_t item_bytes);

/*
 * The place of the first of `count` sorted items that is not before `key`; `count` when all are. `compare` returns less
 * than 0 when the key comes before the item, 0 when it equals it, more than 0 when it comes after it.
 * *found (may be NULL) says whether the item at that place equals the key.
 */
size_t array_search(const void *key, const void *items, size_t count, size_t item_bytes,
		    int (*compare)(const void *key, const void *item), bool *found);

#endif
