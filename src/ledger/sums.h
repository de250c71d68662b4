/*
 * ledger/sums: adds entries up.
 *
 * For: the parts of the ledger that keep sums: models, sessions, spans, blocks.
 */
#ifndef SWATCH_LEDGER_SUMS_H
#define SWATCH_LEDGER_SUMS_H

#include "ledger/entry.h"
#include "ledger/figures.h"

/* Adds an entry to sums (`sign` 1), or takes it out again (-1). */
void ledger_sums_add_entry(struct ledger_sums *sums, const struct ledger_entry *entry, int sign);

/* Adds sums to sums. */
void ledger_sums_add(struct ledger_sums *sums, const struct ledger_sums *more);

#endif
