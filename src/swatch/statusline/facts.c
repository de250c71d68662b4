#include "swatch/statusline/facts.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/clock.h"
#include "base/paths.h"
#include "ledger/projection.h"
#include "price/price.h"
#include "price/window.h"

/* The indicator's steps, in input and output tokens a minute, as ccusage has them. */
#define BURN_MODERATE 2000.
#define BURN_HIGH 5000.
/* An amount, count or percentage beyond this is a fault. */
#define NUMBER_MAX 1e12

void facts_init(struct statusline_facts *facts, int64_t now_ms)
{
	memset(facts, 0, sizeof(*facts));
	facts->now_ms = now_ms;
	for (size_t i = 0; i < FACT_COUNT; i++)
		facts->number[i] = NAN;
	facts->number[FACT_ROOM] = STATUSLINE_ROOM_MOST;
}

static void copy_text(char *out, size_t size, const char *text)
{
	snprintf(out, size, "%s", text);
}

static void check_numbers(struct statusline_facts *facts)
{
	enum range { ANY, FROM_0, FROM_1 };
#define NUMBER_RANGE(name, constant, kind, range) [FACT_##constant] = (range),
#define INNER_RANGE(constant, range) [FACT_##constant] = (range),
#define NO_RANGE(name, member)
	static const enum range ranges[FACT_COUNT] = {
		STATUSLINE_FIELDS(NUMBER_RANGE, NO_RANGE) STATUSLINE_INNER_FACTS(INNER_RANGE)
	};
	for (size_t i = 0; i < FACT_COUNT; i++) {
		double least = ranges[i] == FROM_1 ? 1. : 0.;
		if (ranges[i] != ANY && !(facts->number[i] >= least && facts->number[i] <= NUMBER_MAX))
			facts->number[i] = NAN;
	}
}

/* ---- names ---- */

static void finish_names(struct statusline_facts *facts)
{
	const char *model = facts->model_id[0] ? facts->model_id : facts->file_model;
	if (!facts->model[0])
		copy_text(facts->model, sizeof(facts->model), model);
	if (!facts->model_id[0])
		copy_text(facts->model_id, sizeof(facts->model_id), facts->file_model_id);
	if (!facts->branch[0])
		copy_text(facts->branch, sizeof(facts->branch), facts->file_branch);
	if (!facts->project_path[0])
		copy_text(facts->project_path, sizeof(facts->project_path), facts->cwd);
	copy_text(facts->dir, sizeof(facts->dir), paths_basename(facts->cwd));
	copy_text(facts->project, sizeof(facts->project), paths_basename(facts->project_path));
	const char *rest = paths_after_home(facts->cwd);
	if (rest) {
		memmove(facts->cwd + 1, rest, strlen(rest) + 1);
		facts->cwd[0] = '~';
	}
}

/* ---- context ---- */

/* After a compaction, Claude Code says 0 until the next answer; the session's file may know what is left. */
static void forget_empty_context(struct statusline_facts *facts)
{
	double *number = facts->number;
	if (number[FACT_CURRENT_TOKENS] > 0. || number[FACT_TOLD_PERCENT] > 0.)
		return;
	number[FACT_CURRENT_TOKENS] = number[FACT_TOLD_PERCENT] = number[FACT_TOLD_LEFT_PERCENT] = NAN;
	/* Without a daemon, the file has what was there before. */
	if (!facts->daemon_lives)
		number[FACT_FILE_TOKENS] = number[FACT_FILE_PERCENT] = NAN;
}

/*
 * Sets the size of the context window. When the context has more tokens than fit into the size that Claude
 * Code reports, its percentages, which refer to that size, are wrong, too.
 */
static void find_size(struct statusline_facts *facts)
{
	double *number = facts->number, told = number[FACT_TOLD_SIZE], file = number[FACT_FILE_SIZE];
	double used = number[FACT_CURRENT_TOKENS], factor = 1.;
	bool is_refuted = told == number[FACT_FILE_TOLD_SIZE] && file > told;
	number[FACT_CONTEXT_SIZE] = isnan(told) ? file : told;
	if (isnan(told) || (!(used > told) && !is_refuted))
		return;
	number[FACT_TOLD_PERCENT] = number[FACT_TOLD_LEFT_PERCENT] = NAN;
	if (file > told && !(used > file)) {
		number[FACT_CONTEXT_SIZE] = file;
		return;
	}
	const struct price *price = price_find(facts->model_id, strlen(facts->model_id), &factor);
	int64_t by_model = price ? price->max_input_tokens : 0;
	number[FACT_CONTEXT_SIZE] =
		(double)context_window_find(0, facts->model_id, by_model, (int64_t)used).tokens;
}

