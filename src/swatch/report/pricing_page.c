#include "swatch/report/pricing_page.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/printable.h"
#include "json/pretty.h"
#include "json/write.h"
#include "swatch/ui/human.h"
#include "swatch/ui/terminal.h"

enum { PRICE_MODEL, PRICE_INPUT, PRICE_OUTPUT, PRICE_WRITE_5M, PRICE_WRITE_1H, PRICE_READ, PRICE_FAST,
       PRICE_FROM, PRICE_COLUMNS };

static const struct table_column columns[] = {
	[PRICE_MODEL] = { .title = "MODEL", },
	[PRICE_INPUT] = { .title = "INPUT", .is_number = true },
	[PRICE_OUTPUT] = { .title = "OUTPUT", .is_number = true },
	[PRICE_WRITE_5M] = { .title = "WRITE 5M", .brief_title = "5M", .is_number = true, .drop = 3 },
	[PRICE_WRITE_1H] = { .title = "WRITE 1H", .brief_title = "1H", .is_number = true, .drop = 3 },
	[PRICE_READ] = { .title = "READ", .is_number = true, .drop = 2 },
	[PRICE_FAST] = { .title = "FAST", .is_number = true, .drop = 4 },
	[PRICE_FROM] = { .title = "FROM", .style = STYLE_QUIET },
};

/* ---- the table ---- */

/* "$15.00", "$0.025": two decimals, and more where there are more. */
static void put_price(struct table *table, size_t column, double usd)
{
	char text[HUMAN_SIZE];
	int decimals = 2;
	while (decimals < 6 && fabs(usd * pow(10, decimals) - round(usd * pow(10, decimals))) > 1e-6)
		decimals++;
	snprintf(text, sizeof(text), "$%.*f", decimals, usd);
	table_cell(table, column, text, NULL);
}

static void put_rates(struct table *table, const struct prices_rates *rates)
{
	put_price(table, PRICE_INPUT, rates->input);
	put_price(table, PRICE_OUTPUT, rates->output);
	put_price(table, PRICE_WRITE_5M, rates->cache_write_5m);
	put_price(table, PRICE_WRITE_1H, rates->cache_write_1h);
	put_price(table, PRICE_READ, rates->cache_read);
}

/* A narrow table leaves out the beginning that all names share. */
static const char *brief_name(const char *model)
{
	static const char prefix[] = "claude-";
	return strncmp(model, prefix, strlen(prefix)) == 0 ? model + strlen(prefix) : model;
}

/* Shows the price's own name, and the factors. */
static void put_resolution(struct table *table, const struct prices_model *found)
{
	AUTO_BUF text = BUF_INIT, factors = BUF_INIT;
	if (found->region_factor != 1.)
		buf_printf(&factors, " x %g", found->region_factor);
	if (found->is_fast)
		buf_printf(&factors, " x %g", found->price->fast_factor);
	buf_printf(&text, "= %s%s", found->price->model, buf_str(&factors));
	size_t whole_len = text.len;
	buf_append_char(&text, '\0');
	buf_printf(&text, "= %s%s", brief_name(found->price->model), buf_str(&factors));
	if (!text.failed)
		table_cell(table, PRICE_MODEL, text.data, text.data + whole_len + 1);
	table->failed = table->failed || text.failed || factors.failed;
}

static void add_above(struct table *table, const struct prices_model *found)
{
	char text[64];
	snprintf(text, sizeof(text), "  %s over %.20s", found->price->whole_request ? "input" : "tokens",
		 human_count(found->price->threshold_tokens, HUMAN_TEXT));
	table_row(table, STYLE_QUIET);
	table_cell(table, PRICE_MODEL, text, NULL);
	put_rates(table, &found->above);
}

/* The last day of a price of the past. */
static void put_last_day(const struct price_past *past, char out[CLOCK_RFC3339_SIZE])
{
	clock_format_rfc3339(past->until_ms - 1, out);
	out[strlen("2026-10-06")] = '\0';
}

static void add_past(struct table *table, const struct prices_model *found)
{
	for (size_t i = found->price->past_count; i-- > 0;) {
		char day[CLOCK_RFC3339_SIZE], text[CLOCK_RFC3339_SIZE + 16];
		struct prices_rates rates;
		put_last_day(&found->price->past[i], day);
		snprintf(text, sizeof(text), "  until %s", day);
		prices_of_past(found, i, &rates);
		table_row(table, STYLE_QUIET);
		table_cell(table, PRICE_MODEL, text, NULL);
		put_rates(table, &rates);
	}
}

static void add_model(struct table *table, const struct prices *prices, const char *model)
{
	struct prices_model found;
	char factor[32];
	prices_find(prices, model, &found);
	bool is_other = found.price && strcmp(found.price->model, model) != 0;
	if (!found.price) {
		AUTO_BUF text = BUF_INIT;
		buf_printf(&text, "%s: not known", model);
		table_span(table, STYLE_BAD, buf_str(&text));
		table->failed = table->failed || text.failed;
		return;
	}
	if (is_other)
		table_span(table, STYLE_PLAIN, model);
	table_row(table, STYLE_PLAIN);
	table_cell(table, PRICE_FROM, found.from_file ? "file" : "table", NULL);
	if (is_other)
		put_resolution(table, &found);
	else
		table_cell(table, PRICE_MODEL, model, brief_name(model));
	put_rates(table, &found.base);
	snprintf(factor, sizeof(factor), "x %g", found.price->fast_factor);
	if (found.price->fast_factor != 1. && !found.is_fast)
		table_cell(table, PRICE_FAST, factor, NULL);
	if (found.price->threshold_tokens > 0)
		add_above(table, &found);
	add_past(table, &found);
}

