/*
 * store/rollup: keeps the sums of the ledger's file, tables hour, day and model, equal to its messages.
 *
 * For: write.c, which says what it adds and removes within its transaction; the steps of the schema, and the
 * commands that change many rows, which make all sums anew.
 *
 * Changes are gathered in memory and written once for each row of sums. A row from which the first or the
 * last message went is summed up again from its messages.
 */
#ifndef SWATCH_LEDGER_STORE_ROLLUP_H
#define SWATCH_LEDGER_STORE_ROLLUP_H

#include "ledger/store/rows.h"

struct store_rollup;

/* Prepares the statements. Returns NULL when that fails. */
struct store_rollup *store_rollup_new(sqlite3 *db);

/*
 * A message was added: rows that do not count (STORE_HIDDEN) are passed over.
 * Returns SQLITE_OK, or SQLite's result.
 */
int store_rollup_add(struct store_rollup *rollup, const struct store_row *row);

/* The row of that id, which is still there, is going to be removed. */
int store_rollup_remove_id(struct store_rollup *rollup, int64_t id);

/* Writes what was gathered; before COMMIT. Returns SQLITE_OK, or SQLite's result. */
int store_rollup_apply(struct store_rollup *rollup);

/* Drops what was gathered: the transaction is over. */
void store_rollup_forget(struct store_rollup *rollup);

/* May be NULL. */
void store_rollup_free(struct store_rollup *rollup);

/*
 * Makes all sums anew from the messages, within the caller's transaction. O(file). Returns SQLITE_OK, or
 * SQLite's result.
 */
int store_rollup_rebuild(sqlite3 *db);

#endif
