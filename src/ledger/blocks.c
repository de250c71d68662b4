/*
 * The ledger by time: the 5-hour blocks and spans over its entries.
 *
 * Blocks are made again only from the first one that changed. So a message at the end of the history costs as much as
 * its own block is long.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "ledger/internal.h"

static int64_t floor_hour(int64_t at_ms)
{
	int64_t rest = at_ms % CLOCK_HOUR_MS;
	return at_ms - (rest < 0 ? rest + CLOCK_HOUR_MS : rest);
}

/* Takes the entries from `i` on into the block as long as they belong to it. Returns the first one that does not. */
static size_t fill_span(const struct ledger *ledger, struct ledger_span *span, size_t i)
{
	int64_t start_ms = floor_hour(ledger_time_at(ledger, span->first));
	while (i < ledger->order_len && ledger_time_at(ledger, i) - start_ms <= LEDGER_BLOCK_MS
	       && ledger_time_at(ledger, i) - ledger_time_at(ledger, i - 1) <= LEDGER_BLOCK_MS)
		i++;
	span->last = i - 1;
	return i;
}

/* Makes the blocks again from the first entry that may have changed: which one an entry is in, hangs on those before. */
static void make_blocks(struct ledger *ledger)
{
	while (ledger->block_count > 0 && ledger->blocks[ledger->block_count - 1].first >= ledger->blocks_good_to)
		ledger->block_count--;
	if (ledger->block_count > 0)
		ledger->blocks_good_to = fill_span(ledger, &ledger->blocks[ledger->block_count - 1], ledger->blocks_good_to);
	while (ledger->blocks_good_to < ledger->order_len) {
		/* Without memory what is there holds; the rest is made when it is back. */
		if (!ledger_grow(&ledger->blocks, ledger->block_count, &ledger->block_cap, sizeof(*ledger->blocks)))
			return;
		struct ledger_span *span = &ledger->blocks[ledger->block_count++];
		span->first = ledger->blocks_good_to;
		ledger->blocks_good_to = fill_span(ledger, span, span->first + 1);
	}
}

static void bring_up_to_date(struct ledger *ledger)
{
	if (ledger->unsorted_from < ledger->order_len)
		ledger_order_sort(ledger);
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
	for (size_t i = ledger_order_find(ledger, start_ms);
	     i < ledger->order_len && ledger_time_at(ledger, i) < end_ms; i++)
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
	out->first_ms = ledger_time_at(ledger, span->first);
	out->last_ms = ledger_time_at(ledger, span->last);
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
	out->tokens_per_minute = minutes > 0. ? (double)price_tokens_total(t) / minutes : NAN;
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

bool ledger_active_block(struct ledger *ledger, int64_t now_ms, struct ledger_block *out)
{
	bring_up_to_date(ledger);
	if (ledger->block_count == 0)
		return false;
	fill_block(ledger, ledger->block_count - 1, out);
	return now_ms - out->last_ms < LEDGER_BLOCK_MS && now_ms < out->end_ms;
}

double ledger_doubted_usd(struct ledger *ledger, int64_t now_ms)
{
	struct ledger_block block;
	double usd = 0.;
	if (!ledger_active_block(ledger, now_ms, &block))
		return usd;
	const struct ledger_span *span = &ledger->blocks[ledger->block_count - 1];
	for (size_t i = span->first; i <= span->last; i++) {
		const struct ledger_entry *e = &ledger->entries[ledger->order[i]];
		if (ledger->files[ledger_file_of(e)].doubted)
			usd += e->reference_usd;
	}
	return usd;
}

bool ledger_has_all_blocks(struct ledger *ledger)
{
	bring_up_to_date(ledger);
	return ledger->blocks_good_to >= ledger->order_len;
}

bool ledger_block_is_known(struct ledger *ledger, int64_t since_ms, int64_t now_ms)
{
	bring_up_to_date(ledger);
	int64_t before_ms = since_ms;
	for (size_t i = ledger_order_find(ledger, since_ms); i < ledger->order_len; i++) {
		if (ledger_time_at(ledger, i) - before_ms > LEDGER_BLOCK_MS)
			return true;
		before_ms = ledger_time_at(ledger, i);
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
	return ledger_order_find(ledger, time_ms);
}
