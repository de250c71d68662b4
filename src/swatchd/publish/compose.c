#include "swatchd/publish/compose.h"

#include <math.h>
#include <stdio.h>

#include "base/clock.h"
#include "ledger/projection.h"
#include "swatchd/billing/account_limits.h"
#include "swatchd/publish/compose_internal.h"

void composer_init(struct composer *c, struct buf *out)
{
	jsonw_init(&c->w, out);
	c->out = out;
	c->hash = 0;
	c->volatile_depth = 0;
	c->hashed_to = out->len;
}

void composer_volatile_begin(struct composer *c)
{
	if (c->volatile_depth++ > 0 || c->out->failed)
		return;
	c->hash = c->hash * 31 + strmap_hash(buf_str(c->out) + c->hashed_to, c->out->len - c->hashed_to);
}

void composer_volatile_end(struct composer *c)
{
	if (--c->volatile_depth == 0)
		c->hashed_to = c->out->len;
}

uint64_t composer_finish(struct composer *c)
{
	composer_volatile_begin(c);
	buf_append_char(c->out, '\n');
	return c->hash;
}

void composer_put_age(struct composer *c, const char *key, int64_t since_ms, int64_t now_ms)
{
	char age[CLOCK_AGE_SIZE];
	clock_format_age(now_ms - since_ms, age);
	composer_volatile_begin(c);
	jsonw_put_string(&c->w, key, since_ms > 0 ? age : NULL);
	composer_volatile_end(c);
}

void composer_put_volatile_int(struct composer *c, const char *key, int64_t value)
{
	composer_volatile_begin(c);
	jsonw_put_int(&c->w, key, value);
	composer_volatile_end(c);
}

/* ---- billing ---- */

double composer_burn_rate(const struct billing_block *block)
{
	return isnan(block->cost_per_hour_usd) ? 0. : block->cost_per_hour_usd;
}

/* Existing statuslines show the week by these. */
static void put_week(struct composer *c, const struct billing_view *view)
{
	const struct rate_limit *week = rate_limits_find(&view->limits, RATE_LIMIT_SEVEN_DAY);
	struct jsonw *w = &c->w;
	char day[16] = "";
	int64_t left_ms = week ? week->resets_ms - view->at_ms : 0, hours = left_ms / CLOCK_HOUR_MS;
	if (left_ms > 0)
		(void)clock_format_local(view->at_ms + left_ms, CLOCK_WEEKDAY, day, sizeof(day));
	composer_volatile_begin(c);
	jsonw_put_amount(w, "weeklyBudgetRemaining", left_ms > 0 ? (double)hours : NAN);
	composer_volatile_end(c);
	jsonw_put_amount(w, "weeklyBudgetPercentUsed", week ? fmin(week->used_percent, 100.) : NAN);
	jsonw_put_string(w, "weeklyResetDay", left_ms > 0 ? day : NULL);
}

void composer_put_billing_fields(struct composer *c, const struct billing_view *view, bool is_fresh)
{
	struct jsonw *w = &c->w;
	const struct billing_block *block = &view->block;
	char reset[8] = "";
	if (block->present) {
		int64_t minute = block->end_ms / CLOCK_MINUTE_MS % INT64_C(1440);
		snprintf(reset, sizeof(reset), "%02d:%02d", (int)(minute / 60), (int)(minute % 60));
	}
	jsonw_put_amount(w, "costToday", view->today_usd);
	jsonw_put_amount(w, "burnRatePerHour", composer_burn_rate(block));
	composer_volatile_begin(c);
	jsonw_put_amount(w, "budgetRemaining", floor(view->minutes_left));
	jsonw_put_amount(w, "budgetPercentUsed", round(view->percent_used * 100.) / 100.);
	composer_volatile_end(c);
	jsonw_put_string(w, "resetTime", block->present ? reset : NULL);
	jsonw_put_int(w, "totalTokens", block->total_tokens);
	jsonw_put_amount(w, "tokensPerMinute", block->tokens_per_minute);
	put_week(c, view);
	jsonw_put_bool(w, "isFresh", is_fresh);
	jsonw_put_int(w, "lastFetched", view->last_fetched_ms);
}

static void put_time(struct jsonw *w, const char *key, int64_t at_ms)
{
	char text[CLOCK_RFC3339_SIZE];
	clock_format_rfc3339(at_ms, text);
	jsonw_put_string(w, key, text);
}

static void put_projection(struct composer *c, const struct billing_block *block, int64_t now_ms)
{
	const struct projection_basis basis = {
		.end_ms = block->end_ms, .usd = block->cost_usd, .tokens = (double)block->total_tokens,
		.usd_per_hour = block->cost_per_hour_usd, .tokens_per_minute = block->tokens_per_minute,
	};
	struct projection projection;
	struct jsonw *w = &c->w;
	composer_volatile_begin(c);
	if (jsonw_key_object_or_null(w, "projection", projection_make(&basis, now_ms, &projection))) {
		jsonw_put_amount(w, "totalTokens", projection.tokens);
		jsonw_put_amount(w, "totalCost", projection.usd);
		jsonw_put_int(w, "remainingMinutes", projection.remaining_minutes);
		jsonw_end_object(w);
	}
	composer_volatile_end(c);
}

