/*
 * The figures as of a moment: from the ledger, or from ccusage's last answer.
 */
#include "swatchd/billing/billing.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "ledger/limits.h"
#include "swatchd/billing/account_limits.h"

static void set_no_rates(struct billing_block *block)
{
	block->tokens_per_minute = block->indicator_tokens_per_minute = block->cost_per_hour_usd = NAN;
}

static void take_ledger_block(const struct billing *billing, int64_t now_ms, struct billing_block *out)
{
	struct ledger_block block;
	struct ledger_model model;
	memset(out, 0, sizeof(*out));
	set_no_rates(out);
	if (!ledger_active_block(billing->ledger, now_ms, &block))
		return;
	const struct price_tokens *t = &block.sums.tokens;
	out->present = true;
	out->start_ms = block.start_ms;
	out->end_ms = block.end_ms;
	out->last_ms = block.last_ms;
	out->entries = block.sums.entries;
	out->input_tokens = t->input;
	out->output_tokens = t->output;
	out->cache_creation_tokens = price_tokens_created(t);
	out->cache_read_tokens = t->cache_read;
	out->total_tokens = price_tokens_total(t);
	out->cost_usd = block.sums.cost_usd;
	out->tokens_per_minute = block.tokens_per_minute;
	out->indicator_tokens_per_minute = block.indicator_tokens_per_minute;
	out->cost_per_hour_usd = block.cost_per_hour_usd;
	out->limit_reset_ms = block.limit_resets_ms;
	for (size_t i = 0; i < LEDGER_MODELS_MAX && out->model_count < BILLING_MODELS_MAX; i++)
		if ((block.models & (UINT64_C(1) << i)) && ledger_model_at(billing->ledger, i, &model))
			snprintf(out->models[out->model_count++], BILLING_MODEL_NAME_MAX, "%s", model.name);
}

/* ccusage's figures are the ones that are wanted, and it has never answered. */
static bool waits_for_ccusage(const struct billing *billing)
{
	return billing->config->billing_source == BILLING_CCUSAGE && !billing->answered;
}

static bool shows_ccusage(const struct billing *billing)
{
	if (!billing->answered || billing->config->billing_source == BILLING_NATIVE)
		return false;
	return billing->config->billing_source == BILLING_CCUSAGE || billing->ccusage_shown;
}

/* An answer's block ends by time alone, 5 h after its start or after its last entry. */
static bool is_over(const struct billing_block *block, int64_t now_ms)
{
	return block->present && (now_ms >= block->end_ms
				  || (block->last_ms > 0 && now_ms - block->last_ms >= LEDGER_BLOCK_MS));
}

/* The time zone may change under us: look now and then, but not with every message. */
#define DAY_GOOD_FOR_MS CLOCK_MINUTE_MS

void billing_forget_day(struct billing *billing)
{
	billing->day_asked_ms = 0;
}

static void look_up_day(struct billing *billing, int64_t now_ms)
{
	bool holds = now_ms >= billing->day_start_ms && now_ms < billing->day_end_ms
		     && now_ms >= billing->day_asked_ms && now_ms - billing->day_asked_ms < DAY_GOOD_FOR_MS;
	if (holds)
		return;
	billing->day_start_ms = clock_local_day_start_ms(now_ms);
	billing->day_end_ms = clock_local_next_day_ms(now_ms);
	billing->day_asked_ms = now_ms;
}

/* One that holds for all models, if there is one. */
static struct ledger_limit most_important(const struct ledger_limit *hits, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		char model[RATE_LIMIT_NAME_SIZE];
		rate_limit_model(hits[i].name, NULL, model);
		if (!model[0])
			return hits[i];
	}
	return hits[0];
}

/*
 * Takes in the limit that an earlier run showed, unless the ledger knows that limit: its transcript was
 * deleted meanwhile. Returns the new count.
 */
static size_t add_old_limit(const struct billing *billing, int64_t now_ms, struct ledger_limit *hits,
			    size_t count)
{
	const struct billing_old_limit *old = &billing->old_limit;
	size_t at = 0;
	if (!ledger_limits_may_hold(old->noted_ms, old->resets_ms, now_ms)
	    || ledger_has_answered(billing->ledger, old->name, old->noted_ms, now_ms))
		return count;
	for (size_t i = 0; i < count; i++) {
		if (strcmp(hits[i].name, old->name) == 0)
			return count;
		at += hits[i].noted_ms >= old->noted_ms;
	}
	memmove(hits + at + 1, hits + at, (count - at) * sizeof(*hits));
	hits[at] = (struct ledger_limit){ .noted_ms = old->noted_ms,
					  .resets_ms = old->resets_ms,
					  .name = old->name,
					  .session_id = old->session_id };
	return count + 1;
}

