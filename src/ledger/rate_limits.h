/*
 * rate_limits: the server's own usage limits, merged from what many terminals know.
 *
 * For: swatchd, which keeps the account's limits out of every statusline's tick, and `swatch statusline`,
 * which holds its own reading against them. Pure.
 *
 * Limits are the account's, but each terminal knows only its own last reading. Of two readings of a limit the
 * one with the later reset is the newer window; within one window use only grows, so the higher percentage is
 * the later one. Past its reset a limit says nothing any more.
 */
#ifndef SWATCH_LEDGER_RATE_LIMITS_H
#define SWATCH_LEDGER_RATE_LIMITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Names come from outside; further limits are passed over. */
#define RATE_LIMITS_MAX 12
#define RATE_LIMIT_NAME_SIZE 40
#define RATE_LIMIT_SESSION_SIZE 129
/* The two that every subscriber has. */
#define RATE_LIMIT_FIVE_HOUR "fiveHour"
#define RATE_LIMIT_SEVEN_DAY "sevenDay"
#define RATE_LIMIT_FIVE_HOUR_MS (INT64_C(5) * 3600 * 1000)
#define RATE_LIMIT_SEVEN_DAY_MS (INT64_C(7) * 24 * 3600 * 1000)

struct rate_limit {
	char name[RATE_LIMIT_NAME_SIZE];               /* as in billing-shared.json: "fiveHour" */
	double used_percent;                           /* 0 and more; a spending limit can be over 100 */
	int64_t resets_ms;
	int64_t observed_ms;                           /* when somebody first said so */
	char session_id[RATE_LIMIT_SESSION_SIZE];      /* the session that said so; "" when it is not known */
	bool from_transcript;                          /* a limit marker said so, not a statusline */
	double used_usd, limit_usd;                    /* of a spending limit; NaN when not known */
};

struct rate_limits {
	size_t count;
	struct rate_limit all[RATE_LIMITS_MAX];
};

/*
 * "five_hour" to "fiveHour". Returns false unless the name is made of letters, digits and '_', at most
 * RATE_LIMIT_NAME_SIZE - 1 of them, a letter first.
 */
bool rate_limit_name(const char *told, size_t len, char out[RATE_LIMIT_NAME_SIZE]);

/* An empty reading of `name`, to be filled in. */
void rate_limit_init(struct rate_limit *limit, const char *name);

/* How long a limit's window is; 0 when it is not known. */
int64_t rate_limit_window_ms(const char *name);

/*
 * Takes over a reading that is newer than the one known. Refuses one whose reset is not ahead, or further
 * ahead than such a window lasts, and one without a possible percentage; leaves out an amount of money that
 * is not possible. Returns true when something changed.
 */
bool rate_limits_merge(struct rate_limits *limits, const struct rate_limit *reading, int64_t now_ms);

/* Drops the limits that have been reset by now. Returns true when there was one. */
bool rate_limits_expire(struct rate_limits *limits, int64_t now_ms);

/* The limit of that name; NULL when it is not known. */
const struct rate_limit *rate_limits_find(const struct rate_limits *limits, const char *name);

/* When the next one is reset; 0 when no limit is known. */
int64_t rate_limits_next_reset_ms(const struct rate_limits *limits);

#endif
