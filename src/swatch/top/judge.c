/* Works out what to show now: figures, limits, the order of the sessions, the next change. */
#include "swatch/top/model.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "cache/read.h"
#include "ledger/projection.h"
#include "limits/limits.h"
#include "swatch/top/figures.h"

/* ---- limits ---- */

/* A row's label has ten columns: "7-day", but "7d sonnet". */
static void make_label(const struct rate_limit *limit, char out[TOP_LABEL_SIZE])
{
	char label[RATE_LIMIT_LABEL_SIZE];
	rate_limit_label(limit->name, label);
	snprintf(out, TOP_LABEL_SIZE, "%.*s", TOP_LABEL_SIZE - 1,
		 strcmp(label, "5h") == 0 ? "5-hour" : strcmp(label, "7d") == 0 ? "7-day" : label);
}

static void judge_limit(const struct top_model *model, const struct rate_limit *known,
			struct top_limit *limit)
{
	memset(limit, 0, sizeof(*limit));
	make_label(known, limit->label);
	limit->percent = known->used_percent;
	limit->was_hit = known->was_hit;
	limit->resets_ms = known->resets_ms;
	limit->used_usd = known->used_usd;
	limit->limit_usd = known->limit_usd;
	limit->pace = rate_limit_pace(known, model->now_ms);
	limit->spent_usd = NAN;
	if (strcmp(known->name, RATE_LIMIT_FIVE_HOUR) == 0)
		limit->spent_usd =
			top_number(json_get_object(model->billing, "window"), "costUSD", TOP_USD_MAX);
}

/* In the order in which they will be hit. */
static void judge_limits(struct top_model *model)
{
	const struct rate_limits *limits = &model->figures.limits;
	const struct rate_limit *order[RATE_LIMITS_MAX];
	rate_limits_order(limits, model->now_ms, order);
	model->limit_count = 0;
	for (size_t i = 0; i < limits->count && i < TOP_LIMITS_MAX; i++)
		judge_limit(model, order[i], &model->limits[model->limit_count++]);
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
	if (model->is_unwritten)
		figures_note_unwritten(&model->figures);
	judge_block(model, billing);
	model->today_tokens = top_number(json_get_object(billing, "today"), "totalTokens", TOP_TOKENS_MAX);
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
	/* A session that waits for a person comes first, in any order. */
	if ((a->waiting_for == NULL) != (b->waiting_for == NULL))
		return a->waiting_for ? -1 : 1;
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
	model->order_count = model->active_count = model->waiting_count = 0;
	if (model->session_count == 0)
		return;
	sorted_model = model;
	for (size_t i = 0; i < model->session_count; i++)
		model->order[i] = i;
	mark_shared_names(model, model->session_count);
	for (size_t i = 0; i < model->session_count; i++) {
		model->active_count += model->sessions[i].is_active;
		model->waiting_count += model->sessions[i].waiting_for != NULL;
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
	bool by_minute = model->block_runs || model->limit_count > 0 || model->figures.is_limited
			 || model->waiting_count > 0
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
	take_moment(&next_ms, model->figures.limit_resets_ms, now_ms);
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
