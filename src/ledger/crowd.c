/*
 * The ledger's crowds: entries of one message.id with more requests than anybody makes.
 *
 * A message has one requestId, a copy of it a second one. Entries of the same message.id are therefore looked through
 * one after the other, until there are more than LEDGER_CROWD_MIN: a transcript that repeats one id a hundred thousand
 * times must not hold the program up. From then on they stand in two lists, sorted, in which each is found in O(log n).
 */
#include <stdlib.h>
#include <string.h>

#include "ledger/internal.h"

struct ledger_crowd {
	uint32_t *by_request;    /* numbers of entries, in order of request_hash */
	uint32_t *by_time;       /* in order of time; of the same time, the best one first */
	size_t count, request_cap, time_cap;
};

static int compare_requests(const struct ledger *ledger, uint32_t left, uint32_t right)
{
	uint32_t l = ledger->entries[left].request_hash, r = ledger->entries[right].request_hash;
	return (l > r) - (l < r);
}

static int compare_times(const struct ledger *ledger, uint32_t left, uint32_t right)
{
	const struct ledger_entry *l = &ledger->entries[left], *r = &ledger->entries[right];
	if (l->time_ms != r->time_ms)
		return l->time_ms < r->time_ms ? -1 : 1;
	if (ledger_is_better(ledger, l, r))
		return -1;
	if (ledger_is_better(ledger, r, l))
		return 1;
	return (left > right) - (left < right);
}

/* The first place in list[0..count) whose entry does not come before `entry`. */
static size_t find_place(const struct ledger *ledger, const uint32_t *list, size_t count, uint32_t entry,
			 int (*compare)(const struct ledger *, uint32_t, uint32_t))
{
	size_t low = 0, high = count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (compare(ledger, list[middle], entry) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void put_at(uint32_t *list, size_t count, size_t place, uint32_t entry)
{
	memmove(list + place + 1, list + place, (count - place) * sizeof(*list));
	list[place] = entry;
}

struct ledger_crowd *ledger_crowd_of(const struct ledger *ledger, uint64_t id_hash)
{
	/* Nobody has one: no hash then. */
	return ledger->crowds.used == 0 ? NULL : strmap_get_len(&ledger->crowds, (const char *)&id_hash, sizeof(id_hash));
}

bool ledger_crowd_reserve(struct ledger_crowd *crowd)
{
	return ledger_grow(&crowd->by_request, crowd->count, &crowd->request_cap, sizeof(*crowd->by_request))
	       && ledger_grow(&crowd->by_time, crowd->count, &crowd->time_cap, sizeof(*crowd->by_time));
}

void ledger_crowd_add(const struct ledger *ledger, struct ledger_crowd *crowd, uint32_t entry)
{
	put_at(crowd->by_request, crowd->count, find_place(ledger, crowd->by_request, crowd->count, entry, compare_requests), entry);
	put_at(crowd->by_time, crowd->count, find_place(ledger, crowd->by_time, crowd->count, entry, compare_times), entry);
	crowd->count++;
}

static void free_crowd(struct ledger_crowd *crowd)
{
	free(crowd->by_request);
	free(crowd->by_time);
	free(crowd);
}

struct ledger_crowd *ledger_crowd_make(struct ledger *ledger, uint64_t id_hash)
{
	struct ledger_crowd *crowd = calloc(1, sizeof(*crowd));
	uint32_t at = ledger_first_of(ledger, id_hash);
	for (; crowd && at != LEDGER_NONE; at = ledger->entries[at].next) {
		if (ledger->entries[at].id_hash != id_hash)
			continue;
		if (!ledger_crowd_reserve(crowd))
			break;
		ledger_crowd_add(ledger, crowd, at);
	}
	if (crowd && at == LEDGER_NONE && ledger_crowd_reserve(crowd)
	    && strmap_put_len(&ledger->crowds, (const char *)&id_hash, sizeof(id_hash), crowd))
		return crowd;
	if (crowd)
		free_crowd(crowd);
	return NULL;
}

uint32_t ledger_crowd_find(const struct ledger *ledger, const struct ledger_crowd *crowd, uint32_t request_hash)
{
	size_t low = 0, high = crowd->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (ledger->entries[crowd->by_request[middle]].request_hash < request_hash)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == crowd->count || ledger->entries[crowd->by_request[low]].request_hash != request_hash)
		return LEDGER_NONE;
	return crowd->by_request[low];
}

void ledger_crowd_take_out(const struct ledger *ledger, struct ledger_crowd *crowd, uint32_t entry)
{
	size_t place = find_place(ledger, crowd->by_time, crowd->count, entry, compare_times);
	memmove(crowd->by_time + place, crowd->by_time + place + 1, (crowd->count - place - 1) * sizeof(*crowd->by_time));
}

void ledger_crowd_put_back(const struct ledger *ledger, struct ledger_crowd *crowd, uint32_t entry)
{
	size_t others = crowd->count - 1;
	put_at(crowd->by_time, others, find_place(ledger, crowd->by_time, others, entry, compare_times), entry);
}

size_t ledger_crowd_best_of(const struct ledger *ledger, const struct ledger_crowd *crowd, int64_t time_ms, uint32_t best[2])
{
	size_t low = 0, high = crowd->count, found = 0;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (ledger->entries[crowd->by_time[middle]].time_ms < time_ms)
			low = middle + 1;
		else
			high = middle;
	}
	for (; found < 2 && low < crowd->count && ledger->entries[crowd->by_time[low]].time_ms == time_ms; low++)
		best[found++] = crowd->by_time[low];
	return found;
}

void ledger_crowds_release(struct ledger *ledger)
{
	const struct strmap_slot *slot;
	for (size_t cursor = 0; (slot = strmap_each(&ledger->crowds, &cursor));)
		free_crowd(slot->value);
	strmap_release(&ledger->crowds);
}
