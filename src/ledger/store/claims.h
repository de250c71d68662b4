/*
 * store/claims: what lines say about who paid for a message, beside its row. Only messages that forks copied
 * have any (STORE_HAS_CLAIMS).
 *
 * For: write.c, which keeps them; archive.c, which hands them back.
 */
#ifndef SWATCH_LEDGER_STORE_CLAIMS_H
#define SWATCH_LEDGER_STORE_CLAIMS_H

#include <sqlite3.h>

#include "ledger/store/batch.h"
#include "ledger/store/numbers.h"

struct store_claims {
	sqlite3_stmt *add, *find;
};

/* Prepares the questions; `writes`: not only store_claims_read(). Returns SQLITE_OK, or SQLite's result. */
int store_claims_open(sqlite3 *db, bool writes, struct store_claims *claims);

/* Keeps the claims of a message, in the transaction that is open. Returns SQLITE_OK, or SQLite's result. */
int store_claims_write(struct store_claims *claims, struct store_numbers *numbers,
		       const struct store_batch *batch, const struct store_message *message);

/*
 * Fills in the claims of a message; their names are appended to `names`, and are good until it changes.
 * Returns SQLITE_OK, or SQLite's result.
 */
int store_claims_read(struct store_claims *claims, uint64_t key, uint32_t request, struct buf *names,
		      struct ledger_kept *out);

void store_claims_release(struct store_claims *claims);

#endif
