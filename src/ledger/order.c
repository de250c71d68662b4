#include "ledger/order.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"

/* Up to this many new entries are put in their places one by one; more are sorted and merged in. */
#define INSERT_ONE_BY_ONE 64
/* So many of those that wait for their place are looked through for one that goes. */
#define LOOKED_THROUGH 1024
/* The sort goes by so many bits of the time at once. */
#define DIGIT_BITS 11
#define DIGITS (1U << DIGIT_BITS)

void ledger_order_init(struct ledger_order *order, const struct ledger_entries *entries)
{
	*order = (struct ledger_order){ .entries = entries };
}

bool ledger_order_reserve(struct ledger_order *order, size_t count)
{
	return array_reserve(&order->list, &order->cap, count, sizeof(*order->list));
}

void ledger_order_add(struct ledger_order *order, uint32_t entry)
{
	order->list[order->len++] = entry;
}

/* A time, or an entry, that the order is searched for. */
struct wanted {
	const struct ledger_order *order;
	int64_t time_ms;
	uint64_t place;
	uint32_t entry;
};

static int compare_time(const void *key, const void *item)
{
	const struct wanted *wanted = key;
	int64_t time_ms = wanted->order->entries->list[*(const uint32_t *)item].time_ms;
	return (wanted->time_ms > time_ms) - (wanted->time_ms < time_ms);
}

size_t ledger_order_find(const struct ledger_order *order, int64_t time_ms)
{
	const struct wanted wanted = { .order = order, .time_ms = time_ms };
	return array_search(&wanted, order->list, order->len, sizeof(*order->list), compare_time, NULL);
}

static int compare_time_and_place(const void *key, const void *item)
{
	const struct wanted *wanted = key;
	const struct ledger_entries *entries = wanted->order->entries;
	const struct ledger_entry *entry = &entries->list[*(const uint32_t *)item];
	if (wanted->time_ms != entry->time_ms)
		return wanted->time_ms < entry->time_ms ? -1 : 1;
	return ledger_files_compare(entries->files, wanted->place, entry->place);
}

size_t ledger_order_find_place(const struct ledger_order *order, int64_t time_ms, uint64_t place)
{
	const struct wanted wanted = { .order = order, .time_ms = time_ms, .place = place };
	return array_search(&wanted, order->list, order->len, sizeof(*order->list), compare_time_and_place,
			    NULL);
}

size_t ledger_order_take_change(struct ledger_order *order)
{
	size_t same_to = order->same_to;
	order->same_to = order->len;
	return same_to;
}

static void note_change(struct ledger_order *order, size_t place)
{
	if (place < order->same_to)
		order->same_to = place;
}

/* ---- the order of two entries ---- */

static int compare_entries(const struct ledger_order *order, uint32_t left, uint32_t right)
{
	const struct ledger_entry *l = &order->entries->list[left], *r = &order->entries->list[right];
	if (l->time_ms != r->time_ms)
		return l->time_ms < r->time_ms ? -1 : 1;
	int result = ledger_files_compare(order->entries->files, l->place, r->place);
	return result != 0 ? result : (left > right) - (left < right);
}

static int compare_places(const void *a, const void *b, void *ctx)
{
	return compare_entries(ctx, *(const uint32_t *)a, *(const uint32_t *)b);
}

static int compare_wanted(const void *key, const void *item)
{
	const struct wanted *wanted = key;
	return compare_entries(wanted->order, wanted->entry, *(const uint32_t *)item);
}

/* The first place in list[0..len), which is sorted, whose entry does not come before this one. */
static size_t place_of(const struct ledger_order *order, size_t len, uint32_t entry)
{
	const struct wanted wanted = { .order = order, .entry = entry };
	return array_search(&wanted, order->list, len, sizeof(*order->list), compare_wanted, NULL);
}

/*
 * The place of an entry that still waits for its own, when it is one of the last; order->len when it is not.
 */
static size_t find_waiting(const struct ledger_order *order, uint32_t entry)
{
	size_t place = order->len;
	for (unsigned i = 0; i < LOOKED_THROUGH && place > order->sorted_len; i++)
		if (order->list[--place] == entry)
			return place;
	return order->len;
}

