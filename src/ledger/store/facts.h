/*
 * store/facts: what the ledger's file keeps besides messages: limits that were hit, what statuslines told of
 * limits and of sessions, the alerts that were given, and the prices that were used.
 *
 * For: daemon/facts.c, which collects them; batch.c, of which they are a part; facts_write.c and
 * facts_read.c.
 */
#ifndef SWATCH_LEDGER_STORE_FACTS_H
#define SWATCH_LEDGER_STORE_FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger/figures.h"
#include "limits/limits.h"

/* A line of a transcript that says that a usage limit was hit. */
struct store_hit {
	size_t transcript;           /* its index in the batch */
	int64_t offset, at_ms;
	int64_t resets_ms;           /* 0: not known */
	char name[LEDGER_LIMIT_NAME_SIZE];   /* as the line has it; "": it does not say */
	bool in_message;             /* its line has a usage record */
	bool old_form;               /* as in struct scan_limit */
};

/* A limit as a statusline told it, from limit.since_ms to limit.observed_ms. */
struct store_reading {
	size_t root;                 /* where the profile's projects/ directory begins in batch->text */
	struct rate_limit limit;
};

/* What statuslines and processes said of a session. */
struct store_told {
	char session_id[RATE_LIMIT_SESSION_SIZE];
	int64_t at_ms;
	int64_t window_tokens;       /* the size of its context window; 0: not told */
	bool window_refuted;         /* as in struct session */
	double cost_usd;             /* what Claude Code shows; NaN: not told */
	int64_t first_seen_ms;
	int64_t process_ended_ms;    /* 0: not known */
};

/* An alert that was given. */
struct store_alert {
	int64_t at_ms;
	const char *rule;            /* static: its key in [alerts] */
	char subject[RATE_LIMIT_SESSION_SIZE];   /* the session, or the limit; "": the account */
	double value, limit;
};

/* A price that is used from a time on. */
struct store_price {
	size_t model, text;          /* where their text begins in batch->text */
	int64_t since_ms;
};

struct store_facts {
	struct store_hit *hits;
	size_t hit_count, hit_cap;
	struct store_reading *readings;
	size_t reading_count, reading_cap;
	struct store_told *told;
	size_t told_count, told_cap;
	struct store_alert *alerts;
	size_t alert_count, alert_cap;
	struct store_price *prices;
	size_t price_count, price_cap;
};

/* Each appends a copy. Returns false when memory ran out. */
bool store_facts_add_hit(struct store_facts *facts, const struct store_hit *hit);
bool store_facts_add_reading(struct store_facts *facts, const struct store_reading *reading);
bool store_facts_add_told(struct store_facts *facts, const struct store_told *told);
bool store_facts_add_alert(struct store_facts *facts, const struct store_alert *alert);
bool store_facts_add_price(struct store_facts *facts, const struct store_price *price);

void store_facts_release(struct store_facts *facts);

/*
 * A limit's readings of one window are a row for each whole percent: this is the one it belongs to, 0 to
 * STORE_POINT_MAX. (A spending limit can be over 100.)
 */
#define STORE_POINT_MAX 1000
int store_facts_point(double percent);

#endif
