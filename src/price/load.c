#include "price/load.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"

#define MILLION 1e6

bool prices_load(struct prices *prices, const char *config_path, struct buf *error)
{
	memset(prices, 0, sizeof(*prices));
	errno = 0;
	prices->path = config_pricing_path(config_path);
	if (!prices->path)
		return errno != ENOMEM;
	prices->book = price_book_load(prices->path, error);
	return prices->book || errno == ENOENT;
}

void prices_release(struct prices *prices)
{
	price_book_free(prices->book);
	free(prices->path);
	memset(prices, 0, sizeof(*prices));
}

/* ---- a model's price ---- */

static void set_rates(const struct price_rates *rates, double factor, struct prices_rates *out)
{
	out->input = rates->input * factor * MILLION;
	out->output = rates->output * factor * MILLION;
	out->cache_write_5m = rates->cache_creation * factor * MILLION;
	out->cache_write_1h = 2. * rates->input * factor * MILLION;
	out->cache_read = rates->cache_read * factor * MILLION;
}

/* Where only a part of the tokens is dearer, a kind without a higher price keeps the base one. */
static struct price_rates above_threshold(const struct price *price)
{
	struct price_rates above = price->above;
	if (price->whole_request)
		return above;
	above.input = above.input > 0. ? above.input : price->base.input;
	above.output = above.output > 0. ? above.output : price->base.output;
	above.cache_creation = above.cache_creation > 0. ? above.cache_creation : price->base.cache_creation;
	above.cache_read = above.cache_read > 0. ? above.cache_read : price->base.cache_read;
	return above;
}

static double factor_of(const struct prices_model *model)
{
	return model->region_factor * (model->is_fast ? model->price->fast_factor : 1.);
}

void prices_of_past(const struct prices_model *model, size_t index, struct prices_rates *out)
{
	set_rates(&model->price->past[index].base, factor_of(model), out);
}

static bool ends_with(const char *text, size_t len, const char *end)
{
	size_t end_len = strlen(end);
	return len > end_len && memcmp(text + len - end_len, end, end_len) == 0;
}

void prices_find(const struct prices *prices, const char *model, struct prices_model *out)
{
	static const char fast[] = "-fast";
	size_t len = strlen(model);
	memset(out, 0, sizeof(*out));
	out->price = price_book_find(prices->book, model, len, &out->region_factor, &out->from_file);
	/* The reports' own name for speed "fast", unless a model is really called so. */
	if (ends_with(model, len, fast) && (!out->price || strcmp(out->price->model, model) != 0)) {
		out->price = price_book_find(prices->book, model, len - strlen(fast), &out->region_factor,
					     &out->from_file);
		out->is_fast = true;
	}
	if (!out->price)
		return;
	double factor = factor_of(out);
	struct price_rates above = above_threshold(out->price);
	set_rates(&out->price->base, factor, &out->base);
	set_rates(&above, factor, &out->above);
}
