/*
 * store/steps: what makes the ledger's file of an earlier version of swatch one of this version.
 *
 * For: database.c. A step takes all rows over as they are, and derives no cost again.
 */
#ifndef SWATCH_LEDGER_STORE_STEPS_H
#define SWATCH_LEDGER_STORE_STEPS_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * Whether the tables are the ones that this version of swatch, or an earlier one, makes. Returns SQLITE_OK;
 * SQLITE_NOTADB for others; or SQLite's result when they cannot be read now.
 */
int store_steps_check_tables(sqlite3 *db, int64_t version);

/*
 * Takes all steps from the file's version to STORE_VERSION in one transaction. Returns SQLITE_OK, or SQLite's
 * result: then the file is as before.
 */
int store_steps_take(sqlite3 *db);

/* PRAGMA user_version; -1 when it cannot be read. */
int64_t store_steps_version(sqlite3 *db);

#endif
