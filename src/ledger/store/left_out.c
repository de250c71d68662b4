#include "ledger/store/left_out.h"

#include <stdlib.h>

#include "base/strmap.h"
#include "ledger/store/rollup.h"
#include "ledger/store/rows.h"
#include "ledger/store/schema.h"
#include "ledger/store/statement.h"

enum { FIND_MESSAGE, FIND_SESSION, STATEMENTS };

static const char *const texts[STATEMENTS] = {
	[FIND_MESSAGE] = "SELECT * FROM message WHERE " STORE_KEY_IS_1 " AND request = ?2",
	[FIND_SESSION] = "SELECT session FROM transcript WHERE id = ?1",
};

struct store_left_out {
	sqlite3_stmt *statements[STATEMENTS];
	struct strmap ids;
	struct strmap quarters;
};

static char here;

struct store_left_out *store_left_out_new(sqlite3 *db)
{
	struct store_left_out *left_out = calloc(1, sizeof(*left_out));
	if (left_out && store_statements_open(db, texts, STATEMENTS, left_out->statements) == SQLITE_OK)
		return left_out;
	store_left_out_free(left_out);
	return NULL;
}

/* The row of a message is left out of the sums that have it. */
static int leave_out(struct store_left_out *left_out, int64_t id, const struct store_row *row)
{
	struct store_quarter quarter = {
		.session = row->payer,
		.transcript = row->transcript,
		.start = row->time_ms / STORE_QUARTER_MS,
		.model = row->model,
		.fast = (row->flags & STORE_FAST) != 0,
	};
	if (row->flags & STORE_HIDDEN)
		return SQLITE_OK;
	if (quarter.session == 0) {
		store_statement_bind(left_out->statements[FIND_SESSION], 1, &row->transcript, 1);
		int result = store_statement_ask(left_out->statements[FIND_SESSION], &quarter.session);
		if (result != SQLITE_OK)
			return result;
	}
	return strmap_put_len(&left_out->ids, (const char *)&id, sizeof(id), &here)
			    && strmap_put_len(&left_out->quarters, (const char *)&quarter, sizeof(quarter),
					      &here)
		     ? SQLITE_OK
		     : SQLITE_NOMEM;
}

int store_left_out_add(struct store_left_out *left_out, const struct store_message *message)
{
	sqlite3_stmt *question = left_out->statements[FIND_MESSAGE];
	const int64_t key[] = { (int64_t)message->key, message->record.request_hash };
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

bool store_left_out_is_in(const struct store_left_out *left_out, const struct store_quarter *quarter)
{
	return left_out && strmap_get_len(&left_out->quarters, (const char *)quarter, sizeof(*quarter));
}

void store_left_out_free(struct store_left_out *left_out)
{
	if (!left_out)
		return;
	store_statements_release(left_out->statements, STATEMENTS);
	strmap_release(&left_out->ids);
	strmap_release(&left_out->quarters);
	free(left_out);
}
