#include "report/blocks.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/projection.h"

static void add_gap(struct report_work *work, int64_t start_ms, int64_t end_ms)
{
	struct report_row *row = report_add_row(work->out);
	if (row)
		row->block = (struct report_block){
			.is_gap = true,
			.start_ms = start_ms,
			.end_ms = end_ms,
			.usd_per_hour = NAN,
			.projection.usd = NAN,
		};
}

/* The rates of the active block, and what it comes to at its end. */
static void set_rates(const struct ledger_block *from, int64_t now_ms, struct report_block *block)
{
	const struct projection_basis basis = {
		.end_ms = from->end_ms,
		.usd = from->sums.cost_usd,
		.tokens = (double)price_tokens_total(&from->sums.tokens),
		.usd_per_hour = from->cost_per_hour_usd,
		.tokens_per_minute = from->tokens_per_minute,
	};
	block->usd_per_hour = from->cost_per_hour_usd;
	block->tokens_per_minute = from->tokens_per_minute;
	block->indicator_tokens_per_minute = from->indicator_tokens_per_minute;
	(void)projection_make(&basis, now_ms, &block->projection);
}

/* A model's first entry in a block. */
struct first_use {
	const char *name;
	int64_t time_ms;
	struct report_place place;
};

static int compare_uses(const void *a, const void *b)
{
	const struct first_use *left = a, *right = b;
	if (left->time_ms != right->time_ms)
		return left->time_ms < right->time_ms ? -1 : 1;
	return report_place_compare(left->place, right->place);
}

/* The models of the block, in the order in which its entries have them: by time, then by place. */
static void set_models(struct report_work *work, const struct ledger_block *block, struct report_row *row)
{
	struct first_use uses[LEDGER_MODELS_MAX] = { 0 };
	const struct report_source *source = &work->source;
	struct report_entry entry;
	size_t count = 0;
	for (size_t i = source->entries_before(source->ctx, block->first_ms);
	     source->entry_at(source->ctx, i, &entry) && entry.first_ms <= block->last_ms; i++) {
		struct first_use use = { entry.model_name, entry.first_ms, report_place_of(work, &entry) };
		size_t at = 0;
		while (at < count && strcmp(uses[at].name, use.name) != 0)
			at++;
		if (entry.model_silent || (at < count && compare_uses(&use, &uses[at]) >= 0))
			continue;
		uses[at] = use;
		count += at == count;
	}
	qsort(uses, count, sizeof(uses[0]), compare_uses);
	if (!report_set_models(work->out, row, count))
		return;
	for (size_t i = 0; i < count; i++) {
		row->models[i].name = report_text(work->out, uses[i].name, strlen(uses[i].name));
		row->models[i].place = (unsigned)i;
	}
}

static void add_block(struct report_work *work, const struct ledger_block *block, bool is_active)
{
	struct report_row *row = report_add_row(work->out);
	if (!row)
		return;
	*row = (struct report_row){
		.last_ms = block->last_ms,
		.tokens = block->sums.tokens,
		.cost_usd = block->sums.cost_usd,
		.block = {
			.is_active = is_active,
			.start_ms = block->start_ms,
			.end_ms = block->end_ms,
			.messages = (int64_t)block->sums.entries,
			.limit_resets_ms = block->limit_resets_ms,
			.usd_per_hour = NAN,
			.projection.usd = NAN,
		},
	};
	if (is_active)
		set_rates(block, work->options->now_ms, &row->block);
	set_models(work, block, row);
}

static void note_unpriced(struct report_work *work, const struct ledger_block *block)
{
	const struct report_source *source = &work->source;
	struct report_entry entry;
	if (block->sums.unpriced == 0)
		return;
	for (size_t i = source->entries_before(source->ctx, block->first_ms);
	     source->entry_at(source->ctx, i, &entry) && entry.first_ms <= block->last_ms; i++)
		if (entry.unpriced)
			report_add_unpriced(work->out, entry.model_name);
}

void report_make_blocks(struct report_work *work)
{
	const struct report_source *source = &work->source;
	struct ledger_block block, before, active = { 0 };
	int64_t gap_start_ms, gap_end_ms;
	bool has_active = source->active_block(source->ctx, work->options->now_ms, &active);
	for (size_t i = 0; source->block_at(source->ctx, i, &block); i++) {
		bool is_active = has_active && block.first_ms == active.first_ms;
		if (!work->options->active && i > 0
		    && ledger_gap_between(&before, &block, &gap_start_ms, &gap_end_ms))
			add_gap(work, gap_start_ms, gap_end_ms);
		if (is_active || !work->options->active) {
			add_block(work, &block, is_active);
			note_unpriced(work, &block);
		}
		before = block;
	}
}
