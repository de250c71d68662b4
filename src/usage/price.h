/*
 * price: what tokens cost, by model (FORMATS section 3, "Cost").
 *
 * For: ledger. The table is compiled in (price_table.c); a name is looked up as it is written, then without what
 * providers and date suffixes add to it.
 */
#ifndef SWATCH_USAGE_PRICE_H
#define SWATCH_USAGE_PRICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* US dollars a token, by kind. */
struct price_rates {
	double input;
	double output;
	double cache_creation;   /* 5-minute writes; 1-hour writes cost 2 x input */
	double cache_read;
};

struct price {
	const char *model;
	struct price_rates base;
	struct price_rates above;     /* beyond the threshold; all 0 where there is none */
	int64_t threshold_tokens;     /* of each kind; 0: one price for all */
	double fast_factor;           /* what speed "fast" multiplies the whole with */
	bool after_reference;         /* ccusage 20.0.24 does not know it */
};

/* Tokens of one entry, by kind. Each at most 2^53. */
struct price_tokens {
	int64_t input;
	int64_t output;
	int64_t cache_creation_5m;
	int64_t cache_creation_1h;
	int64_t cache_read;
};

extern const struct price price_table[];
extern const size_t price_table_len;

/* The longest model name that is looked up. */
#define PRICE_MODEL_MAX 128

/* The price of a model; NULL when it is not known. `factor` is what a regional prefix multiplies it with, usually 1. */
const struct price *price_find(const char *model, size_t len, double *factor);

/* What the tokens cost, in US dollars. */
double price_cost_usd(const struct price *price, double factor, const struct price_tokens *tokens, bool fast);

#endif
