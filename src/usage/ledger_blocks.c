/*
 * The ledger by time: its entries in order, and the 5-hour blocks and spans over them.
 *
 * New entries are collected and sorted in when a figure is asked for; blocks are made again only from the first one
 * that changed. So a message at the end of the history costs as much as its own block is long.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "usage/ledger_internal.h"

/* Up to this many new entries are put in their places one by one; more are sorted and merged in. */
#define INSERT_ONE_BY_ONE 64

bool ledger_order_reserve(struct ledger *ledger, size_t count)
{
	return count == 0 || ledger_grow(&ledger->order, count - 1, &ledger->order_cap, sizeof(*ledger->order));
}

void ledger_order_add(struct ledger *ledger, uint32_t entry)
{
	ledger->order[ledger->order_len++] = entry;
}

static int64_t time_at(const struct ledger *ledger, size_t i)
{
	return ledger->entries[ledger->order[i]].time_ms;
}

/* The first place in order[0..len) whose time is not before `time_ms`. */
static size_t lower_bound(const struct ledger *ledger, size_t len, int64_t time_ms)
{
	size_t low = 0, high = len;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (time_at(ledger, middle) < time_ms)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void blocks_hold_to(struct ledger *ledger, size_t place)
{
	if (place < ledger->blocks_good_to)
		ledger->blocks_good_to = place;
}

void ledger_order_remove(struct ledger *ledger, uint32_t entry)
{
	size_t place = lower_bound(ledger, ledger->unsorted_from, ledger->entries[entry].time_ms);
	while (place < ledger->unsorted_from && ledger->order[place] != entry
	       && time_at(ledger, place) == ledger->entries[entry].time_ms)
		place++;
	if (place < ledger->unsorted_from && ledger->order[place] == entry) {
		blocks_hold_to(ledger, place);
		ledger->unsorted_from--;
	} else {
		/* It still waits for its place, most likely as one of the last. */
		place = ledger->order_len - 1;
		while (ledger->order[place] != entry)
			place--;
	}
	memmove(ledger->order + place, ledger->order + place + 1,
		(ledger->order_len - place - 1) * sizeof(*ledger->order));
	ledger->order_len--;
}

/* qsort() has no context: the entries that are being sorted. One thread, one sort at a time. */
static const struct ledger_entry *sorted_entries;

static int compare_time(const void *a, const void *b)
{
	uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
	const struct ledger_entry *l = &sorted_entries[left], *r = &sorted_entries[right];
	if (l->time_ms != r->time_ms)
		return l->time_ms < r->time_ms ? -1 : 1;
	return left < right ? -1 : left > right;
}

static void put_in_place(struct ledger *ledger, size_t sorted_len)
{
	uint32_t entry = ledger->order[sorted_len];
	int64_t time_ms = ledger->entries[entry].time_ms;
	/* After those of the same time: the order among equals changes no figure. */
	size_t place = lower_bound(ledger, sorted_len, time_ms + 1);
	memmove(ledger->order + place + 1, ledger->order + place, (sorted_len - place) * sizeof(*ledger->order));
	ledger->order[place] = entry;
	blocks_hold_to(ledger, place);
}

/* Merges the sorted tail into what is before it, from the end; `tail` is a copy of it. */
static void merge_tail(struct ledger *ledger, const uint32_t *tail, size_t tail_len)
{
	size_t head = ledger->unsorted_from, out = ledger->order_len;
	while (tail_len > 0) {
		if (head > 0 && time_at(ledger, head - 1) > ledger->entries[tail[tail_len - 1]].time_ms)
			ledger->order[--out] = ledger->order[--head];
		else
			ledger->order[--out] = tail[--tail_len];
	}
	blocks_hold_to(ledger, out);
}

static void sort_order(struct ledger *ledger)
{
	size_t tail_len = ledger->order_len - ledger->unsorted_from;
	uint32_t *tail = tail_len > INSERT_ONE_BY_ONE ? malloc(tail_len * sizeof(*tail)) : NULL;
	if (tail) {
		memcpy(tail, ledger->order + ledger->unsorted_from, tail_len * sizeof(*tail));
		sorted_entries = ledger->entries;
		qsort(tail, tail_len, sizeof(*tail), compare_time);
		merge_tail(ledger, tail, tail_len);
		free(tail);
	} else {
		/* Also without memory for the copy: slow then, but right. */
		for (size_t i = ledger->unsorted_from; i < ledger->order_len; i++)
			put_in_place(ledger, i);
	}
	ledger->unsorted_from = ledger->order_len;
}

static int64_t floor_hour(int64_t at_ms)
{
	int64_t rest = at_ms % CLOCK_HOUR_MS;
	return at_ms - (rest < 0 ? rest + CLOCK_HOUR_MS : rest);
}

/* Makes the blocks again from the first one that may have changed. */
static void make_blocks(struct ledger *ledger)
{
	while (ledger->block_count > 0 && ledger->blocks[ledger->block_count - 1].last >= ledger->blocks_good_to)
		ledger->block_count--;
	/* The entry after a good block may join it. */
	if (ledger->block_count > 0 && ledger->blocks_good_to < ledger->order_len)
		ledger->block_count--;
	size_t i = ledger->block_count > 0 ? ledger->blocks[ledger->block_count - 1].last + 1 : 0;
	while (i < ledger->order_len) {
		if (ledger->block_count == ledger->block_cap) {
			size_t cap = ledger->block_cap ? ledger->block_cap * 2 : 64;
			struct ledger_span *grown = realloc(ledger->blocks, cap * sizeof(*grown));
			if (!grown)
				return;  /* what is there holds; the rest is made when memory is back */
			ledger->blocks = grown;
			ledger->block_cap = cap;
		}
		struct ledger_span *span = &ledger->blocks[ledger->block_count++];
		int64_t start_ms = floor_hour(time_at(ledger, i));
		span->first = span->last = i++;
		while (i < ledger->order_len && time_at(ledger, i) - start_ms <= LEDGER_BLOCK_MS
		       && time_at(ledger, i) - time_at(ledger, i - 1) <= LEDGER_BLOCK_MS)
			span->last = i++;
		ledger->blocks_good_to = i;
	}
}

static void bring_up_to_date(struct ledger *ledger)
{
	if (ledger->unsorted_from < ledger->order_len)
		sort_order(ledger);
	/* Also when the last entries went away. */
	bool too_long = ledger->block_count > 0 && ledger->blocks[ledger->block_count - 1].last >= ledger->order_len;
	if (ledger->blocks_good_to < ledger->order_len || too_long)
		make_blocks(ledger);
}

/* ---- spans of time ---- */

static void span_add(struct ledger_kept_span *span, const struct ledger_entry *e, int sign)
{
	if (e->time_ms < span->start_ms || e->time_ms >= span->end_ms)
		return;
	ledger_sums_add(&span->sums, e, sign);
	span->by_model[e->model] += (uint32_t)sign;
}

void ledger_spans_add(struct ledger *ledger, const struct ledger_entry *entry, int sign)
{
	for (size_t i = 0; i < LEDGER_SPANS_KEPT; i++)
		span_add(&ledger->kept[i], entry, sign);
}

/* The sums over a span: kept ones, or in the place of the ones that were not asked for longest. */
static const struct ledger_kept_span *keep_span(struct ledger *ledger, int64_t start_ms, int64_t end_ms)
{
	struct ledger_kept_span *span = &ledger->kept[0];
	ledger->questions++;
	for (size_t i = 0; i < LEDGER_SPANS_KEPT; i++) {
		struct ledger_kept_span *kept = &ledger->kept[i];
		if (kept->start_ms == start_ms && kept->end_ms == end_ms) {
			kept->asked = ledger->questions;
			return kept;
		}
		if (kept->asked < span->asked)
			span = kept;
	}
	*span = (struct ledger_kept_span){ .start_ms = start_ms, .end_ms = end_ms, .asked = ledger->questions };
	for (size_t i = lower_bound(ledger, ledger->order_len, start_ms);
	     i < ledger->order_len && time_at(ledger, i) < end_ms; i++)
		span_add(span, &ledger->entries[ledger->order[i]], +1);
	return span;
}

static uint64_t models_of(const struct ledger *ledger, const struct ledger_kept_span *span)
{
	uint64_t models = 0;
	for (size_t i = 0; i < ledger->model_count; i++)
		if (span->by_model[i] > 0 && !ledger->models[i].silent)
			models |= UINT64_C(1) << i;
	return models;
}

static void sum_block(const struct ledger *ledger, const struct ledger_span *span, struct ledger_block *out)
{
	for (size_t i = span->first; i <= span->last; i++) {
		const struct ledger_entry *e = &ledger->entries[ledger->order[i]];
		ledger_sums_add(&out->sums, e, +1);
		if (!ledger->models[e->model].silent)
			out->models |= UINT64_C(1) << e->model;
	}
}

static void fill_block(struct ledger *ledger, size_t index, struct ledger_block *out)
{
	const struct ledger_span *span = &ledger->blocks[index];
	memset(out, 0, sizeof(*out));
	out->first_ms = time_at(ledger, span->first);
	out->last_ms = time_at(ledger, span->last);
	out->start_ms = floor_hour(out->first_ms);
	out->end_ms = out->start_ms + LEDGER_BLOCK_MS;
	if (index == ledger->block_count - 1) {
		const struct ledger_kept_span *kept = keep_span(ledger, out->first_ms, INT64_MAX);
		out->sums = kept->sums;
		out->models = models_of(ledger, kept);
	} else {
		sum_block(ledger, span, out);
	}
	ledger_limits_of_block(ledger, span, out);
	const struct price_tokens *t = &out->sums.tokens;
	double minutes = (double)(out->last_ms - out->first_ms) / 60000.;
	double plain = (double)(t->input + t->output);
	double all = plain + (double)(t->cache_creation_5m + t->cache_creation_1h + t->cache_read);
	out->tokens_per_minute = minutes > 0. ? all / minutes : NAN;
	out->indicator_tokens_per_minute = minutes > 0. ? plain / minutes : NAN;
	out->cost_per_hour_usd = minutes > 0. ? out->sums.cost_usd / minutes * 60. : NAN;
}

bool ledger_block_at(struct ledger *ledger, size_t index, struct ledger_block *out)
{
	bring_up_to_date(ledger);
	if (index >= ledger->block_count)
		return false;
	fill_block(ledger, index, out);
	return true;
}

bool ledger_gap_between(const struct ledger_block *block, const struct ledger_block *next, int64_t *start_ms,
			int64_t *end_ms)
{
	*start_ms = block->last_ms + LEDGER_BLOCK_MS;
	*end_ms = next->first_ms;
	return *end_ms > *start_ms;
}

bool ledger_project(const struct ledger_block *block, int64_t now_ms, struct ledger_projection *out)
{
	memset(out, 0, sizeof(*out));
	if (isnan(block->tokens_per_minute))
		return false;
	const struct price_tokens *t = &block->sums.tokens;
	int64_t tokens = t->input + t->output + t->cache_creation_5m + t->cache_creation_1h + t->cache_read;
	/* Whole minutes, as ccusage has them, also for what they cost. */
	double minutes = fmax(round((double)(block->end_ms - now_ms) / 60000.), 0.);
	out->remaining_minutes = (int64_t)minutes;
	out->total_tokens = (int64_t)round((double)tokens + block->tokens_per_minute * minutes);
	out->total_usd = round((block->sums.cost_usd + block->cost_per_hour_usd / 60. * minutes) * 100.) / 100.;
	return true;
}

bool ledger_active_block(struct ledger *ledger, int64_t now_ms, struct ledger_block *out)
{
	bring_up_to_date(ledger);
	if (ledger->block_count == 0)
		return false;
	fill_block(ledger, ledger->block_count - 1, out);
	return now_ms - out->last_ms < LEDGER_BLOCK_MS && now_ms < out->end_ms;
}

bool ledger_block_is_known(struct ledger *ledger, int64_t since_ms, int64_t now_ms)
{
	bring_up_to_date(ledger);
	int64_t before_ms = since_ms;
	for (size_t i = lower_bound(ledger, ledger->order_len, since_ms); i < ledger->order_len; i++) {
		if (time_at(ledger, i) - before_ms > LEDGER_BLOCK_MS)
			return true;
		before_ms = time_at(ledger, i);
	}
	return now_ms - before_ms > LEDGER_BLOCK_MS;
}

void ledger_sum_span(struct ledger *ledger, int64_t start_ms, int64_t end_ms, struct ledger_sums *out)
{
	bring_up_to_date(ledger);
	memset(out, 0, sizeof(*out));
	if (start_ms < end_ms)
		*out = keep_span(ledger, start_ms, end_ms)->sums;
}

bool ledger_entry_at(struct ledger *ledger, size_t index, struct ledger_entry_view *out)
{
	bring_up_to_date(ledger);
	if (index >= ledger->order_len)
		return false;
	const struct ledger_entry *e = &ledger->entries[ledger->order[index]];
	const struct ledger_file *file = &ledger->files[ledger_file_of(e)];
	const struct ledger_model_row *model = &ledger->models[e->model];
	*out = (struct ledger_entry_view){
		.time_ms = e->time_ms,
		.tokens = { e->input, e->output, e->creation_5m, e->creation_1h, e->cache_read },
		.cost_usd = e->cost_usd,
		.reference_usd = e->reference_usd,
		.model = e->model,
		.model_name = model->name,
		.model_silent = model->silent,
		.unpriced = e->unpriced,
		.lost_by_reference = e->lost,
		.sidechain = e->sidechain,
		.path = file->path,
		.root_len = file->root_len,
		.offset = (int64_t)(e->place & ((UINT64_C(1) << LEDGER_OFFSET_BITS) - 1)),
		.file = (unsigned)ledger_file_of(e),
		.first_file = (unsigned)(e->first_place >> LEDGER_OFFSET_BITS),
		.first_offset = (int64_t)(e->first_place & ((UINT64_C(1) << LEDGER_OFFSET_BITS) - 1)),
		.session = file->session,
		.session_id = ledger->sessions[file->session].id,
		.subagent = file->subagent,
	};
	return true;
}

size_t ledger_entries_before(struct ledger *ledger, int64_t time_ms)
{
	bring_up_to_date(ledger);
	return lower_bound(ledger, ledger->order_len, time_ms);
}
