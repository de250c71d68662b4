/*
 * rate_limits: the server's own usage limits, merged from what many terminals know.
 *
 * For: swatchd, which keeps the account's limits out of every statusline's tick, and `swatch statusline`,
 * which holds its own reading against them. Pure.
 *
 * Limits are the account's, but each terminal knows only its own last reading. Of two readings of a limit the
 * one with the later reset is the newer window; within one window use grows, so the higher percentage is the
 * later one, but for a lower one that the server is known to have said later: after an upgrade, say. Past its
 * reset a limit says nothing any more.
 */
#ifndef SWATCH_LIMITS_LIMITS_H
#define SWATCH_LIMITS_LIMITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "limits/names.h"

/*
 * Names come from outside: of more limits the one confirmed longest ago goes, but not one of the two that
 * most accounts have.
 */
#define RATE_LIMITS_MAX 12
#define RATE_LIMIT_SESSION_SIZE 129
/* A value that is confirmed again and again is news once a minute. */
#define RATE_LIMIT_CONFIRM_MS INT64_C(60000)

struct rate_limit {
	char name[RATE_LIMIT_NAME_SIZE];               /* as in billing-shared.json: "fiveHour" */
	char model[RATE_LIMIT_NAME_SIZE];              /* see rate_limit_model() */
	double used_percent;                           /* 0 and more; a spending limit can be over 100 */
	int64_t resets_ms;                             /* 0: not known, of one that was hit */
	int64_t observed_ms;                           /* when somebody last said so */
	int64_t since_ms;                              /* when somebody first said so */
	char session_id[RATE_LIMIT_SESSION_SIZE];      /* the session that said so; "" when it is not known */
	bool was_hit;                                  /* a limit marker in a transcript says so */
	double used_usd, limit_usd;                    /* of a spending limit; NaN when not known */
	int64_t said_ms;                               /* when the server said so; 0: not known */
	bool fell;                                     /* its session told more of the same window before */
	int64_t news_ms;                               /* observed_ms when it was last news */
};

struct rate_limits {
	size_t count;
	struct rate_limit all[RATE_LIMITS_MAX];
	/* The server names limits, but not these: the account has none. */
	bool lacks_five_hour, lacks_seven_day;
};

/* An empty reading of `name`, to be filled in. */
void rate_limit_init(struct rate_limit *limit, const char *name);

/*
 * Takes over a reading that is newer than the one known. Refuses one whose reset is not ahead, or further
 * ahead than such a window lasts, and one without a possible percentage; leaves out an amount of money that
 * is not possible. Returns true when that is news: the value changed, or was last news a minute ago.
 */
bool rate_limits_merge(struct rate_limits *limits, const struct rate_limit *reading, int64_t now_ms);

/*
 * Takes in a limit that was hit, and has not been answered since: it is used up, whatever was read. Its reset
 * need not be known.
 */
void rate_limits_take_hit(struct rate_limits *limits, const struct rate_limit *hit, int64_t now_ms);

/* Returns true when a limit was confirmed since the last news of it; from then on, that is its last news. */
bool rate_limits_take_confirmed(struct rate_limits *limits);

/* Drops the limits that have been reset by now. Returns true when there was one. */
bool rate_limits_expire(struct rate_limits *limits, int64_t now_ms);

/*
 * Takes out the limits that do not hold for a model ("claude-opus-5-5"); with "", a model that is not known,
 * all stay.
 */
void rate_limits_keep_for_model(struct rate_limits *limits, const char *model);

/* The limit of that name; NULL when it is not known. */
const struct rate_limit *rate_limits_find(const struct rate_limits *limits, const char *name);

/* Whether two resets are the same one: the server rounds it to different seconds. */
bool rate_limits_is_same_reset(int64_t a_ms, int64_t b_ms);

/* Whether the server names limits of this account, and none of `name`: that is not the same as "not known".
 */
bool rate_limits_lacks(const struct rate_limits *limits, const char *name);

/* When the next one is reset; 0 when no limit is known. */
int64_t rate_limits_next_reset_ms(const struct rate_limits *limits);

/*
 * The limits in the order in which they will be hit: those that were hit; those that will be before they
 * reset, if use goes on as it did since their windows began, the first one first; then the rest, the fullest
 * first.
 */
void rate_limits_order(const struct rate_limits *limits, int64_t now_ms,
		       const struct rate_limit *out[RATE_LIMITS_MAX]);

/* How fast a limit is used: above 1 it is used up before it resets. NaN when that cannot be told (yet). */
double rate_limit_pace(const struct rate_limit *limit, int64_t now_ms);

#endif
