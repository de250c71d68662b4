#include "swatchd/billing/account_limits.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/clock.h"
#include "cache/limits.h"
#include "json/get.h"

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

/* ---- a tick ---- */

/* One limit of a tick. Returns true when it is news. */
static bool take_reading(struct rate_limits *known, struct readings *readings, const char *name,
			 struct json_object *value, const struct account_teller *teller)
{
	struct rate_limit reading;
	rate_limit_init(&reading, name);
	reading.used_percent = read_number(value, "used_percentage");
	reading.resets_ms = read_time(value, "resets_at");
	reading.observed_ms = teller->now_ms;
	snprintf(reading.session_id, sizeof(reading.session_id), "%s", teller->session_id);
	reading.used_usd = read_number(value, "used_usd");
	reading.limit_usd = read_number(value, "limit_usd");
	if (reading.used_percent >= 0. && reading.resets_ms > 0)
		reading.said_ms = readings_take(readings, &reading, teller->answered_ms, teller->now_ms,
						&reading.fell);
	return rate_limits_merge(known, &reading, teller->now_ms);
}

/*
 * What the server names nothing of does not exist in this account. A client leaves a window out once it has
 * been reset, so only news tell that.
 */
static bool note_missing(struct rate_limits *known, const char *name, bool is_named, bool *lacks)
{
	bool before = *lacks;
	*lacks = !is_named && !rate_limits_find(known, name);
	return *lacks != before;
}

bool account_limits_take_tick(struct rate_limits *known, struct readings *readings,
			      struct json_object *limits, const struct account_teller *teller)
{
	bool changed = rate_limits_expire(known, teller->now_ms), is_news = false;
	bool has_five_hour = false, has_seven_day = false;
	if (!json_object_is_type(limits, json_type_object))
		return changed;
	json_object_object_foreach(limits, key, value) {
		char name[RATE_LIMIT_NAME_SIZE];
		if (!rate_limit_name(key, strlen(key), name) || !json_object_is_type(value, json_type_object))
			continue;
		has_five_hour = has_five_hour || strcmp(name, RATE_LIMIT_FIVE_HOUR) == 0;
		has_seven_day = has_seven_day || strcmp(name, RATE_LIMIT_SEVEN_DAY) == 0;
		is_news = take_reading(known, readings, name, value, teller) || is_news;
	}
	if (is_news) {
		(void)note_missing(known, RATE_LIMIT_FIVE_HOUR, has_five_hour, &known->lacks_five_hour);
		(void)note_missing(known, RATE_LIMIT_SEVEN_DAY, has_seven_day, &known->lacks_seven_day);
	}
	return changed || is_news;
}

/* ---- an earlier run ---- */

void account_limits_restore(struct rate_limits *known, struct rate_limits *hits, struct json_object *limits,
			    int64_t now_ms)
{
	struct rate_limits written;
	cache_limits_read(limits, now_ms, &written);
	for (size_t i = 0; i < written.count; i++) {
		if (written.all[i].was_hit)
			rate_limits_take_hit(hits, &written.all[i], now_ms);
		else
			(void)rate_limits_merge(known, &written.all[i], now_ms);
	}
	known->lacks_five_hour = written.lacks_five_hour;
	known->lacks_seven_day = written.lacks_seven_day;
}

void account_limits_take_old_hits(struct rate_limits *known, const struct rate_limits *hits,
				  const struct ledger *ledger, int64_t now_ms)
{
	for (size_t i = 0; i < hits->count; i++) {
		const struct rate_limit *hit = &hits->all[i];
		if ((hit->resets_ms == 0 || hit->resets_ms > now_ms)
		    && !ledger_has_answered(ledger, hit->name, hit->observed_ms, now_ms))
			rate_limits_take_hit(known, hit, now_ms);
	}
}

/* ---- what the ledger knows ---- */

void account_limits_take_hits(struct rate_limits *known, const struct ledger_limit *hits, size_t count,
			      int64_t now_ms)
{
	for (size_t i = 0; i < count; i++) {
		char name[RATE_LIMIT_NAME_SIZE];
		struct rate_limit reading;
		if (!rate_limit_name(hits[i].name, strlen(hits[i].name), name))
			continue;
		rate_limit_init(&reading, name);
		reading.used_percent = 100.;
		reading.resets_ms = hits[i].resets_ms;
		reading.observed_ms = reading.said_ms = hits[i].noted_ms;
		/* The words of "sevenDayOpus55" are not all told apart any more. */
		rate_limit_model(hits[i].name, NULL, reading.model);
		if (hits[i].session_id)
			snprintf(reading.session_id, sizeof(reading.session_id), "%s", hits[i].session_id);
		rate_limits_take_hit(known, &reading, now_ms);
	}
}

void account_limits_find_models(struct rate_limits *known, const struct ledger *ledger)
{
	struct ledger_model model;
	for (size_t i = 0; i < known->count; i++)
		for (size_t j = 0; !rate_limit_is_of_account(known->all[i].name) && !known->all[i].model[0]
				   && ledger_model_at(ledger, j, &model);
		     j++)
			rate_limit_model(known->all[i].name, model.name, known->all[i].model);
}

/* ---- writing ---- */

static void write_limit(const struct rate_limit *limit, struct jsonw *w)
{
	jsonw_key_object(w, limit->name);
	jsonw_put_double(w, "usedPercentage", limit->used_percent);
	jsonw_put_int_or_null(w, "resetsAt", limit->resets_ms);
	jsonw_put_int(w, "observedAt", limit->observed_ms);
	jsonw_put_int(w, "since", limit->since_ms);
	jsonw_put_string(w, "model", limit->model[0] ? limit->model : NULL);
	jsonw_put_string(w, "sessionId", limit->session_id[0] ? limit->session_id : NULL);
	jsonw_put_string(w, "source", limit->was_hit ? "transcript" : "statusline");
	if (!isnan(limit->used_usd))
		jsonw_put_double(w, "usedUSD", limit->used_usd);
	if (!isnan(limit->limit_usd))
		jsonw_put_double(w, "limitUSD", limit->limit_usd);
	jsonw_end_object(w);
}

void account_limits_write(const struct rate_limits *known, struct jsonw *w)
{
	static const char *const standard[] = { RATE_LIMIT_FIVE_HOUR, RATE_LIMIT_SEVEN_DAY };
	jsonw_key_object(w, "rateLimits");
	/* null: the server names no such limit. */
	for (size_t i = 0; i < ARRAY_COUNT(standard); i++)
		if (rate_limits_lacks(known, standard[i]))
			jsonw_put_null(w, standard[i]);
	for (size_t i = 0; i < known->count; i++)
		write_limit(&known->all[i], w);
	jsonw_end_object(w);
}
