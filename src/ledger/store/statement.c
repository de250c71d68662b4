#include "ledger/store/statement.h"

int store_statements_open(sqlite3 *db, const char *const *texts, size_t count, sqlite3_stmt **statements)
{
	int result = SQLITE_OK;
	for (size_t i = 0; i < count; i++)
		statements[i] = NULL;
	for (size_t i = 0; i < count && result == SQLITE_OK; i++)
		result =
			sqlite3_prepare_v3(db, texts[i], -1, SQLITE_PREPARE_PERSISTENT, &statements[i], NULL);
	return result;
}

void store_statements_release(sqlite3_stmt **statements, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		(void)sqlite3_finalize(statements[i]);
		statements[i] = NULL;
	}
}

void store_statement_bind(sqlite3_stmt *statement, int first, const int64_t *numbers, size_t count)
{
	for (size_t i = 0; i < count; i++)
		(void)sqlite3_bind_int64(statement, first + (int)i, numbers[i]);
}

void store_statement_bind_text(sqlite3_stmt *statement, int number, const char *text)
{
	(void)sqlite3_bind_text(statement, number, text, -1, SQLITE_STATIC);
}

int store_statement_end(sqlite3_stmt *statement, int result)
{
	int reset = sqlite3_reset(statement);
	return result == SQLITE_DONE || result == SQLITE_ROW ? reset : result;
}

int store_statement_run(sqlite3_stmt *statement)
{
	return store_statement_end(statement, sqlite3_step(statement));
}

int store_statement_ask(sqlite3_stmt *statement, int64_t *number)
{
	int result = sqlite3_step(statement);
	*number = result == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : 0;
	/* An INSERT that answers is done when it has no more rows. */
	if (result == SQLITE_ROW)
		result = sqlite3_step(statement);
	return store_statement_end(statement, result);
}

bool store_statement_find(sqlite3_stmt *statement, int64_t id, int *why)
{
	(void)sqlite3_reset(statement);
	if (id <= 0)
		return false;
	int result = sqlite3_bind_int64(statement, 1, id);
	if (result == SQLITE_OK)
		result = sqlite3_step(statement);
	if (*why == SQLITE_OK && result != SQLITE_ROW && result != SQLITE_DONE)
		*why = result;
	return result == SQLITE_ROW;
}

const char *store_statement_text(sqlite3_stmt *row, int column)
{
	const char *text = (const char *)sqlite3_column_text(row, column);
	return text ? text : "";
}

int store_ask_number(sqlite3 *db, const char *sql, int64_t *number)
{
	sqlite3_stmt *question = NULL;
	*number = 0;
	int result = sqlite3_prepare_v2(db, sql, -1, &question, NULL);
	if (result == SQLITE_OK)
		result = store_statement_ask(question, number);
	(void)sqlite3_finalize(question);
	return result;
}

int store_transaction_end(sqlite3 *db, int result)
{
	if (result == SQLITE_OK)
		result = sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
	/* Some failures have ended the transaction already. */
	if (result != SQLITE_OK && !sqlite3_get_autocommit(db))
		(void)sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
	return result;
}
