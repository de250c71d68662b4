#include "ledger/store/rollup.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/clock.h"
#include "ledger/store/changes.h"
#include "ledger/store/days.h"
#include "ledger/store/schema.h"
#include "ledger/store/statement.h"

/* While all sums are made anew, so many rows of them are gathered before they are written. */
#define REBUILD_ROWS 8192

enum statement {
	FIND,
	PUT,
	REMOVE,
	MESSAGES_OF,
	MESSAGE,
	STATEMENTS
};

static const char *const texts[STATEMENTS] = {
	[FIND] = "SELECT " STORE_SUM_COLUMNS ", first_offset FROM hour"
		 " WHERE transcript = ?1 AND start = ?2 AND model = ?3 AND fast = ?4 AND payer = ?5",
	[PUT] = "INSERT OR REPLACE INTO hour (transcript, start, model, fast, payer, " STORE_SUM_COLUMNS
		", first_offset)"
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)",
	[REMOVE] = ("DELETE FROM hour"
		    " WHERE transcript = ?1 AND start = ?2 AND model = ?3 AND fast = ?4 AND payer = ?5"),
	[MESSAGES_OF] = "SELECT * FROM message WHERE id >= ?1 AND id < ?2"
			" AND transcript = ?3 AND model = ?4 AND payer = ?5",
	[MESSAGE] = "SELECT * FROM message WHERE id = ?1",
};

struct store_rollup {
	sqlite3 *db;
	sqlite3_stmt *statements[STATEMENTS];
	struct store_changes hours;
	struct store_days *days;
};

/* The parts of a row's key. */
enum { TRANSCRIPT, START, MODEL, FAST, PAYER };

struct store_rollup *store_rollup_new(sqlite3 *db)
{
	struct store_rollup *rollup = calloc(1, sizeof(*rollup));
	if (!rollup)
		return NULL;
	rollup->db = db;
	rollup->days = store_days_new(db);
	if (rollup->days && store_statements_open(db, texts, STATEMENTS, rollup->statements) == SQLITE_OK)
		return rollup;
	store_rollup_free(rollup);
	return NULL;
}

void store_rollup_free(struct store_rollup *rollup)
{
	if (!rollup)
		return;
	store_statements_release(rollup->statements, STATEMENTS);
	store_changes_release(&rollup->hours);
	store_days_free(rollup->days);
	free(rollup);
}

/* ---- statements ---- */

static sqlite3_stmt *start(struct store_rollup *rollup, enum statement which, const int64_t *numbers,
			   size_t count)
{
	sqlite3_stmt *statement = rollup->statements[which];
	store_statement_bind(statement, 1, numbers, count);
	return statement;
}

/* ---- gathering ---- */

static struct store_change *find_change(struct store_rollup *rollup, const struct store_row *row)
{
	const int64_t key[STORE_CHANGE_KEYS] = {
		[TRANSCRIPT] = row->transcript,
		[START] = row->time_ms / CLOCK_HOUR_MS,
		[MODEL] = row->model,
		[FAST] = (row->flags & STORE_FAST) != 0,
		[PAYER] = row->payer,
	};
	return store_changes_find(&rollup->hours, key);
}

static void add_to(struct store_sums *sums, const struct store_row *row)
{
	if (sums->messages == 0 || row->offset < sums->first_offset)
		sums->first_offset = row->offset;
	store_sums_add_row(sums, row);
}

int store_rollup_add(struct store_rollup *rollup, const struct store_row *row)
{
	if (row->flags & STORE_HIDDEN)
		return SQLITE_OK;
	struct store_change *change = find_change(rollup, row);
	if (!change)
		return SQLITE_NOMEM;
	add_to(&change->added, row);
	return store_days_add(rollup->days, row);
}

static int remove_row(struct store_rollup *rollup, const struct store_row *row)
{
	if (row->flags & STORE_HIDDEN)
		return SQLITE_OK;
	struct store_change *change = find_change(rollup, row);
	if (!change)
		return SQLITE_NOMEM;
	if (change->added.messages > 0 && row->offset <= change->added.first_offset)
		change->is_uncertain = true;
	if (change->removed.messages == 0 || row->offset < change->removed.first_offset)
		change->removed.first_offset = row->offset;
	store_change_remove(change, row);
	return store_days_remove(rollup->days, row);
}

int store_rollup_remove_id(struct store_rollup *rollup, int64_t id)
{
	struct store_row row;
	sqlite3_stmt *question = start(rollup, MESSAGE, &id, 1);
	int result = sqlite3_step(question);
	bool counts = result == SQLITE_ROW && store_rows_take(question, &row);
	result = store_statement_end(question, result);
	return result == SQLITE_OK && counts ? remove_row(rollup, &row) : result;
}

/* ---- writing ---- */

