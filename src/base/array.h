/*
 * array: growable arrays, and binary search in sorted ones.
 *
 * For: every room that keeps a list. An array is three variables of its owner: the items, their number, and
 * the number for which there is room.
 *
 *     if (!array_reserve(&list->items, &list->cap, list->count + 1, sizeof(*list->items)))
 *             return false;
 *     list->items[list->count++] = item;
 */
#ifndef SWATCH_BASE_ARRAY_H
#define SWATCH_BASE_ARRAY_H

#include <stdbool.h>
#include <stddef.h>

/* The number of items in an array whose size the compiler knows. */
#define ARRAY_COUNT(array) (sizeof(array) / sizeof((array)[0]))

/*
 * Makes room for `needed` items of `item_bytes` each. `items` is the address of the pointer to them, `cap`
 * the address of the number that fits. Grows by a quarter and 16 (fewer of large items), so that large
 * arrays waste little and small ones seldom grow. Does not clear new memory. Returns false when memory ran
 * out, or when the size in bytes does not fit a size_t; the array is then as it was.
 */
bool array_reserve(void *items, size_t *cap, size_t needed, size_t item_bytes);

/*
 * The same for an array that may become large: from its first item on it is so large that the C library
 * gives it pages of its own. These take no memory before they are used, and grow without a copy.
 */
bool array_reserve_many(void *items, size_t *cap, size_t needed, size_t item_bytes);

/*
 * Returns the index of the first of `count` sorted items that is not before `key`; `count` when all are
 * before it. `compare` returns less than 0 when the key comes before the item, 0 when they are equal, more
 * than 0 when it comes after. *found (may be NULL): the item at that index equals the key.
 */
size_t array_search(const void *key, const void *items, size_t count, size_t item_bytes,
		    int (*compare)(const void *key, const void *item), bool *found);

#endif