static void explain(const struct prices *prices, const char *const *models, size_t count, struct page *page)
{
	bool any_above = false, any_whole = false, any_fast = false;
	for (size_t i = 0; i < count; i++) {
		struct prices_model found;
		prices_find(prices, models[i], &found);
		const struct price *price = found.price;
		bool has_above = price && price->threshold_tokens > 0;
		any_above = any_above || (has_above && !price->whole_request);
		any_whole = any_whole || (has_above && price->whole_request);
		any_fast = any_fast || (price && price->fast_factor != 1.);
	}
	page_blank_line(page);
	page_line(page, STYLE_PLAIN, 0,
		  "US dollars for a million tokens; 5M and 1H are cache writes by how long they "
		  "live, READ is what is read from the cache.");
	if (any_above)
		page_line(page, STYLE_PLAIN, 0,
			  "tokens over N: of each kind, those beyond the first N of a message.");
	if (any_whole)
		page_line(page, STYLE_PLAIN, 0,
			  "input over N: all tokens of a message whose input and cache have more than N.");
	if (any_fast)
		page_line(page, STYLE_PLAIN, 0, "FAST: the factor for speed \"fast\".");
	page_row(page, "table");
	page_item(page, STYLE_PLAIN, "compiled into swatch %s", PACKAGE_VERSION);
	if (!prices->path)
		return;
	page_row(page, "file");
	page_path(page, STYLE_PLAIN, prices->path);
	if (prices->book)
		page_item(page, STYLE_PLAIN, "%s, before the table's",
			  human_counted((int64_t)price_book_count(prices->book), "model", HUMAN_TEXT));
	else
		page_item(page, STYLE_QUIET, "not there");
}

bool pricing_compose(const struct prices *prices, const char *const *models, size_t count,
		     const struct table_device *device, struct buf *out)
{
	struct table table;
	struct page page;
	table_init(&table, columns, PRICE_COLUMNS);
	page_init(&page, device->colour);
	for (size_t i = 0; i < count; i++)
		add_model(&table, prices, models[i]);
	explain(prices, models, count, &page);
	bool good = table_render(&table, device, out);
	buf_append_str(out, page_text(&page));
	good = good && !page.out.failed && !out->failed;
	page_release(&page);
	table_release(&table);
	return good;
}

/* ---- JSON ---- */

/* Without the noise that a factor leaves in the last digits. */
static void write_price(struct jsonw *w, const char *key, double usd)
{
	char text[64];
	snprintf(text, sizeof(text), "%.12g", usd);
	jsonw_put_double(w, key, strtod(text, NULL));
}

static void write_rates(struct jsonw *w, const struct prices_rates *rates)
{
	jsonw_key(w, "usdPerMillionTokens");
	jsonw_begin_object(w);
	write_price(w, "input", rates->input);
	write_price(w, "output", rates->output);
	write_price(w, "cacheWrite5m", rates->cache_write_5m);
	write_price(w, "cacheWrite1h", rates->cache_write_1h);
	write_price(w, "cacheRead", rates->cache_read);
	jsonw_end_object(w);
}

static void write_past(struct jsonw *w, const struct prices_model *found)
{
	jsonw_key(w, "until");
	jsonw_begin_array(w);
	for (size_t i = 0; i < found->price->past_count; i++) {
		char day[CLOCK_RFC3339_SIZE];
		struct prices_rates rates;
		put_last_day(&found->price->past[i], day);
		prices_of_past(found, i, &rates);
		jsonw_begin_object(w);
		jsonw_put_string(w, "day", day);
		write_rates(w, &rates);
		jsonw_end_object(w);
	}
	jsonw_end_array(w);
}

static void write_model(struct jsonw *w, const struct prices *prices, const char *model)
{
	struct prices_model found;
	prices_find(prices, model, &found);
	jsonw_begin_object(w);
	jsonw_put_string(w, "model", model);
	jsonw_put_string(w, "pricedAs", found.price ? found.price->model : NULL);
	jsonw_put_string(w, "source", !found.price ? NULL : found.from_file ? "pricing.json" : "compiled-in");
	if (found.price) {
		write_rates(w, &found.base);
		if (found.price->threshold_tokens > 0) {
			jsonw_key(w, "above");
			jsonw_begin_object(w);
			jsonw_put_int(w, "tokens", found.price->threshold_tokens);
			jsonw_put_bool(w, "wholeRequest", found.price->whole_request);
			write_rates(w, &found.above);
			jsonw_end_object(w);
		} else {
			jsonw_put_null(w, "above");
		}
		jsonw_put_double(w, "fastFactor", found.price->fast_factor);
		jsonw_put_bool(w, "isFast", found.is_fast);
		jsonw_put_double(w, "regionFactor", found.region_factor);
		write_past(w, &found);
		jsonw_put_int_or_null(w, "maxInputTokens", found.price->max_input_tokens);
	}
	jsonw_end_object(w);
}

void pricing_write_json(const struct prices *prices, const char *const *models, size_t count, struct buf *out)
{
	AUTO_BUF compact = BUF_INIT, text = BUF_INIT;
	struct jsonw w;
	jsonw_init(&w, &compact);
	jsonw_begin_object(&w);
	jsonw_key(&w, "models");
	jsonw_begin_array(&w);
	for (size_t i = 0; i < count; i++)
		write_model(&w, prices, models[i]);
	jsonw_end_array(&w);
	jsonw_put_string(&w, "pricingFile", prices->book ? prices->path : NULL);
	jsonw_end_object(&w);
	json_pretty(&text, buf_str(&compact), compact.len, 0);
	buf_append_char(&text, '\n');
	printable_clean_json(out, buf_str(&text), text.len);
	out->failed = out->failed || compact.failed || text.failed;
}
