#include "ledger/unsaved.h"

#include <stdlib.h>

#include "base/array.h"

bool ledger_unsaved_add(struct ledger_unsaved *unsaved, uint32_t entry)
{
	if (!array_reserve(&unsaved->list, &unsaved->cap, unsaved->count + 1, sizeof(*unsaved->list))) {
		unsaved->missed = true;
		return false;
	}
	unsaved->list[unsaved->count++] = entry;
	return true;
}

static int compare_late_first(const void *a, const void *b, void *ctx)
{
	const struct ledger_entry *entries = ctx;
	const struct ledger_entry *left = &entries[*(const uint32_t *)a],
				  *right = &entries[*(const uint32_t *)b];
	if (left->time_ms != right->time_ms)
		return left->time_ms < right->time_ms ? 1 : -1;
	return (left->place < right->place) - (left->place > right->place);
}

bool ledger_unsaved_take(struct ledger_unsaved *unsaved, const struct ledger_entry *entries, uint32_t *entry)
{
	/* Few that came since need no order of their own: not all are sorted anew for them. */
	if (unsaved->count - unsaved->sorted > unsaved->sorted / 4) {
		qsort_r(unsaved->list, unsaved->count, sizeof(*unsaved->list), compare_late_first,
			(void *)(uintptr_t)entries);
		unsaved->sorted = unsaved->count;
	}
	if (unsaved->count == 0)
		return false;
	*entry = unsaved->list[--unsaved->count];
	if (unsaved->sorted > unsaved->count)
		unsaved->sorted = unsaved->count;
	return true;
}

void ledger_unsaved_release(struct ledger_unsaved *unsaved)
{
	free(unsaved->list);
}
