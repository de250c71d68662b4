#include "ledger/store/days.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/clock.h"
#include "base/zone.h"
#include "ledger/store/changes.h"
#include "ledger/store/folders.h"
#include "ledger/store/place.h"
#include "ledger/store/schema.h"
#include "ledger/store/statement.h"

/* Paths that are remembered while places are compared. */
#define PATHS 64

enum statement {
	FIND,
	PUT,
	REMOVE,
	MESSAGES_OF,
	PATH,
	COUNT_MODEL,
	DATE_MODEL,
	GET_ZONE,
	STATEMENTS
};

static const char *const texts[STATEMENTS] = {
	[FIND] = "SELECT " STORE_SUM_COLUMNS ", first_transcript, first_offset FROM day"
		 " WHERE day = ?1 AND model = ?2 AND fast = ?3",
	[PUT] = "INSERT OR REPLACE INTO day (day, model, fast, " STORE_SUM_COLUMNS
		", first_transcript, first_offset)"
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)",
	[REMOVE] = "DELETE FROM day WHERE day = ?1 AND model = ?2 AND fast = ?3",
	[MESSAGES_OF] = "SELECT * FROM message WHERE id >= ?1 AND id < ?2 AND model = ?3",
	[PATH] = "SELECT path, root_bytes, gone FROM transcript WHERE id = ?1",
	/* The bound is for numbers that somebody else wrote. */
	[COUNT_MODEL] = "UPDATE model SET messages = min(messages, 1 << 52) + ?2,"
			" unpriced = min(unpriced, 1 << 52) + ?3, last_ms = max(last_ms, ?4) WHERE id = ?1",
	[DATE_MODEL] = "UPDATE model SET last_ms ="
		       " (SELECT coalesce(max(last_ms), 0) FROM day WHERE model = ?1) WHERE id = ?1",
	[GET_ZONE] = "SELECT value FROM meta WHERE key = 'day_zone'",
};

struct known_path {
	int64_t transcript;
	char *path;
};

struct store_days {
	sqlite3 *db;
	sqlite3_stmt *statements[STATEMENTS];
	struct store_changes rows, models;
	struct clock_day last;       /* that was met */
	struct known_path paths[PATHS];
	struct store_folders folders;
};

/* The parts of the keys: of a day, and of a model. */
enum { START_MS, MODEL, FAST };
enum { MODEL_ID };

struct store_days *store_days_new(sqlite3 *db)
{
	struct store_days *days = calloc(1, sizeof(*days));
	if (!days)
		return NULL;
	days->db = db;
	if (store_statements_open(db, texts, STATEMENTS, days->statements) == SQLITE_OK
	    && store_folders_open(db, &days->folders) == SQLITE_OK)
		return days;
	store_days_free(days);
	return NULL;
}

static void forget_paths(struct store_days *days)
{
	for (size_t i = 0; i < PATHS; i++) {
		free(days->paths[i].path);
		days->paths[i] = (struct known_path){ 0, NULL };
	}
}

void store_days_forget(struct store_days *days)
{
	store_changes_clear(&days->rows);
	store_changes_clear(&days->models);
	forget_paths(days);
	days->last = (struct clock_day){ .start_ms = 0 };
}

void store_days_free(struct store_days *days)
{
	if (!days)
		return;
	store_statements_release(days->statements, STATEMENTS);
	store_changes_release(&days->rows);
	store_changes_release(&days->models);
	forget_paths(days);
	store_folders_release(&days->folders);
	free(days);
}

/* ---- the order of places ---- */

/* A transcript's path; "" when it has none, or memory ran out. Good until another one is asked for. */
static const char *path_of(struct store_days *days, int64_t transcript)
{
	struct known_path *known = &days->paths[(uint64_t)transcript % PATHS];
	if (known->path && known->transcript == transcript)
		return known->path;
	sqlite3_stmt *question = days->statements[PATH];
	(void)sqlite3_bind_int64(question, 1, transcript);
	const char *path = sqlite3_step(question) == SQLITE_ROW
				 ? (const char *)sqlite3_column_text(question, 0)
				 : NULL;
	int64_t root_len = path ? sqlite3_column_int64(question, 1) : 0;
	AUTO_BUF shown = BUF_INIT;
	if (path && store_place_is_valid(path, root_len))
		store_folders_show(&days->folders,
				   &(struct store_folders_path){ path, (size_t)root_len,
								 sqlite3_column_int(question, 2) != 0 },
				   &shown);
	else if (path)
		buf_append_str(&shown, path);
	free(known->path);
	*known = (struct known_path){ transcript, shown.failed ? NULL : strdup(buf_str(&shown)) };
	(void)sqlite3_reset(question);
	return known->path ? known->path : "";
}

