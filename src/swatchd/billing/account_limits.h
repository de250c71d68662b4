/*
 * account_limits: the account's usage limits between JSON and rate_limits.h: what a tick tells, what the last run had
 * written, and what stands in billing-shared.json.
 *
 * For: daemon_control.c (ticks), daemon.c (the start), compose.c.
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
 * Merges what a statusline was told by `limits` ({"five_hour": {"used_percentage": .., "resets_at": ..}, ...}; numbers
 * may be strings, times also RFC 3339). Anything else in it is passed over. Returns true when what is known changed.
 */
bool account_limits_take_tick(struct rate_limits *known, struct json_object *limits, const char *session_id,
			      int64_t now_ms);

/* Merges what billing-shared.json's `rateLimits` said when it was written. */
void account_limits_restore(struct rate_limits *known, struct json_object *limits, int64_t now_ms);

/* Merges a limit that a transcript says was hit: of a kind that has a name, all of it is used. */
void account_limits_take_marker(struct rate_limits *known, const struct ledger_limit *limit, int64_t now_ms);

/* Writes the object `rateLimits`. */
void account_limits_write(const struct rate_limits *known, struct jsonw *w);

#endif
