/*
 * store/repair: backups of the ledger's file, and what takes the place of a damaged one.
 *
 * For: store.c; swatch history and backup, which copy and list, and repair nothing.
 */
#ifndef SWATCH_LEDGER_STORE_REPAIR_H
#define SWATCH_LEDGER_STORE_REPAIR_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

/* Copies of the file: weekly, the last three, as PATH.1 to PATH.3. */
#define STORE_BACKUPS 3
#define STORE_BACKUP_EVERY_MS (INT64_C(7) * 24 * 3600 * 1000)

/* Makes the weekly backup when it is due. Returns SQLITE_OK also when it is not. */
int store_back_up(sqlite3 *db, const char *path, int64_t now_ms);

/*
 * Makes a new backup in place of all older ones, which have what was purged since. Returns SQLITE_OK, or
 * SQLite's result; then older ones may be left.
 */
int store_replace_backups(sqlite3 *db, const char *path);

struct store_backup {
	char *path;                  /* the caller frees it */
	int64_t made_ms, bytes;
};

/* Finds backup `number`, 1 (the newest) to STORE_BACKUPS. Returns false when it is missing. */
bool store_find_backup(const char *path, unsigned number, struct store_backup *out);

/*
 * Moves a damaged file aside and puts the newest sound backup in its place, if there is one. Appends what it
 * did for people. Returns 0, or -1 with errno when it cannot be moved, or (EIO) when a backup is there and
 * cannot be copied now: then nothing has changed.
 */
int store_replace_damaged(const char *path, struct buf *notice);

#endif
