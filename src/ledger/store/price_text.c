#include "ledger/store/price_text.h"

#include "json/write.h"

static void put_rates(struct jsonw *w, const struct price_rates *rates, double factor)
{
	const double million = factor * 1e6;
	jsonw_put_amount(w, "input", rates->input * million);
	jsonw_put_amount(w, "output", rates->output * million);
	jsonw_put_amount(w, "cacheWrite5m", rates->cache_creation * million);
	/* As price_cost_usd() has it. */
	jsonw_put_amount(w, "cacheWrite1h", rates->input * 2. * million);
	jsonw_put_amount(w, "cacheRead", rates->cache_read * million);
}

void store_price_text(const struct price *price, double factor, struct buf *out)
{
	struct jsonw w;
	jsonw_init(&w, out);
	jsonw_begin_object(&w);
	put_rates(&w, &price->base, factor);
	jsonw_put_amount(&w, "fastFactor", price->fast_factor);
	if (price->threshold_tokens > 0) {
		jsonw_key_object(&w, "above");
		jsonw_put_int(&w, "tokens", price->threshold_tokens);
		jsonw_put_bool(&w, "wholeRequest", price->whole_request);
		put_rates(&w, &price->above, factor);
		jsonw_end_object(&w);
	}
	jsonw_end_object(&w);
}
