/*
 * store/purge: takes messages out of the ledger's file for good.
 *
 * For: swatch purge, and the store, which does [ledger] keep with it.
 *
 * Calling sequence: store_purge_look() says what would go, and changes nothing; store_purge_do() takes it out
 * and leaves tombstones (tombs.h); store_purge_wipe() then removes the bytes from the disk.
 */
#ifndef SWATCH_LEDGER_STORE_PURGE_H
#define SWATCH_LEDGER_STORE_PURGE_H

#include <sqlite3.h>
#include <stddef.h>
#include <stdint.h>

enum store_purge_by {
	STORE_PURGE_PROJECT, /* all messages in the transcripts of a project */
	STORE_PURGE_SESSION, /* all that a session paid, wherever they stand */
	STORE_PURGE_BEFORE   /* all before a moment */
};

struct store_purge {
	enum store_purge_by by;
	const char *name; /* the project's folder below projects/, or the session's id */
	int64_t before_ms;
};

/* What goes; copies that do not count are not in it. */
struct store_purged {
	int64_t messages, nano_usd;
	int64_t first_ms, last_ms; /* 0: no message */
	size_t days;		   /* local days with a message */
	size_t transcripts;
};

/* Returns SQLITE_OK, or SQLite's result. Works on a file that is open for reading only. O(file). */
int store_purge_look(sqlite3 *db, const struct store_purge *purge, struct store_purged *out);

/* In one transaction: all or nothing. `now_ms`: until when its project or session is buried. */
int store_purge_do(sqlite3 *db, const struct store_purge *purge, int64_t now_ms, struct store_purged *out);

/*
 * Takes out what is older than `keep_ms`, by whole local days, counted back from now or from the newest
 * message, whichever is earlier: a clock that was set ahead deletes nothing. Does nothing when that was done
 * today.
 */
int store_purge_old(sqlite3 *db, int64_t keep_ms, int64_t now_ms, struct store_purged *out);

/*
 * Writes the file anew, without the room that was freed, and empties its log. SQLITE_BUSY: somebody reads it
 * now, and the log still has what was purged until swatchd ends or the next purge. What was deleted had been
 * overwritten before.
 */
int store_purge_wipe(sqlite3 *db);

#endif
