#include "ccusage/answer.h"

#include <errno.h>
#include <json-c/json.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/scope.h"
#include "json/get.h"
#include "json/parse.h"

#define MAX_DEPTH 16
/* A notice may have braces, too, so try this many of them. */
#define STARTS_MAX 64
/* 2020-01-01 and 2100-01-01: Claude Code's blocks lie between them. */
#define EARLIEST_MS INT64_C(1577836800000)
#define LATEST_MS INT64_C(4102444800000)

struct json_object *ccusage_answer_read(const char *text, size_t len, const char *list, struct buf *error)
{
	const char *end = text + len, *at = text;
	AUTO_BUF complaint = BUF_INIT;
	if (len == 0) {
		buf_append_str(error, "it printed nothing");
		return NULL;
	}
	for (int tries = 0; tries < STARTS_MAX && (at = memchr(at, '{', (size_t)(end - at))); tries++, at++) {
		size_t taken;
		errno = 0;
		AUTO_JSON *object = json_parse(at, (size_t)(end - at), MAX_DEPTH, &taken);
		if (!object && errno == ENOMEM)
			return NULL;
		struct json_object *items = NULL;
		if (object && json_object_object_get_ex(object, list, &items)
		    && json_object_is_type(items, json_type_array))
			return SCOPE_KEEP(object);
		const char *says = json_get_string(object, "error");
		if (says && complaint.len == 0)
			buf_printf(&complaint, "it says: %.200s", says);
	}
	if (complaint.len > 0)
		buf_append(error, complaint.data, complaint.len);
	else
		buf_printf(error, "its output is not a JSON object with \"%s\"", list);
	return NULL;
}

/* Takes a number from 0 to `max`. Returns false with a message when it is missing or out of range. */
static bool take_number(struct json_object *object, const char *key, double max, double *out,
			struct buf *error)
{
	struct json_object *value = NULL;
	json_object_object_get_ex(object, key, &value);
	if (!json_object_is_type(value, json_type_int) && !json_object_is_type(value, json_type_double)) {
		buf_printf(error, "its block's %s is not a number", key);
		return false;
	}
	*out = json_object_get_double(value);
	if (!isfinite(*out) || *out < 0. || *out > max) {
		buf_printf(error, "its block's %s is %g: out of range", key, *out);
		return false;
	}
	return true;
}

static bool take_count(struct json_object *object, const char *key, int64_t *out, struct buf *error)
{
	double number;
	if (!take_number(object, key, CCUSAGE_MAX_TOKENS, &number, error))
		return false;
	*out = (int64_t)number;
	return true;
}

/* Takes a time. A missing one is 0; `required`: an error. */
static bool take_time(struct json_object *object, const char *key, bool required, int64_t *out,
		      struct buf *error)
{
	const char *text = json_get_string(object, key);
	struct json_object *value = NULL;
	*out = 0;
	if (!required && (!json_object_object_get_ex(object, key, &value) || !value))
		return true;
	if (text && clock_parse_rfc3339(text, strlen(text), out) && *out >= EARLIEST_MS && *out <= LATEST_MS)
		return true;
	buf_printf(error, "its block's %s is not a time", key);
	return false;
}

static bool take_tokens(struct json_object *block, struct billing_block *out, struct buf *error)
{
	struct json_object *counts = json_get_object(block, "tokenCounts");
	if (!counts) {
		buf_append_str(error, "its block has no tokenCounts");
		return false;
	}
	if (!take_count(counts, "inputTokens", &out->input_tokens, error)
	    || !take_count(counts, "outputTokens", &out->output_tokens, error)
	    || !take_count(counts, "cacheCreationInputTokens", &out->cache_creation_tokens, error)
	    || !take_count(counts, "cacheReadInputTokens", &out->cache_read_tokens, error))
		return false;
	/* Version 18 leaves the cache's tokens out of its totalTokens; ours means all. */
	out->total_tokens = out->input_tokens + out->output_tokens + out->cache_creation_tokens
			    + out->cache_read_tokens;
	return true;
}

