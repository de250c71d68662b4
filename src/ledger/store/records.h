/*
 * store/records: makes the ledger's records out of rows of its file.
 *
 * For: archive.c and read.c, which hand them to the ledger.
 */
#ifndef SWATCH_LEDGER_STORE_RECORDS_H
#define SWATCH_LEDGER_STORE_RECORDS_H

#include "ledger/ledger.h"
#include "ledger/store/rows.h"
#include "transcript/path.h"

struct store_records {
	sqlite3_stmt *session, *model;
	char **models;               /* by number, as JSON writes them; NULL: not asked yet */
	size_t model_count, model_cap;
	int result;                  /* of the first question that failed; SQLITE_OK: none did */
	char payer[TRANSCRIPT_SESSION_ID_MAX + 1];
};

/* Prepares the questions. Returns SQLITE_OK, or SQLite's result; release in every case. */
int store_records_open(sqlite3 *db, struct store_records *records);

/* SQLite's result of the first question that failed since the last call; SQLITE_OK when none did. */
int store_records_take_result(struct store_records *records);

/*
 * A model's name as a record has it; data NULL without one, or when store_records_take_result() says why it
 * is not known now. It is good until the release.
 */
struct slice store_records_model(struct store_records *records, int64_t number);

/*
 * Makes the record of a row, with what is kept of it besides; the transcript (file to gone) is left alone.
 * The payer's name is good until the next call. When store_records_take_result() then says that something
 * could not be read, the record is not the row's.
 */
void store_records_make(struct store_records *records, const struct store_row *row, struct ledger_kept *out);

void store_records_release(struct store_records *records);

#endif
