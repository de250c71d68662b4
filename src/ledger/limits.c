#include "ledger/limits.h"

#include <stdlib.h>

#include "base/array.h"
#include "base/clock.h"

/*
 * A limit by the month is the longest there is: a marker that promises more is not believed for what is in
 * force.
 */
#define LONGEST_LIMIT_MS (32 * CLOCK_DAY_MS)

static bool is_known(const struct ledger_limits *limits, const struct ledger_marker *marker)
{
	for (size_t i = 0; i < limits->count; i++) {
		const struct ledger_marker *known = &limits->list[i];
		if (known->place == marker->place && known->time_ms == marker->time_ms
		    && known->resets_ms == marker->resets_ms)
			return true;
	}
	return false;
}

/* Returns the place that a new marker takes, or NULL when it gets no place. */
static struct ledger_marker *make_room(struct ledger_limits *limits, const struct ledger_marker *marker)
{
	if (limits->count < LEDGER_LIMITS_MAX) {
		if (!array_reserve(&limits->list, &limits->cap, limits->count + 1, sizeof(*limits->list)))
			return NULL;
		return &limits->list[limits->count++];
	}
	struct ledger_marker *oldest = &limits->list[0];
	for (size_t i = 1; i < limits->count; i++)
		if (limits->list[i].time_ms < oldest->time_ms)
			oldest = &limits->list[i];
	return oldest->time_ms < marker->time_ms ? oldest : NULL;
}

void ledger_limits_add(struct ledger_limits *limits, const struct ledger_marker *marker)
{
	struct ledger_marker *place = is_known(limits, marker) ? NULL : make_room(limits, marker);
	if (place)
		*place = *marker;
}

/* The later one; of two at the same time the one that lasts longer. */
static bool is_later(const struct ledger_marker *a, const struct ledger_marker *b)
{
	return a->time_ms != b->time_ms ? a->time_ms > b->time_ms : a->resets_ms > b->resets_ms;
}

const struct ledger_marker *ledger_limits_in_force(const struct ledger_limits *limits, int64_t now_ms)
{
	const struct ledger_marker *found = NULL;
	for (size_t i = 0; i < limits->count; i++) {
		const struct ledger_marker *marker = &limits->list[i];
		if (marker->resets_ms > now_ms && marker->resets_ms - marker->time_ms <= LONGEST_LIMIT_MS
		    && (!found || is_later(marker, found)))
			found = marker;
	}
	return found;
}

/* Whether the marker's line is an entry of the block that counts: not one that lost to another record. */
static bool counts_in(const struct ledger_order *order, const struct ledger_range *range,
		      const struct ledger_marker *marker)
{
	for (size_t i = range->first; i <= range->last; i++) {
		const struct ledger_entry *entry = ledger_order_at(order, i);
		if (entry->limit && entry->place == marker->place && entry->time_ms == marker->time_ms)
			return true;
	}
	return false;
}

static void take_first(int64_t *resets_ms, int64_t *time_ms, const struct ledger_marker *marker)
{
	if (*resets_ms > 0 && (*time_ms < marker->time_ms
			       || (*time_ms == marker->time_ms && *resets_ms <= marker->resets_ms)))
		return;
	*resets_ms = marker->resets_ms;
	*time_ms = marker->time_ms;
}

void ledger_limits_of_block(const struct ledger_limits *limits, const struct ledger_order *order,
			    const struct ledger_range *range, struct ledger_block *out)
{
	int64_t first_ms = 0, reference_first_ms = 0;
	for (size_t i = 0; i < limits->count; i++) {
		const struct ledger_marker *marker = &limits->list[i];
		if (marker->time_ms < out->first_ms || marker->time_ms >= out->end_ms + LEDGER_BLOCK_MS)
			continue;
		if (marker->has_entry ? !counts_in(order, range, marker)
				      : marker->old_form || marker->time_ms >= out->end_ms)
			continue;
		take_first(&out->limit_resets_ms, &first_ms, marker);
		if (marker->old_form)
			take_first(&out->reference_limit_resets_ms, &reference_first_ms, marker);
	}
}

void ledger_limits_release(struct ledger_limits *limits)
{
	free(limits->list);
}
