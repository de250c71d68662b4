/*
 * ledger/blocks: the 5-hour blocks that the entries make in their order of time, as ranges of the order.
 *
 * For: ledger.c, and the report that makes blocks of sums. Blocks are made again only from the first one that
 * changed, so a message at the end of the history costs as much as its own block is long.
 */
#ifndef SWATCH_LEDGER_BLOCKS_H
#define SWATCH_LEDGER_BLOCKS_H

#include "ledger/figures.h"
#include "ledger/order.h"

struct ledger_blocks {
	struct ledger_range *list;
	size_t count, cap;
	size_t made_to;          /* they hold the first `made_to` entries of the order */
};

/*
 * Makes the blocks of an order, which is sorted. When memory runs out they hold its beginning, and the next
 * call goes on.
 */
void ledger_blocks_update(struct ledger_blocks *blocks, struct ledger_order *order);

/* Returns the last block, or NULL when the ledger is empty. */
const struct ledger_range *ledger_blocks_last(const struct ledger_blocks *blocks);

/*
 * The last block that has begun by then, or NULL. Not simply the last one: a line whose clock is ahead makes
 * a block of its own in the future.
 */
const struct ledger_range *ledger_blocks_find(const struct ledger_blocks *blocks,
					      const struct ledger_order *order, int64_t now_ms);

/* The time of the first entry behind a block; INT64_MAX behind the last one. */
int64_t ledger_blocks_next_ms(const struct ledger_blocks *blocks, const struct ledger_order *order,
			      const struct ledger_range *block);

/* When a block starts whose first entry is of that time: at the full hour. */
int64_t ledger_blocks_start_ms(int64_t first_ms);

/*
 * The rules of blocks, also for who makes them of sums. Whether a message at time_ms belongs to a block that
 * started at start_ms and whose last message came at before_ms; whether such a block is active at `now_ms`.
 */
bool ledger_blocks_goes_on(int64_t start_ms, int64_t before_ms, int64_t time_ms);
bool ledger_blocks_is_active(int64_t start_ms, int64_t last_ms, int64_t now_ms);

/* Fills in the rates, which follow from its sums and times. */
void ledger_blocks_set_rates(struct ledger_block *block);

void ledger_blocks_release(struct ledger_blocks *blocks);

#endif
