/*
 * Prices out of a file in LiteLLM's schema.
 */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "base/array.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/scope.h"
#include "json/get.h"
#include "json/parse.h"
#include "price/price.h"

/* A dollar a token would be a million dollars a million tokens. */
#define RATE_MAX_USD 1.
#define FAST_FACTOR_MAX 1000.
/* LiteLLM's file has 2,500 models. */
#define MODELS_MAX 20000
#define WINDOW_MAX_TOKENS INT64_C(1000000000)
#define DAY_MS (INT64_C(24) * 3600 * 1000)

struct price_book {
	struct price *prices;
	size_t count, cap;
};

static void free_price(const struct price *price)
{
	free((char *)(uintptr_t)price->model);
	free((struct price_past *)(uintptr_t)price->past);
}

void price_book_free(struct price_book *book)
{
	if (!book)
		return;
	for (size_t i = 0; i < book->count; i++)
		free_price(&book->prices[i]);
	free(book->prices);
	free(book);
}

size_t price_book_count(const struct price_book *book)
{
	return book ? book->count : 0;
}

const struct price *price_book_at(const struct price_book *book, size_t index)
{
	return book && index < book->count ? &book->prices[index] : NULL;
}

/* One model on its way into the book. */
struct reading {
	const char *path;
	const char *model;
	struct json_object *fields;
	struct buf *error;
	bool failed;
};

/* A number from 0 to `max`; `fallback` where the field is missing. */
static double take_number(struct reading *r, struct json_object *fields, const char *field, double max,
			  double fallback)
{
	struct json_object *value;
	if (!json_object_object_get_ex(fields, field, &value) || !value)
		return fallback;
	double number = json_object_get_double(value);
	bool is_number =
		json_object_is_type(value, json_type_double) || json_object_is_type(value, json_type_int);
	if (!is_number || !isfinite(number) || number < 0. || number > max) {
		buf_printf(r->error, "cannot use %s: \"%s\" of model \"%.100s\" is not a number from 0 to %g",
			   r->path, field, r->model, max);
		r->failed = true;
		return fallback;
	}
	return number;
}

/* The four prices, with `suffix` at the end of the fields' names; one that is missing stays as it is. */
static void take_rates(struct reading *r, struct json_object *fields, const char *suffix,
		       struct price_rates *out)
{
	static const char *const names[] = { "input_cost_per_token", "output_cost_per_token",
					     "cache_creation_input_token_cost",
					     "cache_read_input_token_cost" };
	double *places[] = { &out->input, &out->output, &out->cache_creation, &out->cache_read };
	for (size_t i = 0; i < 4 && !r->failed; i++) {
		char field[96];
		snprintf(field, sizeof(field), "%s%s", names[i], suffix);
		*places[i] = take_number(r, fields, field, RATE_MAX_USD, *places[i]);
	}
}

static double or_zero(double value)
{
	return isnan(value) ? 0. : value;
}

/* Where prices beyond a number of tokens begin; `whole`: they are for all tokens of such a request. */
static const struct tier {
	const char *suffix;
	int64_t tokens;
	bool whole;
} tiers[] = { { "_above_200k_tokens", 200000, false },
	      { "_above_128k_tokens", 128000, false },
	      { "_above_100k_tokens", 100000, true } };
#define TIERS (sizeof(tiers) / sizeof(tiers[0]))

static struct price_rates without_gaps(const struct price_rates *rates)
{
	return (struct price_rates){ or_zero(rates->input), or_zero(rates->output),
				     or_zero(rates->cache_creation), or_zero(rates->cache_read) };
}

static void take_above(struct reading *r, struct price *price)
{
	for (size_t i = 0; i < TIERS && !r->failed; i++) {
		struct price_rates above = { NAN, NAN, NAN, NAN };
		take_rates(r, r->fields, tiers[i].suffix, &above);
		if (isnan(above.input) && isnan(above.output) && isnan(above.cache_creation)
		    && isnan(above.cache_read))
			continue;
		price->above = without_gaps(&above);
		price->threshold_tokens = tiers[i].tokens;
		price->whole_request = tiers[i].whole;
		return;
	}
}

/* "2026-10-06" as the midnight in UTC that ends it. */
static bool parse_day(const char *day, int64_t *until_ms)
{
	char text[32];
	if (strlen(day) != strlen("2026-10-06"))
		return false;
	int len = snprintf(text, sizeof(text), "%sT00:00:00Z", day);
	if (!clock_parse_rfc3339(text, (size_t)len, until_ms))
		return false;
	*until_ms += DAY_MS;
	return true;
}

static int compare_past(const void *a, const void *b)
{
	int64_t left = ((const struct price_past *)a)->until_ms,
		right = ((const struct price_past *)b)->until_ms;
	return (left > right) - (left < right);
}

/* until {DAY: {the prices that were others until then}}. Returns false when memory ran out. */
static bool take_past(struct reading *r, struct price *price)
{
	struct json_object *until = json_get_object(r->fields, "until");
	size_t count = until ? (size_t)json_object_object_length(until) : 0;
	struct price_past *past = count > 0 ? calloc(count, sizeof(*past)) : NULL;
	size_t taken = 0;
	if (count == 0)
		return true;
	if (!past)
		return false;
	price->past = past;
	json_object_object_foreach(until, day, fields) {
		struct price_past *one = &past[taken];
		if (!json_object_is_type(fields, json_type_object) || !parse_day(day, &one->until_ms)) {
			buf_printf(r->error,
				   "cannot use %s: \"until\" of model \"%.100s\" is not prices by day, as in "
				   "{\"2026-10-06\": {...}}", r->path, r->model);
			r->failed = true;
			return true;
		}
		one->base = price->base;
		one->above = price->above;
		take_rates(r, fields, "", &one->base);
		for (size_t i = 0; i < TIERS; i++)
			if (tiers[i].tokens == price->threshold_tokens)
				take_rates(r, fields, tiers[i].suffix, &one->above);
		taken++;
	}
	qsort(past, count, sizeof(*past), compare_past);
	price->past_count = count;
	return true;
}

