#include "swatch/statusline/facts.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/paths.h"
#include "ledger/projection.h"
#include "price/price.h"

/* A pace says nothing before this share of its window has passed. */
#define PACE_LEAST_SHARE 0.03
/* The indicator's steps, in input and output tokens a minute, as ccusage has them. */
#define BURN_MODERATE 2000.
#define BURN_HIGH 5000.
/* No amount, count or percentage beyond this is one. */
#define NUMBER_MAX 1e12

void facts_init(struct statusline_facts *facts, int64_t now_ms)
{
	memset(facts, 0, sizeof(*facts));
	facts->now_ms = now_ms;
	double *const unknown[] = {
		&facts->pr, &facts->lines_added, &facts->lines_removed, &facts->session_time_ms, &facts->api_time_ms,
		&facts->claude_usd, &facts->context_tokens, &facts->context_size, &facts->context_percent,
		&facts->context_left, &facts->current_tokens, &facts->session_usd, &facts->swatch_usd,
		&facts->session_tokens, &facts->session_burn_usd, &facts->today_usd, &facts->today_tokens, &facts->today_unpriced,
		&facts->block_usd, &facts->block_tokens, &facts->block_percent, &facts->block_left_ms,
		&facts->block_projected_usd, &facts->block_resets_ms, &facts->window_usd, &facts->window_tokens,
		&facts->burn_usd, &facts->tokens_per_minute, &facts->indicator_tokens_per_minute, &facts->subagents,
		&facts->subagents_usd, &facts->subagents_percent, &facts->rate_5h, &facts->rate_5h_left_ms,
		&facts->rate_5h_resets_ms, &facts->rate_5h_pace, &facts->rate_7d, &facts->rate_7d_left_ms,
		&facts->rate_7d_resets_ms, &facts->rate_7d_pace, &facts->rate_spend, &facts->spend_usd,
		&facts->spend_limit_usd, &facts->limit_resets_ms, &facts->cache_expires_ms, &facts->cache_left_ms,
		&facts->cache_hit_percent, &facts->cache_misses, &facts->recache_tokens, &facts->cold_usd,
		&facts->fetched_ms, &facts->age_ms, &facts->columns, &facts->told_percent, &facts->told_left_percent,
		&facts->told_5h_percent, &facts->told_7d_percent, &facts->file_tokens, &facts->file_size, &facts->file_percent, &facts->schema, &facts->file_claude_usd,
		&facts->file_cache_expires_ms, &facts->file_cache_tokens, &facts->write_5m_usd, &facts->write_1h_usd,
		&facts->write_fast_factor, &facts->above_tokens, &facts->above_5m_usd, &facts->above_1h_usd,
	};
	for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++)
		*unknown[i] = NAN;
	facts->room = STATUSLINE_ROOM_MOST;
}

static void copy_text(char *out, size_t size, const char *text)
{
	snprintf(out, size, "%s", text);
}

/* A number out of its range is none. */
static void check_number(double *number, double least)
{
	if (!(*number >= least && *number <= NUMBER_MAX))
		*number = NAN;
}

static void check_numbers(struct statusline_facts *facts)
{
	double *const not_negative[] = {
		&facts->pr, &facts->lines_added, &facts->lines_removed, &facts->session_time_ms, &facts->api_time_ms,
		&facts->claude_usd, &facts->context_size, &facts->current_tokens, &facts->swatch_usd,
		&facts->session_tokens, &facts->session_burn_usd, &facts->today_usd, &facts->today_tokens,
		&facts->block_usd, &facts->block_tokens, &facts->window_usd, &facts->window_tokens, &facts->burn_usd,
		&facts->tokens_per_minute, &facts->indicator_tokens_per_minute, &facts->subagents,
		&facts->subagents_usd, &facts->cache_hit_percent, &facts->cache_misses, &facts->recache_tokens,
		&facts->told_percent, &facts->told_left_percent, &facts->file_tokens, &facts->file_percent,
		&facts->file_cache_tokens, &facts->write_5m_usd, &facts->write_1h_usd, &facts->write_fast_factor,
		&facts->above_tokens, &facts->above_5m_usd, &facts->above_1h_usd,
	};
	for (size_t i = 0; i < sizeof(not_negative) / sizeof(not_negative[0]); i++)
		check_number(not_negative[i], 0.);
	check_number(&facts->context_size, 1.);
	check_number(&facts->file_size, 1.);
}

/* ---- names ---- */

