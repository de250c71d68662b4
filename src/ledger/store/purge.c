#include "ledger/store/purge.h"

#include <string.h>

#include "base/array.h"
#include "base/clock.h"
#include "ledger/store/folders.h"
#include "ledger/store/place.h"
#include "ledger/store/rollup.h"
#include "ledger/store/rows.h"
#include "ledger/store/schema.h"
#include "ledger/store/statement.h"
#include "ledger/store/tombs.h"

/*
 * The lines of a message come within seconds, as its answer grows. One that stands at both sides of the
 * moment of a purge must not come back by its later lines.
 */
#define LINES_APART_MS CLOCK_HOUR_MS

/* ---- statements ---- */

/* Runs a statement with up to three numbers. */
static int run(sqlite3 *db, const char *sql, int64_t first, int64_t second, int64_t third)
{
	const int64_t numbers[] = { first, second, third };
	sqlite3_stmt *statement = NULL;
	int result = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);
	int count = result == SQLITE_OK ? sqlite3_bind_parameter_count(statement) : 0;
	for (int i = 0; i < count && i < (int)ARRAY_COUNT(numbers); i++)
		(void)sqlite3_bind_int64(statement, i + 1, numbers[i]);
	while (result == SQLITE_OK && (result = sqlite3_step(statement)) == SQLITE_ROW)
		result = SQLITE_OK;
	(void)sqlite3_finalize(statement);
	return result == SQLITE_DONE ? SQLITE_OK : result;
}

/* Several without numbers. */
static int run_all(sqlite3 *db, const char *const *statements, size_t count)
{
	int result = SQLITE_OK;
	for (size_t i = 0; i < count && result == SQLITE_OK; i++)
		result = run(db, statements[i], 0, 0, 0);
	return result;
}

/* ---- what goes ---- */

/* Temporary tables are not part of the file. */
static int make_lists(sqlite3 *db)
{
	static const char *const lists[] = {
		"DROP TABLE IF EXISTS temp.doomed",
		"DROP TABLE IF EXISTS temp.doomed_transcript",
		"DROP TABLE IF EXISTS temp.doomed_key",
		"DROP TABLE IF EXISTS temp.doomed_session",
		"CREATE TEMP TABLE doomed (id INTEGER PRIMARY KEY)",
		"CREATE TEMP TABLE doomed_transcript (id INTEGER PRIMARY KEY)",
		"CREATE TEMP TABLE doomed_key (key INTEGER PRIMARY KEY)",
		"CREATE TEMP TABLE doomed_session (id INTEGER PRIMARY KEY)",
	};
	return run_all(db, lists, ARRAY_COUNT(lists));
}

static int drop_lists(sqlite3 *db)
{
	static const char *const lists[] = {
		"DROP TABLE IF EXISTS temp.doomed",
		"DROP TABLE IF EXISTS temp.doomed_transcript",
		"DROP TABLE IF EXISTS temp.doomed_key",
		"DROP TABLE IF EXISTS temp.doomed_session",
	};
	return run_all(db, lists, ARRAY_COUNT(lists));
}

/* A project by its name, and what stands for that in the file; "" without a key. */
struct project {
	const char *name;
	char hidden[STORE_FOLDERS_SIZE];
};

static int find_project(sqlite3 *db, const char *name, struct project *out)
{
	struct store_folders folders;
	*out = (struct project){ .name = name };
	int result = store_folders_open(db, &folders);
	(void)store_folders_hash(&folders, name, out->hidden);
	store_folders_release(&folders);
	return result;
}

static bool is_in_project(const char *path, int64_t root_len, const struct project *project)
{
	if (!path || !store_place_is_valid(path, root_len))
		return false;
	struct slice folder = store_folders_of(path + root_len);
	return folder.len > 0
	    && (slice_equals(folder, project->name) || slice_equals(folder, project->hidden));
}

