/* pricing.json, and names of models looked up in it and in the table: prices are what they may be, and are
 * shown. */
#include <math.h>

#include "fuzz.h"
#include "swatch/report/pricing_page.h"

#define NAME "pricing.json"
#define MODELS_MAX 4

static void check_price(const struct price *price, double factor)
{
	const struct price_tokens tokens = { 1000, 300000, 7, INT64_C(1) << 53, 250000 };
	double usd = price_cost_usd(price, factor, &tokens, PRICE_NOW, true);
	FUZZ_CHECK(usd >= 0. && isfinite(usd) && isfinite(factor), "%s: %g USD, times %g", price->model, usd,
		   factor);
}

static void check_book(const struct price_book *book)
{
	const struct price *price, *before = NULL;
	size_t count = 0;
	for (; (price = price_book_at(book, count)); count++) {
		double factor = 0.;
		bool from_book = false;
		check_price(price, 1.);
		FUZZ_CHECK(!before || strcmp(before->model, price->model) < 0, "%s before %s", before->model,
			   price->model);
		FUZZ_CHECK(price_book_find(book, price->model, strlen(price->model), &factor, &from_book)
				   == price,
			   "%s is not found by its own name", price->model);
		FUZZ_CHECK(from_book && factor == 1., "%s: times %g", price->model, factor);
		before = price;
	}
	FUZZ_CHECK(count == price_book_count(book), "%zu of %zu models", count, price_book_count(book));
}

static void check_pages(struct price_book *book, const char *const *models, size_t count, size_t width)
{
	char path[] = "/nonexistent/" NAME;
	const struct prices prices = { path, book };
	struct table_device device = { .width = width, .colour = width % 2, .utf8 = width % 3 };
	struct buf page = BUF_INIT, json = BUF_INIT;
	FUZZ_CHECK(pricing_compose(&prices, models, count, &device, &page), "no memory");
	fuzz_check_shown("the page", buf_str(&page), page.len, device.colour);
	pricing_write_json(&prices, models, count, &json);
	json_object_put(fuzz_check_json("the JSON", buf_str(&json), json.len));
	buf_release(&json);
	buf_release(&page);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size };
	struct fuzz_text models[MODELS_MAX];
	const char *names[MODELS_MAX];
	struct buf error = BUF_INIT;
	double factor;
	fuzz_begin();
	struct fuzz_text text = fuzz_take_text(&in);
	size_t width = fuzz_take_byte(&in);
	for (size_t i = 0; i < MODELS_MAX; i++) {
		models[i] = fuzz_take_string(&in);
		names[i] = models[i].data;
	}
	fuzz_write_file(NAME, text.data, text.len);
	char *path = fuzz_path(NAME);
	struct price_book *book = price_book_load(path, &error);
	FUZZ_CHECK(book || error.len > 0, "refused without a reason");
	if (book)
		check_book(book);
	for (size_t i = 0; i < MODELS_MAX; i++) {
		const struct price *price =
			price_book_find(book, models[i].data, models[i].len, &factor, NULL);
		if (price)
			check_price(price, factor);
	}
	check_pages(book, names, MODELS_MAX, width);
	price_book_free(book);
	buf_release(&error);
	free(path);
	for (size_t i = 0; i < MODELS_MAX; i++)
		fuzz_text_release(&models[i]);
	fuzz_text_release(&text);
	return 0;
}
