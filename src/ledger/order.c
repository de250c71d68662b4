/*
 * The ledger's entries that count, in order of time; of the same time, in order of path and position, so that sums over
 * them do not hang on which thread was first.
 *
 * New ones are collected, and sorted in when a figure is asked for.
 */
#include <stdlib.h>
#include <string.h>

#include "ledger/internal.h"

/* Up to this many new entries are put in their places one by one; more are sorted and merged in. */
#define INSERT_ONE_BY_ONE 64
/* So many of those that wait for their place are looked through for one that goes. */
#define LOOKED_THROUGH 1024
/* The sort goes by so many bits of the time at once. */
#define DIGIT_BITS 11
#define DIGITS (1U << DIGIT_BITS)

bool ledger_order_reserve(struct ledger *ledger, size_t count)
{
	return count == 0 || ledger_grow(&ledger->order, count - 1, &ledger->order_cap, sizeof(*ledger->order));
}

void ledger_order_add(struct ledger *ledger, uint32_t entry)
{
	ledger->order[ledger->order_len++] = entry;
}

/* The first place in order[0..len) whose time is not before `time_ms`. */
static size_t lower_bound(const struct ledger *ledger, size_t len, int64_t time_ms)
{
	size_t low = 0, high = len;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (ledger_time_at(ledger, middle) < time_ms)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

size_t ledger_order_find(const struct ledger *ledger, int64_t time_ms)
{
	return lower_bound(ledger, ledger->order_len, time_ms);
}

static void blocks_hold_to(struct ledger *ledger, size_t place)
{
	if (place < ledger->blocks_good_to)
		ledger->blocks_good_to = place;
}

/* ---- the order of two entries ---- */

static int compare_entries(const struct ledger *ledger, uint32_t left, uint32_t right)
{
	const struct ledger_entry *l = &ledger->entries[left], *r = &ledger->entries[right];
	if (l->time_ms != r->time_ms)
		return l->time_ms < r->time_ms ? -1 : 1;
	size_t left_file = ledger_file_of(l), right_file = ledger_file_of(r);
	int order = left_file == right_file ? 0
		    : strcmp(ledger->files[left_file].path, ledger->files[right_file].path);
	if (order == 0 && l->place != r->place)
		order = l->place < r->place ? -1 : 1;
	return order != 0 ? order : (left > right) - (left < right);
}

static int compare_places(const void *a, const void *b, void *ctx)
{
	return compare_entries(ctx, *(const uint32_t *)a, *(const uint32_t *)b);
}

/* The first place in order[0..len), which is sorted, whose entry does not come before this one. */
static size_t place_of(const struct ledger *ledger, size_t len, uint32_t entry)
{
	size_t low = 0, high = len;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (compare_entries(ledger, ledger->order[middle], entry) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Where an entry is that still waits for its place, if it is one of the last; order_len: it is not. */
static size_t find_waiting(const struct ledger *ledger, uint32_t entry)
{
	size_t place = ledger->order_len;
	for (unsigned i = 0; i < LOOKED_THROUGH && place > ledger->unsorted_from; i++)
		if (ledger->order[--place] == entry)
			return place;
	return ledger->order_len;
}

static bool is_at(const struct ledger *ledger, size_t place, uint32_t entry)
{
	return place < ledger->unsorted_from && ledger->order[place] == entry;
}

void ledger_order_remove(struct ledger *ledger, uint32_t entry)
{
	size_t place = place_of(ledger, ledger->unsorted_from, entry);
	if (!is_at(ledger, place, entry))
		place = find_waiting(ledger, entry);
	if (place == ledger->order_len) {
		/* It came long ago, and nobody has asked since. */
		ledger_order_sort(ledger);
		place = place_of(ledger, ledger->unsorted_from, entry);
	}
	if (place < ledger->unsorted_from) {
		blocks_hold_to(ledger, place);
		ledger->unsorted_from--;
	}
	memmove(ledger->order + place, ledger->order + place + 1,
		(ledger->order_len - place - 1) * sizeof(*ledger->order));
	ledger->order_len--;
}

/* ---- sorting in what came ---- */

/* One pass of the sort: by the bits of the time since `start_ms` from `shift` on. */
static void sort_by_digit(const struct ledger *ledger, const uint32_t *from, uint32_t *to, size_t len, int64_t start_ms,
			  unsigned shift)
{
	size_t places[DIGITS] = { 0 }, sum = 0;
	for (size_t i = 0; i < len; i++)
		places[(uint64_t)(ledger->entries[from[i]].time_ms - start_ms) >> shift & (DIGITS - 1)]++;
	for (size_t i = 0; i < DIGITS; i++) {
		size_t count = places[i];
		places[i] = sum;
		sum += count;
	}
	for (size_t i = 0; i < len; i++)
		to[places[(uint64_t)(ledger->entries[from[i]].time_ms - start_ms) >> shift & (DIGITS - 1)]++] = from[i];
}

/* Sorts by time, digit by digit: a history's tail in a few passes. `scratch` has room for as many. */
static void sort_by_time(const struct ledger *ledger, uint32_t *tail, uint32_t *scratch, size_t len)
{
	int64_t start_ms = INT64_MAX, end_ms = INT64_MIN;
	for (size_t i = 0; i < len; i++) {
		int64_t time_ms = ledger->entries[tail[i]].time_ms;
		start_ms = time_ms < start_ms ? time_ms : start_ms;
		end_ms = time_ms > end_ms ? time_ms : end_ms;
	}
	uint32_t *from = tail, *to = scratch;
	for (unsigned shift = 0; shift < 64 && (uint64_t)(end_ms - start_ms) >> shift > 0; shift += DIGIT_BITS) {
		sort_by_digit(ledger, from, to, len, start_ms, shift);
		uint32_t *swap = from;
		from = to;
		to = swap;
	}
	if (from != tail)
		memcpy(tail, from, len * sizeof(*tail));
}

/* Puts those of the same time in their order. */
static void sort_ties(struct ledger *ledger, uint32_t *tail, size_t len)
{
	for (size_t i = 0, end; i < len; i = end) {
		int64_t time_ms = ledger->entries[tail[i]].time_ms;
		for (end = i + 1; end < len && ledger->entries[tail[end]].time_ms == time_ms; end++)
			;
		if (end - i > 1)
			qsort_r(tail + i, end - i, sizeof(*tail), compare_places, ledger);
	}
}

/* Merges the sorted tail into what is before it, from the end; `tail` is a copy of it. */
static void merge_tail(struct ledger *ledger, const uint32_t *tail, size_t tail_len)
{
	size_t head = ledger->unsorted_from, out = ledger->order_len;
	while (tail_len > 0) {
		if (head > 0 && compare_entries(ledger, ledger->order[head - 1], tail[tail_len - 1]) > 0)
			ledger->order[--out] = ledger->order[--head];
		else
			ledger->order[--out] = tail[--tail_len];
	}
	blocks_hold_to(ledger, out);
}

static void put_in_place(struct ledger *ledger, size_t sorted_len)
{
	uint32_t entry = ledger->order[sorted_len];
	size_t place = place_of(ledger, sorted_len, entry);
	memmove(ledger->order + place + 1, ledger->order + place, (sorted_len - place) * sizeof(*ledger->order));
	ledger->order[place] = entry;
	blocks_hold_to(ledger, place);
}

void ledger_order_sort(struct ledger *ledger)
{
	size_t tail_len = ledger->order_len - ledger->unsorted_from;
	uint32_t *tail = tail_len > INSERT_ONE_BY_ONE ? malloc(2 * tail_len * sizeof(*tail)) : NULL;
	if (tail) {
		memcpy(tail, ledger->order + ledger->unsorted_from, tail_len * sizeof(*tail));
		sort_by_time(ledger, tail, tail + tail_len, tail_len);
		sort_ties(ledger, tail, tail_len);
		merge_tail(ledger, tail, tail_len);
		free(tail);
	} else {
		/* Also without memory for the copy: slow then, but right. */
		for (size_t i = ledger->unsorted_from; i < ledger->order_len; i++)
			put_in_place(ledger, i);
	}
	ledger->unsorted_from = ledger->order_len;
}
