/*
 * store/imported: what other programs counted, by day and model. It is kept apart: nothing here is a message,
 * and no sum of messages has it in it.
 *
 * For: swatch import --ccusage and --stats-cache, which write it; swatch daily and its like, which show it.
 */
#ifndef SWATCH_LEDGER_STORE_IMPORTED_H
#define SWATCH_LEDGER_STORE_IMPORTED_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include "ledger/store/import.h"

#define STORE_SOURCE_CCUSAGE "ccusage"
/* Claude Code's own sums: of these only input_tokens is set, which has all tokens without those of the cache.
 */
#define STORE_SOURCE_STATS_CACHE "stats-cache"

struct store_imported {
	const char *source; /* one of the above */
	const char *day;    /* "2026-03-29" */
	const char *model;
	int64_t input, output, cache_write, cache_read;
	int64_t nano_usd; /* 0 also when the source does not say */
};

/*
 * Keeps a row, or more of it than before; the caller has a transaction open. Returns SQLITE_OK, or SQLite's
 * result.
 */
int store_imported_put(sqlite3 *db, const struct store_imported *row, struct store_import_counts *counts);

/*
 * Passes the rows to `take`, in order of day, source and model, but for days on which the file has messages.
 * Rows that swatch cannot have written are passed over. Returns SQLITE_OK, SQLITE_ABORT after a false, or
 * SQLite's result.
 */
int store_imported_read(sqlite3 *db, bool (*take)(void *ctx, const struct store_imported *row), void *ctx);

/* Whether it is a date: "2026-03-29". */
bool store_imported_is_day(const char *day);

#endif
