/*
 * store/days: keeps tables day and model of the ledger's file equal to its messages.
 *
 * For: rollup.c, within its transaction. A day is a local day of the zone in which swatchd runs; when that
 * changes, all days are made anew.
 */
#ifndef SWATCH_LEDGER_STORE_DAYS_H
#define SWATCH_LEDGER_STORE_DAYS_H

#include "ledger/store/rows.h"

struct store_days;

/* Prepares the statements. Returns NULL when that fails. */
struct store_days *store_days_new(sqlite3 *db);

/* A message that counts was added, or goes. Returns SQLITE_OK, or SQLite's result. */
int store_days_add(struct store_days *days, const struct store_row *row);
int store_days_remove(struct store_days *days, const struct store_row *row);

/* Writes what was gathered. Returns SQLITE_OK, or SQLite's result. */
int store_days_apply(struct store_days *days);

/* Drops what was gathered. */
void store_days_forget(struct store_days *days);

/* The days that the file will have are of the zone of now. Returns SQLITE_OK, or SQLite's result. */
int store_days_note_zone(sqlite3 *db);

/* Takes all sums out of the file, and notes the zone for those that follow. */
int store_days_clear(struct store_days *days);

/* May be NULL. */
void store_days_free(struct store_days *days);

#endif
