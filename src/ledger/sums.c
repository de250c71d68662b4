#include "ledger/sums.h"

void ledger_sums_add_entry(struct ledger_sums *sums, const struct ledger_entry *entry, int sign)
{
	const struct price_tokens tokens = { entry->input, entry->output, entry->creation_5m,
					     entry->creation_1h, entry->cache_read };
	sums->entries += (uint64_t)(int64_t)sign;
	price_tokens_add(&sums->tokens, &tokens, sign);
	sums->cost_usd += sign * entry->cost_usd;
	sums->reference_usd += sign * entry->reference_usd;
	if (entry->unpriced)
		sums->unpriced += (uint64_t)(int64_t)sign;
	/* Taking everything out again leaves rounding behind, which is no cost. */
	if (sums->entries == 0)
		sums->cost_usd = sums->reference_usd = 0.;
}

void ledger_sums_add(struct ledger_sums *sums, const struct ledger_sums *more)
{
	sums->entries += more->entries;
	price_tokens_add(&sums->tokens, &more->tokens, 1);
	sums->cost_usd += more->cost_usd;
	sums->reference_usd += more->reference_usd;
	sums->unpriced += more->unpriced;
}