/* The server's limits as of now, and what was spent in its five hours. */
static void take_limits(const struct billing *billing, struct billing_view *view)
{
	struct ledger_sums spent;
	struct ledger_limit hits[LEDGER_LIMIT_NAMES_MAX + 1];
	size_t count = ledger_find_limits(billing->ledger, view->at_ms, hits);
	count = add_old_limit(billing, view->at_ms, hits, count);
	view->limits = billing->limits;
	rate_limits_expire(&view->limits, view->at_ms);
	account_limits_take_old_hits(&view->limits, &billing->old_hits, billing->ledger, view->at_ms);
	account_limits_take_hits(&view->limits, hits, count, view->at_ms);
	account_limits_find_models(&view->limits, billing->ledger);
	view->limited = count > 0;
	if (count > 0)
		view->limit = most_important(hits, count);
	const struct rate_limit *window = rate_limits_find(&view->limits, RATE_LIMIT_FIVE_HOUR);
	view->windowed = window && window->resets_ms > 0;
	if (!view->windowed)
		return;
	view->window_end_ms = window->resets_ms;
	view->window_start_ms = window->resets_ms - RATE_LIMIT_FIVE_HOUR_MS;
	ledger_sum_span(billing->ledger, view->window_start_ms, view->window_end_ms, &spent);
	view->window_usd = spent.cost_usd;
	view->window_tokens = price_tokens_total(&spent.tokens);
}

static void take_times(const struct billing *billing, struct billing_view *view)
{
	const struct billing_block *block = &view->block;
	int64_t now_ms = view->at_ms;
	view->next_change_ms = billing->day_end_ms;
	if (block->present) {
		view->minutes_left = (double)(block->end_ms - now_ms) / 60000.;
		view->percent_used = (double)(now_ms - block->start_ms)
				     / (double)(block->end_ms - block->start_ms) * 100.;
		if (view->percent_used < 0.)
			view->percent_used = 0.;  /* an entry is ahead of this machine's clock */
		if (block->end_ms < view->next_change_ms)
			view->next_change_ms = block->end_ms;
	}
	if (view->native.present && view->native.end_ms < view->next_change_ms)
		view->next_change_ms = view->native.end_ms;
	if (view->limited && view->limit.resets_ms > 0 && view->limit.resets_ms < view->next_change_ms)
		view->next_change_ms = view->limit.resets_ms;
	int64_t reset_ms = rate_limits_next_reset_ms(&view->limits);
	if (reset_ms > 0 && reset_ms < view->next_change_ms)
		view->next_change_ms = reset_ms;
	if (!view->is_ccusage) {
		view->is_fresh = view->known && !billing->reading_history;
		view->last_fetched_ms = now_ms;
		view->fresh_until_ms = view->known ? view->next_change_ms : now_ms;
		return;
	}
	int64_t stale_at_ms = view->next_change_ms;
	if (billing->pending_since_ms > 0)
		stale_at_ms = billing->pending_since_ms + billing->config->ccusage_timeout_ms
			      + billing_ttl_ms(billing->config, block->cost_per_hour_usd);
	view->last_fetched_ms = billing->answered_at_ms;
	view->is_fresh = billing->answered && billing->failures == 0 && now_ms < stale_at_ms;
	view->fresh_until_ms = billing->answered && billing->failures == 0 ? stale_at_ms : now_ms;
	if (view->is_fresh && stale_at_ms < view->next_change_ms)
		view->next_change_ms = stale_at_ms;
}

void billing_make_view(struct billing *billing, int64_t now_ms, struct billing_view *view)
{
	struct ledger_sums today;
	memset(view, 0, sizeof(*view));
	view->at_ms = now_ms;
	view->is_ccusage = shows_ccusage(billing);
	view->known = !waits_for_ccusage(billing);
	take_ledger_block(billing, now_ms, &view->native);
	if (!view->is_ccusage)
		view->block = view->native;
	else if (!is_over(&billing->answer, now_ms))
		view->block = billing->answer;
	if (!view->block.present)
		set_no_rates(&view->block);
	look_up_day(billing, now_ms);
	ledger_sum_span(billing->ledger, billing->day_start_ms, billing->day_end_ms, &today);
	view->today_usd = today.cost_usd;
	view->today_tokens = price_tokens_total(&today.tokens);
	view->today_unpriced = (int64_t)today.unpriced;
	clock_format_local_date(now_ms, view->today);
	view->day_start_ms = billing->day_start_ms;
	view->day_end_ms = billing->day_end_ms;
	take_limits(billing, view);
	take_times(billing, view);
	if (billing->is_blind) {
		view->is_fresh = false;
		view->fresh_until_ms = now_ms;
	}
}

const char *billing_reason(const struct billing *billing)
{
	if (waits_for_ccusage(billing))
		return "ccusage has not answered yet";
	return billing->config->billing_source == BILLING_AUTO && billing->reason[0] ? billing->reason : NULL;
}
