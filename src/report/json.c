#include "report/json.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "json/get.h"

/* What ccusage writes for a transcript that lies in projects/ itself. */
#define NO_PROJECT "Unknown Project"

/* Every whole number up to here is a double. */
#define COUNT_MAX (INT64_C(1) << 53)

/* The key of a row's period. */
static const char *const periods[REPORT_KINDS] = {
	[REPORT_DAILY] = "date", [REPORT_WEEKLY] = "week", [REPORT_MONTHLY] = "month",
};

/* ---- writing ---- */

/*
 * Writes a cost in whole nano-dollars, as the ledger's file keeps it: the order in which costs were summed up
 * must not show.
 */
static void put_usd(struct jsonw *w, const char *key, double usd)
{
	/* Beyond these nine million dollars a double has no nano-dollars. */
	jsonw_put_double(w, key, fabs(usd) < 9e6 ? round(usd * 1e9) / 1e9 : usd);
}

/* Writes a time as ccusage does, "2026-11-23T10:00:00.000Z". */
static void put_time(struct jsonw *w, const char *key, int64_t at_ms)
{
	char text[CLOCK_RFC3339_SIZE];
	clock_format_rfc3339(at_ms, text);
	jsonw_put_string(w, key, text);
}

static void put_breakdowns(struct jsonw *w, const struct report_row *row)
{
	jsonw_key_array(w, "modelBreakdowns");
	for (size_t i = 0; i < row->model_count; i++) {
		const struct report_model *model = &row->models[i];
		jsonw_begin_object(w);
		jsonw_put_int(w, "cacheCreationTokens", price_tokens_created(&model->tokens));
		jsonw_put_int(w, "cacheReadTokens", model->tokens.cache_read);
		put_usd(w, "cost", model->cost_usd);
		jsonw_put_int(w, "inputTokens", model->tokens.input);
		if (model->unpriced)
			jsonw_put_bool(w, "missingPricing", true);
		jsonw_put_string(w, "modelName", model->name);
		jsonw_put_int(w, "outputTokens", model->tokens.output);
		jsonw_end_object(w);
	}
	jsonw_end_array(w);
}

static void put_models(struct jsonw *w, const char *key, const struct report_row *row)
{
	const struct report_model *model;
	jsonw_key_array(w, key);
	for (size_t i = 0; (model = report_model_at(row, i)); i++)
		jsonw_string(w, model->name);
	jsonw_end_array(w);
}

static void write_group(struct jsonw *w, enum report_kind kind, const struct report_row *row)
{
	bool is_session = kind == REPORT_SESSIONS;
	jsonw_begin_object(w);
	jsonw_put_int(w, "cacheCreationTokens", price_tokens_created(&row->tokens));
	jsonw_put_int(w, "cacheReadTokens", row->tokens.cache_read);
	if (kind == REPORT_DAILY)
		jsonw_put_string(w, periods[kind], row->period);
	if (is_session)
		put_time(w, "firstActivity", row->first_ms);
	jsonw_put_int(w, "inputTokens", row->tokens.input);
	if (is_session)
		put_time(w, "lastActivity", row->last_ms);
	put_breakdowns(w, row);
	put_models(w, "modelsUsed", row);
	if (kind == REPORT_MONTHLY)
		jsonw_put_string(w, periods[kind], row->period);
	jsonw_put_int(w, "outputTokens", row->tokens.output);
	if (is_session) {
		jsonw_put_string(w, "projectPath", *row->project ? row->project : NO_PROJECT);
		jsonw_put_string(w, "sessionId", row->session_id);
	}
	put_usd(w, "totalCost", row->cost_usd);
	jsonw_put_int(w, "totalTokens", price_tokens_total(&row->tokens));
	if (kind == REPORT_WEEKLY)
		jsonw_put_string(w, periods[kind], row->period);
	jsonw_end_object(w);
}

static void put_burn_rate(struct jsonw *w, const struct report_block *block)
{
	if (!jsonw_key_object_or_null(w, "burnRate", !isnan(block->usd_per_hour)))
		return;
	put_usd(w, "costPerHour", block->usd_per_hour);
	jsonw_put_double(w, "tokensPerMinute", block->tokens_per_minute);
	jsonw_put_double(w, "tokensPerMinuteForIndicator", block->indicator_tokens_per_minute);
	jsonw_end_object(w);
}

