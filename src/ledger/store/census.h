/*
 * store/census: how much is in the ledger's file, and how much of it is only there.
 *
 * For: swatch history, backup and doctor.
 */
#ifndef SWATCH_LEDGER_STORE_CENSUS_H
#define SWATCH_LEDGER_STORE_CENSUS_H

#include <sqlite3.h>
#include <stddef.h>
#include <stdint.h>

/* Messages that count. Sums of money stay at INT64_MAX. */
struct store_census {
	int64_t first_ms, last_ms;   /* 0: no message */
	int64_t messages, unpriced;  /* unpriced: those without a price */
	int64_t nano_usd;
	size_t days;                 /* local days with a message */
	size_t transcripts, sessions, projects;
	/* Of transcripts that are not on disk any more, or not as they were. */
	size_t gone_transcripts;
	int64_t gone_messages, gone_nano_usd;
};

/* Counts by the hours' sums; looks at the disk for each transcript. Returns SQLITE_OK, or SQLite's result. */
int store_census_take(sqlite3 *db, struct store_census *out);

#endif
