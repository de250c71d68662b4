/*
 * store/statement: runs SQLite's statements, most of them prepared and kept for the next time.
 *
 * For: the parts of the store. A statement that waits holds on to the file as it was, so each of these leaves
 * it reset, but for store_statement_find().
 */
#ifndef SWATCH_LEDGER_STORE_STATEMENT_H
#define SWATCH_LEDGER_STORE_STATEMENT_H

#include <sqlite3.h>
#include <stdbool.h>
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

/*
 * Asks for the row of an `id` of 1 and above, the statement's only parameter. Returns whether there is one;
 * it is readable until the next question. What went wrong goes into *why, unless something stands there
 * already.
 */
bool store_statement_find(sqlite3_stmt *statement, int64_t id, int *why);

/* A column's text; "" for NULL. It lives as long as the row. */
const char *store_statement_text(sqlite3_stmt *row, int column);

/* Asks once for one number; *number is 0 without an answer. Returns SQLITE_OK, or what went wrong. */
int store_ask_number(sqlite3 *db, const char *sql, int64_t *number);

/* Commits when `result` is SQLITE_OK, and otherwise takes all back. Returns SQLITE_OK, or what went wrong. */
int store_transaction_end(sqlite3 *db, int result);

#endif
