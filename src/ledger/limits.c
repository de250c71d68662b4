#include "ledger/limits.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/clock.h"
#include "limits/names.h"

/*
 * A limit by the month is the longest there is: a marker that promises more is not believed for what is in
 * force, and one without a reset says nothing any more after it.
 */
#define LONGEST_LIMIT_MS (32 * CLOCK_DAY_MS)
/* Clocks differ: a line that is further ahead comes from one that is wrong. */
#define CLOCK_SLACK_MS (10 * CLOCK_MINUTE_MS)
/* So many entries are looked through for an answer, behind lines whose clock is ahead. */
#define LOOKED_THROUGH 4096

/* ---- taking markers in ---- */

static int compare_markers(const void *a, const void *b)
{
	const struct ledger_marker *l = a, *r = b;
	if (l->time_ms != r->time_ms)
		return l->time_ms < r->time_ms ? -1 : 1;
	if (l->resets_ms != r->resets_ms)
		return l->resets_ms < r->resets_ms ? -1 : 1;
	return (l->place > r->place) - (l->place < r->place);
}

static void add_to_list(struct ledger_limits *limits, const struct ledger_marker *marker)
{
	bool found;
	size_t at = array_search(marker, limits->list, limits->count, sizeof(*limits->list), compare_markers,
				 &found);
	/* The oldest goes; what is older than all is not kept. */
	bool full = limits->count == LEDGER_LIMITS_MAX;
	if (found || (full && at == 0))
		return;
	if (full) {
		at--;
		memmove(limits->list, limits->list + 1, at * sizeof(*limits->list));
	} else if (!array_reserve(&limits->list, &limits->cap, limits->count + 1, sizeof(*limits->list))) {
		return;
	} else {
		memmove(limits->list + at + 1, limits->list + at,
			(limits->count++ - at) * sizeof(*limits->list));
	}
	limits->list[at] = *marker;
}

/* The place of a limit's name; when there are too many, that of the limit whose last marker is the oldest. */
static struct ledger_hit *find_hit(struct ledger_limits *limits, const char *name)
{
	struct ledger_hit *oldest = &limits->hits[0];
	for (size_t i = 0; i < limits->hit_count; i++) {
		struct ledger_hit *hit = &limits->hits[i];
		if (strcmp(hit->name, name) == 0)
			return hit;
		if (hit->last.time_ms < oldest->last.time_ms)
			oldest = hit;
	}
	if (limits->hit_count < LEDGER_LIMIT_NAMES_MAX)
		oldest = &limits->hits[limits->hit_count++];
	*oldest = (struct ledger_hit){ 0 };
	snprintf(oldest->name, sizeof(oldest->name), "%s", name);
	return oldest;
}

static void note_hit(struct ledger_limits *limits, const struct ledger_marker *marker, struct slice told)
{
	char name[LEDGER_LIMIT_NAME_SIZE] = "", camel[RATE_LIMIT_NAME_SIZE];
	if (marker->resets_ms - marker->time_ms > LONGEST_LIMIT_MS)
		return;
	if (told.data && rate_limit_name(told.data, told.len, camel))
		memcpy(name, told.data, told.len);
	struct ledger_hit *hit = find_hit(limits, name);
	if (compare_markers(marker, &hit->last) > 0) {
		hit->before = hit->last;
		hit->last = *marker;
	} else if (compare_markers(marker, &hit->before) > 0 && compare_markers(marker, &hit->last) < 0) {
		hit->before = *marker;
	}
}

void ledger_limits_add(struct ledger_limits *limits, const struct ledger_marker *marker, struct slice name)
{
	if (marker->resets_ms > 0)
		add_to_list(limits, marker);
	note_hit(limits, marker, name);
}

/* ---- what is in force ---- */

/* Whether a model answered in (since_ms, until_ms], though a line of it is of a later time. */
static bool answered_before(const struct ledger_order *order, size_t model, int64_t since_ms,
			    int64_t until_ms)
{
	size_t at = ledger_order_find(order, until_ms + 1);
	for (size_t i = 0; i < LOOKED_THROUGH && at > 0 && ledger_order_time(order, at - 1) > since_ms; i++)
		if (ledger_order_at(order, --at)->model == model)
			return true;
	return false;
}

bool ledger_limits_is_answered(const struct ledger_models *models, const struct ledger_order *order,
			       const char *name, int64_t since_ms, int64_t now_ms)
{
	int64_t until_ms = now_ms + CLOCK_SLACK_MS;
	for (size_t i = 0; i < models->count; i++) {
		const struct ledger_model_row *row = &models->list[i];
		if (row->silent || row->last_ms <= since_ms || !rate_limit_holds_for(name, row->name))
			continue;
		if (row->last_ms <= until_ms || answered_before(order, i, since_ms, until_ms))
			return true;
	}
	return false;
}

bool ledger_limits_may_hold(int64_t noted_ms, int64_t resets_ms, int64_t now_ms)
{
	if (noted_ms <= 0 || noted_ms > now_ms + CLOCK_SLACK_MS || resets_ms - noted_ms > LONGEST_LIMIT_MS)
		return false;
	return resets_ms > 0 ? resets_ms > now_ms : now_ms - noted_ms < LONGEST_LIMIT_MS;
}