static void finish_context(struct statusline_facts *facts)
{
	double *number = facts->number, *size = &number[FACT_CONTEXT_SIZE];
	double *tokens = &number[FACT_CONTEXT_TOKENS], *percent = &number[FACT_CONTEXT_PERCENT];
	if (number[FACT_CURRENT_TOKENS] == 0.)
		forget_empty_context(facts);
	find_size(facts);
	*tokens = number[FACT_CURRENT_TOKENS];
	if (isnan(*tokens) && !isnan(number[FACT_TOLD_PERCENT]) && !isnan(*size))
		*tokens = number[FACT_TOLD_PERCENT] / 100. * *size;
	if (isnan(*tokens) && number[FACT_FILE_TOKENS] > 0.)
		*tokens = number[FACT_FILE_TOKENS];
	*percent = number[FACT_TOLD_PERCENT];
	if (isnan(*percent) && number[FACT_TOLD_LEFT_PERCENT] <= 100.)
		*percent = 100. - number[FACT_TOLD_LEFT_PERCENT];
	if (isnan(*percent))
		*percent = *tokens / *size * 100.;
	if (isnan(*percent) && number[FACT_FILE_PERCENT] > 0.)
		*percent = number[FACT_FILE_PERCENT];
	number[FACT_CONTEXT_LEFT] = *percent <= 100. ? 100. - *percent : NAN;
}

/* ---- costs ---- */

/* Without a daemon, figures are of the day on which it wrote them. */
static bool is_of_today(const struct statusline_facts *facts)
{
	char today[16];
	double fetched_ms = facts->number[FACT_FETCHED_MS];
	if (facts->daemon_lives || isnan(fetched_ms))
		return facts->daemon_lives;
	clock_format_local_date(facts->now_ms, today);
	if (facts->today_date[0])
		return strcmp(today, facts->today_date) == 0;
	return clock_local_day_start_ms((int64_t)fetched_ms) == clock_local_day_start_ms(facts->now_ms);
}

static void forget(struct statusline_facts *facts, const enum fact *which, size_t count)
{
	for (size_t i = 0; i < count; i++)
		facts->number[which[i]] = NAN;
}

/* Sets how much of a window of `whole_ms`, which ends at `end_ms`, has passed. */
static void pass_window(struct statusline_facts *facts, double end_ms, double whole_ms)
{
	double left_ms = end_ms - (double)facts->now_ms, percent = 100. - left_ms / whole_ms * 100.;
	facts->number[FACT_BLOCK_LEFT_MS] = left_ms;
	facts->number[FACT_BLOCK_RESETS_MS] = end_ms;
	facts->number[FACT_BLOCK_PERCENT] = percent < 0. ? 0. : percent;
}

static void finish_block(struct statusline_facts *facts)
{
	static const enum fact of_block[] = { FACT_BLOCK_USD, FACT_BLOCK_TOKENS, FACT_BURN_USD,
					      FACT_TOKENS_PER_MINUTE, FACT_INDICATOR_TOKENS_PER_MINUTE };
	const struct rate_limit *window = rate_limits_find(&facts->limits, RATE_LIMIT_FIVE_HOUR);
	double *number = facts->number, now_ms = (double)facts->now_ms;
	double start_ms = number[FACT_BLOCK_START_MS], end_ms = number[FACT_BLOCK_END_MS];
	bool is_quiet = now_ms - number[FACT_BLOCK_LAST_MS] >= (double)RATE_LIMIT_FIVE_HOUR_MS;
	if (!(end_ms > now_ms) || start_ms >= end_ms || is_quiet)
		forget(facts, of_block, ARRAY_COUNT(of_block));
	else
		pass_window(facts, end_ms, end_ms - start_ms);
	/* The server knows when its window ends; the block is only an estimate of it. */
	if (window && window->resets_ms > 0)
		pass_window(facts, (double)window->resets_ms, (double)RATE_LIMIT_FIVE_HOUR_MS);
	else
		number[FACT_WINDOW_USD] = number[FACT_WINDOW_TOKENS] = NAN;
	double resets_ms = number[FACT_BLOCK_RESETS_MS];
	const struct projection_basis basis = {
		.end_ms = isnan(resets_ms) ? 0 : (int64_t)resets_ms, .usd_per_hour = number[FACT_BURN_USD],
		.usd = number[isnan(number[FACT_WINDOW_USD]) ? FACT_BLOCK_USD : FACT_WINDOW_USD],
	};
	struct projection projection;
	(void)projection_make(&basis, facts->now_ms, &projection);
	number[FACT_BLOCK_PROJECTED_USD] = projection.usd;
}

