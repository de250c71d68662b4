#include "ledger/store/insert.h"

#include "base/array.h"
#include "ledger/store/schema.h"
#include "ledger/store/statement.h"

/* The parameters that are not numbers in any case, or change from slot to slot. */
enum { ID = 1, KEY = 2, LATE = 4, TRANSCRIPT = 5, LARGE = 19 };

const char store_insert_text[] =
	"INSERT INTO message (id, key, request, late, transcript, offset, payer, model, branch, flags, input,"
	" output, cache_write_5m, cache_write_1h, cache_read, web_searches, nano_usd, reference, large)"
	" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17,"
	" nullif(?18, ?17), ?19) ON CONFLICT DO NOTHING";

static int insert_into_slot(sqlite3_stmt *insert, const struct store_row *row)
{
	for (int64_t late = 0; late <= STORE_LATE_MAX_MS; late++) {
		(void)sqlite3_bind_int64(insert, LATE, late);
		for (uint64_t i = 0; i < STORE_SLOT_TRIES; i++) {
			int64_t slot = (int64_t)((row->key + i) & (uint64_t)(STORE_SLOTS - 1));
			(void)sqlite3_bind_int64(insert, ID, store_id_at(row->time_ms + late) + slot);
			int result = store_statement_run(insert);
			if (result != SQLITE_OK || sqlite3_changes(sqlite3_db_handle(insert)) > 0)
				return result;
		}
	}
	return SQLITE_FULL;
}

int store_insert(sqlite3_stmt *insert, const struct store_row *row)
{
	const struct price_tokens *t = &row->tokens;
	const int64_t large[] = { row->large.input, row->large.output, row->large.cache_creation_5m,
				  row->large.cache_creation_1h, row->large.cache_read };
	const int64_t identity[] = { (int64_t)row->key, row->request };
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
	return insert_into_slot(insert, row);
}
