#include "swatchd/billing/billing.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "swatchd/billing/account_limits.h"

void billing_init(struct billing *billing, const struct config *config, struct ledger *ledger)
{
	memset(billing, 0, sizeof(*billing));
	billing->config = config;
	billing->ledger = ledger;
	billing->drift_usd = billing->native_after_usd = NAN;
}

void billing_restore(struct billing *billing, const struct billing_block *answer, int64_t answered_at_ms,
		     int64_t duration_ms, double drift_usd)
{
	if (answered_at_ms <= 0)
		return;
	billing->answered = true;
	billing->answer = *answer;
	billing->answered_at_ms = answered_at_ms;
	billing->duration_ms = duration_ms;
	billing->drift_usd = drift_usd;
}

void billing_restore_audit(struct billing *billing, unsigned strikes, const char *reason)
{
	if (!billing->answered)
		return;
	billing->strikes = strikes;
	billing->ccusage_shown = reason != NULL;
	snprintf(billing->reason, sizeof(billing->reason), "%s", reason ? reason : "");
}

/* The ledger's active block by ccusage's rules, to compare with its answer. */
static double reference_usd(const struct billing *billing, int64_t now_ms)
{
	struct ledger_block block;
	return ledger_active_block(billing->ledger, now_ms, &block) ? block.sums.reference_usd : 0.;
}

void billing_note_start(struct billing *billing, int64_t now_ms)
{
	billing->native_before_usd = reference_usd(billing, now_ms);
	billing->least_before_usd = billing->native_before_usd - ledger_doubted_usd(billing->ledger, now_ms);
	billing->audits = !billing->reading_history;
	/* The answer may or may not hold the activity that comes from now on. */
	billing->pending_before_ms = billing->pending_since_ms;
	billing->pending_since_ms = 0;
}

/* The name of a model that ccusage has a price for and the ledger does not; or NULL. */
static const char *priced_there_alone(const struct billing *billing, const struct billing_block *answer)
{
	const char *names[BILLING_UNPRICED_MAX];
	size_t count = billing_unpriced(billing, names);
	/* Its list names the models it counted; only the sum shows whether it priced one. */
	for (size_t i = 0; i < count && billing->drift_usd > BILLING_DRIFT_USD; i++)
		for (size_t j = 0; j < answer->model_count; j++)
			if (strcmp(names[i], answer->models[j]) == 0)
				return names[i];
	return NULL;
}

/*
 * How far the answer lies outside of what the ledger had before and after the run; above is positive. Whether
 * ccusage counts transcripts that are gone depends on when it read them.
 */
static double drift_of(const struct billing *billing, double answer_usd, double least_after_usd)
{
	double low = fmin(billing->least_before_usd, least_after_usd);
	double high = fmax(billing->native_before_usd, billing->native_after_usd);
	return answer_usd > high ? answer_usd - high : answer_usd < low ? answer_usd - low : 0.;
}

/* Decides which figures are shown from now on, and why. */
static void judge(struct billing *billing, bool drifted)
{
	const char *model = priced_there_alone(billing, &billing->answer);
	billing->strikes = drifted ? billing->strikes + 1 : 0;
	if (model) {
		billing->ccusage_shown = true;
		snprintf(billing->reason, sizeof(billing->reason), "ccusage prices %.96s, which swatch has "
			 "no price for", model);
	} else if (billing->strikes >= BILLING_DRIFT_STRIKES) {
		billing->ccusage_shown = true;
		snprintf(billing->reason, sizeof(billing->reason), "ccusage counts $%.2f %s than swatch in "
			 "this block, in %u refreshes in a row", fabs(billing->drift_usd),
			 billing->drift_usd > 0. ? "more" : "less", billing->strikes);
	} else if (!drifted) {
		billing->ccusage_shown = false;
		billing->reason[0] = '\0';
	}
}

static bool audit(struct billing *billing, int64_t now_ms)
{
	const struct billing_block *answer = &billing->answer;
	double answer_usd = answer->present ? answer->cost_usd : 0.;
	/* While the history is incomplete every answer drifts. */
	if (!billing->audits || billing->reading_history)
		return false;
	billing->native_after_usd = reference_usd(billing, now_ms);
	double least_after_usd = billing->native_after_usd - ledger_doubted_usd(billing->ledger, now_ms);
	billing->drift_usd = drift_of(billing, answer_usd, least_after_usd);
	double size = fabs(billing->drift_usd);
	bool was_shown = billing->ccusage_shown;
	judge(billing, size > BILLING_DRIFT_USD
	      && size > BILLING_DRIFT_SHARE * fmax(billing->native_after_usd, answer_usd));
	return was_shown != billing->ccusage_shown && billing->config->billing_source == BILLING_AUTO;
}

bool billing_note_answer(struct billing *billing, const struct billing_block *answer, int64_t duration_ms,
			 int64_t now_ms)
{
	billing->answered = true;
	billing->answer = *answer;
	billing->answered_at_ms = now_ms;
	billing->duration_ms = duration_ms;
	billing->exit_status = 0;
	billing->error[0] = '\0';
	billing->failures = 0;
	billing->next_attempt_ms = 0;
	billing->pending_before_ms = 0;
	return audit(billing, now_ms);
}

void billing_note_failure(struct billing *billing, const char *error, int exit_status, unsigned failures,
			  int64_t next_attempt_ms)
{
	snprintf(billing->error, sizeof(billing->error), "%s", error);
	billing->exit_status = exit_status;
	billing->failures = failures;
	billing->next_attempt_ms = next_attempt_ms;
	if (billing->pending_before_ms > 0)
		billing->pending_since_ms = billing->pending_before_ms;
	billing->pending_before_ms = 0;
}

