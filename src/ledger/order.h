/*
 * ledger/order: the entries that count in order of time; of the same time, in order of path and position, so
 * that sums over them do not depend on which thread was first.
 *
 * For: blocks, spans, sessions and limits, which look at what is in it; ledger.c, which puts entries in and
 * takes them out. New ones are collected, and sorted in by ledger_order_sort() before a figure is asked for.
 */
#ifndef SWATCH_LEDGER_ORDER_H
#define SWATCH_LEDGER_ORDER_H

#include "ledger/entries.h"

/* Places first..last of the order. */
struct ledger_range {
	size_t first, last;
};

struct ledger_order {
	const struct ledger_entries *entries;
	uint32_t *list;
	size_t len, cap;
	size_t sorted_len;       /* list[sorted_len..] came since the last sort */
	size_t same_to;          /* list[0..same_to) is as it was at the last ledger_order_take_change() */
};

void ledger_order_init(struct ledger_order *order, const struct ledger_entries *entries);

/* Makes room for `count` entries. Returns false when memory ran out. */
bool ledger_order_reserve(struct ledger_order *order, size_t count);

/* Takes an entry in, or out; there is room. It must be out while its time or place changes. */
void ledger_order_add(struct ledger_order *order, uint32_t entry);
void ledger_order_remove(struct ledger_order *order, uint32_t entry);

/* Puts those that were added in their places. */
void ledger_order_sort(struct ledger_order *order);

/* The first place in the order, which is sorted, whose time is not before `time_ms`. */
size_t ledger_order_find(const struct ledger_order *order, int64_t time_ms);

/* The first place in the order, which is sorted, that does not come before an entry of that time and place.
 */
size_t ledger_order_find_place(const struct ledger_order *order, int64_t time_ms, uint64_t place);

/* How many entries at the beginning are as they were the last time that this was asked. */
size_t ledger_order_take_change(struct ledger_order *order);

static inline const struct ledger_entry *ledger_order_at(const struct ledger_order *order, size_t place)
{
	return &order->entries->list[order->list[place]];
}

static inline int64_t ledger_order_time(const struct ledger_order *order, size_t place)
{
	return ledger_order_at(order, place)->time_ms;
}

void ledger_order_release(struct ledger_order *order);

#endif
