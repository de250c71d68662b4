/*
 * price: what tokens cost, by model.
 *
 * For: the ledger, and everything that shows a price. A table is compiled in (table.c); a price book, read
 * from a pricing.json in LiteLLM's schema, goes before it. A name is looked up as it is written, then without
 * what providers and date suffixes add to it.
 *
 * Calling sequence: price_find() or price_book_find() once a model, price_cost_usd() for every record.
 */
#ifndef SWATCH_PRICE_PRICE_H
#define SWATCH_PRICE_PRICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* US dollars a token, by kind. */
struct price_rates {
	double input;
	double output;
	double cache_creation;   /* 5-minute writes; 1-hour writes cost 2 x input */
	double cache_read;
};

/* What a model cost until some day. */
struct price_past {
	int64_t until_ms;             /* records before this Unix time, which is a midnight in UTC */
	struct price_rates base;
	struct price_rates above;
};

struct price {
	const char *model;
	struct price_rates base;
	struct price_rates above;     /* beyond the threshold; all 0 when the model has one price */
	int64_t threshold_tokens;     /* 0 when all tokens have one price */
	bool whole_request; /* a prompt above the threshold (of a large request) costs `above` as a whole */
	double fast_factor;           /* what speed "fast" multiplies the whole with */
	bool after_reference;         /* ccusage 20.0.24 does not know it */
	int64_t max_input_tokens;     /* the context window; 0 when it is not known */
	const struct price_past *past;  /* in order of time */
	size_t past_count;
};

/* Tokens of one entry, by kind. Each at most 2^53. */
struct price_tokens {
	int64_t input;
	int64_t output;
	int64_t cache_creation_5m;
	int64_t cache_creation_1h;
	int64_t cache_read;
};

/* Cache writes of both kinds. */
static inline int64_t price_tokens_created(const struct price_tokens *t)
{
	return t->cache_creation_5m + t->cache_creation_1h;
}

/* All of them. */
static inline int64_t price_tokens_total(const struct price_tokens *t)
{
	return t->input + t->output + price_tokens_created(t) + t->cache_read;
}

/* Adds tokens to a sum (`sign` 1), or takes them out of it (-1). */
static inline void price_tokens_add(struct price_tokens *sum, const struct price_tokens *tokens, int sign)
{
	sum->input += sign * tokens->input;
	sum->output += sign * tokens->output;
	sum->cache_creation_5m += sign * tokens->cache_creation_5m;
	sum->cache_creation_1h += sign * tokens->cache_creation_1h;
	sum->cache_read += sign * tokens->cache_read;
}

/* Prices out of a file. */
struct price_book;

/* The table, sorted by name. */
extern const struct price price_table[];
extern const size_t price_table_len;

/* A request whose prompt is larger is one of the large ones, where a price goes by that. */
#define PRICE_LARGE_REQUEST_TOKENS INT64_C(100000)

/* The longest model name that is looked up. */
#define PRICE_MODEL_MAX 128
/* A pricing.json larger than this is refused; LiteLLM's whole file has 1.5 MB. */
#define PRICE_FILE_MAX_BYTES ((size_t)16 << 20)

/*
 * The compiled-in price of a model; NULL when it has none. *factor is what a regional prefix multiplies it
 * with, usually 1.
 */
const struct price *price_find(const char *model, size_t len, double *factor);

/*
 * The price that ccusage 20.0.24 charges by, with its own rules for names and regions; NULL when it counts 0.
 */
const struct price *price_find_reference(const char *model, size_t len, double *factor);

/* The time of a record that is being made: no price of the past holds then. */
#define PRICE_NOW INT64_MAX

/* What the tokens of one request cost, in US dollars, at the prices of `time_ms`. */
double price_cost_usd(const struct price *price, double factor, const struct price_tokens *tokens,
		      int64_t time_ms, bool fast);

/* What a message costs besides its tokens; all zero: nothing. */
struct price_extras {
	uint32_t web_searches;       /* USD 0.01 each */
	bool us_only;                /* inference_geo "us": everything costs a tenth more */
	bool batch;                  /* service_tier "batch": half price */
};

#define PRICE_WEB_SEARCH_USD 0.01

static inline bool price_has_extras(const struct price_extras *extras)
{
	return extras->web_searches > 0 || extras->us_only || extras->batch;
}

/* A message as it is charged. */
struct price_request {
	const struct price_tokens *tokens;
	const struct price_tokens *large;    /* of one of several requests, as above; NULL: it is one */
	const struct price_extras *extras;   /* NULL: they do not count */
	int64_t time_ms;
	bool fast;
};

/* What it costs, in US dollars. `price` NULL: nothing but the extras. */
double price_request_usd(const struct price *price, double factor, const struct price_request *request);

/*
 * The context window of a model in tokens: that of the book (which may be NULL), or else of the table; 0 when
 * neither knows it. Says nothing of a "[1m]" in the name.
 */
int64_t price_max_input_tokens(const struct price_book *book, const char *model, size_t len);

/*
 * Reads `path`: one JSON object, models by name, in LiteLLM's schema (input_cost_per_token,
 * output_cost_per_token, cache_creation_input_token_cost, cache_read_input_token_cost, each also with
 * _above_NNNk_tokens, max_input_tokens and provider_specific_entry.fast), and one key that is not in that
 * schema: until, an object of such prices by the last day, in UTC, on which they held. Prices above 100k
 * tokens are for the whole request. Members without prices are passed over; a price that is not a number from
 * 0 to 1 USD is a fault, and so is a day that does not exist. Returns the book, which the caller frees; NULL
 * with errno ENOENT and nothing in `error` when the file does not exist; NULL with another errno and a
 * message in `error` otherwise.
 */
struct price_book *price_book_load(const char *path, struct buf *error);

void price_book_free(struct price_book *book);

/* Models in the book. */
size_t price_book_count(const struct price_book *book);

/* Model `index` of the book, in order of their names; NULL past the last one. */
const struct price *price_book_at(const struct price_book *book, size_t index);

/*
 * As price_find(), the book first; NULL is an empty book. *from_book (may be NULL) says whether it has the
 * price.
 */
const struct price *price_book_find(const struct price_book *book, const char *model, size_t len,
				    double *factor, bool *from_book);

/* For book.c: looks a name up in a sorted table, by the rules for names. */
const struct price *price_find_among(const struct price *table, size_t table_len, const char *model,
				     size_t len, double *factor);

#endif
