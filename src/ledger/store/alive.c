#include "ledger/store/alive.h"

#include "base/clock.h"
#include "ledger/archive.h"
#include "ledger/figures.h"
#include "ledger/store/schema.h"
#include "ledger/store/statement.h"

/* A block may begin so long before that, when nobody ever pauses. */
#define LOOKED_BACK_MS (60 * CLOCK_DAY_MS)

int store_alive_find_start(sqlite3 *db, int64_t now_ms, int64_t after_ms, int64_t *first)
{
	sqlite3_stmt *times = NULL;
	int result = sqlite3_prepare_v2(db,
					"SELECT id, late FROM message WHERE id < ?1 AND NOT flags & 16"
					" ORDER BY id DESC",
					-1, &times, NULL);
	if (result == SQLITE_OK)
		result = sqlite3_bind_int64(times, 1, store_id_at(after_ms));
	*first = 0;
	while (result == SQLITE_OK && (result = sqlite3_step(times)) == SQLITE_ROW) {
		int64_t time_ms =
			store_time_ms(sqlite3_column_int64(times, 0), sqlite3_column_int64(times, 1));
		result = SQLITE_OK;
		/* We cannot have written it. */
		if (time_ms <= 0 || time_ms > now_ms)
			continue;
		if (after_ms - time_ms > LEDGER_BLOCK_MS || now_ms - time_ms > LOOKED_BACK_MS) {
			*first = after_ms > 0 ? store_id_at(after_ms) : 0;
			break;
		}
		after_ms = time_ms < after_ms ? time_ms : after_ms;
	}
	(void)sqlite3_finalize(times);
	return result == SQLITE_DONE ? SQLITE_OK : result;
}

int store_alive_count(sqlite3 *db, int64_t first, int64_t last, int64_t *count)
{
	const int64_t bounds[] = { first, last };
	sqlite3_stmt *question = NULL;
	*count = 0;
	int result = sqlite3_prepare_v2(db, "SELECT count(*) FROM message WHERE id BETWEEN ?1 AND ?2", -1,
					&question, NULL);
	if (result == SQLITE_OK) {
		store_statement_bind(question, 1, bounds, 2);
		result = store_statement_ask(question, count);
	}
	(void)sqlite3_finalize(question);
	return result;
}

int store_alive_load_models(sqlite3 *db, struct store_records *records, struct ledger *ledger,
			    int64_t *last_ms)
{
	sqlite3_stmt *models = NULL;
	int result = sqlite3_prepare_v2(db,
					"SELECT id, messages, unpriced, last_ms FROM model"
					" WHERE messages > 0 ORDER BY id",
					-1, &models, NULL);
	*last_ms = 0;
	while (result == SQLITE_OK && (result = sqlite3_step(models)) == SQLITE_ROW) {
		int64_t messages = sqlite3_column_int64(models, 1),
			unpriced = sqlite3_column_int64(models, 2);
		int64_t answered_ms = sqlite3_column_int64(models, 3);
		const struct ledger_record model = {
			.model = store_records_model(records, sqlite3_column_int64(models, 0)),
		};
		const struct ledger_sums sums = {
			.entries = messages > 0 ? (uint64_t)messages : 0,
			.unpriced = unpriced > 0 ? (uint64_t)unpriced : 0,
		};
		result = store_records_take_result(records);
		if (result == SQLITE_OK && !ledger_adopt_model(ledger, &model, &sums, answered_ms))
			result = SQLITE_NOMEM;
		*last_ms = answered_ms > *last_ms ? answered_ms : *last_ms;
	}
	(void)sqlite3_finalize(models);
	return result == SQLITE_DONE ? SQLITE_OK : result;
}
