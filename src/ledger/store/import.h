/*
 * store/import: takes messages, hits and readings of limits of another file into the ledger's file, each
 * once.
 *
 * For: swatch import.
 *
 * Calling sequence: store_import_begin(), any number of store_import_add() and
 * store_import_add_hit(), store_import_end(). All of it is
 * one transaction: unless store_import_end() is called with `keep` and returns SQLITE_OK, nothing changes.
 */
#ifndef SWATCH_LEDGER_STORE_IMPORT_H
#define SWATCH_LEDGER_STORE_IMPORT_H

#include "ledger/store/lines.h"
#include "ledger/store/readings.h"

struct store_import;

struct store_import_counts {
	int64_t added;
	int64_t raised; /* the file had less of it: an earlier line */
	int64_t same;
	int64_t purged; /* swatch purge took it away: it does not come back */
};

/*
 * `host` and `root` are this machine's name and its projects/ directory, in which transcripts of other
 * machines are named; both stay the caller's. Returns NULL when that fails: sqlite3_errmsg(db) says why.
 */
struct store_import *store_import_begin(sqlite3 *db, const char *host, const char *root);

/* Takes a message in. Returns SQLITE_OK, or SQLite's result. */
int store_import_add(struct store_import *import, const struct store_line *line);

/* The same for a line that says that a limit was hit: it says the same whenever it is read. */
int store_import_add_hit(struct store_import *import, const struct store_hit_line *hit);

/* The same for what a statusline told of a limit. */
int store_import_add_reading(struct store_import *import, const struct store_reading_line *reading);

/* Ends it: with `keep` everything is written, otherwise nothing. Frees `import`. */
int store_import_end(struct store_import *import, bool keep, struct store_import_counts *out);

#endif