/* Orders two places by path, then by offset. */
static int compare_places(struct store_days *days, int64_t transcript, int64_t offset,
			  const struct store_sums *other)
{
	if (transcript != other->first_transcript) {
		char path[4096];
		snprintf(path, sizeof(path), "%s", path_of(days, transcript));
		int order = strcmp(path, path_of(days, other->first_transcript));
		if (order != 0)
			return order;
	}
	if (offset != other->first_offset)
		return offset < other->first_offset ? -1 : 1;
	return (transcript > other->first_transcript) - (transcript < other->first_transcript);
}

/* Gives the sums the place when it comes first. */
static void offer_place(struct store_days *days, struct store_sums *sums, int64_t transcript, int64_t offset)
{
	if (sums->first_transcript != 0 && compare_places(days, transcript, offset, sums) >= 0)
		return;
	sums->first_transcript = transcript;
	sums->first_offset = offset;
}

static void add_to(struct store_days *days, struct store_sums *sums, const struct store_row *row)
{
	offer_place(days, sums, row->transcript, row->offset);
	store_sums_add_row(sums, row);
}

/* ---- gathering ---- */

static struct store_change *find_day(struct store_days *days, const struct store_row *row)
{
	(void)clock_day_follow(&days->last, row->time_ms);
	const int64_t key[STORE_CHANGE_KEYS] = { [START_MS] = days->last.start_ms,
						 [MODEL] = row->model,
						 [FAST] = (row->flags & STORE_FAST) != 0 };
	return store_changes_find(&days->rows, key);
}

static struct store_change *find_model(struct store_days *days, const struct store_row *row)
{
	const int64_t key[STORE_CHANGE_KEYS] = { [MODEL_ID] = row->model };
	return store_changes_find(&days->models, key);
}

int store_days_add(struct store_days *days, const struct store_row *row)
{
	struct store_change *day = find_day(days, row), *model = find_model(days, row);
	if (!day || !model)
		return SQLITE_NOMEM;
	add_to(days, &day->added, row);
	store_sums_add_row(&model->added, row);
	return SQLITE_OK;
}

int store_days_remove(struct store_days *days, const struct store_row *row)
{
	struct store_change *day = find_day(days, row), *model = find_model(days, row);
	if (!day || !model)
		return SQLITE_NOMEM;
	if (day->added.messages > 0 && compare_places(days, row->transcript, row->offset, &day->added) <= 0)
		day->is_uncertain = true;
	offer_place(days, &day->removed, row->transcript, row->offset);
	store_change_remove(day, row);
	store_sums_add_row(&model->removed, row);
	return SQLITE_OK;
}

/* ---- writing ---- */

/* Sums a day up from its messages. */
static int sum_up(struct store_days *days, const struct store_change *day, struct store_sums *sums)
{
	int result;
	int64_t start_ms = day->key[START_MS], end_ms = clock_local_next_day_ms(start_ms);
	sqlite3_stmt *rows = days->statements[MESSAGES_OF];
	*sums = (struct store_sums){ .messages = 0 };
	(void)sqlite3_bind_int64(rows, 1, store_id_at(start_ms));
	(void)sqlite3_bind_int64(rows, 2, store_id_at(end_ms + STORE_LATE_MAX_MS));
	(void)sqlite3_bind_int64(rows, 3, day->key[MODEL]);
	while ((result = sqlite3_step(rows)) == SQLITE_ROW) {
		struct store_row row;
		if (store_rows_take(rows, &row) && !(row.flags & STORE_HIDDEN) && row.time_ms >= start_ms
		    && row.time_ms < end_ms && ((row.flags & STORE_FAST) != 0) == (day->key[FAST] != 0))
			add_to(days, sums, &row);
	}
	return store_statement_end(rows, result);
}

/* Whether the first place goes, and no other one is known. */
static bool loses_place(struct store_days *days, const struct store_change *day, const struct store_sums *old)
{
	const struct store_sums *added = &day->added, *removed = &day->removed;
	return removed->messages > 0
	       && compare_places(days, removed->first_transcript, removed->first_offset, old) <= 0
	       && !(added->messages > 0
		    && compare_places(days, added->first_transcript, added->first_offset, removed) <= 0);
}

