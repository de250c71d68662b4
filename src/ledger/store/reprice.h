/*
 * store/reprice: what messages in the ledger's file cost by the prices in force.
 *
 * For: swatch reprice; the daemon, which prices what had no price when it came. Nothing else ever changes the
 * cost of a message: a price that changes later does not.
 *
 * A message whose line says itself what it cost keeps that, and so does one whose model has no price now.
 */
#ifndef SWATCH_LEDGER_STORE_REPRICE_H
#define SWATCH_LEDGER_STORE_REPRICE_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "price/price.h"

struct store_repricing {
	const struct price_book *book; /* NULL: the compiled-in prices alone */
	bool extras;		       /* [billing] extras */
	bool only_unpriced;	       /* leave out what has a price */
	int64_t since_ms;	       /* leave out everything before it */
};

/* Messages that count. */
struct store_repriced_model {
	int64_t model; /* its row; 0: it has no name */
	bool fast;     /* the messages in fast mode have a row of their own */
	char name[PRICE_MODEL_MAX];
	const struct price *price; /* NULL: it has none */
	double factor;
	int64_t messages, changed;
	int64_t before_nano_usd, after_nano_usd;
};

struct store_repriced {
	struct store_repriced_model *models;
	size_t count, cap;
	int64_t messages, changed;
	int64_t before_nano_usd, after_nano_usd;
};

/* Says what would change. Works on a file that is open for reading only. Returns SQLITE_OK, or SQLite's
 * result; release `out` in every case. */
int store_reprice_look(sqlite3 *db, const struct store_repricing *repricing, struct store_repriced *out);

/* Does it, in one transaction. */
int store_reprice_do(sqlite3 *db, const struct store_repricing *repricing, struct store_repriced *out);

/*
 * Whether the file has messages without a price of a model that has one now. O(models): without such messages
 * nothing else is read.
 */
bool store_reprice_is_due(sqlite3 *db, const struct price_book *book);

/* Whether some message that counts has no price: only then anything can be due. */
bool store_reprice_has_unpriced(sqlite3 *db);

void store_reprice_release(struct store_repriced *out);

#endif
