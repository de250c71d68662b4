#include "swatch/kept/other_counts.h"

#include <math.h>
#include <string.h>

#include "json/get.h"
#include "ledger/record.h"

/* More than all models of the world write on a day. */
#define TOKENS_MAX (INT64_C(1) << 48)
#define USD_MAX 9e6

/* ---- both ---- */

/* A number of tokens; 0 when it is missing. */
static bool take_tokens(struct json_object *object, const char *key, int64_t *out)
{
	*out = json_get_int(object, key, 0);
	return *out >= 0 && *out <= TOKENS_MAX;
}

static bool is_model(const char *name)
{
	return name && name[0] && strlen(name) < PRICE_MODEL_MAX;
}

/* The day of an entry; NULL after a fault. */
static const char *take_day(struct json_object *entry, const char *list, size_t index, struct buf *error)
{
	const char *day = json_get_string(entry, "date");
	if (day && store_imported_is_day(day))
		return day;
	buf_printf(error, "\"date\" of entry %zu of \"%s\" is not a day such as 2026-03-29", index + 1, list);
	return NULL;
}

static int refuse(struct buf *error, const char *day, const char *what)
{
	buf_printf(error, "%s of %s is out of range", what, day);
	return SQLITE_MISMATCH;
}

/* ---- ccusage ---- */

static int take_model(struct json_object *model, const char *day, other_counts_take *take, void *ctx,
		      struct buf *error)
{
	struct store_imported row = { .source = STORE_SOURCE_CCUSAGE,
				      .day = day,
				      .model = json_get_string(model, "modelName") };
	double usd = json_get_double(model, "cost", 0.);
	if (!is_model(row.model))
		return refuse(error, day, "\"modelName\"");
	if (!take_tokens(model, "inputTokens", &row.input) || !take_tokens(model, "outputTokens", &row.output)
	    || !take_tokens(model, "cacheCreationTokens", &row.cache_write)
	    || !take_tokens(model, "cacheReadTokens", &row.cache_read))
		return refuse(error, day, "a number of tokens");
	if (!(usd >= 0. && usd <= USD_MAX))
		return refuse(error, day, "\"cost\"");
	row.nano_usd = (int64_t)llround(usd / LEDGER_NANO_USD);
	return take(ctx, &row);
}

int other_counts_read_ccusage(struct json_object *document, other_counts_take *take, void *ctx,
			      struct buf *error)
{
	size_t days, models;
	int result = SQLITE_OK;
	struct json_object *daily = json_get_array(document, "daily", &days);
	if (!daily) {
		buf_append_str(error, "it has no \"daily\"; make it with: ccusage daily --json");
		return SQLITE_MISMATCH;
	}
	for (size_t i = 0; i < days && result == SQLITE_OK; i++) {
		struct json_object *entry = json_object_array_get_idx(daily, i);
		const char *day = take_day(entry, "daily", i, error);
		struct json_object *list = json_get_array(entry, "modelBreakdowns", &models);
		if (!day)
			return SQLITE_MISMATCH;
		if (!list)
			return refuse(error, day, "\"modelBreakdowns\"");
		for (size_t j = 0; j < models && result == SQLITE_OK; j++)
			result = take_model(json_object_array_get_idx(list, j), day, take, ctx, error);
	}
	return result;
}

/* ---- Claude Code's stats-cache.json ---- */

static int take_models(struct json_object *models, const char *day, other_counts_take *take, void *ctx,
		       struct buf *error)
{
	int result = SQLITE_OK;
	json_object_object_foreach(models, name, tokens)
	{
		struct store_imported row = { .source = STORE_SOURCE_STATS_CACHE, .day = day, .model = name };
		row.input = json_object_is_type(tokens, json_type_int) ? json_object_get_int64(tokens) : -1;
		if (!is_model(name) || row.input < 0 || row.input > TOKENS_MAX)
			return refuse(error, day, "\"tokensByModel\"");
		result = take(ctx, &row);
		if (result != SQLITE_OK)
			break;
	}
	return result;
}

int other_counts_read_stats_cache(struct json_object *document, other_counts_take *take, void *ctx,
				  struct buf *error)
{
	size_t days;
	int result = SQLITE_OK;
	struct json_object *list = json_get_array(document, "dailyModelTokens", &days);
	if (!list) {
		buf_append_str(error, "it has no \"dailyModelTokens\", so it is not Claude Code's "
				      "stats-cache.json");
		return SQLITE_MISMATCH;
	}
	for (size_t i = 0; i < days && result == SQLITE_OK; i++) {
		struct json_object *entry = json_object_array_get_idx(list, i);
		const char *day = take_day(entry, "dailyModelTokens", i, error);
		struct json_object *models = json_get_object(entry, "tokensByModel");
		if (!day)
			return SQLITE_MISMATCH;
		if (!models)
			return refuse(error, day, "\"tokensByModel\"");
		result = take_models(models, day, take, ctx, error);
	}
	return result;
}
