#include "report/blocks.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "ledger/projection.h"

static void put_tokens(struct jsonw *w, const struct price_tokens *t)
{
	jsonw_key(w, "tokenCounts");
	jsonw_begin_object(w);
	jsonw_put_int(w, "cacheCreationInputTokens", price_tokens_created(t));
	jsonw_put_int(w, "cacheReadInputTokens", t->cache_read);
	jsonw_put_int(w, "inputTokens", t->input);
	jsonw_put_int(w, "outputTokens", t->output);
	jsonw_end_object(w);
	jsonw_put_int(w, "totalTokens", price_tokens_total(t));
}

static void write_gap(struct report_work *work, int64_t start_ms, int64_t end_ms)
{
	static const struct price_tokens none;
	char id[CLOCK_RFC3339_SIZE + 8], start[CLOCK_RFC3339_SIZE];
	struct jsonw w;
	clock_format_rfc3339(start_ms, start);
	snprintf(id, sizeof(id), "gap-%s", start);
	report_begin_row(work, &w);
	jsonw_put_null(&w, "actualEndTime");
	jsonw_put_null(&w, "burnRate");
	jsonw_put_int(&w, "costUSD", 0);
	report_write_time(&w, "endTime", end_ms);
	jsonw_put_int(&w, "entries", 0);
	jsonw_put_string(&w, "id", id);
	jsonw_put_bool(&w, "isActive", false);
	jsonw_put_bool(&w, "isGap", true);
	jsonw_key(&w, "models");
	jsonw_begin_array(&w);
	jsonw_end_array(&w);
	jsonw_put_null(&w, "projection");
	jsonw_put_string(&w, "startTime", start);
	put_tokens(&w, &none);
	report_end_row(work, &w);
}

static void put_burn_rate(struct jsonw *w, const struct ledger_block *block, bool is_active)
{
	if (!is_active || isnan(block->cost_per_hour_usd)) {
		jsonw_put_null(w, "burnRate");
		return;
	}
	jsonw_key(w, "burnRate");
	jsonw_begin_object(w);
	report_write_usd(w, "costPerHour", block->cost_per_hour_usd);
	jsonw_put_double(w, "tokensPerMinute", block->tokens_per_minute);
	jsonw_put_double(w, "tokensPerMinuteForIndicator", block->indicator_tokens_per_minute);
	jsonw_end_object(w);
}

static void put_projection(struct jsonw *w, const struct ledger_block *block, bool is_active, int64_t now_ms)
{
	const struct projection_basis basis = {
		.end_ms = block->end_ms,
		.usd = block->sums.cost_usd,
		.tokens = (double)price_tokens_total(&block->sums.tokens),
		.usd_per_hour = block->cost_per_hour_usd,
		.tokens_per_minute = block->tokens_per_minute,
	};
	struct projection projection;
	if (!is_active || !projection_make(&basis, now_ms, &projection)) {
		jsonw_put_null(w, "projection");
		return;
	}
	jsonw_key(w, "projection");
	jsonw_begin_object(w);
	jsonw_put_int(w, "remainingMinutes", projection.remaining_minutes);
	jsonw_put_double(w, "totalCost", projection.usd);
	jsonw_put_int(w, "totalTokens", (int64_t)projection.tokens);
	jsonw_end_object(w);
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
static void put_models(struct report_work *work, struct jsonw *w, const struct ledger_block *block)
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
	jsonw_key(w, "models");
	jsonw_begin_array(w);
	for (size_t i = 0; i < count; i++)
		jsonw_string(w, uses[i].name);
	jsonw_end_array(w);
}

static void write_block(struct report_work *work, const struct ledger_block *block, bool is_active)
{
	char start[CLOCK_RFC3339_SIZE];
	struct jsonw w;
	clock_format_rfc3339(block->start_ms, start);
	report_begin_row(work, &w);
	report_write_time(&w, "actualEndTime", block->last_ms);
	put_burn_rate(&w, block, is_active);
	report_write_usd(&w, "costUSD", block->sums.cost_usd);
	report_write_time(&w, "endTime", block->end_ms);
	jsonw_put_int(&w, "entries", (int64_t)block->sums.entries);
	jsonw_put_string(&w, "id", start);
	jsonw_put_bool(&w, "isActive", is_active);
	jsonw_put_bool(&w, "isGap", false);
	put_models(work, &w, block);
	put_projection(&w, block, is_active, work->options->now_ms);
	jsonw_put_string(&w, "startTime", start);
	put_tokens(&w, &block->sums.tokens);
	if (block->limit_resets_ms > 0)
		report_write_time(&w, "usageLimitResetTime", block->limit_resets_ms);
	report_end_row(work, &w);
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
			report_note_unpriced(work, entry.model, entry.model_name);
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
			write_gap(work, gap_start_ms, gap_end_ms);
		if (is_active || !work->options->active) {
			write_block(work, &block, is_active);
			note_unpriced(work, &block);
		}
		before = block;
	}
	report_sort_unpriced(work);
}
