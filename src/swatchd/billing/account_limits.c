#include "swatchd/billing/account_limits.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "cache/names.h"
#include "cache/read.h"

/* A number beyond this, taken as ms, is after 2001; below it is one of seconds. */
#define EARLIEST_MS 1e11

/* A number, or a string that holds one; else NaN. */
static double read_number(struct json_object *object, const char *key)
{
	const char *text = json_get_string(object, key);
	char *end;
	if (!text)
		return json_get_double(object, key, NAN);
	/* strtod() takes "inf", "nan" and "0x10", too. */
	if (*text == '\0' || strspn(text, "0123456789.eE+-") != strlen(text))
		return NAN;
	double number = strtod(text, &end);
	return *end == '\0' && isfinite(number) ? number : NAN;
}

/* Unix seconds or milliseconds, or RFC 3339; 0: no time. */
static int64_t read_time(struct json_object *object, const char *key)
{
	const char *text = json_get_string(object, key);
	int64_t at_ms = 0;
	double number = read_number(object, key);
	if (number > 0. && number < 1e14)
		return (int64_t)(number < EARLIEST_MS ? number * 1000. : number);
	if (text && clock_parse_rfc3339(text, strlen(text), &at_ms))
		return at_ms;
	return 0;
}

bool account_limits_take_tick(struct rate_limits *known, struct json_object *limits, const char *session_id,
			      int64_t now_ms)
{
	bool changed = rate_limits_expire(known, now_ms);
	if (!json_object_is_type(limits, json_type_object))
		return changed;
	json_object_object_foreach(limits, key, value) {
		char name[RATE_LIMIT_NAME_SIZE];
		struct rate_limit reading;
		if (!rate_limit_name(key, strlen(key), name) || !json_object_is_type(value, json_type_object))
			continue;
		rate_limit_init(&reading, name);
		reading.used_percent = read_number(value, "used_percentage");
		reading.resets_ms = read_time(value, "resets_at");
		reading.observed_ms = now_ms;
		snprintf(reading.session_id, sizeof(reading.session_id), "%s", session_id);
		reading.used_usd = read_number(value, "used_usd");
		reading.limit_usd = read_number(value, "limit_usd");
		changed = rate_limits_merge(known, &reading, now_ms) || changed;
	}
	return changed;
}

void account_limits_restore(struct rate_limits *known, struct json_object *limits, int64_t now_ms)
{
	if (!json_object_is_type(limits, json_type_object))
		return;
	json_object_object_foreach(limits, key, value) {
		char name[RATE_LIMIT_NAME_SIZE];
		struct rate_limit reading;
		if (!rate_limit_name(key, strlen(key), name) || !json_object_is_type(value, json_type_object))
			continue;
		rate_limit_init(&reading, name);
		const char *session_id = json_get_string(value, "sessionId");
		const char *source = json_get_string(value, "source");
		int64_t observed_ms = json_get_int(value, "observedAt", 0);
		reading.used_percent = json_get_double(value, "usedPercentage", NAN);
		reading.resets_ms = json_get_int(value, "resetsAt", 0);
		reading.observed_ms = observed_ms > 0 && observed_ms <= now_ms ? observed_ms : now_ms;
		if (session_id && cache_session_id_is_valid(session_id, strlen(session_id)))
			snprintf(reading.session_id, sizeof(reading.session_id), "%s", session_id);
		reading.from_transcript = source && strcmp(source, "transcript") == 0;
		reading.used_usd = json_get_double(value, "usedUSD", NAN);
		reading.limit_usd = json_get_double(value, "limitUSD", NAN);
		rate_limits_merge(known, &reading, now_ms);
	}
}

void account_limits_take_marker(struct rate_limits *known, const struct ledger_limit *limit, int64_t now_ms)
{
	struct rate_limit reading;
	bool is_five_hour = limit->kind == SCAN_LIMIT_FIVE_HOUR;
	if (!is_five_hour && limit->kind != SCAN_LIMIT_SEVEN_DAY)
		return;
	rate_limit_init(&reading, is_five_hour ? RATE_LIMIT_FIVE_HOUR : RATE_LIMIT_SEVEN_DAY);
	reading.used_percent = 100.;
	reading.resets_ms = limit->resets_ms;
	reading.observed_ms = limit->noted_ms;
	reading.from_transcript = true;
	if (limit->session_id)
		snprintf(reading.session_id, sizeof(reading.session_id), "%s", limit->session_id);
	rate_limits_merge(known, &reading, now_ms);
}

void account_limits_write(const struct rate_limits *known, struct jsonw *w)
{
	jsonw_key_object(w, "rateLimits");
	for (size_t i = 0; i < known->count; i++) {
		const struct rate_limit *limit = &known->all[i];
		jsonw_key_object(w, limit->name);
		jsonw_put_double(w, "usedPercentage", limit->used_percent);
		jsonw_put_int(w, "resetsAt", limit->resets_ms);
		jsonw_put_int(w, "observedAt", limit->observed_ms);
		jsonw_put_string(w, "sessionId", limit->session_id[0] ? limit->session_id : NULL);
		jsonw_put_string(w, "source", limit->from_transcript ? "transcript" : "statusline");
		if (!isnan(limit->used_usd))
			jsonw_put_double(w, "usedUSD", limit->used_usd);
		if (!isnan(limit->limit_usd))
			jsonw_put_double(w, "limitUSD", limit->limit_usd);
		jsonw_end_object(w);
	}
	jsonw_end_object(w);
}