/* "~/work" for what lies in the home directory. */
static void shorten_home(char path[FACT_PATH_SIZE])
{
	const char *home = paths_home();
	size_t len = home ? strlen(home) : 0;
	if (len < 2 || strncmp(path, home, len) != 0 || (path[len] != '/' && path[len] != '\0'))
		return;
	memmove(path + 1, path + len, strlen(path + len) + 1);
	path[0] = '~';
}

static void finish_names(struct statusline_facts *facts)
{
	if (!facts->model[0])
		copy_text(facts->model, sizeof(facts->model), facts->model_id[0] ? facts->model_id : facts->file_model);
	if (!facts->model_id[0])
		copy_text(facts->model_id, sizeof(facts->model_id), facts->file_model_id);
	if (!facts->branch[0])
		copy_text(facts->branch, sizeof(facts->branch), facts->file_branch);
	if (!facts->project_path[0])
		copy_text(facts->project_path, sizeof(facts->project_path), facts->cwd);
	snprintf(facts->dir, sizeof(facts->dir), "%.*s", FACT_TEXT_SIZE - 1, paths_basename(facts->cwd));
	snprintf(facts->project, sizeof(facts->project), "%.*s", FACT_TEXT_SIZE - 1, paths_basename(facts->project_path));
	shorten_home(facts->cwd);
}

/* ---- context ---- */

static void finish_context(struct statusline_facts *facts)
{
	if (isnan(facts->context_size))
		facts->context_size = facts->file_size;
	facts->context_tokens = facts->current_tokens;
	if (isnan(facts->context_tokens) && !isnan(facts->told_percent) && !isnan(facts->context_size))
		facts->context_tokens = facts->told_percent / 100. * facts->context_size;
	if (isnan(facts->context_tokens) && facts->file_tokens > 0.)
		facts->context_tokens = facts->file_tokens;
	facts->context_percent = facts->told_percent;
	if (isnan(facts->context_percent) && facts->told_left_percent <= 100.)
		facts->context_percent = 100. - facts->told_left_percent;
	if (isnan(facts->context_percent))
		facts->context_percent = facts->context_tokens / facts->context_size * 100.;
	if (isnan(facts->context_percent) && facts->file_percent > 0.)
		facts->context_percent = facts->file_percent;
	facts->context_left = facts->context_percent <= 100. ? 100. - facts->context_percent : NAN;
}

/* ---- costs ---- */

/* Figures that nobody keeps up to date are of the day on which they were made. */
static bool is_of_today(const struct statusline_facts *facts)
{
	char today[16];
	if (facts->daemon_lives || isnan(facts->fetched_ms))
		return facts->daemon_lives;
	clock_format_local_date(facts->now_ms, today);
	if (facts->today_date[0])
		return strcmp(today, facts->today_date) == 0;
	return clock_local_day_start_ms((int64_t)facts->fetched_ms) == clock_local_day_start_ms(facts->now_ms);
}

static void forget_block(struct statusline_facts *facts)
{
	facts->block_usd = facts->block_tokens = facts->burn_usd = NAN;
	facts->tokens_per_minute = facts->indicator_tokens_per_minute = NAN;
	facts->block_end_ms = 0;
}

/* The server knows when its window ends; the block is only an estimate of it. */
static void take_window(struct statusline_facts *facts, const struct rate_limit *window)
{
	facts->block_left_ms = (double)(window->resets_ms - facts->now_ms);
	facts->block_resets_ms = (double)window->resets_ms;
	facts->block_percent = 100. - facts->block_left_ms / (double)RATE_LIMIT_FIVE_HOUR_MS * 100.;
	if (facts->block_percent < 0.)
		facts->block_percent = 0.;
}

static void finish_block(struct statusline_facts *facts)
{
	const struct rate_limit *window = rate_limits_find(&facts->limits, RATE_LIMIT_FIVE_HOUR);
	int64_t now_ms = facts->now_ms;
	bool quiet = facts->block_last_ms > 0 && now_ms - facts->block_last_ms >= RATE_LIMIT_FIVE_HOUR_MS;
	if (facts->block_end_ms <= now_ms || facts->block_start_ms >= facts->block_end_ms || quiet)
		forget_block(facts);
	if (facts->block_end_ms > 0) {
		double left_ms = (double)(facts->block_end_ms - now_ms);
		double whole_ms = (double)(facts->block_end_ms - facts->block_start_ms);
		facts->block_left_ms = left_ms;
		facts->block_resets_ms = (double)facts->block_end_ms;
		facts->block_percent = left_ms < whole_ms ? 100. - left_ms / whole_ms * 100. : 0.;
	}
	if (window)
		take_window(facts, window);
	else
		facts->window_usd = facts->window_tokens = NAN;
	const struct projection_basis basis = {
		.end_ms = window ? window->resets_ms : facts->block_end_ms, .usd_per_hour = facts->burn_usd,
		.usd = isnan(facts->window_usd) ? facts->block_usd : facts->window_usd,
	};
	struct projection projection;
	(void)projection_make(&basis, now_ms, &projection);
	facts->block_projected_usd = projection.usd;
}

