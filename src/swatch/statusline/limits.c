/* The facts about the account's usage limits. */
#include "swatch/statusline/facts.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/array.h"

/* The windows that have fields of their own; `told` is a percentage without a reset, the last resort. */
static const struct window_facts {
	const char *name;
	enum fact percent, told, left_ms, resets_ms, pace;
} windows[] = {
	{ RATE_LIMIT_FIVE_HOUR, FACT_RATE_5H, FACT_TOLD_5H_PERCENT, FACT_RATE_5H_LEFT_MS,
	  FACT_RATE_5H_RESETS_MS, FACT_RATE_5H_PACE },
	{ RATE_LIMIT_SEVEN_DAY, FACT_RATE_7D, FACT_TOLD_7D_PERCENT, FACT_RATE_7D_LEFT_MS,
	  FACT_RATE_7D_RESETS_MS, FACT_RATE_7D_PACE },
};

static void finish_window(struct statusline_facts *facts, const struct window_facts *window)
{
	double *number = facts->number;
	const struct rate_limit *limit = rate_limits_find(&facts->limits, window->name);
	number[window->percent] = limit ? limit->used_percent : number[window->told];
	if (!limit || limit->resets_ms <= 0)
		return;
	number[window->resets_ms] = (double)limit->resets_ms;
	number[window->left_ms] = (double)(limit->resets_ms - facts->now_ms);
	number[window->pace] = rate_limit_pace(limit, facts->now_ms);
}

static void finish_other_limits(struct statusline_facts *facts)
{
	size_t len = 0, size = sizeof(facts->limits_other);
	for (size_t i = 0; i < facts->limits.count; i++) {
		const struct rate_limit *limit = &facts->limits.all[i];
		if (strcmp(limit->name, windows[0].name) == 0 || strcmp(limit->name, windows[1].name) == 0)
			continue;
		if (strcmp(limit->name, "spendLimit") == 0) {
			facts->number[FACT_RATE_SPEND] = limit->used_percent;
			facts->number[FACT_SPEND_USD] = limit->used_usd;
			facts->number[FACT_SPEND_LIMIT_USD] = limit->limit_usd;
			continue;
		}
		if (len + RATE_LIMIT_NAME_SIZE + 16 < size)
			len += (size_t)snprintf(facts->limits_other + len, size - len, "%s%s %.0f%%",
						len ? ", " : "", limit->name, limit->used_percent);
	}
}

/* Whether the daemon has to hear of a reading: it is another one, or the daemon's was confirmed long ago. */
static bool is_news(const struct statusline_facts *facts, const struct rate_limit *told)
{
	const struct rate_limit *known = rate_limits_find(&facts->limits, told->name);
	return !known || known->used_percent != told->used_percent
	       || !rate_limits_is_same_reset(known->resets_ms, told->resets_ms)
	       || (known->observed_ms > 0 && facts->now_ms - known->observed_ms >= RATE_LIMIT_CONFIRM_MS);
}

/* Takes in this terminal's own reading. */
static void merge_told_limits(struct statusline_facts *facts)
{
	const struct rate_limits *told = &facts->told_limits;
	bool knows_none = !facts->limits.lacks_seven_day;
	for (size_t i = 0; i < facts->limits.count; i++)
		knows_none = knows_none && facts->limits.all[i].was_hit;
	for (size_t i = 0; i < told->count; i++)
		facts->limits_are_news = is_news(facts, &told->all[i]) || facts->limits_are_news;
	for (size_t i = 0; i < told->count; i++) {
		const struct rate_limit *known = rate_limits_find(&facts->limits, told->all[i].name);
		/* One that was hit is over when the daemon says so, or when another window has begun. */
		if (!known || !known->was_hit || told->all[i].resets_ms > known->resets_ms)
			(void)rate_limits_merge(&facts->limits, &told->all[i], facts->now_ms);
	}
	/* Without figures of a daemon, the reading alone shows which limits there are. */
	if (knows_none && told->count > 0 && !rate_limits_find(told, RATE_LIMIT_FIVE_HOUR)
	    && isnan(facts->number[FACT_TOLD_5H_PERCENT]))
		facts->limits.lacks_five_hour = true;
}

/* A percentage without a reset, which is not passed on, is better than nothing. */
static void take_bare_percent(struct statusline_facts *facts, const struct window_facts *window)
{
	double percent = facts->number[window->told];
	struct rate_limits *limits = &facts->limits;
	if (isnan(percent) || rate_limits_find(limits, window->name) || limits->count == RATE_LIMITS_MAX)
		return;
	struct rate_limit *limit = &limits->all[limits->count++];
	rate_limit_init(limit, window->name);
	limit->used_percent = percent;
}

/* A limit that was hit, and holds for this session: one of all models, if there is one. */
static void finish_reached(struct statusline_facts *facts)
{
	double *resets_ms = &facts->number[FACT_LIMIT_RESETS_MS];
	const struct rate_limit *hit = NULL;
	bool is_untold = facts->file_is_limited && !facts->file_limit[0];
	for (size_t i = 0; i < facts->limits.count; i++) {
		const struct rate_limit *limit = &facts->limits.all[i];
		if (limit->was_hit && (!hit || (hit->model[0] && !limit->model[0])))
			hit = limit;
	}
	if (hit) {
		rate_limit_label(hit->name, facts->limit_reached);
		*resets_ms = hit->resets_ms > 0 ? (double)hit->resets_ms : NAN;
	} else if (is_untold && !(*resets_ms <= (double)facts->now_ms)) {
		snprintf(facts->limit_reached, sizeof(facts->limit_reached), "usage");
	} else {
		*resets_ms = NAN;
	}
}

void facts_finish_limits(struct statusline_facts *facts)
{
	const struct rate_limit *order[RATE_LIMITS_MAX];
	const char *model = facts->model_id[0] ? facts->model_id : facts->model;
	rate_limits_expire(&facts->limits, facts->now_ms);
	merge_told_limits(facts);
	rate_limits_keep_for_model(&facts->limits, model);
	if (facts->limits.lacks_five_hour && !rate_limits_find(&facts->limits, RATE_LIMIT_FIVE_HOUR))
		snprintf(facts->weekly, sizeof(facts->weekly), "weekly");
	for (size_t i = 0; i < ARRAY_COUNT(windows); i++) {
		take_bare_percent(facts, &windows[i]);
		finish_window(facts, &windows[i]);
	}
	finish_other_limits(facts);
	finish_reached(facts);
	rate_limits_order(&facts->limits, facts->now_ms, order);
	for (size_t i = 0; i < facts->limits.count; i++)
		facts->limit_order[i] = (unsigned char)(order[i] - facts->limits.all);
	facts_select_limit(facts, 0);
}

void facts_select_limit(struct statusline_facts *facts, size_t index)
{
	double *number = facts->number;
	if (index >= facts->limits.count)
		return;
	const struct rate_limit *limit = &facts->limits.all[facts->limit_order[index]];
	bool resets = limit->resets_ms > 0;
	rate_limit_label(limit->name, facts->limit_name);
	snprintf(facts->limit_hit, sizeof(facts->limit_hit), "%s", limit->was_hit ? "hit" : "");
	number[FACT_LIMIT_NUMBER] = (double)(index + 1);
	number[FACT_LIMIT_PERCENT] = limit->used_percent;
	number[FACT_LIMIT_PACE] = rate_limit_pace(limit, facts->now_ms);
	number[FACT_LIMIT_NEXT_MS] = resets ? (double)limit->resets_ms : NAN;
	number[FACT_LIMIT_LEFT_MS] = resets ? (double)(limit->resets_ms - facts->now_ms) : NAN;
}
