/*
 * account_limits: the account's usage limits between JSON and rate_limits.h: from a statusline's tick, from
 * billing-shared.json as an earlier run wrote it, and into that file.
 *
 * For: billing.c and compose.c.
 */
#ifndef SWATCH_SWATCHD_BILLING_ACCOUNT_LIMITS_H
#define SWATCH_SWATCHD_BILLING_ACCOUNT_LIMITS_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

#include "json/write.h"
#include "ledger/ledger.h"
#include "ledger/rate_limits.h"

/*
 * Merges the limits of a statusline's tick ({"five_hour": {"used_percentage": .., "resets_at": ..}, ...};
 * numbers may be strings, times also RFC 3339). Ignores anything else. Returns true when it learned something
 * new.
 */
bool account_limits_take_tick(struct rate_limits *known, struct json_object *limits, const char *session_id,
			      int64_t now_ms);

/* Merges the `rateLimits` of an earlier billing-shared.json. */
void account_limits_restore(struct rate_limits *known, struct json_object *limits, int64_t now_ms);

/* Merges a limit that a transcript says was reached: if its kind has a name, it is used up. */
void account_limits_take_marker(struct rate_limits *known, const struct ledger_limit *limit, int64_t now_ms);

/* Writes the object `rateLimits`. */
void account_limits_write(const struct rate_limits *known, struct jsonw *w);

#endif