void billing_set_reading(struct billing *billing, bool reading)
{
	billing->reading_history = reading;
}

bool billing_take_tick(struct billing *billing, struct json_object *limits, const char *session_id,
		       int64_t now_ms)
{
	return account_limits_take_tick(&billing->limits, limits, session_id, now_ms);
}

void billing_restore_limits(struct billing *billing, struct json_object *limits, int64_t now_ms)
{
	account_limits_restore(&billing->limits, limits, now_ms);
}

void billing_note_activity(struct billing *billing, int64_t now_ms)
{
	if (billing->pending_since_ms == 0)
		billing->pending_since_ms = now_ms;
}

int64_t billing_ttl_ms(const struct config *config, double usd_per_hour)
{
	if (isnan(usd_per_hour) || usd_per_hour < config->ccusage_burn_low_usd)
		return config->ccusage_ttl_low_ms;
	return usd_per_hour <= config->ccusage_burn_high_usd ? config->ccusage_ttl_mid_ms
							     : config->ccusage_ttl_high_ms;
}

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

static bool shows_ccusage(const struct billing *billing)
{
	if (billing->config->billing_source == BILLING_CCUSAGE)
		return true;
	return billing->config->billing_source == BILLING_AUTO && billing->ccusage_shown && billing->answered;
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

/* The server's limits as of now, and what was spent in its five hours. */
static void take_limits(const struct billing *billing, struct billing_view *view)
{
	struct ledger_sums spent;
	view->limits = billing->limits;
	rate_limits_expire(&view->limits, view->at_ms);
	if (view->limited)
		account_limits_take_marker(&view->limits, &view->limit, view->at_ms);
	const struct rate_limit *window = rate_limits_find(&view->limits, RATE_LIMIT_FIVE_HOUR);
	view->windowed = window != NULL;
	if (!window)
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
	if (view->limited && view->limit.resets_ms < view->next_change_ms)
		view->next_change_ms = view->limit.resets_ms;
	int64_t reset_ms = rate_limits_next_reset_ms(&view->limits);
	if (reset_ms > 0 && reset_ms < view->next_change_ms)
		view->next_change_ms = reset_ms;
	if (!view->is_ccusage) {
		view->is_fresh = !billing->reading_history;
		view->last_fetched_ms = now_ms;
		view->fresh_until_ms = view->next_change_ms;
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
	view->known = !view->is_ccusage || billing->answered;
	take_ledger_block(billing, now_ms, &view->native);
	view->limited = ledger_limit_in_force(billing->ledger, now_ms, &view->limit);
	if (!view->is_ccusage)
		view->block = view->native;
	else if (billing->answered && !is_over(&billing->answer, now_ms))
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
}

bool billing_shows_ccusage(const struct billing *billing, const char **reason)
{
	*reason = billing->reason;
	return billing->ccusage_shown;
}

double billing_drift_usd(const struct billing *billing)
{
	return billing->drift_usd;
}

const char *billing_reason(const struct billing *billing)
{
	return billing->config->billing_source == BILLING_AUTO && billing->reason[0] ? billing->reason : NULL;
}

size_t billing_unpriced(const struct billing *billing, const char *names[BILLING_UNPRICED_MAX])
{
	struct ledger_model model;
	size_t count = 0;
	for (size_t i = 0; count < BILLING_UNPRICED_MAX && ledger_model_at(billing->ledger, i, &model); i++)
		if (model.unpriced && model.sums.entries > 0)
			names[count++] = model.name;
	return count;
}

void billing_put_unpriced(const struct billing *billing, struct jsonw *w)
{
	const char *names[BILLING_UNPRICED_MAX];
	size_t count = billing_unpriced(billing, names);
	jsonw_key_array(w, "unpricedModels");
	for (size_t i = 0; i < count; i++)
		jsonw_string(w, names[i]);
	jsonw_end_array(w);
}

void billing_write_status(struct billing *billing, int64_t now_ms, struct jsonw *w)
{
	static const char *const sources[] = { "auto", "native", "ccusage" };
	struct billing_view view;
	billing_make_view(billing, now_ms, &view);
	jsonw_put_string(w, "configured", sources[billing->config->billing_source]);
	jsonw_put_string(w, "source", view.is_ccusage ? "ccusage" : "native");
	jsonw_put_string(w, "reason", billing_reason(billing));
	jsonw_put_bool(w, "isFresh", view.is_fresh);
	jsonw_put_int(w, "lastFetched", view.last_fetched_ms);
	jsonw_put_int(w, "freshUntil", view.fresh_until_ms);
	jsonw_put_double(w, "costToday", view.today_usd);
	jsonw_put_double(w, "blockCostUSD", view.block.present ? view.block.cost_usd : NAN);
	jsonw_put_double(w, "burnRatePerHour", view.block.cost_per_hour_usd);
	jsonw_put_double(w, "minutesLeft", view.block.present ? view.minutes_left : NAN);
	jsonw_put_double(w, "nativeCostUSD", view.native.present ? view.native.cost_usd : NAN);
	jsonw_put_double(w, "driftUSD", billing->drift_usd);
	jsonw_put_int(w, "strikes", billing->strikes);
	jsonw_put_int_or_null(w, "usageLimitResetsAt", view.limited ? view.limit.resets_ms : 0);
	billing_put_unpriced(billing, w);
}
