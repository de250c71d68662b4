#include "ledger/blocks.h"

#include <math.h>
#include <stdlib.h>

#include "base/array.h"
#include "base/clock.h"

int64_t ledger_blocks_start_ms(int64_t first_ms)
{
	int64_t rest = first_ms % CLOCK_HOUR_MS;
	return first_ms - (rest < 0 ? rest + CLOCK_HOUR_MS : rest);
}

bool ledger_blocks_goes_on(int64_t start_ms, int64_t before_ms, int64_t time_ms)
{
	return time_ms - start_ms <= LEDGER_BLOCK_MS && time_ms - before_ms <= LEDGER_BLOCK_MS;
}

bool ledger_blocks_is_active(int64_t start_ms, int64_t last_ms, int64_t now_ms)
{
	return now_ms - last_ms < LEDGER_BLOCK_MS && now_ms < start_ms + LEDGER_BLOCK_MS;
}

void ledger_blocks_set_rates(struct ledger_block *block)
{
	const struct price_tokens *t = &block->sums.tokens;
	double minutes = (double)(block->last_ms - block->first_ms) / 60000.;
	block->tokens_per_minute = minutes > 0. ? (double)price_tokens_total(t) / minutes : NAN;
	block->indicator_tokens_per_minute = minutes > 0. ? (double)(t->input + t->output) / minutes : NAN;
	block->cost_per_hour_usd = minutes > 0. ? block->sums.cost_usd / minutes * 60. : NAN;
}

/*
 * Takes the entries from `i` on into the block as long as they belong to it. Returns the first one that does
 * not.
 */
static size_t fill(struct ledger_range *block, const struct ledger_order *order, size_t i)
{
	int64_t start_ms = ledger_blocks_start_ms(ledger_order_time(order, block->first));
	while (i < order->len
	       && ledger_blocks_goes_on(start_ms, ledger_order_time(order, i - 1),
					ledger_order_time(order, i)))
		i++;
	block->last = i - 1;
	return i;
}

void ledger_blocks_update(struct ledger_blocks *blocks, struct ledger_order *order)
{
	size_t same_to = ledger_order_take_change(order);
	if (same_to < blocks->made_to)
		blocks->made_to = same_to;
	/* The last block may also have lost entries at the order's end. */
	const struct ledger_range *last = ledger_blocks_last(blocks);
	if (blocks->made_to >= order->len && !(last && last->last >= order->len))
		return;
	/*
	 * Which block an entry is in depends on those before it: a block that changed goes with all after it.
	 */
	while (blocks->count > 0 && blocks->list[blocks->count - 1].first >= blocks->made_to)
		blocks->count--;
	if (blocks->count > 0)
		blocks->made_to = fill(&blocks->list[blocks->count - 1], order, blocks->made_to);
	while (blocks->made_to < order->len) {
		if (!array_reserve(&blocks->list, &blocks->cap, blocks->count + 1, sizeof(*blocks->list)))
			return;
		struct ledger_range *block = &blocks->list[blocks->count++];
		block->first = blocks->made_to;
		blocks->made_to = fill(block, order, block->first + 1);
	}
}

const struct ledger_range *ledger_blocks_last(const struct ledger_blocks *blocks)
{
	return blocks->count > 0 ? &blocks->list[blocks->count - 1] : NULL;
}

struct wanted {
	const struct ledger_order *order;
	int64_t now_ms;
};

static int compare_start(const void *key, const void *item)
{
	const struct wanted *wanted = key;
	const struct ledger_range *block = item;
	/* The first one that begins later is looked for: none is equal. */
	return ledger_blocks_start_ms(ledger_order_time(wanted->order, block->first)) <= wanted->now_ms ? 1
													: -1;
}

const struct ledger_range *ledger_blocks_find(const struct ledger_blocks *blocks,
					      const struct ledger_order *order, int64_t now_ms)
{
	const struct wanted wanted = { order, now_ms };
	size_t later = array_search(&wanted, blocks->list, blocks->count, sizeof(*blocks->list),
				    compare_start, NULL);
	return later > 0 ? &blocks->list[later - 1] : NULL;
}

int64_t ledger_blocks_next_ms(const struct ledger_blocks *blocks, const struct ledger_order *order,
			      const struct ledger_range *block)
{
	return block + 1 < blocks->list + blocks->count ? ledger_order_time(order, block[1].first)
							: INT64_MAX;
}

void ledger_blocks_release(struct ledger_blocks *blocks)
{
	free(blocks->list);
}
