/*
 * store/statement: runs SQLite's prepared statements, which are kept for the next time.
 *
 * For: the parts of the store. A statement that waits holds on to the file as it was, so each of these leaves
 * it reset.
 */
#ifndef SWATCH_LEDGER_STORE_STATEMENT_H
#define SWATCH_LEDGER_STORE_STATEMENT_H

#include <sqlite3.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Prepares one statement of each text; those behind a failure are NULL. Returns SQLITE_OK, or SQLite's
 * result; release them in every case.
 */
int store_statements_open(sqlite3 *db, const char *const *texts, size_t count, sqlite3_stmt **statements);

void store_statements_release(sqlite3_stmt **statements, size_t count);

/* Binds numbers to the parameters from `first` on. */
void store_statement_bind(sqlite3_stmt *statement, int first, const int64_t *numbers, size_t count);

/* Binds a text, which outlives the statement's run. Without memory the run itself fails. */
void store_statement_bind_text(sqlite3_stmt *statement, int number, const char *text);

/* Resets a statement whose last step gave `result`. Returns SQLITE_OK, or what went wrong. */
int store_statement_end(sqlite3_stmt *statement, int result);

/* Runs a statement to its end. Returns SQLITE_OK, or what went wrong. */
int store_statement_run(sqlite3_stmt *statement);

/* The same for one that answers with one number; *number is 0 without an answer. */
int store_statement_ask(sqlite3_stmt *statement, int64_t *number);

#endif
