/*
 * ledger/limits: the markers that Claude Code writes when a usage limit was hit: which blocks they fall into,
 * and which limits are still in force.
 *
 * For: the ledger, and billing, which takes back what an earlier run knew. Markers are kept in order of time,
 * so that one more costs a binary search, and a block looks only at its own. Of each limit, by name, the last
 * marker is kept as well, however many there are.
 */
#ifndef SWATCH_LEDGER_LIMITS_H
#define SWATCH_LEDGER_LIMITS_H

#include "ledger/figures.h"
#include "ledger/models.h"
#include "ledger/order.h"

struct ledger_marker {
	int64_t time_ms;
	int64_t resets_ms;       /* 0: not known */
	uint64_t place;
	bool has_entry;          /* its line has a usage record: it shows in its block while that counts */
	bool old_form;           /* the one that ccusage knows */
};

/* The last two markers of a limit: one whose clock is ahead must not hide the one before it. */
struct ledger_hit {
	char name[LEDGER_LIMIT_NAME_SIZE];
	struct ledger_marker last, before;  /* time_ms 0: none */
};

struct ledger_limits {
	struct ledger_marker *list;         /* those that say when they reset, in order of time and reset */
	size_t count, cap;
	struct ledger_hit hits[LEDGER_LIMIT_NAMES_MAX];
	size_t hit_count;
};

/*
 * Keeps a marker, unless it is known. `name` as the line has it; without one it is a limit of which no name
 * is known. Without memory the marker is missing in its block.
 */
void ledger_limits_add(struct ledger_limits *limits, const struct ledger_marker *marker, struct slice name);

/* Whether a model that the limit holds for answered after `since_ms`. `order` is sorted. */
bool ledger_limits_is_answered(const struct ledger_models *models, const struct ledger_order *order,
			       const char *name, int64_t since_ms, int64_t now_ms);

/*
 * The limits that are in force at `now_ms`, the one hit last first: not reset yet, and not answered since by
 * a model that they hold for. Returns how many; out[].session_id is not set. `order` is sorted.
 */
size_t ledger_limits_in_force(const struct ledger_limits *limits, const struct ledger_models *models,
			      const struct ledger_order *order, int64_t now_ms,
			      struct ledger_limit out[LEDGER_LIMIT_NAMES_MAX]);

/* Whether a limit that was noted at `noted_ms` may still hold at `now_ms`; resets_ms 0: its reset is not
 * known. */
bool ledger_limits_may_hold(int64_t noted_ms, int64_t resets_ms, int64_t now_ms);

/*
 * Marker `index` of those that are kept, in no order; *name: "" when its line did not say, or when a later
 * marker of that limit is known. Returns NULL past the last one. A marker may come twice.
 */
const struct ledger_marker *ledger_limits_at(const struct ledger_limits *limits, size_t index,
					     const char **name);

/* The marker of a line, NULL when it has none; *name as above. */
const struct ledger_marker *ledger_limits_find(const struct ledger_limits *limits, int64_t time_ms,
					       uint64_t place, const char **name);

/*
 * Gives a block a marker that says when it resets; the first one of each form stays. `counts`: the marker has
 * an entry, which is one of the block's.
 */
void ledger_limits_give(struct ledger_block *block, const struct ledger_marker *marker, bool counts);

/* Fills in which limits were hit in a block: out->limit_resets_ms and its like. `range`: its entries. */
void ledger_limits_of_block(const struct ledger_limits *limits, const struct ledger_order *order,
			    const struct ledger_range *range, struct ledger_block *out);

void ledger_limits_release(struct ledger_limits *limits);

#endif
