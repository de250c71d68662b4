/*
 * price/load: the prices in force: the compiled-in table, and pricing.json, beside the config file, over it.
 *
 * For: swatchd, and the commands that read the transcripts themselves or show prices.
 *
 * Calling sequence: prices_load(); pass prices.book to what prices by it; prices_release() in every case.
 */
#ifndef SWATCH_PRICE_LOAD_H
#define SWATCH_PRICE_LOAD_H

#include "price/price.h"

struct prices {
	char *path;                  /* of pricing.json, also a missing one; NULL without a home directory */
	struct price_book *book;     /* NULL without such a file */
};

/*
 * Reads pricing.json. `config_path` is the config file that was named, or NULL for the usual one. Returns
 * false with a message in `error` when the file cannot be used, or when memory ran out; `path` is set then,
 * if it is known.
 */
bool prices_load(struct prices *prices, const char *config_path, struct buf *error);

void prices_release(struct prices *prices);

/* US dollars for a million tokens. */
struct prices_rates {
	double input, output, cache_write_5m, cache_write_1h, cache_read;
};

/* What one model costs. */
struct prices_model {
	const struct price *price;   /* NULL when it has none */
	bool from_file;
	double region_factor;        /* what its regional prefix adds, as a factor; the rates include it */
	bool is_fast;                /* the name is that of a model at speed "fast"; the rates include that */
	struct prices_rates base;
	struct prices_rates above;   /* when price->threshold_tokens */
};

/* What it cost in the past: `index` counts from the oldest. */
void prices_of_past(const struct prices_model *model, size_t index, struct prices_rates *out);

/* Looks a model up, by any spelling that a transcript or a report may have. */
void prices_find(const struct prices *prices, const char *model, struct prices_model *out);

#endif
