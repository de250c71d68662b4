/*
 * store/database: opens the ledger's file so that nothing in it can do harm, and makes it.
 *
 * For: store.c, and the commands that read it.
 */
#ifndef SWATCH_LEDGER_STORE_DATABASE_H
#define SWATCH_LEDGER_STORE_DATABASE_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

/* ${XDG_STATE_HOME:-~/.local/state}/swatch/ledger.db; NULL without a home directory or memory. */
char *store_default_path(void);

enum store_opened {
	STORE_OPENED,
	STORE_MISSING,       /* read only: there is no such file yet */
	STORE_NEWER,         /* a later version of swatch made it */
	STORE_DAMAGED,       /* it is not SQLite's, or its tables are not ours */
	STORE_FAILED         /* it cannot be opened now: no permission, no space, no memory */
};

/*
 * Opens the file, and makes it and its folder when it is missing (0600, 0700). One of an earlier version is
 * copied to PATH.before-VERSION, then brought up to date. `error` says why not, "cannot open PATH: ...". On
 * STORE_OPENED close *db with store_database_close().
 */
enum store_opened store_database_open(const char *path, sqlite3 **db, struct buf *error);

/*
 * The same without any right to write: nothing is made or changed, also beside the file. One of an earlier
 * version is brought up to date in memory.
 */
enum store_opened store_database_open_read_only(const char *path, sqlite3 **db, struct buf *error);

/* Copies the open file to `to`, which must not exist. Returns SQLITE_OK, or SQLite's result. */
int store_copy(sqlite3 *db, const char *to);

/*
 * Makes a copy the user's alone, and waits until it is on the disk: SQLite does not wait for it, and a name
 * may reach the disk before the content. Returns false with errno.
 */
bool store_settle_copy(const char *path);

/* The same while somebody else, such as another connection of this process, writes it. */
enum store_opened store_database_open_shared(const char *path, sqlite3 **db, struct buf *error);

/* Whether the pages hang together (PRAGMA quick_check), or nobody can say now: O(file). */
bool store_database_is_sound(sqlite3 *db);

/* A number that changes when another program changes the file; -1 when nobody can say. */
int64_t store_database_version(sqlite3 *db);

/* Whether SQLite keeps pages that were read for the next question: not worth it when all are read once. */
void store_database_keep_pages(sqlite3 *db, bool keep);

/* Whether a result says that the file's content is broken. */
bool store_database_is_damage(int result);

void store_database_close(sqlite3 *db);

#endif
