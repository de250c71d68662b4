/*
 * ledger/limits: the markers that Claude Code writes when a usage limit was hit.
 *
 * For: ledger.c. There are few, so all are looked at each time.
 */
#ifndef SWATCH_LEDGER_LIMITS_H
#define SWATCH_LEDGER_LIMITS_H

#include "ledger/figures.h"
#include "ledger/order.h"

struct ledger_marker {
	int64_t time_ms, resets_ms;
	uint64_t place;
	enum scan_limit_kind kind;
	bool has_entry;          /* its line has a usage record: it shows in its block while that counts */
	bool old_form;           /* the one that ccusage knows */
};

struct ledger_limits {
	struct ledger_marker *list;        /* in no order */
	size_t count, cap;
};

/* Keeps a marker, unless it is known. Without memory it is lost: the figures are right without it. */
void ledger_limits_add(struct ledger_limits *limits, const struct ledger_marker *marker);

/* The marker noted last whose reset lies ahead; NULL when no limit is in force. */
const struct ledger_marker *ledger_limits_in_force(const struct ledger_limits *limits, int64_t now_ms);

/* Fills in which limits were hit in a block: out->limit_resets_ms and its like. `range`: its entries. */
void ledger_limits_of_block(const struct ledger_limits *limits, const struct ledger_order *order,
			    const struct ledger_range *range, struct ledger_block *out);

void ledger_limits_release(struct ledger_limits *limits);

#endif