/* What has no price costs nothing in these sums, and a sum of nothing else is not known. */
static void forget_unpriced(const struct statusline_facts *facts, double *usd, double tokens)
{
	if (facts->unpriced_models[0] && !(*usd > 0.) && tokens > 0.)
		*usd = NAN;
}

static void forget_all_unpriced(struct statusline_facts *facts)
{
	forget_unpriced(facts, &facts->swatch_usd, facts->session_tokens);
	/* Claude Code says 0 of what it has no price for, and in a session that was taken up again. */
	forget_unpriced(facts, &facts->claude_usd, facts->session_tokens);
	forget_unpriced(facts, &facts->today_usd, facts->today_tokens);
	forget_unpriced(facts, &facts->block_usd, facts->block_tokens);
	forget_unpriced(facts, &facts->window_usd, facts->window_tokens);
	forget_unpriced(facts, &facts->burn_usd, facts->block_tokens);
	forget_unpriced(facts, &facts->session_burn_usd, facts->session_tokens);
}

static void finish_costs(struct statusline_facts *facts)
{
	if (!is_of_today(facts))
		facts->today_usd = facts->today_tokens = facts->today_unpriced = NAN;
	/* None is nothing to say. */
	if (!(facts->today_unpriced > 0.))
		facts->today_unpriced = NAN;
	forget_all_unpriced(facts);
	finish_block(facts);
	/* Claude Code's own is what ccusage shows too. It is 0 in a session that was taken up again: then nobody knows. */
	facts->session_usd = facts->claude_usd;
	if (!(facts->session_usd > 0.) && (!isnan(facts->swatch_usd) || facts->current_tokens > 0.))
		facts->session_usd = facts->swatch_usd;
	if (facts->swatch_usd > 0.)
		facts->subagents_percent = facts->subagents_usd / facts->swatch_usd * 100.;
	if (!isnan(facts->indicator_tokens_per_minute))
		copy_text(facts->burn_status, sizeof(facts->burn_status),
			  facts->indicator_tokens_per_minute < BURN_MODERATE ? "normal"
			  : facts->indicator_tokens_per_minute < BURN_HIGH ? "moderate" : "high");
	/* None is nothing to show. */
	if (facts->subagents == 0.)
		facts->subagents = facts->subagents_usd = facts->subagents_percent = NAN;
}

/* ---- limits ---- */

static void finish_limit(const struct statusline_facts *facts, const char *name, double *percent, double *left_ms,
			 double *resets_ms, double *pace)
{
	const struct rate_limit *limit = rate_limits_find(&facts->limits, name);
	if (!limit)
		return;
	double whole_ms = (double)rate_limit_window_ms(name);
	*percent = limit->used_percent;
	*resets_ms = (double)limit->resets_ms;
	*left_ms = (double)(limit->resets_ms - facts->now_ms);
	double share = 1. - *left_ms / whole_ms;
	if (share >= PACE_LEAST_SHARE)
		*pace = limit->used_percent / 100. / share;
}

static void finish_other_limits(struct statusline_facts *facts)
{
	size_t len = 0;
	for (size_t i = 0; i < facts->limits.count; i++) {
		const struct rate_limit *limit = &facts->limits.all[i];
		if (strcmp(limit->name, RATE_LIMIT_FIVE_HOUR) == 0 || strcmp(limit->name, RATE_LIMIT_SEVEN_DAY) == 0)
			continue;
		if (strcmp(limit->name, "spendLimit") == 0) {
			facts->rate_spend = limit->used_percent;
			facts->spend_usd = limit->used_usd;
			facts->spend_limit_usd = limit->limit_usd;
			continue;
		}
		if (len + RATE_LIMIT_NAME_SIZE + 16 < sizeof(facts->limits_other))
			len += (size_t)snprintf(facts->limits_other + len, sizeof(facts->limits_other) - len, "%s%s %.0f%%",
						len ? ", " : "", limit->name, limit->used_percent);
	}
}

