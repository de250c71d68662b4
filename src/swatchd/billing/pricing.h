/*
 * pricing: the prices of the daemon's ledger.
 *
 * For: daemon.c at its start, daemon/config.c on SIGHUP. A faulty pricing.json changes nothing, and the log
 * and the status say what is wrong with it: at the start the compiled-in prices stay, later the ones that
 * were in force.
 */
#ifndef SWATCH_SWATCHD_BILLING_PRICING_H
#define SWATCH_SWATCHD_BILLING_PRICING_H

#include "json/write.h"
#include "ledger/ledger.h"
#include "price/load.h"

struct pricing {
	struct prices prices;
	char error[512];          /* the file's fault; "" when it is good, or missing */
};

/* Sets the prices of a ledger without records. `config_path` as in prices_load(). */
void pricing_init(struct pricing *pricing, const char *config_path, struct ledger *ledger);

/*
 * Reads the file again, and prices everything in the ledger by it. Returns false when the file cannot be
 * used: nothing changed.
 */
bool pricing_reload(struct pricing *pricing, const char *config_path, struct ledger *ledger);

/* Writes the "pricing" object of the status answer into an open object. */
void pricing_write_status(const struct pricing *pricing, struct jsonw *w);

/* The ledger must be gone by then. */
void pricing_release(struct pricing *pricing);

#endif
