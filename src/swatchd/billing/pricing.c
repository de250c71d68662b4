#include "swatchd/billing/pricing.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"

static bool load(struct pricing *pricing, const char *config_path, struct prices *out, const char *what_stays)
{
	AUTO_BUF error = BUF_INIT;
	bool good = prices_load(out, config_path, &error);
	snprintf(pricing->error, sizeof(pricing->error), "%s", good ? "" : buf_message(&error));
	if (!good)
		log_error("%s; %s", pricing->error, what_stays);
	else if (out->book)
		log_info("prices of %zu models from %s go before the compiled-in ones",
			 price_book_count(out->book), out->path);
	return good;
}

void pricing_init(struct pricing *pricing, const char *config_path, struct ledger *ledger)
{
	(void)load(pricing, config_path, &pricing->prices, "the compiled-in prices are in force");
	ledger_set_prices(ledger, pricing->prices.book);
}

bool pricing_reload(struct pricing *pricing, const char *config_path, struct ledger *ledger)
{
	struct prices fresh;
	if (!load(pricing, config_path, &fresh, "the prices in force stay")) {
		prices_release(&fresh);
		return false;
	}
	if (!fresh.book && pricing->prices.book)
		log_info("%s is gone: the compiled-in prices are in force", pricing->prices.path);
	/* Where there was a file, or there is one now, it may be another one under the same name. */
	if (fresh.book || pricing->prices.book)
		ledger_reprice(ledger, fresh.book);
	prices_release(&pricing->prices);
	pricing->prices = fresh;
	return true;
}

void pricing_write_status(const struct pricing *pricing, struct jsonw *w)
{
	jsonw_put_string(w, "file", pricing->prices.path);
	jsonw_put_int(w, "models", (int64_t)price_book_count(pricing->prices.book));
	jsonw_put_string(w, "error", pricing->error[0] ? pricing->error : NULL);
}

void pricing_release(struct pricing *pricing)
{
	prices_release(&pricing->prices);
	pricing->error[0] = '\0';
}
