#include "ledger/store/insert.h"

#include "base/array.h"
#include "ledger/store/schema.h"
#include "ledger/store/statement.h"

/* Tries before all slots are tried in their order, and how many of them in the message's own millisecond. */
#define SLOT_TRIES 64
#define TRIES_IN_TIME 8

/* The parameters that are not numbers in any case, or change from slot to slot. */
enum { ID = 1, KEY = 2, LATE = 4, TRANSCRIPT = 5, LARGE = 19 };

const char store_insert_text[] =
	"INSERT INTO message (id, key, request, late, transcript, offset, payer, model, branch, flags, input,"
	" output, cache_write_5m, cache_write_1h, cache_read, web_searches, nano_usd, reference, large)"
	" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17,"
	" nullif(?18, ?17), ?19) ON CONFLICT DO NOTHING";

/* Tries a slot. *done: it was free. */
static int try_slot(sqlite3_stmt *insert, int64_t id, int64_t late, bool *done)
{
	(void)sqlite3_bind_int64(insert, ID, id);
	(void)sqlite3_bind_int64(insert, LATE, late);
	int result = store_statement_run(insert);
	*done = result == SQLITE_OK && sqlite3_changes(sqlite3_db_handle(insert)) > 0;
	return result;
}

/* All slots in their order. */
static int insert_anywhere(sqlite3_stmt *insert, int64_t time_ms)
{
	bool done = false;
	int result = SQLITE_OK;
	for (int64_t i = 0; i < (STORE_LATE_MAX_MS + 1) * STORE_SLOTS && result == SQLITE_OK && !done; i++)
		result = try_slot(insert, store_id_at(time_ms) + i, i / STORE_SLOTS, &done);
	return result == SQLITE_OK && !done ? SQLITE_FULL : result;
}

/*
 * The key chooses where to try: in the message's millisecond first, then in twice as much time with each try,
 * so that many of one moment find a slot soon.
 */
int store_insert_at(sqlite3_stmt *insert, uint64_t key, int64_t time_ms)
{
	bool done = false;
	int result = SQLITE_OK;
	for (uint64_t i = 0; i < SLOT_TRIES && result == SQLITE_OK && !done; i++) {
		uint64_t mixed = (key + i) * UINT64_C(0x9e3779b97f4a7c15);
		uint64_t span = i < TRIES_IN_TIME ? 0 : (UINT64_C(2) << (i - TRIES_IN_TIME)) - 1;
		int64_t late = (int64_t)(mixed >> 32 & span & (uint64_t)STORE_LATE_MAX_MS);
		int64_t slot = (int64_t)(mixed >> (64 - STORE_SLOT_BITS));
		result = try_slot(insert, store_id_at(time_ms + late) + slot, late, &done);
	}
	return result == SQLITE_OK && !done ? insert_anywhere(insert, time_ms) : result;
}

int store_insert(sqlite3_stmt *insert, const struct store_row *row)
{
	const struct price_tokens *t = &row->tokens;
	const int64_t large[] = { row->large.input, row->large.output, row->large.cache_creation_5m,
				  row->large.cache_creation_1h, row->large.cache_read };
	const int64_t identity[] = { (int64_t)row->key, store_request_number(row->request) };
	const int64_t facts[] = { row->transcript,
				  row->offset,
				  row->payer,
				  row->model,
				  row->branch,
				  row->flags,
				  t->input,
				  t->output,
				  t->cache_creation_5m,
				  t->cache_creation_1h,
				  t->cache_read,
				  row->web_searches,
				  row->nano_usd,
				  row->reference };
	store_statement_bind(insert, KEY, identity, ARRAY_COUNT(identity));
	store_statement_bind(insert, TRANSCRIPT, facts, ARRAY_COUNT(facts));
	if (row->flags & STORE_IN_PARTS)
		(void)sqlite3_bind_blob(insert, LARGE, large, sizeof(large), SQLITE_STATIC);
	else
		(void)sqlite3_bind_null(insert, LARGE);
	return store_insert_at(insert, row->key, row->time_ms);
}
