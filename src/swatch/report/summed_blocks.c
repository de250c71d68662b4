#include "swatch/report/summed_blocks.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "ledger/blocks.h"
#include "ledger/store/facts_read.h"

/* ---- limits that were hit ---- */

static void add_hit(struct summed_hits *hits, const struct ledger_marker *marker)
{
	if (marker->resets_ms <= 0)
		return;
	if (!array_reserve(&hits->list, &hits->cap, hits->count + 1, sizeof(*hits->list)))
		hits->failed = true;
	else
		hits->list[hits->count++] = *marker;
}

struct taking_hits {
	struct summed_hits *hits;
	const struct summing *summing;
};

static void take_hit(void *ctx, int64_t transcript, const struct store_hit *hit)
{
	const struct taking_hits *taking = ctx;
	const struct summing *summing = taking->summing;
	const struct ledger_marker marker = {
		.time_ms = hit->at_ms,
		.resets_ms = hit->resets_ms,
		.has_entry = hit->in_message,
		.old_form = hit->old_form,
	};
	bool is_ours = transcript > 0 && (size_t)transcript < summing->by_id_count
		    && summing->by_id[transcript] > 0;
	if (is_ours
	    && (!hit->in_message || store_rolled_has_line(summing->db, transcript, hit->offset, hit->at_ms)))
		add_hit(taking->hits, &marker);
}

/* Whether a line that the file does not have is a message that counts. */
static bool counts_beyond(const struct summing *summing, const struct ledger_record *line)
{
	for (size_t i = 0; i < summing->count; i++)
		if (summing->entries[i].messages == 1 && summing->entries[i].first_ms == line->time_ms
		    && summing->entries[i].offset == line->offset)
			return true;
	return false;
}

static int compare_hits(const void *a, const void *b)
{
	const struct ledger_marker *left = a, *right = b;
	if (left->time_ms != right->time_ms)
		return left->time_ms < right->time_ms ? -1 : 1;
	return (left->resets_ms > right->resets_ms) - (left->resets_ms < right->resets_ms);
}

void summed_hits_read(struct summed_hits *hits, const struct summing *summing, struct ledger *grown)
{
	struct taking_hits taking = { hits, summing };
	struct ledger_kept kept;
	if (store_facts_read_hits(summing->db, 0, take_hit, &taking) != SQLITE_OK)
		hits->failed = true;
	for (size_t i = 0; grown && ledger_kept_limit_at(grown, i, &kept); i++) {
		const struct ledger_marker marker = {
			.time_ms = kept.record.time_ms,
			.resets_ms = kept.record.limit_resets_ms,
			.has_entry = !kept.only_limit,
			.old_form = kept.record.limit_is_old_form,
		};
		if (kept.path && (kept.only_limit || counts_beyond(summing, &kept.record)))
			add_hit(hits, &marker);
	}
	if (hits->count > 0)
		qsort(hits->list, hits->count, sizeof(*hits->list), compare_hits);
}

void summed_hits_release(struct summed_hits *hits)
{
	free(hits->list);
}

/* ---- blocks ---- */

static int compare_entries(const void *a, const void *b)
{
	const struct report_entry *left = a, *right = b;
	if (left->first_ms != right->first_ms)
		return left->first_ms < right->first_ms ? -1 : 1;
	if (left->rank != right->rank)
		return left->rank < right->rank ? -1 : 1;
	return (left->offset > right->offset) - (left->offset < right->offset);
}

static void begin(struct ledger_block *block, const struct report_entry *entry)
{
	*block = (struct ledger_block){ .first_ms = entry->first_ms, .last_ms = entry->first_ms };
	block->start_ms = ledger_blocks_start_ms(entry->first_ms);
	block->end_ms = block->start_ms + LEDGER_BLOCK_MS;
}

static void add_entry(struct ledger_block *block, const struct report_entry *entry)
{
	if (entry->last_ms > block->last_ms)
		block->last_ms = entry->last_ms;
	block->sums.entries += entry->messages;
	block->sums.unpriced += entry->unpriced_messages;
	block->sums.cost_usd += entry->cost_usd;
	price_tokens_add(&block->sums.tokens, &entry->tokens, 1);
}

/* Its rates, and the limits that were hit in it. */
static void finish(struct ledger_block *block, const struct summed_hits *hits)
{
	ledger_blocks_set_rates(block);
	for (size_t i = 0; i < hits->count; i++) {
		const struct ledger_marker *hit = &hits->list[i];
		ledger_limits_give(block, hit,
				   hit->time_ms >= block->first_ms && hit->time_ms <= block->last_ms);
	}
}

bool summed_blocks_make(struct summed_blocks *blocks, struct summing *summing, const struct summed_hits *hits)
{
	struct ledger_block *block = NULL;
	if (summing->count > 0)
		qsort(summing->entries, summing->count, sizeof(*summing->entries), compare_entries);
	for (size_t i = 0; i < summing->count; i++) {
		const struct report_entry *entry = &summing->entries[i];
		if (!block || !ledger_blocks_goes_on(block->start_ms, block->last_ms, entry->first_ms)) {
			if (!array_reserve(&blocks->list, &blocks->cap, blocks->count + 1,
					   sizeof(*blocks->list)))
				return false;
			block = &blocks->list[blocks->count++];
			begin(block, entry);
		}
		add_entry(block, entry);
	}
	for (size_t i = 0; i < blocks->count; i++)
		finish(&blocks->list[i], hits);
	return true;
}

const struct ledger_block *summed_blocks_active(const struct summed_blocks *blocks, int64_t now_ms)
{
	const struct ledger_block *last = NULL;
	for (size_t i = 0; i < blocks->count && blocks->list[i].start_ms <= now_ms; i++)
		last = &blocks->list[i];
	return last && ledger_blocks_is_active(last->start_ms, last->last_ms, now_ms) ? last : NULL;
}

void summed_blocks_release(struct summed_blocks *blocks)
{
	free(blocks->list);
}
