/*
 * store/alive: which messages of the ledger's file a daemon needs in memory: those of the last days, and of
 * the blocks that they belong to.
 *
 * For: archive.c.
 */
#ifndef SWATCH_LEDGER_STORE_ALIVE_H
#define SWATCH_LEDGER_STORE_ALIVE_H

#include <sqlite3.h>
#include <stdint.h>

#include "ledger/store/records.h"

/*
 * Finds the message.id from which on messages are needed, so that all from `after_ms` on are there: before it
 * lies a silence that ends a block, or the limit of how far back anybody looks. 0 when there is nothing
 * older. Returns SQLITE_OK, or SQLite's result.
 */
int store_alive_find_start(sqlite3 *db, int64_t now_ms, int64_t after_ms, int64_t *first);

/* How many messages have a message.id from `first` to `last`. Returns SQLITE_OK, or SQLite's result. */
int store_alive_count(sqlite3 *db, int64_t first, int64_t last, int64_t *count);

/*
 * Hands the ledger each model's number of messages, and when it last answered; *last_ms: the last time of
 * all. Returns SQLITE_OK, or SQLite's result.
 */
int store_alive_load_models(sqlite3 *db, struct store_records *records, struct ledger *ledger,
			    int64_t *last_ms);

#endif