static int list_project(sqlite3 *db, const char *name)
{
	sqlite3_stmt *row = NULL;
	struct project project;
	int result = find_project(db, name, &project);
	if (result == SQLITE_OK)
		result = sqlite3_prepare_v2(db, "SELECT id, path, root_bytes FROM transcript", -1, &row,
					    NULL);
	while (result == SQLITE_OK && (result = sqlite3_step(row)) == SQLITE_ROW) {
		result = SQLITE_OK;
		if (is_in_project((const char *)sqlite3_column_text(row, 1), sqlite3_column_int64(row, 2),
				  &project))
			result = run(db, "INSERT INTO temp.doomed_transcript VALUES (?1)",
				     sqlite3_column_int64(row, 0), 0, 0);
	}
	(void)sqlite3_finalize(row);
	if (result != SQLITE_DONE)
		return result;
	return run(db,
		   "INSERT INTO temp.doomed SELECT id FROM main.message"
		   " WHERE transcript IN (SELECT id FROM temp.doomed_transcript)",
		   0, 0, 0);
}

/* The number of a session; 0: the file does not know it. */
static int find_session(sqlite3 *db, const char *id, int64_t *number)
{
	sqlite3_stmt *question = NULL;
	*number = 0;
	int result = sqlite3_prepare_v2(db, "SELECT id FROM session WHERE name = ?1", -1, &question, NULL);
	if (result == SQLITE_OK)
		result = sqlite3_bind_text(question, 1, id, -1, SQLITE_STATIC);
	if (result == SQLITE_OK && (result = sqlite3_step(question)) == SQLITE_ROW)
		*number = sqlite3_column_int64(question, 0);
	(void)sqlite3_finalize(question);
	return result == SQLITE_ROW || result == SQLITE_DONE ? SQLITE_OK : result;
}

/* In its own transcripts, another session may have paid for some lines: these stay. */
static int list_session(sqlite3 *db, const char *id)
{
	int64_t number;
	int result = find_session(db, id, &number);
	if (result != SQLITE_OK || number == 0)
		return result;
	result = run(db,
		     "INSERT INTO temp.doomed_transcript SELECT id FROM main.transcript WHERE session = ?1",
		     number, 0, 0);
	if (result != SQLITE_OK)
		return result;
	return run(db,
		   "INSERT INTO temp.doomed SELECT id FROM main.message WHERE payer = ?1"
		   " OR (payer = 0 AND transcript IN (SELECT id FROM temp.doomed_transcript))",
		   number, 0, 0);
}

static int list_before(sqlite3 *db, int64_t before_ms)
{
	/* A message that was put off has a later id. */
	int result = run(db,
			 "INSERT INTO temp.doomed SELECT id FROM main.message"
			 " WHERE id < ?2 AND id / ?3 - late < ?1",
			 before_ms, store_id_at(before_ms + STORE_LATE_MAX_MS + 1), STORE_SLOTS);
	if (result != SQLITE_OK)
		return result;
	return run(db,
		   "INSERT INTO temp.doomed_transcript SELECT DISTINCT transcript FROM main.message"
		   " WHERE id IN (SELECT id FROM temp.doomed)",
		   0, 0, 0);
}

/* With a message its copies go, which would count without it. */
static int list_copies(sqlite3 *db)
{
	static const char *const sql[] = {
		"INSERT OR IGNORE INTO temp.doomed_key SELECT key FROM main.message"
		" WHERE id IN (SELECT id FROM temp.doomed) AND flags & 16 = 0 AND flags & 1",
		"INSERT OR IGNORE INTO temp.doomed SELECT id FROM main.message"
		" WHERE flags & 16 AND key IN (SELECT key FROM temp.doomed_key)",
	};
	_Static_assert(STORE_HIDDEN == 16 && STORE_HAS_ID == 1, "the statements say so");
	return run_all(db, sql, ARRAY_COUNT(sql));
}

static int list_all(sqlite3 *db, const struct store_purge *purge)
{
	int result = make_lists(db);
	if (result == SQLITE_OK)
		result = purge->by == STORE_PURGE_PROJECT ? list_project(db, purge->name)
		       : purge->by == STORE_PURGE_SESSION ? list_session(db, purge->name)
							  : list_before(db, purge->before_ms);
	return result == SQLITE_OK ? list_copies(db) : result;
}

/* ---- counting ---- */

