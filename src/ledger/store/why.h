/*
 * store/why: why a call of SQLite's failed, for people.
 *
 * For: database.c and store.c, in their messages. SQLite's own words for a file that cannot be read or
 * written are "disk I/O error", whatever the system said.
 */
#ifndef SWATCH_LEDGER_STORE_WHY_H
#define SWATCH_LEDGER_STORE_WHY_H

#include <sqlite3.h>

/* Has SQLite tell this module what the system says. Call it before the first database is opened; later calls
 * do nothing. */
void store_why_listen(void);

/*
 * The system's reason for `result`, such as "Input/output error", where it gave one to this thread; else
 * SQLite's words. `db`: the connection that the call was on.
 */
const char *store_why(sqlite3 *db, int result);

#endif
