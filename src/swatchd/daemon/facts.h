/*
 * daemon/facts: what the daemon knows besides messages goes to the ledger's file, with the next commit:
 * limits that were hit, what statuslines told of limits and sessions, and the alerts that were given.
 *
 * For: lines.c, tick.c, sessions.c and alerts.c report what is new, and then call daemon_keep_soon(); keep.c
 * takes it along; daemon.c takes it back at the start.
 */
#ifndef SWATCH_SWATCHD_DAEMON_FACTS_H
#define SWATCH_SWATCHD_DAEMON_FACTS_H

#include "swatchd/daemon/internal.h"

/* A line that begins at `offset` says that a limit was hit; `in_message`: it has a usage record, too. */
void daemon_note_hit(struct daemon *daemon, int ledger_file, int64_t offset, int64_t at_ms,
		     const struct scan_limit *limit, bool in_message);

/* The same for the record of a limit marker, in a transcript by the ledger's number. */
void daemon_note_record_hit(struct daemon *daemon, int ledger_file, const struct ledger_record *record,
			    bool in_message);

/* A statusline told something new of the account's limits: a confirmation alone makes no commit. */
void daemon_note_limits(struct daemon *daemon);

/* A statusline or a process told something new of a session. */
void daemon_note_told(struct daemon *daemon, const struct session *session);

/* Other prices may be in force: the file gets them with the next commit. */
void daemon_note_prices(struct daemon *daemon);

void daemon_note_alert(struct daemon *daemon, const struct alert *alert);

/* Whether something waits to be written. */
bool daemon_has_facts(const struct daemon *daemon);

/* Puts all that waits into a batch. What is in a failed batch still waits. */
void daemon_add_facts(struct daemon *daemon, struct store_batch *batch);

/* The ledger's file is another one now: everything that is known has to be written again. */
void daemon_forget_saved_facts(struct daemon *daemon);

/*
 * Takes back what the file has, out of `db`: before the first walk, after billing-shared.json was read and
 * lost transcripts were taken back. Returns SQLITE_OK, or SQLite's result.
 */
int daemon_take_facts(struct daemon *daemon, sqlite3 *db);

/* The session gets a file: takes back what an earlier run was told of it. */
void daemon_restore_told(struct daemon *daemon, struct session *session);

void daemon_release_facts(struct daemon *daemon);

#endif
