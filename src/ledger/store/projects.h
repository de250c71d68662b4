/*
 * store/projects: makes the ledger's file keep the names of projects and branches as [ledger] projects says.
 *
 * For: store.c, when swatchd opens the file; commands that write it.
 */
#ifndef SWATCH_LEDGER_STORE_PROJECTS_H
#define SWATCH_LEDGER_STORE_PROJECTS_H

#include <sqlite3.h>
#include <stdbool.h>

#include "config/settings.h"

/* As [ledger] projects has it: "path", "hash" or "off". */
const char *store_projects_name(enum ledger_projects mode);

/* How the file keeps them. Returns SQLITE_OK, or SQLite's result. */
int store_projects_look(sqlite3 *db, enum ledger_projects *mode);

/*
 * Changes the names in the file, when it has them otherwise (*changed), in one transaction. With
 * LEDGER_PROJECTS_PATH names come back of projects that are on disk. Returns SQLITE_OK, or SQLite's result:
 * then all is as before.
 */
int store_projects_apply(sqlite3 *db, enum ledger_projects mode, bool *changed);

/*
 * Wipes names that were changed out of the free space of the file at `path`, out of its log and its backups.
 * Does nothing when that was done. Returns SQLITE_OK, or SQLite's result: then some may be left, and the
 * next call tries again.
 */
int store_projects_wipe(sqlite3 *db, const char *path);

#endif
