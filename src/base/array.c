#include "base/array.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

bool array_reserve(void *items, size_t *cap, size_t needed, size_t item_bytes)
{
	if (needed <= *cap)
		return true;
	size_t bigger = *cap + *cap / 4 + 16;
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