static void put_projection(struct jsonw *w, const struct projection *projection)
{
	if (!jsonw_key_object_or_null(w, "projection", !isnan(projection->usd)))
		return;
	jsonw_put_int(w, "remainingMinutes", projection->remaining_minutes);
	jsonw_put_double(w, "totalCost", projection->usd);
	jsonw_put_int(w, "totalTokens", (int64_t)projection->tokens);
	jsonw_end_object(w);
}

static void put_tokens(struct jsonw *w, const struct price_tokens *t)
{
	jsonw_key_object(w, "tokenCounts");
	jsonw_put_int(w, "cacheCreationInputTokens", price_tokens_created(t));
	jsonw_put_int(w, "cacheReadInputTokens", t->cache_read);
	jsonw_put_int(w, "inputTokens", t->input);
	jsonw_put_int(w, "outputTokens", t->output);
	jsonw_end_object(w);
	jsonw_put_int(w, "totalTokens", price_tokens_total(t));
}

static void write_block(struct jsonw *w, const struct report_row *row)
{
	const struct report_block *block = &row->block;
	char start[CLOCK_RFC3339_SIZE], id[CLOCK_RFC3339_SIZE + 8];
	clock_format_rfc3339(block->start_ms, start);
	snprintf(id, sizeof(id), "%s%s", block->is_gap ? "gap-" : "", start);
	jsonw_begin_object(w);
	if (block->is_gap)
		jsonw_put_null(w, "actualEndTime");
	else
		put_time(w, "actualEndTime", row->last_ms);
	put_burn_rate(w, block);
	put_usd(w, "costUSD", row->cost_usd);
	put_time(w, "endTime", block->end_ms);
	jsonw_put_int(w, "entries", block->messages);
	jsonw_put_string(w, "id", id);
	jsonw_put_bool(w, "isActive", block->is_active);
	jsonw_put_bool(w, "isGap", block->is_gap);
	put_models(w, "models", row);
	put_projection(w, &block->projection);
	jsonw_put_string(w, "startTime", start);
	put_tokens(w, &row->tokens);
	if (block->limit_resets_ms > 0)
		put_time(w, "usageLimitResetTime", block->limit_resets_ms);
	jsonw_end_object(w);
}

void report_write_row(struct jsonw *w, enum report_kind kind, const struct report_row *row)
{
	if (kind == REPORT_BLOCKS)
		write_block(w, row);
	else
		write_group(w, kind, row);
}

void report_write_totals(struct jsonw *w, const struct report *report)
{
	jsonw_begin_object(w);
	jsonw_put_int(w, "cacheCreationTokens", price_tokens_created(&report->tokens));
	jsonw_put_int(w, "cacheReadTokens", report->tokens.cache_read);
	jsonw_put_int(w, "inputTokens", report->tokens.input);
	jsonw_put_int(w, "outputTokens", report->tokens.output);
	put_usd(w, "totalCost", report->cost_usd);
	jsonw_put_int(w, "totalTokens", price_tokens_total(&report->tokens));
	if (report->unpriced_count > 0) {
		jsonw_key_array(w, "unpricedModels");
		for (size_t i = 0; i < report->unpriced_count; i++)
			jsonw_string(w, report->unpriced[i]);
		jsonw_end_array(w);
	}
	jsonw_end_object(w);
}

/* ---- reading ---- */

/* The report's copy of a member; "?" when it is not a text. */
static const char *text_of(struct report *report, struct json_object *object, const char *key)
{
	const char *text = json_get_string(object, key);
	return report_text(report, text ? text : "?", text ? strlen(text) : 1);
}

static int64_t time_of(struct json_object *object, const char *key)
{
	const char *text = json_get_string(object, key);
	int64_t at_ms = 0;
	if (text)
		(void)clock_parse_rfc3339(text, strlen(text), &at_ms);
	return at_ms;
}

/* Sums of what anybody may have written stay in range. */
static int64_t count_of(struct json_object *object, const char *key)
{
	int64_t count = json_get_int(object, key, 0);
	return count > 0 && count <= COUNT_MAX ? count : 0;
}

/* The cache writes of both kinds are one figure. */
static void read_tokens(struct json_object *object, struct price_tokens *out)
{
	*out = (struct price_tokens){
		.input = count_of(object, "inputTokens"),
		.output = count_of(object, "outputTokens"),
		.cache_creation_5m = count_of(object, "cacheCreationTokens"),
		.cache_read = count_of(object, "cacheReadTokens"),
	};
}

