#include "limits/limits.h"

#include <math.h>
#include <string.h>

#include "base/clock.h"

#define MINUTE_MS INT64_C(60000)
#define DAY_MS (INT64_C(24) * 60 * MINUTE_MS)
/* Clocks differ; and two answers of the server may round the same reset to different seconds. */
#define CLOCK_SLACK_MS (10 * MINUTE_MS)
#define SAME_RESET_MS MINUTE_MS
/* Two terminals that get their answers within this tell nothing about which one is later. */
#define LATER_MS MINUTE_MS
/* The longest window of any limit is a month. */
#define LONGEST_WINDOW_MS (32 * DAY_MS)
/* A spending limit may be passed, but not by this. */
#define MAX_PERCENT 100000.
#define MAX_USD 1e9
/* A pace means nothing before this share of its window has passed. */
#define PACE_LEAST_SHARE 0.03

void rate_limit_init(struct rate_limit *limit, const char *name)
{
	memset(limit, 0, sizeof(*limit));
	strncpy(limit->name, name, sizeof(limit->name) - 1);
	limit->used_percent = limit->used_usd = limit->limit_usd = NAN;
	rate_limit_model(name, NULL, limit->model);
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

static void note_that_it_exists(struct rate_limits *limits, const char *name)
{
	if (strcmp(name, RATE_LIMIT_FIVE_HOUR) == 0)
		limits->lacks_five_hour = false;
	else if (strcmp(name, RATE_LIMIT_SEVEN_DAY) == 0)
		limits->lacks_seven_day = false;
}

/* Whether no other limit takes its place: an account has few of them, and a server may name many others. */
static bool stays(const char *name)
{
	return rate_limit_is_of_account(name) || strcmp(name, RATE_LIMIT_SPEND) == 0;
}

/* A place for another limit; NULL when there is none. */
static struct rate_limit *make_room(struct rate_limits *limits, const struct rate_limit *reading)
{
	struct rate_limit *oldest = NULL;
	if (limits->count < RATE_LIMITS_MAX)
		return &limits->all[limits->count++];
	for (size_t i = 0; i < limits->count; i++) {
		struct rate_limit *limit = &limits->all[i];
		if (!stays(limit->name)
		    && (!oldest || limit->observed_ms < oldest->observed_ms))
			oldest = limit;
	}
	bool wins = oldest
		 && (stays(reading->name) || oldest->observed_ms < reading->observed_ms);
	return wins ? oldest : NULL;
}

/* An impossible amount counts as not known; the percentage beside it is kept. */
static void keep(struct rate_limits *limits, struct rate_limit *place, const struct rate_limit *reading)
{
	*place = *reading;
	if (!(place->used_usd >= 0. && place->used_usd <= MAX_USD))
		place->used_usd = NAN;
	if (!(place->limit_usd >= 0. && place->limit_usd <= MAX_USD))
		place->limit_usd = NAN;
	if (place->since_ms == 0)
		place->since_ms = place->observed_ms;
	place->news_ms = place->observed_ms;
	note_that_it_exists(limits, place->name);
}

bool rate_limits_is_same_reset(int64_t a_ms, int64_t b_ms)
{
	return a_ms - b_ms <= SAME_RESET_MS && b_ms - a_ms <= SAME_RESET_MS;
}

/* The same value again. Returns true when it was last news a while ago. */
static bool confirm(struct rate_limit *known, const struct rate_limit *reading)
{
	if (reading->observed_ms > known->observed_ms)
		known->observed_ms = reading->observed_ms;
	if (reading->said_ms > known->said_ms)
		known->said_ms = reading->said_ms;
	if (known->observed_ms - known->news_ms < RATE_LIMIT_CONFIRM_MS)
		return false;
	known->news_ms = known->observed_ms;
	return true;
}

/* Whether another percentage of the same window is the later one. */
static bool is_later_percent(const struct rate_limit *known, const struct rate_limit *reading)
{
	/* Use grows; but a terminal may still show what was true before an upgrade. */
	if (reading->used_percent > known->used_percent)
		return !(known->fell && reading->said_ms > 0 && reading->said_ms < known->since_ms);
	return reading->fell || (known->said_ms > 0 && reading->said_ms > known->said_ms + LATER_MS);
}

bool rate_limits_merge(struct rate_limits *limits, const struct rate_limit *reading, int64_t now_ms)
{
	if (!is_believable(reading, now_ms))
		return false;
	struct rate_limit *known = find(limits, reading->name);
	if (!known) {
		known = make_room(limits, reading);
		if (known)
			keep(limits, known, reading);
		return known != NULL;
	}
	bool same_window = rate_limits_is_same_reset(reading->resets_ms, known->resets_ms);
	if (same_window && reading->used_percent == known->used_percent)
		return confirm(known, reading);
	if (same_window ? !is_later_percent(known, reading) : reading->resets_ms < known->resets_ms)
		return false;
	bool fell = same_window && (known->fell || reading->used_percent < known->used_percent);
	keep(limits, known, reading);
	known->fell = fell;
	return true;
}

void rate_limits_take_hit(struct rate_limits *limits, const struct rate_limit *hit, int64_t now_ms)
{
	struct rate_limit *known = find(limits, hit->name);
	/* A window that began after the hit. */
	if (known && hit->resets_ms > 0 && known->resets_ms - hit->resets_ms > SAME_RESET_MS
	    && known->observed_ms > hit->observed_ms)
		return;
	int64_t resets_ms = hit->resets_ms > now_ms ? hit->resets_ms : known ? known->resets_ms : 0;
	if (!known && !(known = make_room(limits, hit)))
		return;
	keep(limits, known, hit);
	known->resets_ms = resets_ms;
	known->was_hit = true;
}

bool rate_limits_take_confirmed(struct rate_limits *limits)
{
	bool confirmed = false;
	for (size_t i = 0; i < limits->count; i++) {
		struct rate_limit *limit = &limits->all[i];
		confirmed = confirmed || limit->observed_ms > limit->news_ms;
		limit->news_ms = limit->observed_ms;
	}
	return confirmed;
}

bool rate_limits_expire(struct rate_limits *limits, int64_t now_ms)
{
	size_t kept = 0;
	for (size_t i = 0; i < limits->count; i++)
		if (limits->all[i].resets_ms > now_ms
		    || (limits->all[i].was_hit && limits->all[i].resets_ms == 0))
			limits->all[kept++] = limits->all[i];
	bool dropped = kept < limits->count;
	limits->count = kept;
	return dropped;
}

void rate_limits_keep_for_model(struct rate_limits *limits, const char *model)
{
	size_t kept = 0;
	for (size_t i = 0; i < limits->count; i++) {
		const struct rate_limit *limit = &limits->all[i];
		if (!limit->model[0] || !model[0] || rate_limit_is_of_model(limit->model, model))
			limits->all[kept++] = *limit;
	}
	limits->count = kept;
}

const struct rate_limit *rate_limits_find(const struct rate_limits *limits, const char *name)
{
	for (size_t i = 0; i < limits->count; i++)
		if (strcmp(limits->all[i].name, name) == 0)
			return &limits->all[i];
	return NULL;
}

bool rate_limits_lacks(const struct rate_limits *limits, const char *name)
{
	if (strcmp(name, RATE_LIMIT_FIVE_HOUR) == 0)
		return limits->lacks_five_hour;
	return strcmp(name, RATE_LIMIT_SEVEN_DAY) == 0 && limits->lacks_seven_day;
}

int64_t rate_limits_next_reset_ms(const struct rate_limits *limits)
{
	int64_t next_ms = 0;
	for (size_t i = 0; i < limits->count; i++) {
		int64_t resets_ms = limits->all[i].resets_ms;
		if (resets_ms > 0)
			next_ms = clock_earlier(next_ms, resets_ms);
	}
	return next_ms;
}

/* ---- the order in which they will be hit ---- */

/* How much of its window has passed; NaN when its length is not known, or what is left of it is longer. */
static double share_passed(const struct rate_limit *limit, int64_t now_ms)
{
	int64_t window_ms = rate_limit_window_ms(limit->name);
	if (window_ms <= 0 || limit->resets_ms <= 0)
		return NAN;
	return 1. - (double)(limit->resets_ms - now_ms) / (double)window_ms;
}

double rate_limit_pace(const struct rate_limit *limit, int64_t now_ms)
{
	double share = share_passed(limit, now_ms);
	return share >= PACE_LEAST_SHARE ? limit->used_percent / 100. / share : NAN;
}

/* Milliseconds until it is used up at its pace; INFINITY when it resets before. */
static double hit_in_ms(const struct rate_limit *limit, int64_t now_ms)
{
	double pace = rate_limit_pace(limit, now_ms), share = share_passed(limit, now_ms);
	if (limit->was_hit || limit->used_percent >= 100.)
		return 0.;
	if (!(pace > 1.))
		return INFINITY;
	return (100. / limit->used_percent - 1.) * share * (double)rate_limit_window_ms(limit->name);
}

/* Whether `a` comes before `b`. */
static bool comes_first(const struct rate_limit *a, const struct rate_limit *b, int64_t now_ms)
{
	double in_a = hit_in_ms(a, now_ms), in_b = hit_in_ms(b, now_ms);
	if (in_a != in_b)
		return in_a < in_b;
	if (a->used_percent != b->used_percent)
		return a->used_percent > b->used_percent;
	return strcmp(a->name, b->name) < 0;
}

void rate_limits_order(const struct rate_limits *limits, int64_t now_ms,
		       const struct rate_limit *out[RATE_LIMITS_MAX])
{
	for (size_t i = 0; i < limits->count; i++) {
		size_t at = i;
		for (; at > 0 && comes_first(&limits->all[i], out[at - 1], now_ms); at--)
			out[at] = out[at - 1];
		out[at] = &limits->all[i];
	}
}
