/*
 * store/lines: messages of the ledger's file with all that is known of each, so that another machine's file
 * can take them in.
 *
 * For: swatch export --messages, which writes them; swatch import, which reads them (import.h).
 */
#ifndef SWATCH_LEDGER_STORE_LINES_H
#define SWATCH_LEDGER_STORE_LINES_H

#include "ledger/store/rows.h"

struct store_line {
	struct store_row row;	    /* its numbers of names mean nothing here */
	const char *host;	    /* where it was written; "" for this machine */
	const char *root;	    /* the projects/ directory there */
	const char *path;	    /* of the transcript, below it */
	const char *session;	    /* the transcript's; "" when it is not known */
	const char *payer;	    /* another session that paid; "" without one */
	const char *model, *branch; /* "" without a name */
	unsigned version;	    /* how many transcripts of this path were lost before it */
	bool subagent;
};

/* A transcript of another machine has "@HOST" before ".jsonl" in its path, and is in no directory here. */
#define STORE_LINES_HOST_MARK '@'

/*
 * Passes each message since a time to `take`, also copies that do not count, in order of time. Stops when
 * `take` says false. Returns SQLITE_OK, SQLITE_ABORT after a false, or SQLite's result. *last_ms: the time of
 * the last one, 0 without any.
 */
int store_lines_read(sqlite3 *db, int64_t since_ms, bool (*take)(void *ctx, const struct store_line *line),
		     void *ctx, int64_t *last_ms);

#endif
