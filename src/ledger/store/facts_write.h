/*
 * store/facts_write: writes the facts of a batch, within the transaction of its messages.
 *
 * For: write.c. Writing the same facts twice changes nothing.
 */
#ifndef SWATCH_LEDGER_STORE_FACTS_WRITE_H
#define SWATCH_LEDGER_STORE_FACTS_WRITE_H

#include "ledger/store/batch.h"
#include "ledger/store/numbers.h"

struct store_facts_writer;

/* Prepares the statements; `numbers` stays the caller's. NULL when that fails: sqlite3_errmsg() says why. */
struct store_facts_writer *store_facts_writer_new(sqlite3 *db, struct store_numbers *numbers);

/*
 * Writes all of batch->facts; `transcripts` has the numbers of the batch's transcripts. Returns SQLITE_OK, or
 * SQLite's result.
 */
int store_facts_write(struct store_facts_writer *writer, const struct store_batch *batch,
		      const int64_t *transcripts);

/* `writer` may be NULL. */
void store_facts_writer_free(struct store_facts_writer *writer);

#endif
