/*
 * store/read: takes back into the ledger what transcripts said that are not there any more.
 *
 * For: the daemon before it lists the directories, and the reports that run without one.
 */
#ifndef SWATCH_LEDGER_STORE_READ_H
#define SWATCH_LEDGER_STORE_READ_H

#include "ledger/store/known.h"

/*
 * Adds the messages of all transcripts in `list` that are gone or were rewritten; *messages: how many. Each
 * costs what it cost when it came. Returns SQLITE_OK, or SQLite's result; what was added before stays.
 */
int store_read_lost(sqlite3 *db, struct store_known_list *list, struct ledger *ledger, size_t *messages);

#endif