static void count_day(struct store_purged *out, int64_t time_ms, char day[CLOCK_DATE_SIZE])
{
	char its_day[CLOCK_DATE_SIZE];
	clock_format_local_date(time_ms, its_day);
	if (strcmp(its_day, day) != 0) {
		memcpy(day, its_day, CLOCK_DATE_SIZE);
		out->days++;
	}
	out->first_ms = out->first_ms == 0 ? time_ms : out->first_ms;
	out->last_ms = time_ms;
}

static int count_messages(sqlite3 *db, struct store_purged *out)
{
	sqlite3_stmt *row = NULL;
	char day[CLOCK_DATE_SIZE] = "";
	int result = sqlite3_prepare_v2(db,
					"SELECT id, nano_usd FROM main.message WHERE flags & 16 = 0"
					" AND id IN (SELECT id FROM temp.doomed) ORDER BY id",
					-1, &row, NULL);
	while (result == SQLITE_OK && (result = sqlite3_step(row)) == SQLITE_ROW) {
		int64_t time_ms = store_time_ms(sqlite3_column_int64(row, 0), 0);
		int64_t nano_usd = sqlite3_column_int64(row, 1);
		result = SQLITE_OK;
		out->messages++;
		if (nano_usd > 0 && nano_usd <= STORE_NANO_USD_MAX)
			store_rows_add(&out->nano_usd, nano_usd);
		if (time_ms > 0)
			count_day(out, time_ms, day);
	}
	(void)sqlite3_finalize(row);
	return result == SQLITE_DONE ? SQLITE_OK : result;
}

static int count(sqlite3 *db, struct store_purged *out)
{
	sqlite3_stmt *row = NULL;
	*out = (struct store_purged){ 0 };
	int result = count_messages(db, out);
	if (result != SQLITE_OK)
		return result;
	result = sqlite3_prepare_v2(db, "SELECT count(*) FROM temp.doomed_transcript", -1, &row, NULL);
	if (result == SQLITE_OK && (result = sqlite3_step(row)) == SQLITE_ROW)
		out->transcripts = (size_t)sqlite3_column_int64(row, 0);
	(void)sqlite3_finalize(row);
	return result == SQLITE_ROW ? SQLITE_OK : result;
}

int store_purge_look(sqlite3 *db, const struct store_purge *purge, struct store_purged *out)
{
	int result = list_all(db, purge);
	if (result == SQLITE_OK)
		result = count(db, out);
	int dropped = drop_lists(db);
	return result == SQLITE_OK ? dropped : result;
}

/* ---- tombstones ---- */

/* Where another request of the same message still counts, only the one that was purged is buried. */
static int bury_requests(sqlite3 *db, int64_t now_ms)
{
	sqlite3_stmt *row = NULL;
	int result = sqlite3_prepare_v2(db,
					"SELECT key, request FROM main.message WHERE flags & 16 = 0"
					" AND id IN (SELECT id FROM temp.doomed)"
					" AND key IN (SELECT key FROM main.message WHERE flags & 16 = 0"
					"  AND key IN (SELECT key FROM temp.doomed_key)"
					"  AND id NOT IN (SELECT id FROM temp.doomed))",
					-1, &row, NULL);
	while (result == SQLITE_OK && (result = sqlite3_step(row)) == SQLITE_ROW) {
		const struct store_tomb tomb = {
			.kind = STORE_TOMB_REQUEST,
			.value = store_tombs_request((uint64_t)sqlite3_column_int64(row, 0),
						     (uint32_t)sqlite3_column_int64(row, 1)),
			.at_ms = now_ms,
		};
		result = store_tombs_add(db, &tomb);
	}
	(void)sqlite3_finalize(row);
	return result == SQLITE_DONE ? SQLITE_OK : result;
}

static int bury_messages(sqlite3 *db, int64_t now_ms)
{
	int result = bury_requests(db, now_ms);
	if (result != SQLITE_OK)
		return result;
	return run(db,
		   "INSERT OR IGNORE INTO main.tombstone (kind, value, before, at)"
		   " SELECT ?1, key, 0, ?2 FROM temp.doomed_key WHERE key NOT IN"
		   " (SELECT key FROM main.message WHERE flags & 16 = 0"
		   "  AND id NOT IN (SELECT id FROM temp.doomed))",
		   STORE_TOMB_MESSAGE, now_ms, 0);
}