enum taken { TAKEN, NOT_A_MODEL, NO_MEMORY };

/* What it takes, also with r->failed, free_price() gives back. */
static enum taken take_price(struct reading *r, struct price *price)
{
	struct json_object *specific;
	struct price_rates base = { NAN, NAN, NAN, NAN };
	*price = (struct price){ .fast_factor = 1. };
	if (!json_object_is_type(r->fields, json_type_object) || strcmp(r->model, "sample_spec") == 0)
		return NOT_A_MODEL;
	take_rates(r, r->fields, "", &base);
	if (isnan(base.input) && isnan(base.output))
		return NOT_A_MODEL;
	price->base = without_gaps(&base);
	take_above(r, price);
	if (json_object_object_get_ex(r->fields, "provider_specific_entry", &specific)
	    && json_object_is_type(specific, json_type_object))
		price->fast_factor = take_number(r, specific, "fast", FAST_FACTOR_MAX, 1.);
	/* LiteLLM's own sample has a text there. */
	int64_t window = json_get_int(r->fields, "max_input_tokens", 0);
	price->max_input_tokens = window > 0 && window <= WINDOW_MAX_TOKENS ? window : 0;
	return take_past(r, price) ? TAKEN : NO_MEMORY;
}

static bool add_price(struct price_book *book, const char *model, const struct price *price)
{
	if (!array_reserve(&book->prices, &book->cap, book->count + 1, sizeof(*book->prices)))
		return false;
	char *name = strdup(model);
	if (!name)
		return false;
	book->prices[book->count] = *price;
	book->prices[book->count++].model = name;
	return true;
}

static int compare_models(const void *a, const void *b)
{
	return strcmp(((const struct price *)a)->model, ((const struct price *)b)->model);
}

static bool take_member(struct price_book *book, struct reading *r)
{
	struct price price;
	enum taken taken = take_price(r, &price);
	if (taken == TAKEN && !r->failed && book->count == MODELS_MAX) {
		buf_printf(r->error, "cannot use %s: it has more than %d models", r->path, MODELS_MAX);
		r->failed = true;
	}
	if (taken == TAKEN && !r->failed && add_price(book, r->model, &price))
		return true;
	free_price(&price);
	return taken == NOT_A_MODEL && !r->failed;
}

static bool fill(struct price_book *book, const char *path, struct json_object *root, struct buf *error)
{
	struct json_object_iter it;
	json_object_object_foreachC(root, it) {
		struct reading r = { .path = path, .model = it.key, .fields = it.val, .error = error };
		if (strlen(it.key) > 0 && strlen(it.key) <= PRICE_MODEL_MAX && !take_member(book, &r))
			return false;
	}
	if (book->count > 0)
		qsort(book->prices, book->count, sizeof(*book->prices), compare_models);
	return true;
}

/* Returns NULL when memory ran out, or with a message in `error`. */
static struct price_book *make_book(const char *path, const struct buf *text, struct buf *error)
{
	AUTO_JSON *root = json_parse(buf_str(text), text->len, JSON_PARSE_MAX_DEPTH, NULL);
	if ((!root && errno != ENOMEM) || (root && !json_object_is_type(root, json_type_object))) {
		buf_printf(error, "cannot use %s: it is not one JSON object", path);
		return NULL;
	}
	struct price_book *book = root ? calloc(1, sizeof(*book)) : NULL;
	if (book && fill(book, path, root, error))
		return book;
	price_book_free(book);
	return NULL;
}

struct price_book *price_book_load(const char *path, struct buf *error)
{
	AUTO_BUF text = BUF_INIT;
	if (file_read_regular(AT_FDCWD, path, 0, PRICE_FILE_MAX_BYTES, &text)) {
		struct price_book *book = make_book(path, &text, error);
		if (!book)
			errno = EINVAL;
		return book;
	}
	int why = errno;
	if (why == EFBIG || why == EINVAL)
		buf_printf(error, "cannot use %s: it is not a regular file of up to %zu MiB", path,
			   PRICE_FILE_MAX_BYTES >> 20);
	else if (why != ENOENT)
		buf_printf(error, "cannot read %s: %s", path, strerror(why));
	errno = why;
	return NULL;
}

const struct price *price_book_find(const struct price_book *book, const char *model, size_t len,
				    double *factor, bool *from_book)
{
	const struct price *found = NULL;
	if (book && book->count > 0)
		found = price_find_among(book->prices, book->count, model, len, factor);
	if (from_book)
		*from_book = found != NULL;
	return found ? found : price_find(model, len, factor);
}

int64_t price_max_input_tokens(const struct price_book *book, const char *model, size_t len)
{
	double factor;
	const struct price *price = price_book_find(book, model, len, &factor, NULL);
	if (price && price->max_input_tokens > 0)
		return price->max_input_tokens;
	price = price_find(model, len, &factor);
	return price ? price->max_input_tokens : 0;
}