void ledger_order_remove(struct ledger_order *order, uint32_t entry)
{
	size_t place = place_of(order, order->sorted_len, entry);
	if (place >= order->sorted_len || order->list[place] != entry)
		place = find_waiting(order, entry);
	if (place == order->len) {
		/* It came long ago, and nobody has asked since. */
		ledger_order_sort(order);
		place = place_of(order, order->sorted_len, entry);
	}
	if (place < order->sorted_len) {
		note_change(order, place);
		order->sorted_len--;
	}
	memmove(order->list + place, order->list + place + 1,
		(order->len - place - 1) * sizeof(*order->list));
	order->len--;
}

/* ---- sorting in what came ---- */

/* One pass of the sort: by the bits of the time since `start_ms` from `shift` on. */
static void sort_by_digit(const struct ledger_entry *entries, const uint32_t *from, uint32_t *to, size_t len,
			  int64_t start_ms, unsigned shift)
{
	size_t places[DIGITS] = { 0 }, sum = 0;
	for (size_t i = 0; i < len; i++)
		places[(uint64_t)(entries[from[i]].time_ms - start_ms) >> shift & (DIGITS - 1)]++;
	for (size_t i = 0; i < DIGITS; i++) {
		size_t count = places[i];
		places[i] = sum;
		sum += count;
	}
	for (size_t i = 0; i < len; i++)
		to[places[(uint64_t)(entries[from[i]].time_ms - start_ms) >> shift & (DIGITS - 1)]++] =
			from[i];
}

/* Sorts by time, digit by digit: a history's tail in a few passes. `scratch` has room for as many. */
static void sort_by_time(const struct ledger_entry *entries, uint32_t *tail, uint32_t *scratch, size_t len)
{
	int64_t start_ms = INT64_MAX, end_ms = INT64_MIN;
	for (size_t i = 0; i < len; i++) {
		int64_t time_ms = entries[tail[i]].time_ms;
		start_ms = time_ms < start_ms ? time_ms : start_ms;
		end_ms = time_ms > end_ms ? time_ms : end_ms;
	}
	uint32_t *from = tail, *to = scratch;
	for (unsigned shift = 0; shift < 64 && (uint64_t)(end_ms - start_ms) >> shift > 0;
	     shift += DIGIT_BITS) {
		sort_by_digit(entries, from, to, len, start_ms, shift);
		uint32_t *swap = from;
		from = to;
		to = swap;
	}
	if (from != tail)
		memcpy(tail, from, len * sizeof(*tail));
}

/* Puts those of the same time in their order. */
static void sort_ties(struct ledger_order *order, uint32_t *tail, size_t len)
{
	const struct ledger_entry *entries = order->entries->list;
	for (size_t i = 0, end; i < len; i = end) {
		int64_t time_ms = entries[tail[i]].time_ms;
		for (end = i + 1; end < len && entries[tail[end]].time_ms == time_ms; end++)
			;
		if (end - i > 1)
			qsort_r(tail + i, end - i, sizeof(*tail), compare_places, order);
	}
}

/* Merges the sorted tail into what is before it, from the end; `tail` is a copy of it. */
static void merge_tail(struct ledger_order *order, const uint32_t *tail, size_t tail_len)
{
	size_t head = order->sorted_len, out = order->len;
	while (tail_len > 0) {
		if (head > 0 && compare_entries(order, order->list[head - 1], tail[tail_len - 1]) > 0)
			order->list[--out] = order->list[--head];
		else
			order->list[--out] = tail[--tail_len];
	}
	note_change(order, out);
}

static void put_in_place(struct ledger_order *order, size_t sorted_len)
{
	uint32_t entry = order->list[sorted_len];
	size_t place = place_of(order, sorted_len, entry);
	memmove(order->list + place + 1, order->list + place, (sorted_len - place) * sizeof(*order->list));
	order->list[place] = entry;
	note_change(order, place);
}

void ledger_order_sort(struct ledger_order *order)
{
	size_t tail_len = order->len - order->sorted_len;
	if (tail_len == 0)
		return;
	uint32_t *tail = tail_len > INSERT_ONE_BY_ONE ? malloc(2 * tail_len * sizeof(*tail)) : NULL;
	if (tail) {
		memcpy(tail, order->list + order->sorted_len, tail_len * sizeof(*tail));
		sort_by_time(order->entries->list, tail, tail + tail_len, tail_len);
		sort_ties(order, tail, tail_len);
		merge_tail(order, tail, tail_len);
		free(tail);
	} else {
		/* Also without memory for the copy: slow then, but right. */
		for (size_t i = order->sorted_len; i < order->len; i++)
			put_in_place(order, i);
	}
	order->sorted_len = order->len;
}

void ledger_order_release(struct ledger_order *order)
{
	free(order->list);
}
