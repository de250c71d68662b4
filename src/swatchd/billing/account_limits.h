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
#include "limits/limits.h"
#include "swatchd/billing/readings.h"

/* Whose tick it is. */
struct account_teller {
	const char *session_id;
	int64_t answered_ms;         /* the last answer that this session got; 0: not known */
	int64_t now_ms;
};

/*
 * Merges the limits of a statusline's tick ({"five_hour": {"used_percentage": .., "resets_at": ..}, ...};
 * numbers may be strings, times also RFC 3339). Ignores anything else. Returns true when it learned something
 * new.
 */
bool account_limits_take_tick(struct rate_limits *known, struct readings *readings,
			      struct json_object *limits, const struct account_teller *teller);

/* Merges the `rateLimits` of an earlier billing-shared.json; those that were hit go into `hits`. */
void account_limits_restore(struct rate_limits *known, struct rate_limits *hits, struct json_object *limits,
			    int64_t now_ms);

/* Takes in those of an earlier run that no model has answered since, and that did not reset. */
void account_limits_take_old_hits(struct rate_limits *known, const struct rate_limits *hits,
				  const struct ledger *ledger, int64_t now_ms);

/* Takes in the limits that transcripts say were reached, those that have a name. */
void account_limits_take_hits(struct rate_limits *known, const struct ledger_limit *hits, size_t count,
			      int64_t now_ms);

/* Sets for which model each limit holds, where a word of its name is one in the name of a model that was
 * used. */
void account_limits_find_models(struct rate_limits *known, const struct ledger *ledger);

/* Writes the object `rateLimits`. */
void account_limits_write(const struct rate_limits *known, struct jsonw *w);

#endif