/*
 * A model without a price adds nothing to these sums. A sum of 0 with tokens has no other model in it, so the
 * cost is unknown. Claude Code, too, shows 0 for a model that it has no price for, and in a resumed session.
 */
static void forget_unpriced(struct statusline_facts *facts)
{
	static const struct { enum fact usd, tokens; } sums[] = {
		{ FACT_SWATCH_USD, FACT_SESSION_TOKENS }, { FACT_CLAUDE_USD, FACT_SESSION_TOKENS },
		{ FACT_TODAY_USD, FACT_TODAY_TOKENS }, { FACT_BLOCK_USD, FACT_BLOCK_TOKENS },
		{ FACT_WINDOW_USD, FACT_WINDOW_TOKENS }, { FACT_BURN_USD, FACT_BLOCK_TOKENS },
		{ FACT_SESSION_BURN_USD, FACT_SESSION_TOKENS },
	};
	for (size_t i = 0; facts->unpriced_models[0] && i < ARRAY_COUNT(sums); i++)
		if (!(facts->number[sums[i].usd] > 0.) && facts->number[sums[i].tokens] > 0.)
			facts->number[sums[i].usd] = NAN;
}

/* A format shows no zero here. */
static void finish_waiting(struct statusline_facts *facts)
{
	if (!(facts->number[FACT_WAITING] > 0.) || !facts->daemon_lives) {
		facts->number[FACT_WAITING] = NAN;
		facts->waiting_list[0] = '\0';
	}
}

/*
 * A session's cost never falls. But Claude Code's own figure does: it begins with 0 in a session that is
 * resumed, goes on from an old total after a crash, and each of two terminals on one session counts for
 * itself. So the largest wins.
 */
static void set_session_cost(double *number)
{
	bool is_used = !isnan(number[FACT_SWATCH_USD]) || number[FACT_CURRENT_TOKENS] > 0.;
	double told = number[FACT_FILE_CLAUDE_USD], *cost = &number[FACT_SESSION_USD];
	*cost = number[FACT_CLAUDE_USD];
	if ((!(*cost > 0.) && is_used) || number[FACT_SWATCH_USD] > *cost)
		*cost = number[FACT_SWATCH_USD];
	if (told > 0. && !(*cost >= told))
		*cost = told;
}

static void finish_costs(struct statusline_facts *facts)
{
	static const enum fact of_today[] = { FACT_TODAY_USD, FACT_TODAY_TOKENS, FACT_TODAY_UNPRICED };
	static const enum fact of_agents[] = { FACT_SUBAGENTS, FACT_SUBAGENTS_USD, FACT_SUBAGENTS_PERCENT };
	double *number = facts->number;
	if (!is_of_today(facts))
		forget(facts, of_today, ARRAY_COUNT(of_today));
	/* A format shows no zero here. */
	if (!(number[FACT_TODAY_UNPRICED] > 0.))
		number[FACT_TODAY_UNPRICED] = NAN;
	forget_unpriced(facts);
	finish_block(facts);
	set_session_cost(number);
	if (number[FACT_SWATCH_USD] > 0.)
		number[FACT_SUBAGENTS_PERCENT] = number[FACT_SUBAGENTS_USD] / number[FACT_SWATCH_USD] * 100.;
	double indicator = number[FACT_INDICATOR_TOKENS_PER_MINUTE];
	if (!isnan(indicator))
		copy_text(facts->burn_status, sizeof(facts->burn_status),
			  indicator < BURN_MODERATE ? "normal" : indicator < BURN_HIGH ? "moderate" : "high");
	if (number[FACT_SUBAGENTS] == 0.)
		forget(facts, of_agents, ARRAY_COUNT(of_agents));
}

