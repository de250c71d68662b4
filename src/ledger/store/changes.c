#include "ledger/store/changes.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"

struct store_change *store_changes_find(struct store_changes *changes, const int64_t key[STORE_CHANGE_KEYS])
{
	const size_t key_len = STORE_CHANGE_KEYS * sizeof(*key);
	if (changes->last > 0 && memcmp(changes->list[changes->last - 1].key, key, key_len) == 0)
		return &changes->list[changes->last - 1];
	size_t at = (size_t)(uintptr_t)strmap_get_len(&changes->by_key, (const char *)key, key_len);
	if (at == 0) {
		at = changes->count + 1;
		if (!array_reserve(&changes->list, &changes->cap, at, sizeof(*changes->list))
		    || !strmap_put_len(&changes->by_key, (const char *)key, key_len, (void *)at))
			return NULL;
		changes->list[changes->count] = (struct store_change){ .is_uncertain = false };
		memcpy(changes->list[changes->count++].key, key, key_len);
	}
	changes->last = at;
	return &changes->list[at - 1];
}

void store_change_remove(struct store_change *change, const struct store_row *row)
{
	/* It may be one that was added a moment ago, and lent the row its first or last time. */
	if (change->added.messages > 0
	    && (row->time_ms <= change->added.first_ms || row->time_ms >= change->added.last_ms))
		change->is_uncertain = true;
	store_sums_add_row(&change->removed, row);
}

bool store_change_make(const struct store_change *change, const struct store_sums *old,
		       struct store_sums *sums)
{
	const struct store_sums *added = &change->added, *removed = &change->removed;
	*sums = *old;
	if (change->is_uncertain || !store_sums_change(sums, added, removed))
		return false;
	bool had = old->messages > 0, has_more = added->messages > 0;
	if (removed->messages > 0) {
		/* Whoever replaces the first one, and is no later, is the first one. */
		bool first_goes = removed->first_ms <= old->first_ms
				  && !(has_more && added->first_ms <= removed->first_ms);
		bool last_goes = removed->last_ms >= old->last_ms
				 && !(has_more && added->last_ms >= removed->last_ms);
		if (sums->messages > 0 && (first_goes || last_goes))
			return false;
	}
	if (has_more && (!had || added->first_ms < sums->first_ms))
		sums->first_ms = added->first_ms;
	if (has_more && (!had || added->last_ms > sums->last_ms))
		sums->last_ms = added->last_ms;
	return true;
}

void store_changes_clear(struct store_changes *changes)
{
	changes->count = 0;
	changes->last = 0;
	strmap_release(&changes->by_key);
}

void store_changes_release(struct store_changes *changes)
{
	store_changes_clear(changes);
	free(changes->list);
	*changes = (struct store_changes){ .count = 0 };
}
