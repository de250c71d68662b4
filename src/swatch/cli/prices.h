/*
 * prices: the prices of this invocation (the compiled-in table, and pricing.json over it), and what a model costs by
 * them.
 *
 * For: the reports that read the transcripts themselves, and cmd-pricing.c.
 */
#ifndef SWATCH_SWATCH_CLI_PRICES_H
#define SWATCH_SWATCH_CLI_PRICES_H

#include "price/price.h"
#include "swatch/cli/command.h"

struct prices {
	char *path;                  /* of pricing.json, whether or not it is there; NULL: no home directory */
	struct price_book *book;     /* NULL: there is no such file */
};

/*
 * Reads pricing.json. A faulty one is said on stderr. Returns SWATCH_OK, or the exit status; prices_release() in
 * every case.
 */
int prices_load(const struct invocation *invocation, struct prices *prices);

void prices_release(struct prices *prices);

/* US dollars for a million tokens. */
struct prices_rates {
	double input, output, cache_write_5m, cache_write_1h, cache_read;
};

/* What one model costs. */
struct prices_model {
	const struct price *price;   /* NULL: not known */
	bool from_file;
	double region_factor;        /* what its regional prefix multiplies with; in the rates already */
	bool is_fast;                /* the name is that of a model at speed "fast": in the rates already */
	struct prices_rates base;
	struct prices_rates above;   /* when price->threshold_tokens */
};

/* Looks a model up, by any spelling that a transcript or a report may have. */
void prices_find(const struct prices *prices, const char *model, struct prices_model *out);

#endif