/* What came before a moment is known by its time, but for the last hour, whose lines may have later ones. */
static int bury_before(sqlite3 *db, int64_t before_ms, int64_t now_ms)
{
	const struct store_tomb tomb = { STORE_TOMB_BEFORE, 0, before_ms, now_ms };
	int result = store_tombs_add(db, &tomb);
	if (result != SQLITE_OK)
		return result;
	return run(db,
		   "INSERT OR IGNORE INTO main.tombstone (kind, value, before, at)"
		   " SELECT ?1, key, 0, ?2 FROM main.message WHERE id >= ?3 AND flags & 1"
		   " AND id IN (SELECT id FROM temp.doomed)",
		   STORE_TOMB_MESSAGE, now_ms, store_id_at(before_ms - LINES_APART_MS));
}

/* An import may name a project as the file does. */
static int bury_hidden(sqlite3 *db, const struct store_tomb *tomb, const char *name)
{
	struct store_tomb hidden = *tomb;
	struct project project;
	int result = find_project(db, name, &project);
	hidden.value = store_tombs_value(project.hidden, strlen(project.hidden));
	return result == SQLITE_OK && project.hidden[0] ? store_tombs_add(db, &hidden) : result;
}

static int bury(sqlite3 *db, const struct store_purge *purge, int64_t now_ms)
{
	if (purge->by == STORE_PURGE_BEFORE)
		return bury_before(db, purge->before_ms, now_ms);
	const struct store_tomb tomb = {
		.kind = purge->by == STORE_PURGE_PROJECT ? STORE_TOMB_PROJECT : STORE_TOMB_SESSION,
		.value = store_tombs_value(purge->name, strlen(purge->name)),
		.before_ms = now_ms + 1,
		.at_ms = now_ms,
	};
	int result = store_tombs_add(db, &tomb);
	if (result == SQLITE_OK && purge->by == STORE_PURGE_PROJECT)
		result = bury_hidden(db, &tomb, purge->name);
	return result == SQLITE_OK ? bury_messages(db, now_ms) : result;
}

/* ---- taking it out ---- */

/* What is known of sessions besides their messages: those in temp.doomed_session. */
static int remove_facts(sqlite3 *db)
{
	static const char *const sql[] = {
		"DELETE FROM main.hit WHERE session IN (SELECT id FROM temp.doomed_session)",
		"DELETE FROM main.told WHERE session IN (SELECT id FROM temp.doomed_session)",
		"UPDATE main.reading SET session = 0 WHERE session IN (SELECT id FROM temp.doomed_session)",
		("DELETE FROM main.alert WHERE subject IN (SELECT name FROM main.session"
		 " WHERE id IN (SELECT id FROM temp.doomed_session))"),
	};
	return run_all(db, sql, ARRAY_COUNT(sql));
}

/* Its transcripts stay while they have messages that others paid. */
static int remove_session(sqlite3 *db, const char *id)
{
	int64_t number;
	int result = find_session(db, id, &number);
	if (result != SQLITE_OK || number == 0)
		return result;
	result = run(db, "INSERT INTO temp.doomed_session VALUES (?1)", number, 0, 0);
	/* Who paid for the messages of others is in their rows. */
	if (result == SQLITE_OK)
		result = run(db, "DELETE FROM main.claim WHERE from_session = ?1 OR to_session = ?1", number,
			     0, 0);
	return result == SQLITE_OK ? remove_facts(db) : result;
}

static int remove_project(sqlite3 *db)
{
	int result = run(db,
			 "INSERT OR IGNORE INTO temp.doomed_session SELECT session FROM main.transcript"
			 " WHERE session > 0 AND id IN (SELECT id FROM temp.doomed_transcript)",
			 0, 0, 0);
	return result == SQLITE_OK ? remove_facts(db) : result;
}

static int remove_before(sqlite3 *db, int64_t before_ms)
{
	int result = run(db, "DELETE FROM main.hit WHERE at < ?1", before_ms, 0, 0);
	if (result == SQLITE_OK)
		result = run(db, "DELETE FROM main.reading WHERE last_seen < ?1", before_ms, 0, 0);
	if (result == SQLITE_OK)
		result = run(db, "DELETE FROM main.told WHERE at < ?1", before_ms, 0, 0);
	return result == SQLITE_OK ? run(db, "DELETE FROM main.alert WHERE at < ?1", before_ms, 0, 0)
				   : result;
}

