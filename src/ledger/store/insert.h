/*
 * store/insert: puts a message into the ledger's file.
 *
 * For: write.c, and import.c, which have found out what its numbers name.
 */
#ifndef SWATCH_LEDGER_STORE_INSERT_H
#define SWATCH_LEDGER_STORE_INSERT_H

#include "ledger/store/rows.h"

/* For store_statements_open(). */
extern const char store_insert_text[];

/*
 * Puts the row into the first free slot from its millisecond on; the file has no message of its key and
 * request. `insert` was prepared of store_insert_text. Returns SQLITE_OK, or SQLite's result; SQLITE_FULL
 * also when all slots up to STORE_LATE_MAX_MS later are full.
 */
int store_insert(sqlite3_stmt *insert, const struct store_row *row);

/*
 * The same with any INSERT ... ON CONFLICT DO NOTHING whose parameters 1 and 4 are the id and `late`; the
 * others are bound.
 */
int store_insert_at(sqlite3_stmt *insert, uint64_t key, int64_t time_ms);

#endif
