#include "base/array.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* See M_MMAP_THRESHOLD in mallopt(3). */
#define OWN_PAGES_BYTES ((size_t)128 * 1024)

bool array_reserve(void *items, size_t *cap, size_t needed, size_t item_bytes)
{
	if (needed <= *cap)
		return true;
	/* Many small arrays of large items must not take a page each. */
	size_t more = 512 / item_bytes;
	size_t bigger = *cap + *cap / 4 + (more > 16 ? 16 : more < 2 ? 2 : more);
	if (bigger < needed)
		bigger = needed;
	if (bigger > SIZE_MAX / item_bytes) {
		errno = ENOMEM;
		return false;
	}
	void *old, *grown;
	/* memcpy(), since the pointer may be of any type. */
	memcpy(&old, items, sizeof(old));
	grown = realloc(old, bigger * item_bytes);
	if (!grown)
		return false;
	memcpy(items, &grown, sizeof(grown));
	*cap = bigger;
	return true;
}

bool array_reserve_many(void *items, size_t *cap, size_t needed, size_t item_bytes)
{
	size_t many = OWN_PAGES_BYTES / item_bytes + 1;
	return array_reserve(items, cap, needed < many ? many : needed, item_bytes);
}

size_t array_search(const void *key, const void *items, size_t count, size_t item_bytes,
		    int (*compare)(const void *key, const void *item), bool *found)
{
	size_t low = 0, high = count;
	bool equal = false;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = compare(key, (const char *)items + middle * item_bytes);
		equal = equal || order == 0;
		if (order > 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (found)
		*found = equal;
	return low;
}
