#include "ledger/store/read.h"

#include <stdlib.h>
#include "ledger/store/records.h"

struct reading {
	struct ledger *ledger;
	int *files;                  /* by transcript.id: the ledger's number; -1: it is not lost */
	size_t file_count;
	struct store_records records;
	size_t added;
};

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

/* Takes a row, when its transcript is lost. Returns SQLITE_OK, or SQLite's result. */
static int take_row(struct reading *reading, sqlite3_stmt *rows)
{
	struct ledger_kept kept;
	struct store_row row;
	int64_t transcript = store_rows_transcript(rows);
	if (transcript <= 0 || (size_t)transcript >= reading->file_count || reading->files[transcript] < 0
	    || !store_rows_take(rows, &row))
		return SQLITE_OK;
	store_records_make(&reading->records, &row, &kept);
	int result = store_records_take_result(&reading->records);
	if (result != SQLITE_OK)
		return result;
	int added = ledger_add_record(reading->ledger, reading->files[transcript], &kept.record);
	reading->added += added > 0;
	return added < 0 ? SQLITE_NOMEM : SQLITE_OK;
}

static int read_messages(sqlite3 *db, struct reading *reading)
{
	sqlite3_stmt *row = NULL;
	int result = store_records_open(db, &reading->records);
	if (result == SQLITE_OK)
		result = store_rows_open(db, 0, &row);
	while (result == SQLITE_OK && (result = sqlite3_step(row)) == SQLITE_ROW)
		result = take_row(reading, row);
	sqlite3_finalize(row);
	store_records_release(&reading->records);
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
		result = read_messages(db, &reading);
	free(reading.files);
	*messages = reading.added;
	return result;
}
