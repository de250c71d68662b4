#include "ledger/store/steps.h"

#include <stdio.h>
#include <string.h>

#include "base/array.h"
#include "base/buf.h"
#include "ledger/store/insert.h"
#include "ledger/store/rollup.h"
#include "ledger/store/schema.h"
#include "ledger/store/schema_old.h"
#include "ledger/store/statement.h"

/* Of version 2: see STORE_SLOTS and STORE_LATE_MAX_MS. */
#define SLOTS_2 4096
#define LATE_MAX_MS_2 1000

/* ---- which version it is ---- */

int64_t store_steps_version(sqlite3 *db)
{
	sqlite3_stmt *question = NULL;
	int64_t version = -1;
	if (sqlite3_prepare_v2(db, "PRAGMA user_version", -1, &question, NULL) == SQLITE_OK
	    && sqlite3_step(question) == SQLITE_ROW)
		version = sqlite3_column_int64(question, 0);
	sqlite3_finalize(question);
	return version;
}

static const char *schema_of(int64_t version)
{
	static const char *const schemas[] = { NULL, store_schema_1, store_schema_2, store_schema };
	_Static_assert(ARRAY_COUNT(schemas) == STORE_VERSION + 1, "each version has its tables");
	return version > 0 && version <= STORE_VERSION ? schemas[version] : NULL;
}

/* Whether a schema, whose statements end with ';', has the one that makes a table or an index. */
static bool has_statement(const char *schema, const char *type, const char *name, const char *sql)
{
	AUTO_BUF head = BUF_INIT;
	bool is_table = strcmp(type, "table") == 0;
	buf_printf(&head, "CREATE %s %s %s", is_table ? "TABLE" : "INDEX", name, is_table ? "(" : "ON ");
	const char *found = head.failed ? NULL : strstr(schema, head.data);
	size_t len = strlen(sql);
	return found && (is_table || strcmp(type, "index") == 0) && strncmp(found, sql, len) == 0
	    && found[len] == ';';
}

int store_steps_check_tables(sqlite3 *db, int64_t version)
{
	sqlite3_stmt *rows = NULL;
	const char *schema = schema_of(version);
	size_t count = 0;
	if (!schema)
		return SQLITE_NOTADB;
	int result = sqlite3_prepare_v2(db,
					"SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL"
					" AND name NOT LIKE 'sqlite_stat%'",
					-1, &rows, NULL);
	while (result == SQLITE_OK && (result = sqlite3_step(rows)) == SQLITE_ROW) {
		const char *texts[3];
		result = SQLITE_OK;
		for (int i = 0; i < 3; i++) {
			texts[i] = (const char *)sqlite3_column_text(rows, i);
			if (!texts[i] && sqlite3_column_type(rows, i) != SQLITE_NULL)
				result = SQLITE_NOMEM;
		}
		count++;
		if (result == SQLITE_OK
		    && (!texts[0] || !texts[1] || !has_statement(schema, texts[0], texts[1], texts[2])))
			result = SQLITE_NOTADB;
	}
	(void)sqlite3_finalize(rows);
	if (result != SQLITE_DONE)
		return result;
	/* None is there twice: SQLite looks after that. */
	for (; *schema; schema++)
		count -= *schema == ';';
	return count == 0 ? SQLITE_OK : SQLITE_NOTADB;
}

/* ---- steps ---- */

static int run_texts(sqlite3 *db, const char *const *texts, size_t count)
{
	int result = SQLITE_OK;
	for (size_t i = 0; i < count && result == SQLITE_OK; i++)
		result = sqlite3_exec(db, texts[i], NULL, NULL, NULL);
	return result;
}

/* More columns and tables, and an index of half the size. There were no sums. */
static int from_1_to_2(sqlite3 *db)
{
	const char *const texts[] = { store_step_1_to_2, store_schema_2, store_step_1_to_2_copy };
	return run_texts(db, texts, ARRAY_COUNT(texts));
}

/* Each message gets an id with fewer bits below its time: those of one millisecond may meet. */
static int number_anew(sqlite3 *db)
{
	sqlite3_stmt *rows = NULL, *insert = NULL;
	int result =
		sqlite3_prepare_v2(db, "SELECT id, late, key FROM message_2 ORDER BY id", -1, &rows, NULL);
	if (result == SQLITE_OK)
		result = sqlite3_prepare_v2(db, store_step_2_to_3_message, -1, &insert, NULL);
	while (result == SQLITE_OK && (result = sqlite3_step(rows)) == SQLITE_ROW) {
		int64_t id = sqlite3_column_int64(rows, 0), late = sqlite3_column_int64(rows, 1);
		int64_t time_ms = late >= 0 && late <= LATE_MAX_MS_2 ? id / SLOTS_2 - late : 0;
		(void)sqlite3_bind_int64(insert, 2, id);
		/* What we cannot have written has never counted. */
		result = time_ms > 0
			       ? store_insert_at(insert, (uint64_t)sqlite3_column_int64(rows, 2), time_ms)
			       : SQLITE_OK;
	}
	(void)sqlite3_finalize(rows);
	(void)sqlite3_finalize(insert);
	return result == SQLITE_DONE ? SQLITE_OK : result;
}

/* Smaller rows, and sums by the hour. */
static int from_2_to_3(sqlite3 *db)
{
	const char *const before[] = { store_step_2_to_3, store_schema_messages };
	int result = run_texts(db, before, ARRAY_COUNT(before));
	if (result == SQLITE_OK)
		result = number_anew(db);
	if (result == SQLITE_OK)
		result = sqlite3_exec(db, store_schema_messages_index, NULL, NULL, NULL);
	if (result == SQLITE_OK)
		result = sqlite3_exec(db, store_step_2_to_3_copy, NULL, NULL, NULL);
	/* Somebody else wrote sums that cannot be added up. */
	if (result == SQLITE_ERROR)
		result = store_rollup_rebuild(db);
	return result == SQLITE_OK ? sqlite3_exec(db, store_step_2_to_3_end, NULL, NULL, NULL) : result;
}

/* steps[N]: from version N to the next one. */
static int (*const steps[STORE_VERSION])(sqlite3 *db) = {
	[1] = from_1_to_2,
	[2] = from_2_to_3,
};

static int take_all(sqlite3 *db)
{
	char text[48];
	int64_t version = store_steps_version(db);
	bool has_sums = version > 1;
	int result = version > 0 && version <= STORE_VERSION ? SQLITE_OK : SQLITE_MISMATCH;
	for (; result == SQLITE_OK && version < STORE_VERSION; version++)
		result = steps[version](db);
	if (result == SQLITE_OK && !has_sums)
		result = store_rollup_rebuild(db);
	snprintf(text, sizeof(text), "PRAGMA user_version=%d", STORE_VERSION);
	return result == SQLITE_OK ? sqlite3_exec(db, text, NULL, NULL, NULL) : result;
}

int store_steps_take(sqlite3 *db)
{
	int result = sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
	if (result == SQLITE_OK)
		result = take_all(db);
	return store_transaction_end(db, result);
}
