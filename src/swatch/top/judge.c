/* Works out what to show now: figures, limits, the order of the sessions, the next change. */
#include "swatch/top/model.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "cache/read.h"
#include "ledger/projection.h"
#include "ledger/rate_limits.h"
#include "swatch/top/figures.h"

/* A pace is meaningless before this share of its window has passed. */
#define PACE_LEAST_SHARE 0.05

/* ---- limits ---- */

/* "sevenDayOpus" becomes "7-day opus". */
static void make_label(const char *name, char out[TOP_LABEL_SIZE])
{
	static const struct {
		const char *begins, *label;
	} known[] = { { RATE_LIMIT_FIVE_HOUR, "5-hour" }, { RATE_LIMIT_SEVEN_DAY, "7-day" } };
	size_t len = 0;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		size_t begins_len = strlen(known[i].begins);
		if (strncmp(name, known[i].begins, begins_len) == 0
		    && !islower((unsigned char)name[begins_len])) {
			len = (size_t)snprintf(out, TOP_LABEL_SIZE, "%s", known[i].label);
			name += begins_len;
			break;
		}
	}
	for (; *name && len + 3 < TOP_LABEL_SIZE; name++) {
		if (isupper((unsigned char)*name) && len > 0)
			out[len++] = ' ';
		out[len++] = (char)tolower((unsigned char)*name);
	}
	out[len] = '\0';
}

/* Returns false when it is not a limit, or has been reset. */
static bool read_limit(const struct top_model *model, const char *name, struct json_object *object,
		       struct top_limit *limit)
{
	memset(limit, 0, sizeof(*limit));
	make_label(name, limit->label);
	bool is_five_hour = strcmp(name, RATE_LIMIT_FIVE_HOUR) == 0;
	limit->rank = is_five_hour ? 0 : strcmp(name, RATE_LIMIT_SEVEN_DAY) == 0 ? 1 : 2;
	limit->percent = top_number(object, "usedPercentage", 100000);
	limit->resets_ms = top_time(object, "resetsAt");
	limit->used_usd = top_number(object, "usedUSD", TOP_USD_MAX);
	limit->limit_usd = top_number(object, "limitUSD", TOP_USD_MAX);
	limit->spent_usd = limit->pace = NAN;
	if (isnan(limit->percent) || limit->resets_ms <= model->now_ms)
		return false;
	double window_ms = (double)rate_limit_window_ms(name);
	double share = window_ms > 0 ? 1. - (double)(limit->resets_ms - model->now_ms) / window_ms : 0;
	if (share >= PACE_LEAST_SHARE)
		limit->pace = limit->percent / 100. / share;
	if (is_five_hour)
		limit->spent_usd =
			top_number(json_get_object(model->billing, "window"), "costUSD", TOP_USD_MAX);
	return true;
}

static void judge_limits(struct top_model *model)
{
	struct json_object *limits = json_get_object(model->billing, "rateLimits");
	model->limit_count = 0;
	if (!limits)
		return;
	json_object_object_foreach(limits, name, object) {
		struct top_limit limit;
		if (model->limit_count == TOP_LIMITS_MAX || !json_object_is_type(object, json_type_object)
		    || !read_limit(model, name, object, &limit))
			continue;
		size_t at = model->limit_count++;
		for (; at > 0 && model->limits[at - 1].rank > limit.rank; at--)
			model->limits[at] = model->limits[at - 1];
		model->limits[at] = limit;
	}
}

/* ---- figures ---- */

static void judge_unpriced(struct top_model *model)
{
	size_t len = 0, count;
	struct json_object *models = json_get_array(model->billing, "unpricedModels", &count);
	model->unpriced[0] = '\0';
	for (size_t i = 0; i < count && len < sizeof(model->unpriced) - 1; i++) {
		const char *name = json_item_string(models, i);
		int added = snprintf(model->unpriced + len, sizeof(model->unpriced) - len, "%s%s",
				     len ? ", " : "", name ? name : "?");
		len += added > 0 ? (size_t)added : 0;
	}
}

static int64_t read_start_ms(struct json_object *object)
{
	const char *start = json_get_string(object, "startTime");
	int64_t start_ms;
	return start && clock_parse_rfc3339(start, strlen(start), &start_ms) && start_ms > 0 ? start_ms : 0;
}

