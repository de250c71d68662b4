/*
 * store/price_text: a price as the ledger's file keeps it, so that a cost can be understood years later.
 *
 * For: batch.c.
 */
#ifndef SWATCH_LEDGER_STORE_PRICE_TEXT_H
#define SWATCH_LEDGER_STORE_PRICE_TEXT_H

#include "base/buf.h"
#include "price/price.h"

/* Appends JSON: US dollars for a million tokens of each kind, `factor` (of the region, say) included. */
void store_price_text(const struct price *price, double factor, struct buf *out);

#endif
