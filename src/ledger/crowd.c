#include "ledger/crowd.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"

struct ledger_crowd {
	const struct ledger_entries *entries;
	uint32_t *by_request;    /* numbers of entries, in order of request_hash */
	uint32_t *by_time;       /* in order of time; of the same time, the best one first */
	size_t count, request_cap, time_cap;
};

/* A list is searched for an entry, or (LEDGER_NONE) for the first one of a request or a time. */
struct wanted {
	const struct ledger_entries *entries;
	uint32_t entry;
	uint32_t request_hash;
	int64_t time_ms;
};

static int compare_requests(const void *key, const void *item)
{
	const struct wanted *wanted = key;
	uint32_t other = wanted->entries->list[*(const uint32_t *)item].request_hash;
	return (wanted->request_hash > other) - (wanted->request_hash < other);
}

static int compare_times(const void *key, const void *item)
{
	const struct wanted *wanted = key;
	uint32_t number = *(const uint32_t *)item;
	const struct ledger_entry *other = &wanted->entries->list[number];
	if (wanted->time_ms != other->time_ms)
		return wanted->time_ms < other->time_ms ? -1 : 1;
	if (wanted->entry == LEDGER_NONE)
		return 0;
	const struct ledger_entry *entry = &wanted->entries->list[wanted->entry];
	if (ledger_entries_is_better(wanted->entries, entry, other))
		return -1;
	if (ledger_entries_is_better(wanted->entries, other, entry))
		return 1;
	return (wanted->entry > number) - (wanted->entry < number);
}

static size_t place_by_request(const struct ledger_crowd *crowd, uint32_t request_hash, bool *found)
{
	const struct wanted wanted = { .entries = crowd->entries, .request_hash = request_hash };
	return array_search(&wanted, crowd->by_request, crowd->count, sizeof(uint32_t), compare_requests,
			    found);
}

static size_t place_by_time(const struct ledger_crowd *crowd, size_t count, uint32_t entry)
{
	const struct wanted wanted = { .entries = crowd->entries, .entry = entry,
				       .time_ms = crowd->entries->list[entry].time_ms };
	return array_search(&wanted, crowd->by_time, count, sizeof(uint32_t), compare_times, NULL);
}

static void put_at(uint32_t *list, size_t count, size_t place, uint32_t entry)
{
	memmove(list + place + 1, list + place, (count - place) * sizeof(*list));
	list[place] = entry;
}

void ledger_crowds_init(struct ledger_crowds *crowds, const struct ledger_entries *entries)
{
	*crowds = (struct ledger_crowds){ .entries = entries };
}

struct ledger_crowd *ledger_crowds_find(const struct ledger_crowds *crowds, uint64_t id_hash)
{
	/* Hardly any ledger has one: no hash then. */
	return crowds->by_id.used == 0
		       ? NULL
		       : strmap_get_len(&crowds->by_id, (const char *)&id_hash, sizeof(id_hash));
}

bool ledger_crowd_reserve(struct ledger_crowd *crowd)
{
	return array_reserve(&crowd->by_request, &crowd->request_cap, crowd->count + 1,
			     sizeof(*crowd->by_request))
	       && array_reserve(&crowd->by_time, &crowd->time_cap, crowd->count + 1, sizeof(*crowd->by_time));
}

void ledger_crowd_add(struct ledger_crowd *crowd, uint32_t entry)
{
	size_t by_request = place_by_request(crowd, crowd->entries->list[entry].request_hash, NULL);
	put_at(crowd->by_request, crowd->count, by_request, entry);
	put_at(crowd->by_time, crowd->count, place_by_time(crowd, crowd->count, entry), entry);
	crowd->count++;
}

static void free_crowd(struct ledger_crowd *crowd)
{
	free(crowd->by_request);
	free(crowd->by_time);
	free(crowd);
}

struct ledger_crowd *ledger_crowds_make(struct ledger_crowds *crowds, uint64_t id_hash)
{
	const struct ledger_entries *entries = crowds->entries;
	struct ledger_crowd *crowd = calloc(1, sizeof(*crowd));
	if (!crowd)
		return NULL;
	crowd->entries = entries;
	bool good = true;
	for (uint32_t at = ledger_entries_first(entries, id_hash); good && at != LEDGER_NONE;
	     at = entries->list[at].next) {
		if (entries->list[at].id_hash != id_hash)
			continue;
		good = ledger_crowd_reserve(crowd);
		if (good)
			ledger_crowd_add(crowd, at);
	}
	if (good && ledger_crowd_reserve(crowd)
	    && strmap_put_len(&crowds->by_id, (const char *)&id_hash, sizeof(id_hash), crowd))
		return crowd;
	free_crowd(crowd);
	return NULL;
}

uint32_t ledger_crowd_find(const struct ledger_crowd *crowd, uint32_t request_hash)
{
	bool found;
	size_t place = place_by_request(crowd, request_hash, &found);
	return found ? crowd->by_request[place] : LEDGER_NONE;
}

void ledger_crowd_take_out(struct ledger_crowd *crowd, uint32_t entry)
{
	size_t place = place_by_time(crowd, crowd->count, entry);
	memmove(crowd->by_time + place, crowd->by_time + place + 1,
		(crowd->count - place - 1) * sizeof(*crowd->by_time));
}

void ledger_crowd_put_back(struct ledger_crowd *crowd, uint32_t entry)
{
	size_t others = crowd->count - 1;
	put_at(crowd->by_time, others, place_by_time(crowd, others, entry), entry);
}

size_t ledger_crowd_best(const struct ledger_crowd *crowd, int64_t time_ms, uint32_t best[2])
{
	const struct ledger_entry *list = crowd->entries->list;
	const struct wanted wanted = { .entries = crowd->entries, .entry = LEDGER_NONE, .time_ms = time_ms };
	size_t at = array_search(&wanted, crowd->by_time, crowd->count, sizeof(uint32_t), compare_times,
				 NULL),
	       found = 0;
	for (; found < 2 && at < crowd->count && list[crowd->by_time[at]].time_ms == time_ms; at++)
		best[found++] = crowd->by_time[at];
	return found;
}

void ledger_crowds_release(struct ledger_crowds *crowds)
{
	const struct strmap_slot *slot;
	for (size_t cursor = 0; (slot = strmap_each(&crowds->by_id, &cursor));)
		free_crowd(slot->value);
	strmap_release(&crowds->by_id);
}
