#include "ccusage/answer.h"

#include <errno.h>
#include <json-c/json.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "json/parse.h"

#define MAX_DEPTH 16
/* 2020-01-01 and 2100-01-01: a block outside of them is no block of Claude Code's. */
#define EARLIEST_MS INT64_C(1577836800000)
#define LATEST_MS INT64_C(4102444800000)

/*
 * The first JSON object that stands in the text; notices and colour codes may come before and after it. NULL with errno:
 * ENOMEM, or 0 when there is none.
 */
static struct json_object *find_object(const char *text, size_t len)
{
	struct json_object *found = NULL;
	/* A notice may hold a brace of its own: a few starts are tried. */
	int tries = 0;
	errno = 0;
	for (const char *at = text; !found && errno != ENOMEM && tries < 64; at++) {
		at = memchr(at, '{', len - (size_t)(at - text));
		if (!at)
			break;
		tries++;
		size_t left = len - (size_t)(at - text);
		size_t end;
		struct json_object *object = json_parse(at, left, MAX_DEPTH, &end);
		struct json_object *blocks;
		if (json_object_is_type(object, json_type_object)
		    && (json_object_object_get_ex(object, "blocks", &blocks)
			|| json_object_object_get_ex(object, "error", &blocks)))
			found = object;
		else
			json_object_put(object);
	}
	return found;
}

/* A number that must be there and in range. */
static bool take_number(struct json_object *object, const char *key, double max, double *out, struct buf *error)
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

/* A time; `required`: null and absence are errors. */
static bool take_time(struct json_object *object, const char *key, bool required, int64_t *out, struct buf *error)
{
	struct json_object *value = NULL;
	json_object_object_get_ex(object, key, &value);
	*out = 0;
	if (!value && !required)
		return true;
	if (!json_object_is_type(value, json_type_string)
	    || !clock_parse_rfc3339(json_object_get_string(value), (size_t)json_object_get_string_len(value), out)
	    || *out < EARLIEST_MS || *out > LATEST_MS) {
		buf_printf(error, "its block's %s is not a time", key);
		return false;
	}
	return true;
}

static bool take_tokens(struct json_object *block, struct billing_block *out, struct buf *error)
{
	struct json_object *counts = NULL;
	json_object_object_get_ex(block, "tokenCounts", &counts);
	if (!json_object_is_type(counts, json_type_object)) {
		buf_append_str(error, "its block has no tokenCounts");
		return false;
	}
	if (!take_count(counts, "inputTokens", &out->input_tokens, error)
	    || !take_count(counts, "outputTokens", &out->output_tokens, error)
	    || !take_count(counts, "cacheCreationInputTokens", &out->cache_creation_tokens, error)
	    || !take_count(counts, "cacheReadInputTokens", &out->cache_read_tokens, error))
		return false;
	/* Version 18 leaves the cache's tokens out of its totalTokens; ours means all. */
	out->total_tokens = out->input_tokens + out->output_tokens + out->cache_creation_tokens + out->cache_read_tokens;
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
		struct json_object *name = json_object_array_get_idx(models, i);
		if (json_object_is_type(name, json_type_string) && json_object_get_string_len(name) < BILLING_MODEL_NAME_MAX
		    && strcmp(json_object_get_string(name), "<synthetic>") != 0)
			snprintf(out->models[out->model_count++], BILLING_MODEL_NAME_MAX, "%s", json_object_get_string(name));
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

static bool is_flag_set(struct json_object *block, const char *key)
{
	struct json_object *value;
	return json_object_object_get_ex(block, key, &value) && json_object_is_type(value, json_type_boolean)
	       && json_object_get_boolean(value);
}

static int take_blocks(struct json_object *answer, struct billing_block *out, struct buf *error)
{
	struct json_object *blocks = NULL;
	json_object_object_get_ex(answer, "blocks", &blocks);
	if (!json_object_is_type(blocks, json_type_array)) {
		struct json_object *message = NULL;
		json_object_object_get_ex(answer, "error", &message);
		if (json_object_is_type(message, json_type_string))
			buf_printf(error, "it says: %.200s", json_object_get_string(message));
		else
			buf_append_str(error, "it printed no list of blocks");
		return -1;
	}
	for (size_t i = 0; i < json_object_array_length(blocks); i++) {
		struct json_object *block = json_object_array_get_idx(blocks, i);
		if (!json_object_is_type(block, json_type_object)) {
			buf_append_str(error, "its list contains something that is not a block");
			return -1;
		}
		if (is_flag_set(block, "isActive") && !is_flag_set(block, "isGap"))
			return ccusage_answer_take_block(block, out, error);
	}
	return 0;
}

int ccusage_answer_parse(const char *text, size_t len, struct billing_block *out, struct buf *error)
{
	memset(out, 0, sizeof(*out));
	out->tokens_per_minute = out->indicator_tokens_per_minute = out->cost_per_hour_usd = NAN;
	struct json_object *answer = find_object(text, len);
	if (!answer) {
		buf_append_str(error, errno == ENOMEM ? "out of memory" : len == 0 ? "it printed nothing"
				      : "it printed no JSON of ccusage's");
		return -1;
	}
	int result = take_blocks(answer, out, error);
	json_object_put(answer);
	return result;
}
