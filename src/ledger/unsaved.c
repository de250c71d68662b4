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

void ledger_unsaved_release(struct ledger_unsaved *unsaved)
{
	free(unsaved->list);
}
