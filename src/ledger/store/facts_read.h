/*
 * store/facts_read: takes facts out of the ledger's file again.
 *
 * For: daemon/facts.c when swatchd starts; lines.c; swatch history, which counts them. Anybody may have
 * written anything into the file: this module passes over rows that swatch cannot have written.
 */
#ifndef SWATCH_LEDGER_STORE_FACTS_READ_H
#define SWATCH_LEDGER_STORE_FACTS_READ_H

#include <sqlite3.h>

#include "ledger/store/facts.h"

/*
 * Each passes rows to `take`, at most this many; what it gets is good until it returns. They return
 * SQLITE_OK, or SQLite's result.
 */
#define STORE_FACTS_READ_MAX 4096

/* The columns of table hit that store_facts_take_hit() takes; the first is the transcript. */
#define STORE_FACTS_HIT_COLUMNS "transcript, offset, at, name, resets_ms, old_form, in_message"

/* Takes a row but for its transcript. Returns false when we cannot have written it. */
bool store_facts_take_hit(sqlite3_stmt *row, struct store_hit *out);

/* The hits since a time, the last one first; `transcript` is the number in the file. */
int store_facts_read_hits(sqlite3 *db, int64_t since_ms,
			  void (*take)(void *ctx, int64_t transcript, const struct store_hit *hit),
			  void *ctx);

/* The limits of this machine's profile with this projects/ directory that are not over yet; the last reading
 * first. */
int store_facts_read_limits(sqlite3 *db, const char *root, int64_t now_ms,
			    void (*take)(void *ctx, const struct rate_limit *limit), void *ctx);

/* What was told of sessions since a time, the last first. */
int store_facts_read_told(sqlite3 *db, int64_t since_ms,
			  void (*take)(void *ctx, const struct store_told *told), void *ctx);

/* How many rows there are of each. */
struct store_facts_counts {
	int64_t hits, readings, told, alerts, profiles, branches;
};

int store_facts_count(sqlite3 *db, struct store_facts_counts *out);

#endif