/* Names that nothing refers to any more. */
static int remove_names(sqlite3 *db)
{
	static const char *const sql[] = {
		"DELETE FROM main.transcript WHERE id IN (SELECT id FROM temp.doomed_transcript)"
		" AND id NOT IN (SELECT transcript FROM main.message)",
		"DELETE FROM main.hit WHERE transcript IN (SELECT id FROM temp.doomed_transcript)"
		" AND transcript NOT IN (SELECT id FROM main.transcript)",
		"DELETE FROM main.session WHERE id NOT IN (SELECT session FROM main.transcript"
		" UNION SELECT payer FROM main.message UNION SELECT session FROM main.hit"
		" UNION SELECT session FROM main.told UNION SELECT session FROM main.reading"
		" UNION SELECT from_session FROM main.claim UNION SELECT to_session FROM main.claim)",
		"DELETE FROM main.branch WHERE id NOT IN (SELECT branch FROM main.message)",
	};
	return run_all(db, sql, ARRAY_COUNT(sql));
}

static int take_out(sqlite3 *db, const struct store_purge *purge, int64_t now_ms)
{
	int result = bury(db, purge, now_ms);
	if (result == SQLITE_OK)
		result = run(db,
			     "DELETE FROM main.claim WHERE (key, request) IN (SELECT key, request"
			     " FROM main.message WHERE id IN (SELECT id FROM temp.doomed))",
			     0, 0, 0);
	if (result == SQLITE_OK)
		result =
			run(db, "DELETE FROM main.message WHERE id IN (SELECT id FROM temp.doomed)", 0, 0, 0);
	if (result == SQLITE_OK)
		result = purge->by == STORE_PURGE_SESSION ? remove_session(db, purge->name)
		       : purge->by == STORE_PURGE_PROJECT ? remove_project(db)
							  : remove_before(db, purge->before_ms);
	if (result == SQLITE_OK)
		result = remove_names(db);
	return result == SQLITE_OK ? store_rollup_rebuild(db) : result;
}

int store_purge_do(sqlite3 *db, const struct store_purge *purge, int64_t now_ms, struct store_purged *out)
{
	/* What is deleted is overwritten with zeros. */
	int result = run(db, "PRAGMA secure_delete = ON", 0, 0, 0);
	if (result == SQLITE_OK)
		result = run(db, "BEGIN IMMEDIATE", 0, 0, 0);
	if (result == SQLITE_OK)
		result = list_all(db, purge);
	if (result == SQLITE_OK)
		result = count(db, out);
	if (result == SQLITE_OK)
		result = take_out(db, purge, now_ms);
	int dropped = drop_lists(db);
	return store_transaction_end(db, result == SQLITE_OK ? dropped : result);
}

int store_purge_old(sqlite3 *db, int64_t keep_ms, int64_t now_ms, struct store_purged *out)
{
	struct store_purge purge = { .by = STORE_PURGE_BEFORE };
	int64_t last_id, purged_ms;
	_Static_assert(STORE_TOMB_BEFORE == 1, "the statement says so");
	*out = (struct store_purged){ 0 };
	int result = store_ask_number(db, "SELECT max(id) FROM message", &last_id);
	if (result == SQLITE_OK)
		result = store_ask_number(db, "SELECT before FROM tombstone WHERE kind = 1", &purged_ms);
	if (result != SQLITE_OK)
		return result;
	int64_t last_ms = store_time_ms(last_id, 0);
	int64_t until_ms = last_id > 0 && last_ms < now_ms ? last_ms : now_ms;
	purge.before_ms = clock_local_day_start_ms(until_ms - keep_ms);
	return purge.before_ms > purged_ms ? store_purge_do(db, &purge, now_ms, out) : SQLITE_OK;
}

int store_purge_wipe(sqlite3 *db)
{
	int result = run(db, "VACUUM", 0, 0, 0);
	if (result != SQLITE_OK)
		return result;
	return sqlite3_wal_checkpoint_v2(db, "main", SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
}
