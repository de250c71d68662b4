/*
 * store/lines: messages and hits of limits in the ledger's file, with all that is known of each, so that
 * another machine's file can take them in.
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

/* A line that says that a limit was hit. */
struct store_hit_line {
	struct store_line at;	    /* of its row only the time and the offset are set */
	const char *name;	    /* of the limit, as the line has it; "": it does not say */
	int64_t resets_ms;	    /* 0: not known */
	bool old_form, in_message;  /* as in struct store_hit */
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

/* The same for limits that were hit, in order of time. */
int store_lines_read_hits(sqlite3 *db, int64_t since_ms,
			  bool (*take)(void *ctx, const struct store_hit_line *hit), void *ctx);

#endif