static void judge_block(struct top_model *model, struct json_object *billing)
{
	const struct figures *figures = &model->figures;
	struct json_object *block = json_get_object(billing, "block");
	struct json_object *shown = figures->has_window ? json_get_object(billing, "window") : block;
	if (figures->has_window) {
		model->block_end_ms = figures->window_end_ms;
		model->block_start_ms = figures->window_end_ms - RATE_LIMIT_FIVE_HOUR_MS;
		model->block_usd = figures->window_usd;
	} else {
		model->block_end_ms = figures->has_block ? figures->block_end_ms : 0;
		model->block_start_ms = read_start_ms(block);
		model->block_usd = figures->block_usd;
	}
	model->block_tokens = top_number(shown, "totalTokens", TOP_TOKENS_MAX);
	model->block_runs = model->block_end_ms > model->now_ms && model->block_start_ms > 0
			    && model->block_start_ms < model->block_end_ms && model->block_usd >= 0
			    && model->block_usd <= TOP_USD_MAX;
	/* The projection in the file is of the moment when it was written. */
	double rate = top_number(json_get_object(block, "burnRate"), "costPerHour", TOP_USD_MAX);
	model->figures.burn_rate_usd = rate;
	model->figures.has_burn_rate = !isnan(rate);
	const struct projection_basis basis = { .end_ms = model->block_end_ms, .usd = model->block_usd,
						.usd_per_hour = rate };
	struct projection projection;
	bool is_known = projection_make(&basis, model->now_ms, &projection) && model->block_runs;
	model->projected_usd = is_known ? projection.usd : NAN;
}

static void judge_figures(struct top_model *model)
{
	struct json_object *billing = model->billing;
	model->newer_schema = json_get_int(billing, "schema", CACHE_SCHEMA) > CACHE_SCHEMA;
	if (model->newer_schema)
		billing = NULL;
	figures_read(&model->figures, billing, model->is_connected, model->now_ms);
	judge_block(model, billing);
	model->today_tokens = top_number(json_get_object(billing, "today"), "totalTokens", TOP_TOKENS_MAX);
	int64_t limited_ms = top_time(json_get_object(billing, "usageLimit"), "resetsAt");
	model->limited_until_ms = limited_ms > model->now_ms ? limited_ms : 0;
	judge_unpriced(model);
	judge_limits(model);
}

/* ---- the order ---- */

/* The model that is being sorted: qsort() has no argument for it. */
static const struct top_model *sorted_model;

/* Unknown numbers come last. */
static int compare_numbers(double a, double b)
{
	a = isnan(a) ? -1 : a;
	b = isnan(b) ? -1 : b;
	return a > b ? -1 : a < b;
}

static int compare_texts(const char *a, const char *b)
{
	if (!a || !b)
		return a ? -1 : b != NULL;
	return strcasecmp(a, b);
}

static int compare_by(enum top_sort sort, const struct top_session *a, const struct top_session *b)
{
	switch (sort) {
	case TOP_BY_COST:
		return compare_numbers(a->cost_usd, b->cost_usd);
	case TOP_BY_RATE:
		return compare_numbers(a->rate_usd, b->rate_usd);
	case TOP_BY_CONTEXT:
		return compare_numbers(a->context_percent, b->context_percent);
	case TOP_BY_TOKENS:
		return compare_numbers(a->tokens, b->tokens);
	case TOP_BY_AGENTS:
		return compare_numbers(a->subagents, b->subagents);
	case TOP_BY_MODEL:
		return compare_texts(a->model, b->model);
	case TOP_BY_NAME:
		return compare_texts(top_session_name(a), top_session_name(b));
	default:
		return compare_numbers((double)a->last_ms, (double)b->last_ms);
	}
}

static int compare_places(const void *left, const void *right)
{
	const struct top_session *a = &sorted_model->sessions[*(const size_t *)left];
	const struct top_session *b = &sorted_model->sessions[*(const size_t *)right];
	int order = compare_by(sorted_model->sort, a, b);
	if (sorted_model->reversed)
		order = -order;
	/* Equal sessions keep their places from one drawing to the next. */
	if (order == 0)
		order = compare_by(TOP_BY_ACTIVITY, a, b);
	return order ? order : strcmp(a->id, b->id);
}