static void finish_limits(struct statusline_facts *facts)
{
	rate_limits_expire(&facts->limits, facts->now_ms);
	for (size_t i = 0; i < facts->told_limits.count; i++)
		if (rate_limits_merge(&facts->limits, &facts->told_limits.all[i], facts->now_ms))
			facts->limits_are_news = true;
	finish_limit(facts, RATE_LIMIT_FIVE_HOUR, &facts->rate_5h, &facts->rate_5h_left_ms, &facts->rate_5h_resets_ms,
		     &facts->rate_5h_pace);
	finish_limit(facts, RATE_LIMIT_SEVEN_DAY, &facts->rate_7d, &facts->rate_7d_left_ms, &facts->rate_7d_resets_ms,
		     &facts->rate_7d_pace);
	if (isnan(facts->rate_5h))
		facts->rate_5h = facts->told_5h_percent;
	if (isnan(facts->rate_7d))
		facts->rate_7d = facts->told_7d_percent;
	finish_other_limits(facts);
	if (!(facts->limit_resets_ms > (double)facts->now_ms))
		facts->limit_resets_ms = NAN;
}

/* ---- the prompt cache ---- */

/* "claude-opus-4-6[1m]" is "claude-opus-4-6" with a larger window. */
static bool is_same_model(const char *a, const char *b)
{
	size_t len = strcspn(a, "[");
	return len > 0 && len == strcspn(b, "[") && memcmp(a, b, len) == 0;
}

/* The price in the session's file is by the person's pricing.json, which a line has no time to read. */
static bool take_file_price(const struct statusline_facts *facts, struct price *price)
{
	if (isnan(facts->write_5m_usd) || isnan(facts->write_1h_usd)
	    || !is_same_model(facts->model_id, facts->file_model_id))
		return false;
	*price = (struct price){ .base = { .input = facts->write_1h_usd / 2e6, .cache_creation = facts->write_5m_usd / 1e6 },
				 .fast_factor = isnan(facts->write_fast_factor) ? 1. : facts->write_fast_factor };
	if (facts->above_tokens >= 1. && !isnan(facts->above_5m_usd) && !isnan(facts->above_1h_usd)) {
		price->threshold_tokens = (int64_t)facts->above_tokens;
		price->whole_request = facts->above_is_whole;
		price->above.input = facts->above_1h_usd / 2e6;
		price->above.cache_creation = facts->above_5m_usd / 1e6;
	}
	return true;
}

static void finish_cold_cost(struct statusline_facts *facts)
{
	struct price from_file;
	double factor = 1.;
	const struct price *price = take_file_price(facts, &from_file)
					    ? &from_file
					    : price_find(facts->model_id, strlen(facts->model_id), &factor);
	if (!price || !(facts->recache_tokens > 0.))
		return;
	int64_t tokens = (int64_t)facts->recache_tokens;
	struct price_tokens written = { 0 };
	if (strcmp(facts->cache_ttl, "1h") == 0)
		written.cache_creation_1h = tokens;
	else
		written.cache_creation_5m = tokens;
	facts->cold_usd = price_cost_usd(price, factor, &written, facts->fast[0] != '\0');
}

/* What older versions of Claude Code do not tell is in the session's file, for as long as somebody keeps it. */
static void take_file_cache(struct statusline_facts *facts)
{
	bool is_told = !isnan(facts->cache_expires_ms) || facts->has_warm;
	if (!is_told && facts->daemon_lives)
		facts->cache_expires_ms = facts->file_cache_expires_ms;
	if (!facts->cache_ttl[0])
		copy_text(facts->cache_ttl, sizeof(facts->cache_ttl), facts->file_cache_ttl);
	if (isnan(facts->recache_tokens) && facts->file_cache_tokens > 0.)
		facts->recache_tokens = facts->file_cache_tokens;
}

static void finish_cache(struct statusline_facts *facts)
{
	take_file_cache(facts);
	double left_ms = facts->cache_expires_ms - (double)facts->now_ms;
	bool known = !isnan(left_ms) || facts->has_warm;
	bool warm = known && !(left_ms <= 0.) && (facts->is_warm || !facts->has_warm);
	if (known)
		copy_text(facts->cache, sizeof(facts->cache), warm ? "warm" : "cold");
	else if (strcmp(facts->file_cache, "warm") == 0 || strcmp(facts->file_cache, "cold") == 0)
		/* A file that nobody rewrites when the cache goes cold says "warm" for ever. */
		copy_text(facts->cache, sizeof(facts->cache),
			  facts->file_cache[0] == 'c' ? "cold" : facts->daemon_lives ? "warm" : "");
	if (warm && left_ms > 0.)
		facts->cache_left_ms = left_ms;
	facts->cache_hit_percent = facts->cache_hit_percent <= 1. ? facts->cache_hit_percent * 100. : NAN;
	finish_cold_cost(facts);
}

