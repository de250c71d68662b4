#include "swatch/cli/prices.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "swatch/ui/terminal.h"

#define MILLION 1e6

int prices_load(const struct invocation *invocation, struct prices *prices)
{
	struct buf error = BUF_INIT;
	int status = SWATCH_OK;
	memset(prices, 0, sizeof(*prices));
	errno = 0;
	prices->path = config_pricing_path(invocation->config_option);
	if (!prices->path && errno == ENOMEM) {
		terminal_error("cannot tell which prices are in force: out of memory");
		return SWATCH_FAILED;
	}
	if (!prices->path)
		return SWATCH_OK;
	prices->book = price_book_load(prices->path, &error);
	if (!prices->book && errno != ENOENT) {
		terminal_error("%s; mend it, or move it away to use the compiled-in prices", buf_message(&error));
		status = SWATCH_USAGE;
	}
	buf_release(&error);
	return status;
}

void prices_release(struct prices *prices)
{
	price_book_free(prices->book);
	free(prices->path);
	memset(prices, 0, sizeof(*prices));
}

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
		out->price = price_book_find(prices->book, model, len - strlen(fast), &out->region_factor, &out->from_file);
		out->is_fast = true;
	}
	if (!out->price)
		return;
	double factor = out->region_factor * (out->is_fast ? out->price->fast_factor : 1.);
	struct price_rates above = above_threshold(out->price);
	set_rates(&out->price->base, factor, &out->base);
	set_rates(&above, factor, &out->above);
}