/* ---- the prompt cache ---- */

/* "claude-opus-4-6[1m]" is "claude-opus-4-6" with a larger window. */
static bool is_same_model(const char *a, const char *b)
{
	size_t len = strcspn(a, "[");
	return len > 0 && len == strcspn(b, "[") && memcmp(a, b, len) == 0;
}

/* The price in the session's file comes from the user's pricing.json, which we have no time to read. */
static bool take_file_price(const struct statusline_facts *facts, struct price *price)
{
	const double *number = facts->number;
	double write_5m_usd = number[FACT_WRITE_5M_USD], write_1h_usd = number[FACT_WRITE_1H_USD];
	double factor = number[FACT_WRITE_FAST_FACTOR];
	bool same_model = is_same_model(facts->model_id, facts->file_model_id);
	if (isnan(write_5m_usd) || isnan(write_1h_usd) || !same_model)
		return false;
	*price = (struct price){ .fast_factor = isnan(factor) ? 1. : factor };
	price->base.input = write_1h_usd / 2e6;
	price->base.cache_creation = write_5m_usd / 1e6;
	double above_5m_usd = number[FACT_ABOVE_5M_USD], above_1h_usd = number[FACT_ABOVE_1H_USD];
	if (number[FACT_ABOVE_TOKENS] >= 1. && !isnan(above_5m_usd) && !isnan(above_1h_usd)) {
		price->threshold_tokens = (int64_t)number[FACT_ABOVE_TOKENS];
		price->whole_request = facts->above_is_whole;
		price->above.input = above_1h_usd / 2e6;
		price->above.cache_creation = above_5m_usd / 1e6;
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
	if (!price || !(facts->number[FACT_RECACHE_TOKENS] > 0.))
		return;
	int64_t tokens = (int64_t)facts->number[FACT_RECACHE_TOKENS];
	struct price_tokens written = { 0 };
	if (strcmp(facts->cache_ttl, "1h") == 0)
		written.cache_creation_1h = tokens;
	else
		written.cache_creation_5m = tokens;
	facts->number[FACT_COLD_USD] =
		price_cost_usd(price, factor, &written, PRICE_NOW, facts->fast[0] != '\0');
}

/*
 * The session's file has what older versions of Claude Code do not tell, while a daemon keeps it up to date.
 */
static void take_file_cache(struct statusline_facts *facts)
{
	bool is_told = !isnan(facts->number[FACT_CACHE_EXPIRES_MS]) || facts->has_warm;
	if (!is_told && facts->daemon_lives)
		facts->number[FACT_CACHE_EXPIRES_MS] = facts->number[FACT_FILE_CACHE_EXPIRES_MS];
	if (!facts->cache_ttl[0])
		copy_text(facts->cache_ttl, sizeof(facts->cache_ttl), facts->file_cache_ttl);
	if (isnan(facts->number[FACT_RECACHE_TOKENS]) && facts->number[FACT_FILE_CACHE_TOKENS] > 0.)
		facts->number[FACT_RECACHE_TOKENS] = facts->number[FACT_FILE_CACHE_TOKENS];
}

static void finish_cache(struct statusline_facts *facts)
{
	take_file_cache(facts);
	double left_ms = facts->number[FACT_CACHE_EXPIRES_MS] - (double)facts->now_ms;
	bool known = !isnan(left_ms) || facts->has_warm;
	bool warm = known && !(left_ms <= 0.) && (facts->is_warm || !facts->has_warm);
	if (known)
		copy_text(facts->cache, sizeof(facts->cache), warm ? "warm" : "cold");
	else if (strcmp(facts->file_cache, "warm") == 0 || strcmp(facts->file_cache, "cold") == 0)
		/* Without a daemon, nobody rewrites the file when the cache goes cold. */
		copy_text(facts->cache, sizeof(facts->cache),
			  facts->file_cache[0] == 'c' ? "cold" : facts->daemon_lives ? "warm" : "");
	if (warm && left_ms > 0.)
		facts->number[FACT_CACHE_LEFT_MS] = left_ms;
	double *hit = &facts->number[FACT_CACHE_HIT_PERCENT];
	*hit = *hit <= 1. ? *hit * 100. : NAN;
	finish_cold_cost(facts);
}

/* ---- what is stale ---- */

static void finish_freshness(struct statusline_facts *facts)
{
	facts->is_fresh = facts->daemon_lives && facts->says_fresh
			  && !((double)facts->now_ms >= facts->number[FACT_FRESH_UNTIL_MS]);
	if (!isnan(facts->number[FACT_FETCHED_MS])) {
		double age_ms = (double)facts->now_ms - facts->number[FACT_FETCHED_MS];
		facts->number[FACT_AGE_MS] = age_ms > 0. ? age_ms : 0.;
	}
	if (facts->newer_schema) {
		copy_text(facts->note, sizeof(facts->note), "cache of a newer swatchd: update swatch");
	} else if (!facts->has_billing) {
		copy_text(facts->note, sizeof(facts->note),
			  facts->daemon_lives ? "no figures yet" : "swatchd is not running");
	} else if (!facts->is_fresh) {
		char age[CLOCK_AGE_SIZE] = "";
		if (!isnan(facts->number[FACT_AGE_MS]))
			clock_format_age((int64_t)facts->number[FACT_AGE_MS], age);
		snprintf(facts->stale, sizeof(facts->stale), "stale%s%s", age[0] ? " " : "", age);
		if (!facts->daemon_lives)
			copy_text(facts->note, sizeof(facts->note), "swatchd is not running");
	}
}

/* Sets this session's model when the list has it. */
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
	facts_finish_limits(facts);
	finish_context(facts);
	finish_costs(facts);
	finish_waiting(facts);
	finish_cache(facts);
	finish_unpriced(facts);
	finish_freshness(facts);
}

