/*
 * store/hours: the messages of the ledger's file, summed up by hour, project, session, model and kind.
 *
 * For: swatch export.
 */
#ifndef SWATCH_LEDGER_STORE_HOURS_H
#define SWATCH_LEDGER_STORE_HOURS_H

#include "ledger/store/rows.h"

/* Who wrote the messages: the session's main thread, a subagent with a transcript of its own, one without. */
enum store_kind { STORE_KIND_MAIN, STORE_KIND_AGENT, STORE_KIND_SIDECHAIN };

struct store_hour {
	int64_t start_ms;            /* a full hour, UTC */
	const char *project;         /* the folder; "" for a transcript in none */
	const char *session;         /* that paid; "" when it is not known */
	const char *model;           /* "" without a name */
	enum store_kind kind;
	struct price_tokens tokens;
	int64_t web_searches;
	int64_t nano_usd;
	int64_t messages, unpriced;  /* unpriced: those without a price */
};

/*
 * Passes each hour since a time to `take`, in order of time, project, session, model and kind; messages that
 * do not count are left out. At most two hours are held in memory. Stops when `take` says false. Returns
 * SQLITE_OK, SQLITE_ABORT after a false, or SQLite's result.
 */
int store_hours_read(sqlite3 *db, int64_t since_ms, bool (*take)(void *ctx, const struct store_hour *hour),
		     void *ctx);

#endif
