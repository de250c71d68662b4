#include "ledger/store/left_out.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/strmap.h"
#include "ledger/store/rows.h"
#include "ledger/store/schema.h"
#include "ledger/store/statement.h"

struct store_left_out {
	sqlite3_stmt *find;
	struct strmap ids;
	struct strmap hours;
};

static char here;

struct store_left_out *store_left_out_new(sqlite3 *db)
{
	struct store_left_out *left_out = calloc(1, sizeof(*left_out));
	if (left_out
	    && sqlite3_prepare_v2(db, "SELECT * FROM message WHERE " STORE_KEY_IS_1 " AND request = ?2", -1,
				  &left_out->find, NULL)
		       == SQLITE_OK)
		return left_out;
	store_left_out_free(left_out);
	return NULL;
}

/* The row of a message is left out of the sums that have it. */
static int leave_out(struct store_left_out *left_out, int64_t id, const struct store_row *row)
{
	const struct store_hour_key hour = {
		.transcript = row->transcript,
		.start = row->time_ms / CLOCK_HOUR_MS,
		.model = row->model,
		.fast = (row->flags & STORE_FAST) != 0,
		.payer = row->payer,
	};
	if (row->flags & STORE_HIDDEN)
		return SQLITE_OK;
	return strmap_put_len(&left_out->ids, (const char *)&id, sizeof(id), &here)
			    && strmap_put_len(&left_out->hours, (const char *)&hour, sizeof(hour), &here)
		     ? SQLITE_OK
		     : SQLITE_NOMEM;
}

int store_left_out_add(struct store_left_out *left_out, const struct store_message *message)
{
	sqlite3_stmt *question = left_out->find;
	const int64_t key[] = { (int64_t)message->key, store_request_number(message->record.request_hash) };
	int result = SQLITE_OK;
	store_statement_bind(question, 1, key, 2);
	while (result == SQLITE_OK && (result = sqlite3_step(question)) == SQLITE_ROW) {
		struct store_row row;
		result = store_rows_take(question, &row)
			       ? leave_out(left_out, sqlite3_column_int64(question, 0), &row)
			       : SQLITE_OK;
	}
	return store_statement_end(question, result);
}

bool store_left_out_is_empty(const struct store_left_out *left_out)
{
	return !left_out || left_out->ids.used == 0;
}

bool store_left_out_has(const struct store_left_out *left_out, int64_t id)
{
	return left_out && strmap_get_len(&left_out->ids, (const char *)&id, sizeof(id));
}

bool store_left_out_is_in(const struct store_left_out *left_out, const struct store_hour_key *hour)
{
	return left_out && strmap_get_len(&left_out->hours, (const char *)hour, sizeof(*hour));
}

void store_left_out_free(struct store_left_out *left_out)
{
	if (!left_out)
		return;
	(void)sqlite3_finalize(left_out->find);
	strmap_release(&left_out->ids);
	strmap_release(&left_out->hours);
	free(left_out);
}
