/*
 * store/write: writes a batch in one transaction.
 *
 * For: store.c. Writing the same batch twice changes nothing: a message is found again by its key and
 * request, a transcript by its path.
 */
#ifndef SWATCH_LEDGER_STORE_WRITE_H
#define SWATCH_LEDGER_STORE_WRITE_H

#include <sqlite3.h>

#include "ledger/store/batch.h"

struct store_writer;

/* Prepares the statements. Returns NULL when that fails: sqlite3_errmsg(db) says why. */
struct store_writer *store_writer_new(sqlite3 *db);

/* Writes all of the batch, or nothing. Returns SQLITE_OK, or SQLite's result. */
int store_writer_write(struct store_writer *writer, const struct store_batch *batch);

/* Before the database is closed. `writer` may be NULL. */
void store_writer_free(struct store_writer *writer);

#endif