static void read_breakdowns(struct report *report, struct json_object *object, struct report_row *row)
{
	size_t count;
	struct json_object *models = json_get_array(object, "modelBreakdowns", &count);
	if (!report_set_models(report, row, count))
		return;
	for (size_t i = 0; i < count; i++) {
		struct json_object *one = json_object_array_get_idx(models, i);
		struct report_model *model = &row->models[i];
		model->name = text_of(report, one, "modelName");
		model->unpriced = json_get_bool(one, "missingPricing", false);
		model->cost_usd = json_get_double(one, "cost", 0.);
		read_tokens(one, &model->tokens);
		/* Until its place is known. */
		model->place = UINT_MAX;
	}
}

static void read_places(struct json_object *object, struct report_row *row)
{
	size_t count;
	unsigned place = 0;
	struct json_object *names = json_get_array(object, "modelsUsed", &count);
	for (size_t i = 0; i < count; i++) {
		const char *name = json_item_string(names, i);
		for (size_t k = 0; name && k < row->model_count; k++)
			if (row->models[k].place == UINT_MAX && strcmp(row->models[k].name, name) == 0) {
				row->models[k].place = place++;
				break;
			}
	}
}

static void read_group(struct report *report, struct json_object *object, struct report_row *row)
{
	const char *key = periods[report->kind];
	if (key) {
		snprintf(row->period, sizeof(row->period), "%s", text_of(report, object, key));
	} else {
		row->session_id = text_of(report, object, "sessionId");
		row->project = text_of(report, object, "projectPath");
	}
	row->first_ms = time_of(object, "firstActivity");
	row->last_ms = time_of(object, "lastActivity");
	read_tokens(object, &row->tokens);
	row->cost_usd = json_get_double(object, "totalCost", 0.);
	read_breakdowns(report, object, row);
	read_places(object, row);
}

static void read_block_models(struct report *report, struct json_object *object, struct report_row *row)
{
	size_t count;
	struct json_object *names = json_get_array(object, "models", &count);
	if (!report_set_models(report, row, count))
		return;
	for (size_t i = 0; i < count; i++) {
		const char *name = json_item_string(names, i);
		row->models[i].name = report_text(report, name ? name : "?", name ? strlen(name) : 1);
		row->models[i].place = (unsigned)i;
	}
}

static void read_block(struct report *report, struct json_object *object, struct report_row *row)
{
	struct json_object *counts = json_get_object(object, "tokenCounts");
	struct json_object *burn = json_get_object(object, "burnRate");
	struct json_object *projection = json_get_object(object, "projection");
	row->last_ms = time_of(object, "actualEndTime");
	row->cost_usd = json_get_double(object, "costUSD", 0.);
	row->tokens = (struct price_tokens){
		.input = count_of(counts, "inputTokens"),
		.output = count_of(counts, "outputTokens"),
		.cache_creation_5m = count_of(counts, "cacheCreationInputTokens"),
		.cache_read = count_of(counts, "cacheReadInputTokens"),
	};
	row->block = (struct report_block){
		.is_gap = json_get_bool(object, "isGap", false),
		.is_active = json_get_bool(object, "isActive", false),
		.start_ms = time_of(object, "startTime"),
		.end_ms = time_of(object, "endTime"),
		.messages = count_of(object, "entries"),
		.limit_resets_ms = time_of(object, "usageLimitResetTime"),
		.tokens_per_minute = json_get_double(burn, "tokensPerMinute", 0.),
		.indicator_tokens_per_minute = json_get_double(burn, "tokensPerMinuteForIndicator", 0.),
		.usd_per_hour = burn ? json_get_double(burn, "costPerHour", 0.) : (double)NAN,
		.projection.remaining_minutes = count_of(projection, "remainingMinutes"),
		.projection.usd = projection ? json_get_double(projection, "totalCost", 0.) : (double)NAN,
		.projection.tokens = (double)count_of(projection, "totalTokens"),
	};
	read_block_models(report, object, row);
}

void report_read_row(struct report *report, struct json_object *object)
{
	struct report_row *row = report_add_row(report);
	if (row && report->kind == REPORT_BLOCKS)
		read_block(report, object, row);
	else if (row)
		read_group(report, object, row);
}

void report_read_totals(struct report *report, struct json_object *object)
{
	read_tokens(object, &report->tokens);
	report->cost_usd = json_get_double(object, "totalCost", 0.);
}
