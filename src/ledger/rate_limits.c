#include "ledger/rate_limits.h"

#include <math.h>
#include <string.h>

#define MINUTE_MS INT64_C(60000)
#define DAY_MS (INT64_C(24) * 60 * MINUTE_MS)
/* Clocks differ; and two answers of the server may round the same reset to different seconds. */
#define CLOCK_SLACK_MS (10 * MINUTE_MS)
#define SAME_RESET_MS MINUTE_MS
/* The longest window of any limit is a month. */
#define LONGEST_WINDOW_MS (32 * DAY_MS)
/* A spending limit may be passed, but not by this. */
#define MAX_PERCENT 100000.
#define MAX_USD 1e9

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool rate_limit_name(const char *told, size_t len, char out[RATE_LIMIT_NAME_SIZE])
{
	size_t at = 0;
	bool raise = false;
	if (len == 0 || len >= RATE_LIMIT_NAME_SIZE || !is_letter(told[0]))
		return false;
	for (size_t i = 0; i < len; i++) {
		char c = told[i];
		if (c == '_') {
			raise = true;
			continue;
		}
		if (!is_letter(c) && !(c >= '0' && c <= '9'))
			return false;
		out[at++] = raise && c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
		raise = false;
	}
	out[at] = '\0';
	return true;
}

void rate_limit_init(struct rate_limit *limit, const char *name)
{
	memset(limit, 0, sizeof(*limit));
	strncpy(limit->name, name, sizeof(limit->name) - 1);
	limit->used_percent = limit->used_usd = limit->limit_usd = NAN;
}

int64_t rate_limit_window_ms(const char *name)
{
	if (strcmp(name, RATE_LIMIT_FIVE_HOUR) == 0)
		return RATE_LIMIT_FIVE_HOUR_MS;
	/* "sevenDayOpus" and its like are parts of the week. */
	return strncmp(name, RATE_LIMIT_SEVEN_DAY, strlen(RATE_LIMIT_SEVEN_DAY)) == 0
		       ? RATE_LIMIT_SEVEN_DAY_MS
		       : 0;
}

static bool is_believable(const struct rate_limit *reading, int64_t now_ms)
{
	int64_t window_ms = rate_limit_window_ms(reading->name);
	int64_t latest_ms = now_ms + (window_ms > 0 ? window_ms : LONGEST_WINDOW_MS) + CLOCK_SLACK_MS;
	return reading->name[0] != '\0' && reading->used_percent >= 0. && reading->used_percent <= MAX_PERCENT
	       && reading->resets_ms > now_ms && reading->resets_ms <= latest_ms;
}

static struct rate_limit *find(struct rate_limits *limits, const char *name)
{
	for (size_t i = 0; i < limits->count; i++)
		if (strcmp(limits->all[i].name, name) == 0)
			return &limits->all[i];
	return NULL;
}

/* An impossible amount counts as not known; the percentage beside it is kept. */
static void keep(struct rate_limit *limit, const struct rate_limit *reading)
{
	*limit = *reading;
	if (!(limit->used_usd >= 0. && limit->used_usd <= MAX_USD))
		limit->used_usd = NAN;
	if (!(limit->limit_usd >= 0. && limit->limit_usd <= MAX_USD))
		limit->limit_usd = NAN;
}

bool rate_limits_merge(struct rate_limits *limits, const struct rate_limit *reading, int64_t now_ms)
{
	if (!is_believable(reading, now_ms))
		return false;
	struct rate_limit *known = find(limits, reading->name);
	if (!known) {
		if (limits->count == RATE_LIMITS_MAX)
			return false;
		keep(&limits->all[limits->count++], reading);
		return true;
	}
	int64_t later_ms = reading->resets_ms - known->resets_ms;
	bool newer_window = later_ms > SAME_RESET_MS;
	bool same_window = !newer_window && later_ms >= -SAME_RESET_MS;
	if (!newer_window && !(same_window && reading->used_percent > known->used_percent))
		return false;
	keep(known, reading);
	return true;
}

bool rate_limits_expire(struct rate_limits *limits, int64_t now_ms)
{
	size_t kept = 0;
	for (size_t i = 0; i < limits->count; i++)
		if (limits->all[i].resets_ms > now_ms)
			limits->all[kept++] = limits->all[i];
	bool dropped = kept < limits->count;
	limits->count = kept;
	return dropped;
}

const struct rate_limit *rate_limits_find(const struct rate_limits *limits, const char *name)
{
	for (size_t i = 0; i < limits->count; i++)
		if (strcmp(limits->all[i].name, name) == 0)
			return &limits->all[i];
	return NULL;
}

int64_t rate_limits_next_reset_ms(const struct rate_limits *limits)
{
	int64_t next_ms = 0;
	for (size_t i = 0; i < limits->count; i++)
		if (next_ms == 0 || limits->all[i].resets_ms < next_ms)
			next_ms = limits->all[i].resets_ms;
	return next_ms;
}
