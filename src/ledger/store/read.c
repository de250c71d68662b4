#include "ledger/store/read.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "json/write.h"
#include "ledger/store/rows.h"
#include "ledger/store/schema.h"
#include "transcript/path.h"

/* Models that a file may name; the ledger itself tells fewer apart. */
#define MODELS_MAX 65536

/* Names by number, as JSON writes them, for records. */
struct names {
	struct slice *all;
	size_t count, cap;
};

struct reading {
	struct ledger *ledger;
	struct names models;
	int *files;                  /* by transcript.id: the ledger's number; -1: it is not lost */
	size_t file_count;
	sqlite3_stmt *sessions;      /* the name of one */
	size_t added;
};

/* ---- names ---- */

static void release_names(struct names *names)
{
	for (size_t i = 0; i < names->count; i++)
		free((char *)(uintptr_t)names->all[i].data);
	free(names->all);
}

/* Sets names->all[number]. Returns false when memory ran out. */
static bool set_name(struct names *names, size_t number, const char *name)
{
	AUTO_BUF text = BUF_INIT;
	struct jsonw w;
	jsonw_init(&w, &text);
	jsonw_string(&w, name);
	if (text.failed || !array_reserve(&names->all, &names->cap, number + 1, sizeof(*names->all)))
		return false;
	while (names->count <= number)
		names->all[names->count++] = (struct slice){ NULL, 0 };
	char *copy = strndup(text.data + 1, text.len - 2);
	if (!copy || names->all[number].data) {
		free(copy);
		return copy != NULL;
	}
	names->all[number] = (struct slice){ copy, text.len - 2 };
	return true;
}

static int read_models(sqlite3 *db, struct names *names)
{
	sqlite3_stmt *answer = NULL;
	int result = sqlite3_prepare_v2(db, "SELECT id, name FROM model", -1, &answer, NULL);
	while (result == SQLITE_OK && (result = sqlite3_step(answer)) == SQLITE_ROW) {
		int64_t id = sqlite3_column_int64(answer, 0);
		const char *name = (const char *)sqlite3_column_text(answer, 1);
		result = SQLITE_OK;
		if (id > 0 && id < MODELS_MAX && name && strlen(name) < PRICE_MODEL_MAX
		    && !set_name(names, (size_t)id, name))
			result = SQLITE_NOMEM;
	}
	sqlite3_finalize(answer);
	return result == SQLITE_DONE ? SQLITE_OK : result;
}

/* ---- transcripts ---- */

/* Gives those that are lost their numbers in the ledger. Returns SQLITE_OK or SQLITE_NOMEM. */
static int name_files(struct reading *reading, struct store_known_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		if ((size_t)list->all[i].id >= reading->file_count)
			reading->file_count = (size_t)list->all[i].id + 1;
	reading->files = malloc((reading->file_count + 1) * sizeof(*reading->files));
	if (!reading->files)
		return SQLITE_NOMEM;
	for (size_t i = 0; i < reading->file_count; i++)
		reading->files[i] = -1;
	for (size_t i = 0; i < list->count; i++) {
		struct store_known *known = &list->all[i];
		if (known->state == STORE_AS_BEFORE)
			continue;
		known->ledger_file = ledger_add_lost_file(reading->ledger, known->path, known->root_len,
							  known->session_id, known->subagent);
		if (known->ledger_file < 0)
			return SQLITE_NOMEM;
		ledger_set_saved(reading->ledger, known->ledger_file, known->version, INT64_MAX);
		reading->files[known->id] = known->ledger_file;
	}
	return SQLITE_OK;
}

/* ---- messages ---- */

/* The session that paid; its name is good until the next question. */
static void take_payer(struct reading *reading, int64_t payer, struct ledger_record *record)
{
	const char *name = NULL;
	if (payer <= 0)
		return;
	(void)sqlite3_reset(reading->sessions);
	(void)sqlite3_bind_int64(reading->sessions, 1, payer);
	if (sqlite3_step(reading->sessions) == SQLITE_ROW)
		name = (const char *)sqlite3_column_text(reading->sessions, 0);
	if (!name || !transcript_session_id_is_valid(name, strlen(name)))
		return;
	record->payer = (struct slice){ name, strlen(name) };
	record->payer_is_told = true;
}

static void take_flags(unsigned flags, struct ledger_record *record)
{
	record->sidechain = flags & STORE_SIDECHAIN;
	record->has_speed = flags & STORE_HAS_SPEED;
	record->fast = flags & STORE_FAST;
	record->has_cost = flags & STORE_HAS_COST;
	record->is_settled = !(flags & (STORE_UNPRICED | STORE_HAS_COST));
	record->lost_by_reference = flags & STORE_LOST_BY_REFERENCE;
	record->has_id = flags & STORE_HAS_ID;
	record->extras.us_only = flags & STORE_US_ONLY;
	record->extras.batch = flags & STORE_BATCH;
}

static void make_record(struct reading *reading, const struct store_row *row, struct ledger_record *record)
{
	memset(record, 0, sizeof(*record));
	record->time_ms = row->time_ms;
	record->offset = row->offset;
	record->tokens = row->tokens;
	record->large = row->large;
	record->in_parts = row->flags & STORE_IN_PARTS;
	take_flags(row->flags, record);
	record->id_hash = row->key;
	record->request_hash = row->request;
	record->cost_usd = (double)row->nano_usd * LEDGER_NANO_USD;
	record->extras.web_searches = row->web_searches;
	if (row->model > 0 && (size_t)row->model < reading->models.count)
		record->model = reading->models.all[row->model];
	take_payer(reading, row->payer, record);
}

/* Takes a row, when its transcript is lost. Returns SQLITE_OK or SQLITE_NOMEM. */
static int take_row(struct reading *reading, sqlite3_stmt *rows)
{
	struct ledger_record record;
	struct store_row row;
	int64_t transcript = store_rows_transcript(rows);
	if (transcript <= 0 || (size_t)transcript >= reading->file_count || reading->files[transcript] < 0
	    || !store_rows_take(rows, &row))
		return SQLITE_OK;
	make_record(reading, &row, &record);
	int added = ledger_add_record(reading->ledger, reading->files[transcript], &record);
	reading->added += added > 0;
	return added < 0 ? SQLITE_NOMEM : SQLITE_OK;
}

static int read_messages(sqlite3 *db, struct reading *reading)
{
	sqlite3_stmt *row = NULL;
	int result = sqlite3_prepare_v2(db, "SELECT name FROM session WHERE id = ?1", -1, &reading->sessions,
					NULL);
	if (result == SQLITE_OK)
		result = store_rows_open(db, 0, &row);
	while (result == SQLITE_OK && (result = sqlite3_step(row)) == SQLITE_ROW)
		result = take_row(reading, row);
	sqlite3_finalize(row);
	sqlite3_finalize(reading->sessions);
	return result == SQLITE_DONE ? SQLITE_OK : result;
}

static bool has_lost(const struct store_known_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->all[i].state != STORE_AS_BEFORE)
			return true;
	return false;
}

int store_read_lost(sqlite3 *db, struct store_known_list *list, struct ledger *ledger, size_t *messages)
{
	struct reading reading = { .ledger = ledger };
	*messages = 0;
	if (!has_lost(list))
		return SQLITE_OK;
	int result = name_files(&reading, list);
	if (result == SQLITE_OK)
		result = read_models(db, &reading.models);
	if (result == SQLITE_OK)
		result = read_messages(db, &reading);
	release_names(&reading.models);
	free(reading.files);
	*messages = reading.added;
	return result;
}