static int put_day(struct store_days *days, const struct store_change *day)
{
	struct store_sums old = { .messages = 0 }, sums;
	char date[CLOCK_DATE_SIZE];
	clock_format_local_date(day->key[START_MS], date);
	sqlite3_stmt *statement = days->statements[FIND];
	(void)sqlite3_bind_text(statement, 1, date, -1, SQLITE_STATIC);
	(void)sqlite3_bind_int64(statement, 2, day->key[MODEL]);
	(void)sqlite3_bind_int64(statement, 3, day->key[FAST]);
	int result = sqlite3_step(statement);
	bool is_good = result != SQLITE_ROW || store_sums_take(statement, 0, &old);
	if (result == SQLITE_ROW) {
		old.first_transcript = sqlite3_column_int64(statement, STORE_SUM_COUNT);
		old.first_offset = sqlite3_column_int64(statement, STORE_SUM_COUNT + 1);
	}
	result = store_statement_end(statement, result);
	if (result != SQLITE_OK)
		return result;
	is_good = is_good && store_change_make(day, &old, &sums) && !loses_place(days, day, &old);
	if (is_good && day->added.messages > 0)
		offer_place(days, &sums, day->added.first_transcript, day->added.first_offset);
	if (!is_good)
		result = sum_up(days, day, &sums);
	if (result != SQLITE_OK)
		return result;
	statement = days->statements[sums.messages > 0 ? PUT : REMOVE];
	(void)sqlite3_bind_text(statement, 1, date, -1, SQLITE_STATIC);
	(void)sqlite3_bind_int64(statement, 2, day->key[MODEL]);
	(void)sqlite3_bind_int64(statement, 3, day->key[FAST]);
	if (sums.messages > 0) {
		store_sums_bind(statement, 4, &sums);
		(void)sqlite3_bind_int64(statement, 4 + STORE_SUM_COUNT, sums.first_transcript);
		(void)sqlite3_bind_int64(statement, 5 + STORE_SUM_COUNT, sums.first_offset);
	}
	result = store_statement_run(statement);
	(void)sqlite3_clear_bindings(statement);
	return result;
}

/* After the days. */
static int put_model(struct store_days *days, const struct store_change *model)
{
	const struct store_sums *added = &model->added, *removed = &model->removed;
	const int64_t numbers[] = { model->key[MODEL_ID], added->messages - removed->messages,
				    added->unpriced - removed->unpriced, added->last_ms };
	sqlite3_stmt *statement = days->statements[COUNT_MODEL];
	for (size_t i = 0; i < ARRAY_COUNT(numbers); i++)
		(void)sqlite3_bind_int64(statement, (int)i + 1, numbers[i]);
	int result = store_statement_run(statement);
	if (result != SQLITE_OK || removed->messages == 0 || added->last_ms > removed->last_ms)
		return result;
	statement = days->statements[DATE_MODEL];
	(void)sqlite3_bind_int64(statement, 1, model->key[MODEL_ID]);
	return store_statement_run(statement);
}

static int put_all(struct store_days *days)
{
	int result = SQLITE_OK;
	for (size_t i = 0; i < days->rows.count && result == SQLITE_OK; i++)
		result = put_day(days, &days->rows.list[i]);
	for (size_t i = 0; i < days->models.count && result == SQLITE_OK; i++)
		result = put_model(days, &days->models.list[i]);
	store_days_forget(days);
	return result;
}

/* ---- the zone ---- */

/* Whether the days in the file are of the zone of now. */
static int has_zone(struct store_days *days, bool *has)
{
	char zone[ZONE_NAME_SIZE];
	zone_name(zone);
	sqlite3_stmt *question = days->statements[GET_ZONE];
	int result = sqlite3_step(question);
	const unsigned char *known = result == SQLITE_ROW ? sqlite3_column_text(question, 0) : NULL;
	*has = known && strcmp((const char *)known, zone) == 0;
	return store_statement_end(question, result);
}

int store_days_note_zone(sqlite3 *db)
{
	char zone[ZONE_NAME_SIZE];
	sqlite3_stmt *set = NULL;
	zone_name(zone);
	int result =
		sqlite3_prepare_v2(db, "INSERT OR REPLACE INTO meta VALUES ('day_zone', ?1)", -1, &set, NULL);
	if (result == SQLITE_OK) {
		store_statement_bind_text(set, 1, zone);
		result = store_statement_run(set);
	}
	(void)sqlite3_finalize(set);
	return result;
}

int store_days_clear(struct store_days *days)
{
	store_days_forget(days);
	int result = sqlite3_exec(days->db,
				  "DELETE FROM day; UPDATE model SET messages = 0, unpriced = 0, last_ms = 0",
				  NULL, NULL, NULL);
	return result == SQLITE_OK ? store_days_note_zone(days->db) : result;
}

/* Makes all days anew, of all messages. */
static int rebuild(struct store_days *days)
{
	sqlite3_stmt *rows = NULL;
	int result = store_days_clear(days);
	if (result == SQLITE_OK)
		result = store_rows_open(days->db, 0, &rows);
	while (result == SQLITE_OK && (result = sqlite3_step(rows)) == SQLITE_ROW) {
		struct store_row row;
		bool counts = store_rows_take(rows, &row) && !(row.flags & STORE_HIDDEN);
		result = counts ? store_days_add(days, &row) : SQLITE_OK;
	}
	(void)sqlite3_finalize(rows);
	return result == SQLITE_DONE ? put_all(days) : result;
}

int store_days_apply(struct store_days *days)
{
	bool has = false;
	if (days->rows.count == 0)
		return SQLITE_OK;
	int result = has_zone(days, &has);
	if (result != SQLITE_OK)
		return result;
	return has ? put_all(days) : rebuild(days);
}
