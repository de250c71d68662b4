/*
 * store/rolled: the sums of the ledger's file, and the transcripts that they are of.
 *
 * For: the reports that read the file. Anybody may have written anything into it: rows that swatch cannot
 * have written are passed over.
 */
#ifndef SWATCH_LEDGER_STORE_ROLLED_H
#define SWATCH_LEDGER_STORE_ROLLED_H

#include "ledger/store/left_out.h"
#include "ledger/store/roots.h"
#include "ledger/store/sums.h"

/* In place of a payer. */
#define STORE_ROLLED_MANY (-1)

struct store_rolled {
	int64_t payer;	    /* as in table message; of a day STORE_ROLLED_MANY */
	int64_t transcript; /* its number in the file; of a day that of its first line */
	int64_t model;	    /* 0: it has no name */
	bool fast;
	struct store_sums sums;
};

enum store_rolled_by { STORE_BY_HOUR, STORE_BY_DAY };

/* Who reads the sums. */
struct store_rolled_reader {
	/* Takes sums; false ends the reading. */
	bool (*take)(void *ctx, const struct store_rolled *rolled);
	/* Whether the messages of an hour with these sums are wanted one by one. NULL: none are. */
	bool (*splits)(void *ctx, const struct store_sums *hour);
	void *ctx;
};

/*
 * Passes each row to the reader. By hour, messages in `left_out` (may be NULL) are left out; the others of
 * their hours, and those that the reader wants, come one by one when all rows are read. Returns SQLITE_OK,
 * SQLITE_ABORT after a false, or SQLite's result.
 */
int store_rolled_read(sqlite3 *db, enum store_rolled_by by, const struct store_left_out *left_out,
		      const struct store_rolled_reader *reader);

/* Whether a line of a transcript is a message that counts; `time_ms` is its time. False also when the file
 * cannot be read. */
bool store_rolled_has_line(sqlite3 *db, int64_t transcript, int64_t offset, int64_t time_ms);

struct store_rolled_transcript {
	int64_t id;
	/* Below its root as roots->all names it, in its folder when that is on disk; good until the next
	 * one. */
	const char *path;
	size_t root_len;
	int64_t session; /* 0: not known */
	int64_t version; /* of several with one path the highest is the last one */
	bool subagent, gone;
	int64_t size_bytes, modified_ns; /* when it was read last */
};

/*
 * Passes each transcript below the roots, in order of its number; *others: how many lie elsewhere, or have
 * a path that we cannot have written. Returns as store_rolled_read() does.
 */
int store_rolled_transcripts(sqlite3 *db, const struct store_roots *roots,
			     bool (*take)(void *ctx, const struct store_rolled_transcript *transcript),
			     void *ctx, size_t *others);

#endif
