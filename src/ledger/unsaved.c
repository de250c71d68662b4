#include "ledger/unsaved.h"

#include <stdlib.h>

#include "base/array.h"

void ledger_unsaved_add(struct ledger_unsaved *unsaved, uint32_t entry)
{
	if (array_reserve(&unsaved->list, &unsaved->cap, unsaved->count + 1, sizeof(*unsaved->list)))
		unsaved->list[unsaved->count++] = entry;
	else
		unsaved->missed = true;
}

void ledger_unsaved_release(struct ledger_unsaved *unsaved)
{
	free(unsaved->list);
}
