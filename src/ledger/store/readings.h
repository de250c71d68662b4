/*
 * store/readings: what statuslines told of the account's limits, with all that is known of each, so that
 * another machine's file can take it in.
 *
 * For: swatch export --messages, and swatch import.
 */
#ifndef SWATCH_LEDGER_STORE_READINGS_H
#define SWATCH_LEDGER_STORE_READINGS_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

/* A row of table reading. */
struct store_reading_line {
	const char *host, *root;     /* whose profile it is, and its projects/ directory; "": not known */
	const char *name;            /* as in billing-shared.json */
	const char *session, *source; /* session "": not known */
	double percent, used_usd, limit_usd; /* of a spending limit; NaN: none */
	int64_t resets_ms;           /* 0: not known */
	int64_t first_seen_ms, last_seen_ms;
};

/* Bytes of a source, with its NUL. */
#define STORE_READING_SOURCE_SIZE 32

/* Whether swatch can have written the row. */
bool store_readings_is_valid(const struct store_reading_line *line);

/*
 * Passes each reading that was last seen since a time to `take`, in that order; rows that swatch cannot have
 * written are passed over. Stops when `take` says false. Returns SQLITE_OK, SQLITE_ABORT after a false, or
 * SQLite's result.
 */
int store_readings_read(sqlite3 *db, int64_t since_ms,
			bool (*take)(void *ctx, const struct store_reading_line *line), void *ctx);

enum store_reading_put { STORE_READING_ADDED, STORE_READING_RAISED, STORE_READING_SAME };

/*
 * Keeps a valid reading of a profile and a session (their rows; 0: not known), unless the file has a later
 * one of its percent. Returns SQLITE_OK, or SQLite's result.
 */
int store_readings_put(sqlite3 *db, const struct store_reading_line *line, int64_t profile, int64_t session,
		       enum store_reading_put *out);

#endif