static int compare_hit_times(const void *a, const void *b)
{
	const struct ledger_limit *l = a, *r = b;
	return (l->noted_ms < r->noted_ms) - (l->noted_ms > r->noted_ms);
}

size_t ledger_limits_in_force(const struct ledger_limits *limits, const struct ledger_models *models,
			      const struct ledger_order *order, int64_t now_ms,
			      struct ledger_limit out[LEDGER_LIMIT_NAMES_MAX])
{
	size_t count = 0;
	for (size_t i = 0; i < limits->hit_count; i++) {
		const struct ledger_hit *hit = &limits->hits[i];
		const struct ledger_marker *marker = &hit->last;
		if (marker->time_ms > now_ms + CLOCK_SLACK_MS)
			marker = &hit->before;
		if (!ledger_limits_may_hold(marker->time_ms, marker->resets_ms, now_ms)
		    || ledger_limits_is_answered(models, order, hit->name, marker->time_ms, now_ms))
			continue;
		out[count++] = (struct ledger_limit){ .noted_ms = marker->time_ms,
						      .resets_ms = marker->resets_ms,
						      .name = hit->name,
						      .place = marker->place };
	}
	qsort(out, count, sizeof(*out), compare_hit_times);
	return count;
}

/* ---- one by one ---- */

static bool is_same_line(const struct ledger_marker *marker, int64_t time_ms, uint64_t place)
{
	return marker->time_ms == time_ms && marker->place == place;
}

/* Only the last markers of each limit have a name. */
static const struct ledger_marker *find_named(const struct ledger_limits *limits, int64_t time_ms,
					      uint64_t place, const char **name)
{
	*name = "";
	for (size_t i = 0; i < limits->hit_count; i++) {
		const struct ledger_hit *hit = &limits->hits[i];
		bool is_last = is_same_line(&hit->last, time_ms, place);
		if (!is_last && !is_same_line(&hit->before, time_ms, place))
			continue;
		*name = hit->name;
		return is_last ? &hit->last : &hit->before;
	}
	return NULL;
}

const struct ledger_marker *ledger_limits_at(const struct ledger_limits *limits, size_t index,
					     const char **name)
{
	const struct ledger_marker *marker;
	size_t hit = index - limits->count;
	if (index < limits->count) {
		marker = &limits->list[index];
		(void)find_named(limits, marker->time_ms, marker->place, name);
		return marker;
	}
	if (hit >= 2 * limits->hit_count)
		return NULL;
	*name = limits->hits[hit / 2].name;
	return hit % 2 ? &limits->hits[hit / 2].before : &limits->hits[hit / 2].last;
}

/* ---- what falls into a block ---- */

static int compare_time(const void *key, const void *item)
{
	int64_t time_ms = *(const int64_t *)key, other_ms = ((const struct ledger_marker *)item)->time_ms;
	return (time_ms > other_ms) - (time_ms < other_ms);
}

const struct ledger_marker *ledger_limits_find(const struct ledger_limits *limits, int64_t time_ms,
					       uint64_t place, const char **name)
{
	const struct ledger_marker *named = find_named(limits, time_ms, place, name);
	if (named)
		return named;
	size_t at = array_search(&time_ms, limits->list, limits->count, sizeof(*limits->list), compare_time,
				 NULL);
	for (; at < limits->count && limits->list[at].time_ms == time_ms; at++)
		if (limits->list[at].place == place)
			return &limits->list[at];
	return NULL;
}

/* Whether the marker's line is an entry of the block that counts: not one that lost to another record. */
static bool counts_in(const struct ledger_order *order, const struct ledger_range *range,
		      const struct ledger_marker *marker)
{
	size_t at = ledger_order_find_place(order, marker->time_ms, marker->place);
	if (at < range->first || at > range->last)
		return false;
	const struct ledger_entry *entry = ledger_order_at(order, at);
	return entry->place == marker->place && entry->time_ms == marker->time_ms;
}

void ledger_limits_give(struct ledger_block *block, const struct ledger_marker *marker, bool counts)
{
	bool is_of = marker->has_entry ? counts : !marker->old_form && marker->time_ms < block->end_ms;
	if (!is_of || marker->time_ms < block->first_ms)
		return;
	if (block->limit_resets_ms == 0)
		block->limit_resets_ms = marker->resets_ms;
	if (block->reference_limit_resets_ms == 0 && marker->old_form)
		block->reference_limit_resets_ms = marker->resets_ms;
}

void ledger_limits_of_block(const struct ledger_limits *limits, const struct ledger_order *order,
			    const struct ledger_range *range, struct ledger_block *out)
{
	size_t at = array_search(&out->first_ms, limits->list, limits->count, sizeof(*limits->list),
				 compare_time, NULL);
	int64_t until_ms = out->end_ms + LEDGER_BLOCK_MS;
	/* In order of time, so that the first that counts is the block's. */
	for (; at < limits->count && limits->list[at].time_ms < until_ms
	       && (out->limit_resets_ms == 0 || out->reference_limit_resets_ms == 0); at++) {
		const struct ledger_marker *marker = &limits->list[at];
		bool wanted = out->limit_resets_ms == 0 || marker->old_form;
		ledger_limits_give(out, marker,
				   wanted && marker->has_entry && counts_in(order, range, marker));
	}
}

void ledger_limits_release(struct ledger_limits *limits)
{
	free(limits->list);
}
