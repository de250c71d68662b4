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

/* Appends the definitions of all tables and indices. Returns SQLITE_OK, or SQLite's result. */
static int describe_tables(sqlite3 *db, struct buf *out)
{
	sqlite3_stmt *question = NULL;
	int result = sqlite3_prepare_v2(db,
					"SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL"
					" AND name NOT LIKE 'sqlite_stat%' ORDER BY type, name",
					-1, &question, NULL);
	while (result == SQLITE_OK && (result = sqlite3_step(question)) == SQLITE_ROW) {
		result = SQLITE_OK;
		for (int i = 0; i < 3; i++) {
			const unsigned char *text = sqlite3_column_text(question, i);
			buf_append_str(out, text ? (const char *)text : "");
			out->failed = out->failed || (!text && sqlite3_column_type(question, i) != SQLITE_NULL);
			buf_append_char(out, '\n');
		}
	}
	(void)sqlite3_finalize(question);
	if (out->failed)
		return SQLITE_NOMEM;
	return result == SQLITE_DONE ? SQLITE_OK : result;
}

static const char *schema_of(int64_t version)
{
	static const char *const schemas[] = { NULL, store_schema_1, store_schema_2, store_schema };
	_Static_assert(ARRAY_COUNT(schemas) == STORE_VERSION + 1, "each version has its tables");
	return version > 0 && version <= STORE_VERSION ? schemas[version] : NULL;
}

int store_steps_check_tables(sqlite3 *db, int64_t version)
{
	AUTO_BUF theirs = BUF_INIT;
	AUTO_BUF ours = BUF_INIT;
	sqlite3 *model = NULL;
	const char *schema = schema_of(version);
	if (!schema)
		return SQLITE_NOTADB;
	int result = sqlite3_open_v2(":memory:", &model, SQLITE_OPEN_READWRITE | SQLITE_OPEN_MEMORY, NULL);
	if (result == SQLITE_OK)
		result = sqlite3_exec(model, schema, NULL, NULL, NULL);
	if (result == SQLITE_OK)
		result = describe_tables(model, &ours);
	if (result == SQLITE_OK)
		result = describe_tables(db, &theirs);
	if (result == SQLITE_OK && strcmp(buf_str(&ours), buf_str(&theirs)) != 0)
		result = SQLITE_NOTADB;
	sqlite3_close(model);
	return result;
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