static void put_block(struct composer *c, const struct billing_block *block, int64_t now_ms)
{
	struct jsonw *w = &c->w;
	if (!jsonw_key_object_or_null(w, "block", block->present))
		return;
	put_time(w, "id", block->start_ms);
	put_time(w, "startTime", block->start_ms);
	put_time(w, "endTime", block->end_ms);
	put_time(w, "actualEndTime", block->last_ms);
	jsonw_put_bool(w, "isActive", true);
	jsonw_put_bool(w, "isGap", false);
	jsonw_put_int(w, "entries", (int64_t)block->entries);
	jsonw_key_object(w, "tokenCounts");
	jsonw_put_int(w, "inputTokens", block->input_tokens);
	jsonw_put_int(w, "outputTokens", block->output_tokens);
	jsonw_put_int(w, "cacheCreationInputTokens", block->cache_creation_tokens);
	jsonw_put_int(w, "cacheReadInputTokens", block->cache_read_tokens);
	jsonw_end_object(w);
	jsonw_put_int(w, "totalTokens", block->total_tokens);
	jsonw_put_amount(w, "costUSD", block->cost_usd);
	jsonw_key_array(w, "models");
	for (size_t i = 0; i < block->model_count; i++)
		jsonw_string(w, block->models[i]);
	jsonw_end_array(w);
	if (jsonw_key_object_or_null(w, "burnRate", !isnan(block->cost_per_hour_usd))) {
		jsonw_put_amount(w, "tokensPerMinute", block->tokens_per_minute);
		jsonw_put_amount(w, "tokensPerMinuteForIndicator", block->indicator_tokens_per_minute);
		jsonw_put_amount(w, "costPerHour", block->cost_per_hour_usd);
		jsonw_end_object(w);
	}
	put_projection(c, block, now_ms);
	if (block->limit_reset_ms > 0)
		put_time(w, "usageLimitResetTime", block->limit_reset_ms);
	else
		jsonw_put_null(w, "usageLimitResetTime");
	jsonw_end_object(w);
}

/* null: ccusage was never tried, or is off. */
static void put_ccusage(struct jsonw *w, const struct billing *billing)
{
	if (!jsonw_key_object_or_null(w, "ccusage", billing->answered || billing->error[0]))
		return;
	jsonw_put_int_or_null(w, "lastFetched", billing->answered_at_ms);
	jsonw_put_int(w, "durationMs", billing->duration_ms);
	jsonw_put_int(w, "exitStatus", billing->exit_status);
	jsonw_put_amount(w, "costUSD", !billing->answered ? NAN : billing->answer.cost_usd);
	jsonw_put_amount(w, "nativeUSD", billing->native_after_usd);
	billing_put_audit(billing, w);
	jsonw_put_string(w, "error", billing->error[0] ? billing->error : NULL);
	jsonw_put_int(w, "failures", billing->failures);
	jsonw_put_int_or_null(w, "nextAttempt", billing->next_attempt_ms);
	/* For the next start: while a run is under way, its failure would bring the former time back. */
	jsonw_put_int_or_null(w, "pendingSince", billing->pending_before_ms > 0 ? billing->pending_before_ms
										: billing->pending_since_ms);
	jsonw_end_object(w);
}

/* The ledger's own figures of the active block, also when ccusage's are shown. */
static void put_native(struct jsonw *w, const struct billing_block *native)
{
	if (!jsonw_key_object_or_null(w, "native", native->present))
		return;
	jsonw_put_amount(w, "costUSD", native->cost_usd);
	jsonw_put_int(w, "totalTokens", native->total_tokens);
	jsonw_put_amount(w, "burnRatePerHour", composer_burn_rate(native));
	jsonw_end_object(w);
}

static void put_usage_limit(struct jsonw *w, const struct billing_view *view)
{
	char model[RATE_LIMIT_NAME_SIZE];
	if (!jsonw_key_object_or_null(w, "usageLimit", view->limited))
		return;
	rate_limit_model(view->limit.name, NULL, model);
	jsonw_put_string(w, "kind", view->limit.name[0] ? view->limit.name : NULL);
	jsonw_put_string(w, "model", model[0] ? model : NULL);
	jsonw_put_int_or_null(w, "resetsAt", view->limit.resets_ms);
	jsonw_put_int(w, "observedAt", view->limit.noted_ms);
	jsonw_put_string(w, "sessionId", view->limit.session_id);
	jsonw_end_object(w);
}

/* The server's five hours: ccusage's block beside it is an estimate of them. */
static void put_window(struct jsonw *w, const struct billing_view *view)
{
	if (!jsonw_key_object_or_null(w, "window", view->windowed))
		return;
	put_time(w, "startTime", view->window_start_ms);
	jsonw_put_int(w, "resetsAt", view->window_end_ms);
	jsonw_put_amount(w, "costUSD", view->window_usd);
	jsonw_put_int(w, "totalTokens", view->window_tokens);
	jsonw_end_object(w);
}

uint64_t compose_billing(const struct billing *billing, const struct billing_view *view, struct buf *out)
{
	struct composer c;
	composer_init(&c, out);
	struct jsonw *w = &c.w;
	jsonw_begin_object(w);
	composer_put_billing_fields(&c, view, view->is_fresh);
	jsonw_put_int(w, "schema", CACHE_SCHEMA);
	jsonw_put_string(w, "writer", CACHE_WRITER);
	jsonw_put_string(w, "source", view->is_ccusage ? "ccusage" : "native");
	jsonw_put_string(w, "sourceReason", billing_reason(billing));
	jsonw_put_int(w, "freshUntil", view->fresh_until_ms);
	put_block(&c, &view->block, view->at_ms);
	jsonw_key_object(w, "today");
	jsonw_put_string(w, "date", view->today);
	jsonw_put_amount(w, "costUSD", view->today_usd);
	jsonw_put_int(w, "totalTokens", view->today_tokens);
	jsonw_put_int(w, "unpriced", view->today_unpriced);
	jsonw_end_object(w);
	billing_put_unpriced(billing, w);
	put_native(w, &view->native);
	put_ccusage(w, billing);
	put_usage_limit(w, view);
	account_limits_write(&view->limits, w);
	put_window(w, view);
	jsonw_end_object(w);
	return composer_finish(&c);
}