/* ---- what is stale ---- */

static void finish_freshness(struct statusline_facts *facts)
{
	facts->is_fresh = facts->daemon_lives && facts->says_fresh
			  && (facts->fresh_until_ms == 0 || facts->now_ms < facts->fresh_until_ms);
	if (!isnan(facts->fetched_ms)) {
		double age_ms = (double)facts->now_ms - facts->fetched_ms;
		facts->age_ms = age_ms > 0. ? age_ms : 0.;
	}
	if (facts->newer_schema) {
		copy_text(facts->note, sizeof(facts->note), "cache of a newer swatchd: update swatch");
	} else if (!facts->has_billing) {
		copy_text(facts->note, sizeof(facts->note),
			  facts->daemon_lives ? "no figures yet" : "swatchd is not running");
	} else if (!facts->is_fresh) {
		char age[CLOCK_AGE_SIZE] = "";
		if (!isnan(facts->age_ms))
			clock_format_age((int64_t)facts->age_ms, age);
		snprintf(facts->stale, sizeof(facts->stale), "stale%s%s", age[0] ? " " : "", age);
		if (!facts->daemon_lives)
			copy_text(facts->note, sizeof(facts->note), "swatchd is not running");
	}
}

/* This session's model, when it stands in the list. */
static void finish_unpriced(struct statusline_facts *facts)
{
	const char *at = facts->model_id[0] ? strstr(facts->unpriced_models, facts->model_id) : NULL;
	size_t len = strlen(facts->model_id);
	if (at && (at == facts->unpriced_models || at[-1] == ' ') && (at[len] == ',' || at[len] == '\0'))
		copy_text(facts->unpriced, sizeof(facts->unpriced), facts->model_id);
}

void facts_finish(struct statusline_facts *facts)
{
	check_numbers(facts);
	finish_names(facts);
	finish_limits(facts);
	finish_context(facts);
	finish_costs(facts);
	finish_cache(facts);
	finish_unpriced(facts);
	finish_freshness(facts);
}

void facts_fill_sample(struct statusline_facts *facts, int64_t now_ms)
{
	facts_init(facts, now_ms);
	copy_text(facts->model, sizeof(facts->model), "Opus 4.6");
	copy_text(facts->model_id, sizeof(facts->model_id), "claude-opus-4-6");
	copy_text(facts->cwd, sizeof(facts->cwd), "/home/ada/engine");
	copy_text(facts->branch, sizeof(facts->branch), "main");
	copy_text(facts->cache_ttl, sizeof(facts->cache_ttl), "1h");
	copy_text(facts->effort, sizeof(facts->effort), "high");
	facts->context_size = 200000.;
	facts->current_tokens = 124300.;
	facts->claude_usd = facts->swatch_usd = 4.27;
	facts->subagents = 3.;
	facts->subagents_usd = 0.94;
	facts->today_usd = 18.6;
	facts->block_usd = facts->window_usd = 11.05;
	facts->burn_usd = 4.3;
	facts->indicator_tokens_per_minute = 1400.;
	facts->block_start_ms = now_ms - 154 * CLOCK_MINUTE_MS;
	facts->block_end_ms = facts->block_start_ms + RATE_LIMIT_FIVE_HOUR_MS;
	facts->block_last_ms = now_ms;
	facts->cache_expires_ms = (double)(now_ms + 42 * CLOCK_MINUTE_MS);
	facts->recache_tokens = 118000.;
	struct rate_limit limit;
	rate_limit_init(&limit, RATE_LIMIT_FIVE_HOUR);
	limit.used_percent = 62.;
	limit.resets_ms = facts->block_end_ms;
	rate_limits_merge(&facts->limits, &limit, now_ms);
	rate_limit_init(&limit, RATE_LIMIT_SEVEN_DAY);
	limit.used_percent = 31.;
	limit.resets_ms = now_ms + 4 * CLOCK_DAY_MS;
	rate_limits_merge(&facts->limits, &limit, now_ms);
	facts->has_billing = facts->has_session = facts->daemon_lives = facts->says_fresh = true;
	facts->fetched_ms = (double)now_ms;
	facts_finish(facts);
}