/* Sums a row up from its messages. */
static int sum_up(struct store_rollup *rollup, const int64_t *key, struct store_sums *sums)
{
	int result;
	int64_t start_ms = key[START] * CLOCK_HOUR_MS;
	const int64_t numbers[] = { store_id_at(start_ms),
				    store_id_at(start_ms + CLOCK_HOUR_MS + STORE_LATE_MAX_MS),
				    key[TRANSCRIPT], key[MODEL], key[PAYER] };
	*sums = (struct store_sums){ .messages = 0 };
	sqlite3_stmt *rows = start(rollup, MESSAGES_OF, numbers, ARRAY_COUNT(numbers));
	while ((result = sqlite3_step(rows)) == SQLITE_ROW) {
		struct store_row row;
		if (store_rows_take(rows, &row) && !(row.flags & STORE_HIDDEN)
		    && row.time_ms / CLOCK_HOUR_MS == key[START]
		    && ((row.flags & STORE_FAST) != 0) == (key[FAST] != 0))
			add_to(sums, &row);
	}
	return store_statement_end(rows, result);
}

/* Whether the lowest offset goes, and no other one is known. */
static bool loses_first_offset(const struct store_change *change, const struct store_sums *old)
{
	return change->removed.messages > 0 && change->removed.first_offset <= old->first_offset
	       && !(change->added.messages > 0
		    && change->added.first_offset <= change->removed.first_offset);
}

static int put(struct store_rollup *rollup, const struct store_change *change)
{
	struct store_sums old = { .messages = 0 }, sums;
	sqlite3_stmt *statement = start(rollup, FIND, change->key, STORE_CHANGE_KEYS);
	int result = sqlite3_step(statement);
	bool is_good = result != SQLITE_ROW || store_sums_take(statement, 0, &old);
	old.first_offset = result == SQLITE_ROW ? sqlite3_column_int64(statement, STORE_SUM_COUNT) : 0;
	result = store_statement_end(statement, result);
	if (result != SQLITE_OK)
		return result;
	is_good = is_good && store_change_make(change, &old, &sums) && !loses_first_offset(change, &old);
	if (is_good && change->added.messages > 0
	    && (old.messages == 0 || change->added.first_offset < old.first_offset))
		sums.first_offset = change->added.first_offset;
	if (!is_good)
		result = sum_up(rollup, change->key, &sums);
	if (result != SQLITE_OK)
		return result;
	statement = start(rollup, sums.messages > 0 ? PUT : REMOVE, change->key, STORE_CHANGE_KEYS);
	if (sums.messages > 0) {
		store_sums_bind(statement, STORE_CHANGE_KEYS + 1, &sums);
		(void)sqlite3_bind_int64(statement, STORE_CHANGE_KEYS + 1 + STORE_SUM_COUNT,
					 sums.first_offset);
	}
	return store_statement_run(statement);
}

static int put_all(struct store_rollup *rollup)
{
	int result = SQLITE_OK;
	for (size_t i = 0; i < rollup->hours.count && result == SQLITE_OK; i++)
		result = put(rollup, &rollup->hours.list[i]);
	store_changes_clear(&rollup->hours);
	return result;
}

int store_rollup_apply(struct store_rollup *rollup)
{
	int result = put_all(rollup);
	return result == SQLITE_OK ? store_days_apply(rollup->days) : result;
}

void store_rollup_forget(struct store_rollup *rollup)
{
	store_changes_clear(&rollup->hours);
	store_days_forget(rollup->days);
}

/* ---- all of it ---- */

static int add_all(struct store_rollup *rollup)
{
	sqlite3_stmt *rows;
	int result = store_rows_open(rollup->db, 0, &rows);
	while (result == SQLITE_OK && (result = sqlite3_step(rows)) == SQLITE_ROW) {
		struct store_row row;
		result = store_rows_take(rows, &row) ? store_rollup_add(rollup, &row) : SQLITE_OK;
		if (result == SQLITE_OK && rollup->hours.count >= REBUILD_ROWS)
			result = put_all(rollup);
	}
	(void)sqlite3_finalize(rows);
	return result == SQLITE_DONE ? put_all(rollup) : result;
}

int store_rollup_rebuild(sqlite3 *db)
{
	struct store_rollup *rollup = store_rollup_new(db);
	if (!rollup)
		return sqlite3_errcode(db) == SQLITE_OK ? SQLITE_NOMEM : sqlite3_extended_errcode(db);
	int result = sqlite3_exec(db, "DELETE FROM hour", NULL, NULL, NULL);
	if (result == SQLITE_OK)
		result = store_days_clear(rollup->days);
	if (result == SQLITE_OK)
		result = add_all(rollup);
	if (result == SQLITE_OK)
		result = store_days_apply(rollup->days);
	store_rollup_free(rollup);
	return result;
}
