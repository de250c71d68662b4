#include "swatchd/billing/pricing.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "config/config.h"
#include "price/price.h"

/* Reads the file. Returns false when it is faulty; *book is NULL when there is none. */
static bool load(struct pricing *pricing, struct price_book **book, const char *what_stays)
{
	struct buf error = BUF_INIT;
	*book = pricing->path ? price_book_load(pricing->path, &error) : NULL;
	bool good = *book || !pricing->path || errno == ENOENT;
	snprintf(pricing->error, sizeof(pricing->error), "%s", good ? "" : buf_message(&error));
	if (!good)
		log_error("%s; %s", pricing->error, what_stays);
	else if (*book)
		log_info("prices of %zu models from %s go before the compiled-in ones", price_book_count(*book), pricing->path);
	buf_release(&error);
	return good;
}

void pricing_init(struct pricing *pricing, const char *config_path, struct ledger *ledger)
{
	memset(pricing, 0, sizeof(*pricing));
	errno = 0;
	pricing->path = config_pricing_path(config_path);
	if (!pricing->path && errno == ENOMEM)
		log_error("cannot look for a pricing.json: out of memory; the compiled-in prices are in force");
	(void)load(pricing, &pricing->book, "the compiled-in prices are in force");
	ledger_set_prices(ledger, pricing->book);
}

bool pricing_reload(struct pricing *pricing, struct ledger *ledger)
{
	struct price_book *fresh;
	if (!load(pricing, &fresh, "the prices in force stay"))
		return false;
	/* Without a file before and now there is nothing to do; otherwise it may be another one under the same name. */
	if (!fresh && !pricing->book)
		return true;
	if (!fresh)
		log_info("%s is gone: the compiled-in prices are in force", pricing->path);
	ledger_reprice(ledger, fresh);
	price_book_free(pricing->book);
	pricing->book = fresh;
	return true;
}

void pricing_write_status(const struct pricing *pricing, struct jsonw *w)
{
	jsonw_put_string(w, "file", pricing->path);
	jsonw_put_int(w, "models", (int64_t)price_book_count(pricing->book));
	jsonw_put_string(w, "error", pricing->error[0] ? pricing->error : NULL);
}

void pricing_release(struct pricing *pricing)
{
	price_book_free(pricing->book);
	free(pricing->path);
	memset(pricing, 0, sizeof(*pricing));
}
