#include "ledger/store/sums.h"

#include "ledger/store/schema.h"

#define FIELDS 10

/* What is summed up, in the order of the columns. */
static void list_fields(struct store_sums *sums, int64_t *fields[FIELDS])
{
	int64_t *const all[FIELDS] = { &sums->messages,
				       &sums->unpriced,
				       &sums->tokens.input,
				       &sums->tokens.output,
				       &sums->tokens.cache_creation_5m,
				       &sums->tokens.cache_creation_1h,
				       &sums->tokens.cache_read,
				       &sums->web_searches,
				       &sums->nano_usd,
				       &sums->reference };
	for (size_t i = 0; i < FIELDS; i++)
		fields[i] = all[i];
}

void store_sums_add_row(struct store_sums *sums, const struct store_row *row)
{
	struct store_sums one = {
		.messages = 1,
		.unpriced = (row->flags & STORE_UNPRICED) != 0,
		.tokens = row->tokens,
		.web_searches = row->web_searches,
		.nano_usd = row->nano_usd,
		.reference = row->reference,
	};
	int64_t *to[FIELDS], *from[FIELDS];
	bool is_first = sums->messages == 0;
	list_fields(sums, to);
	list_fields(&one, from);
	for (size_t i = 0; i < FIELDS; i++)
		store_rows_add(to[i], *from[i]);
	if (is_first || row->time_ms < sums->first_ms)
		sums->first_ms = row->time_ms;
	if (is_first || row->time_ms > sums->last_ms)
		sums->last_ms = row->time_ms;
}

bool store_sums_change(struct store_sums *sums, const struct store_sums *added,
		       const struct store_sums *removed)
{
	struct store_sums more = *added, less = *removed;
	int64_t *to[FIELDS], *plus[FIELDS], *minus[FIELDS];
	bool good = true;
	list_fields(sums, to);
	list_fields(&more, plus);
	list_fields(&less, minus);
	for (size_t i = 0; i < FIELDS; i++) {
		store_rows_add(to[i], *plus[i]);
		good = good && *to[i] >= *minus[i];
		*to[i] -= *minus[i];
	}
	return good;
}

bool store_sums_take(sqlite3_stmt *row, int column, struct store_sums *out)
{
	int64_t *fields[FIELDS];
	*out = (struct store_sums){ 0 };
	list_fields(out, fields);
	bool good = true;
	for (int i = 0; i < FIELDS; i++) {
		*fields[i] = sqlite3_column_int64(row, column + i);
		good = good && *fields[i] >= 0;
	}
	out->first_ms = sqlite3_column_int64(row, column + FIELDS);
	out->last_ms = sqlite3_column_int64(row, column + FIELDS + 1);
	return good && out->messages > 0 && out->unpriced <= out->messages && out->first_ms > 0
	       && out->first_ms <= out->last_ms && out->last_ms < STORE_TIME_MAX_MS;
}

void store_sums_bind(sqlite3_stmt *statement, int number, const struct store_sums *sums)
{
	struct store_sums copy = *sums;
	int64_t *fields[FIELDS];
	list_fields(&copy, fields);
	for (int i = 0; i < FIELDS; i++)
		(void)sqlite3_bind_int64(statement, number + i, *fields[i]);
	(void)sqlite3_bind_int64(statement, number + FIELDS, sums->first_ms);
	(void)sqlite3_bind_int64(statement, number + FIELDS + 1, sums->last_ms);
}
