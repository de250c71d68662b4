/*
 * store/rows: the messages of the ledger's file, one after the other, and what their numbers name.
 *
 * For: read.c, which makes records of them; census.c and hours.c, which sum them up. Anybody may have written
 * anything into the file: this module passes over rows that swatch cannot have written.
 */
#ifndef SWATCH_LEDGER_STORE_ROWS_H
#define SWATCH_LEDGER_STORE_ROWS_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"
#include "ledger/store/folders.h"
#include "price/price.h"

struct store_row {
	int64_t time_ms;             /* 1 to the end of the year 9999 */
	uint64_t key;
	uint32_t request;
	int64_t transcript, offset;
	int64_t payer, model, branch; /* 0: none */
	unsigned flags;              /* enum store_flag */
	struct price_tokens tokens;
	struct price_tokens large;   /* all 0 without STORE_IN_PARTS */
	uint32_t web_searches;
	int64_t nano_usd;            /* 0 to STORE_NANO_USD_MAX */
	int64_t reference;           /* what ccusage counts for it, in the same range */
};

/* The end of the year 9999, as far as timestamps reach. */
#define STORE_TIME_MAX_MS INT64_C(253402300800000)

/* Nobody's message costs more than nine million dollars. */
#define STORE_NANO_USD_MAX INT64_C(9000000000000000)

/*
 * Starts to read the messages from a time on, in order of time: one that was put off (message.late) comes up
 * to STORE_LATE_MAX_MS later. Step through them with sqlite3_step(), and finalize in every case. Returns
 * SQLITE_OK, or SQLite's result.
 */
int store_rows_open(sqlite3 *db, int64_t since_ms, sqlite3_stmt **rows);

/* The same by the first and the last message.id that may come. */
int store_rows_open_ids(sqlite3 *db, int64_t first, int64_t last, sqlite3_stmt **rows);

/* The transcript of the row, without looking at the rest of it. */
int64_t store_rows_transcript(sqlite3_stmt *rows);

/* Takes the row. Returns false when we cannot have written it. */
bool store_rows_take(sqlite3_stmt *rows, struct store_row *out);

/* Adds to a sum that stays at the largest number: a hostile file may reach it. Both are 0 or more. */
static inline void store_rows_add(int64_t *sum, int64_t value)
{
	*sum = *sum > INT64_MAX - value ? INT64_MAX : *sum + value;
}

/* ---- names ---- */

struct store_names {
	sqlite3_stmt *transcript, *session, *model;
	struct store_folders folders;
	char *path;                  /* of the transcript that was asked for last */
	int result;                  /* of the first question that failed; SQLITE_OK: none did */
};

/* What a transcript's path says; good until the next call for a transcript. */
struct store_transcript_names {
	const char *path;            /* on disk, when its folder is there */
	struct slice project;        /* its folder as the file has it; empty for a transcript in none, and
				      * with [ledger] projects = off */
	const char *session;         /* "" when it is not known */
	bool subagent;
	bool replaced;               /* another one has this path now: it was rewritten, or came back */
};

/* Prepares the questions. Returns SQLITE_OK, or SQLite's result; release in every case. */
int store_names_open(sqlite3 *db, struct store_names *names);

/*
 * SQLite's result of the first question that failed since the last call; SQLITE_OK when none did. Who takes
 * names asks before using them: a name that could not be read is as empty as one that does not exist.
 */
int store_names_take_result(struct store_names *names);

/* Returns false, with empty names, when there is no such transcript, or we cannot have written it. */
bool store_names_transcript(struct store_names *names, int64_t id, struct store_transcript_names *out);

/* The name of a session or model; "" without one. It is good until the next call for one of its kind. */
const char *store_names_session(struct store_names *names, int64_t id);
const char *store_names_model(struct store_names *names, int64_t id);

void store_names_release(struct store_names *names);

#endif