static int compare_names(const void *left, const void *right)
{
	return strcmp(top_session_name(&sorted_model->sessions[*(const size_t *)left]),
		      top_session_name(&sorted_model->sessions[*(const size_t *)right]));
}

/* `order` has all sessions; their order changes. */
static void mark_shared_names(struct top_model *model, size_t count)
{
	qsort(model->order, count, sizeof(model->order[0]), compare_names);
	for (size_t i = 0; i < count; i++)
		model->sessions[model->order[i]].shares_name =
			(i > 0 && compare_names(&model->order[i - 1], &model->order[i]) == 0)
			|| (i + 1 < count && compare_names(&model->order[i], &model->order[i + 1]) == 0);
}

static void judge_order(struct top_model *model)
{
	model->order_count = model->active_count = 0;
	if (model->session_count == 0)
		return;
	sorted_model = model;
	for (size_t i = 0; i < model->session_count; i++)
		model->order[i] = i;
	mark_shared_names(model, model->session_count);
	for (size_t i = 0; i < model->session_count; i++) {
		model->active_count += model->sessions[i].is_active;
		if (model->sessions[i].is_active || !model->active_only)
			model->order[model->order_count++] = i;
	}
	qsort(model->order, model->order_count, sizeof(model->order[0]), compare_places);
}

void top_model_judge(struct top_model *model, int64_t now_ms)
{
	model->now_ms = now_ms;
	judge_figures(model);
	judge_order(model);
}

size_t top_model_place(const struct top_model *model, const char *id)
{
	size_t place = 0;
	while (place < model->order_count && strcmp(model->sessions[model->order[place]].id, id) != 0)
		place++;
	return place;
}

const struct top_session *top_model_at(const struct top_model *model, size_t place)
{
	return place < model->order_count ? &model->sessions[model->order[place]] : NULL;
}

/* ---- time ---- */

static void take_moment(int64_t *next_ms, int64_t moment_ms, int64_t now_ms)
{
	if (moment_ms > now_ms && moment_ms < *next_ms)
		*next_ms = moment_ms;
}

int64_t top_model_next_change_ms(const struct top_model *model)
{
	int64_t now_ms = model->now_ms;
	bool by_minute = model->block_runs || model->limit_count > 0 || model->limited_until_ms > 0
			 || (model->figures.known && !model->figures.is_fresh);
	for (size_t i = 0; i < model->session_count && !by_minute; i++)
		by_minute = model->sessions[i].last_ms > now_ms - CLOCK_HOUR_MS;
	int64_t step_ms = by_minute ? CLOCK_MINUTE_MS : CLOCK_HOUR_MS;
	int64_t next_ms = now_ms - now_ms % step_ms + step_ms;
	take_moment(&next_ms, model->block_end_ms, now_ms);
	if (model->figures.is_fresh)
		take_moment(&next_ms, top_time(model->billing, "freshUntil"), now_ms);
	for (size_t i = 0; i < model->limit_count; i++)
		take_moment(&next_ms, model->limits[i].resets_ms, now_ms);
	take_moment(&next_ms, model->limited_until_ms, now_ms);
	return next_ms;
}

double top_model_burn(const struct top_model *model, double *rates, size_t count)
{
	double highest = NAN;
	bool known = model->block_runs && model->spent_since_ms == model->block_start_ms;
	double minutes_past = (double)(model->now_ms - model->block_start_ms) / (double)CLOCK_MINUTE_MS;
	for (size_t i = 0; i < count; i++) {
		size_t from = i * TOP_MINUTES / count, to = (i + 1) * TOP_MINUTES / count;
		double spent = 0;
		/* With more parts than minutes, neighbours share one. */
		to = to > from ? to : from + 1;
		for (size_t minute = from; minute < to; minute++)
			spent += model->spent_usd[minute];
		/* Of the last part, only some minutes have passed. */
		double passed = fmin((double)to, minutes_past) - (double)from;
		rates[i] = known && passed > 0 ? spent * 60. / fmax(passed, 1) : NAN;
		if (!isnan(rates[i]) && !(highest >= rates[i]))
			highest = rates[i];
	}
	return highest;
}