static bool take_rates(struct json_object *block, struct billing_block *out, struct buf *error)
{
	struct json_object *rate = NULL;
	out->tokens_per_minute = out->indicator_tokens_per_minute = out->cost_per_hour_usd = NAN;
	json_object_object_get_ex(block, "burnRate", &rate);
	if (!rate)
		return true;
	if (!json_object_is_type(rate, json_type_object)) {
		buf_append_str(error, "its block's burnRate is not an object");
		return false;
	}
	return take_number(rate, "tokensPerMinute", CCUSAGE_MAX_TOKENS, &out->tokens_per_minute, error)
	       && take_number(rate, "costPerHour", CCUSAGE_MAX_USD * 3600., &out->cost_per_hour_usd, error)
	       && (!json_object_object_get_ex(rate, "tokensPerMinuteForIndicator", NULL)
		   || take_number(rate, "tokensPerMinuteForIndicator", CCUSAGE_MAX_TOKENS,
				  &out->indicator_tokens_per_minute, error));
}

static void take_models(struct json_object *block, struct billing_block *out)
{
	struct json_object *models = NULL;
	json_object_object_get_ex(block, "models", &models);
	size_t count = json_object_is_type(models, json_type_array) ? json_object_array_length(models) : 0;
	for (size_t i = 0; i < count && out->model_count < BILLING_MODELS_MAX; i++) {
		struct json_object *item = json_object_array_get_idx(models, i);
		bool is_text = json_object_is_type(item, json_type_string);
		const char *name = is_text ? json_object_get_string(item) : NULL;
		if (name && strlen(name) < BILLING_MODEL_NAME_MAX && strcmp(name, "<synthetic>") != 0)
			snprintf(out->models[out->model_count++], BILLING_MODEL_NAME_MAX, "%s", name);
	}
}

int ccusage_answer_take_block(struct json_object *block, struct billing_block *out, struct buf *error)
{
	int64_t entries = 0;
	if (!take_time(block, "startTime", true, &out->start_ms, error)
	    || !take_time(block, "endTime", true, &out->end_ms, error)
	    || !take_time(block, "actualEndTime", false, &out->last_ms, error)
	    || !take_time(block, "usageLimitResetTime", false, &out->limit_reset_ms, error)
	    || !take_count(block, "entries", &entries, error)
	    || !take_number(block, "costUSD", CCUSAGE_MAX_USD, &out->cost_usd, error)
	    || !take_tokens(block, out, error) || !take_rates(block, out, error))
		return -1;
	if (out->end_ms <= out->start_ms || out->end_ms - out->start_ms > CLOCK_DAY_MS) {
		buf_append_str(error, "its block does not end a few hours after its start");
		return -1;
	}
	out->entries = (uint64_t)entries;
	out->present = true;
	take_models(block, out);
	return 0;
}

static int take_blocks(struct json_object *answer, struct billing_block *out, struct buf *error)
{
	struct json_object *blocks = json_object_object_get(answer, "blocks");
	for (size_t i = 0; i < json_object_array_length(blocks); i++) {
		struct json_object *block = json_object_array_get_idx(blocks, i);
		if (!json_object_is_type(block, json_type_object)) {
			buf_append_str(error, "its list contains something that is not a block");
			return -1;
		}
		if (json_get_bool(block, "isActive", false) && !json_get_bool(block, "isGap", false))
			return ccusage_answer_take_block(block, out, error);
	}
	return 0;
}

static void set_none(struct billing_block *out)
{
	memset(out, 0, sizeof(*out));
	out->tokens_per_minute = out->indicator_tokens_per_minute = out->cost_per_hour_usd = NAN;
}

void ccusage_answer_drop_future(struct billing_block *block, int64_t now_ms)
{
	if (block->present && block->start_ms > now_ms)
		set_none(block);
}

int ccusage_answer_parse(const char *text, size_t len, struct billing_block *out, struct buf *error)
{
	set_none(out);
	AUTO_JSON *answer = ccusage_answer_read(text, len, "blocks", error);
	return answer ? take_blocks(answer, out, error) : -1;
}
