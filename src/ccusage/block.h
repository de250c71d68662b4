/*
 * ccusage/block: the figures of one 5-hour block, as the ledger or ccusage counted them.
 *
 * For: answer.c fills it from JSON, swatchd/billing from the ledger; publish writes it.
 */
#ifndef SWATCH_CCUSAGE_BLOCK_H
#define SWATCH_CCUSAGE_BLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BILLING_MODELS_MAX 16
#define BILLING_MODEL_NAME_MAX 96

struct billing_block {
	bool present;                    /* there is an active block */
	int64_t start_ms, end_ms, last_ms;
	uint64_t entries;
	int64_t input_tokens, output_tokens, cache_creation_tokens, cache_read_tokens, total_tokens;
	double cost_usd;
	/* NaN: not known, or no time between the first and the last entry. */
	double tokens_per_minute, indicator_tokens_per_minute, cost_per_hour_usd;
	int64_t limit_reset_ms;          /* 0: not known */
	size_t model_count;              /* the list leaves out further ones */
	char models[BILLING_MODELS_MAX][BILLING_MODEL_NAME_MAX];
};

#endif
