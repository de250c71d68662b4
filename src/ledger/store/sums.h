/*
 * store/sums: what some messages of the ledger's file sum up to.
 *
 * For: rollup.c and days.c, which keep sums in the file; rolled.c, which reads them.
 */
#ifndef SWATCH_LEDGER_STORE_SUMS_H
#define SWATCH_LEDGER_STORE_SUMS_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include "ledger/store/rows.h"

struct store_sums {
	int64_t messages, unpriced;  /* unpriced: those without a price */
	struct price_tokens tokens;
	int64_t web_searches, nano_usd, reference;
	int64_t first_ms, last_ms;   /* 0 without a message, as what follows */
	/* The lowest offset, and of several transcripts the one whose offset it is. */
	int64_t first_transcript, first_offset;
};

/* The columns messages to last_ms, in their order, as the tables of sums have them. */
#define STORE_SUM_COLUMNS                                                                                    \
	"messages, unpriced, input, output, cache_write_5m, cache_write_1h, cache_read, web_searches,"       \
	" nano_usd, reference, first_ms, last_ms"
#define STORE_SUM_COUNT 12

/* Adds a message, or takes one away; the latter leaves the times and the place alone. */
void store_sums_add_row(struct store_sums *sums, const struct store_row *row);

/* sums + added - removed, without times and place; false when anything would be below 0. */
bool store_sums_change(struct store_sums *sums, const struct store_sums *added,
		       const struct store_sums *removed);

/* Takes STORE_SUM_COLUMNS from `column` on. Returns false when we cannot have written them. */
bool store_sums_take(sqlite3_stmt *row, int column, struct store_sums *out);

/* Binds them to the parameters from `number` on. */
void store_sums_bind(sqlite3_stmt *statement, int number, const struct store_sums *sums);

#endif
