/*
 * pricing: the prices in force: the compiled-in ones, and before them those of pricing.json beside the config file.
 *
 * For: daemon.c at its start, daemon_config.c on SIGHUP. A faulty file is said, in the log and in the status, and
 * changes nothing: at the start the compiled-in prices stay, later the ones that were in force.
 */
#ifndef SWATCH_SWATCHD_BILLING_PRICING_H
#define SWATCH_SWATCHD_BILLING_PRICING_H

#include "json/write.h"
#include "ledger/ledger.h"

struct pricing {
	char *path;               /* NULL: nobody can tell where it would be */
	struct price_book *book;  /* NULL: the compiled-in prices alone */
	char error[512];          /* why the file, as it is now, is not in force; "": it is, or there is none */
};

/* Takes the prices that a ledger without records is to go by. `config_path` as in config_pricing_path(). */
void pricing_init(struct pricing *pricing, const char *config_path, struct ledger *ledger);

/* Reads the file again, and prices everything in the ledger by it. Returns false when it is faulty: nothing changed. */
bool pricing_reload(struct pricing *pricing, struct ledger *ledger);

/* Writes the "pricing" object of the status answer into an open object. */
void pricing_write_status(const struct pricing *pricing, struct jsonw *w);

/* The ledger must be gone by then. */
void pricing_release(struct pricing *pricing);

#endif