void facts_fill_sample(struct statusline_facts *facts, int64_t now_ms)
{
	double *number = facts->number;
	facts_init(facts, now_ms);
	copy_text(facts->model, sizeof(facts->model), "Opus 4.6");
	copy_text(facts->model_id, sizeof(facts->model_id), "claude-opus-4-6");
	copy_text(facts->cwd, sizeof(facts->cwd), "/home/ada/engine");
	copy_text(facts->branch, sizeof(facts->branch), "main");
	copy_text(facts->cache_ttl, sizeof(facts->cache_ttl), "1h");
	copy_text(facts->effort, sizeof(facts->effort), "high");
	number[FACT_TOLD_SIZE] = 200000.;
	number[FACT_CURRENT_TOKENS] = 124300.;
	number[FACT_CLAUDE_USD] = number[FACT_SWATCH_USD] = 4.27;
	number[FACT_SUBAGENTS] = 3.;
	number[FACT_SUBAGENTS_USD] = 0.94;
	number[FACT_TODAY_USD] = 18.6;
	number[FACT_BLOCK_USD] = number[FACT_WINDOW_USD] = 11.05;
	number[FACT_BURN_USD] = 4.3;
	number[FACT_INDICATOR_TOKENS_PER_MINUTE] = 1400.;
	int64_t block_start_ms = now_ms - 154 * CLOCK_MINUTE_MS;
	int64_t block_end_ms = block_start_ms + RATE_LIMIT_FIVE_HOUR_MS;
	number[FACT_BLOCK_START_MS] = (double)block_start_ms;
	number[FACT_BLOCK_END_MS] = (double)block_end_ms;
	number[FACT_BLOCK_LAST_MS] = (double)now_ms;
	number[FACT_CACHE_EXPIRES_MS] = (double)(now_ms + 42 * CLOCK_MINUTE_MS);
	number[FACT_RECACHE_TOKENS] = 118000.;
	struct rate_limit limit;
	rate_limit_init(&limit, RATE_LIMIT_FIVE_HOUR);
	limit.used_percent = 62.;
	limit.resets_ms = block_end_ms;
	rate_limits_merge(&facts->limits, &limit, now_ms);
	rate_limit_init(&limit, RATE_LIMIT_SEVEN_DAY);
	limit.used_percent = 31.;
	limit.resets_ms = now_ms + 4 * CLOCK_DAY_MS;
	rate_limits_merge(&facts->limits, &limit, now_ms);
	facts->has_billing = facts->has_session = facts->daemon_lives = facts->says_fresh = true;
	number[FACT_FETCHED_MS] = (double)now_ms;
	facts_finish(facts);
}
