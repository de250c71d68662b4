#include "ledger/store/imported.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "ledger/store/rows.h"
#include "ledger/store/schema.h"

#define TOKENS_MAX (INT64_C(1) << 50)

bool store_imported_is_day(const char *day)
{
	static const char shape[] = "dddd-dd-dd";
	for (size_t i = 0; i < sizeof(shape) - 1; i++)
		if (shape[i] == 'd' ? day[i] < '0' || day[i] > '9' : day[i] != '-')
			return false;
	return day[sizeof(shape) - 1] == '\0';
}

/* ---- writing ---- */

/* The tokens and the cost that are kept; -1 without a row. */
static int find(sqlite3 *db, const struct store_imported *row, int64_t *tokens, int64_t *nano_usd)
{
	sqlite3_stmt *question = NULL;
	*tokens = *nano_usd = -1;
	int result =
		sqlite3_prepare_v2(db,
				   "SELECT input + output + cache_write + cache_read, nano_usd FROM imported"
				   " WHERE source = ?1 AND day = ?2 AND model = ?3",
				   -1, &question, NULL);
	if (result == SQLITE_OK) {
		(void)sqlite3_bind_text(question, 1, row->source, -1, SQLITE_STATIC);
		(void)sqlite3_bind_text(question, 2, row->day, -1, SQLITE_STATIC);
		(void)sqlite3_bind_text(question, 3, row->model, -1, SQLITE_STATIC);
		result = sqlite3_step(question);
	}
	if (result == SQLITE_ROW) {
		*tokens = sqlite3_column_int64(question, 0);
		*nano_usd = sqlite3_column_int64(question, 1);
	}
	(void)sqlite3_finalize(question);
	return result == SQLITE_ROW || result == SQLITE_DONE ? SQLITE_OK : result;
}

int store_imported_put(sqlite3 *db, const struct store_imported *row, struct store_import_counts *counts)
{
	sqlite3_stmt *put = NULL;
	int64_t tokens, nano_usd, now = row->input + row->output + row->cache_write + row->cache_read;
	int result = find(db, row, &tokens, &nano_usd);
	if (result != SQLITE_OK)
		return result;
	if (tokens >= now && nano_usd >= row->nano_usd) {
		counts->same++;
		return SQLITE_OK;
	}
	counts->added += tokens < 0;
	counts->raised += tokens >= 0;
	result = sqlite3_prepare_v2(db,
				    "INSERT OR REPLACE INTO imported VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
				    -1, &put, NULL);
	if (result == SQLITE_OK) {
		const int64_t numbers[] = { row->input, row->output, row->cache_write, row->cache_read,
					    row->nano_usd };
		(void)sqlite3_bind_text(put, 1, row->source, -1, SQLITE_STATIC);
		(void)sqlite3_bind_text(put, 2, row->day, -1, SQLITE_STATIC);
		(void)sqlite3_bind_text(put, 3, row->model, -1, SQLITE_STATIC);
		for (int i = 0; i < 5; i++)
			(void)sqlite3_bind_int64(put, 4 + i, numbers[i]);
		result = sqlite3_step(put);
	}
	(void)sqlite3_finalize(put);
	return result == SQLITE_DONE ? SQLITE_OK : result;
}

/* ---- reading ---- */

static bool take_row(sqlite3_stmt *answer, struct store_imported *out)
{
	int64_t *const numbers[] = { &out->input, &out->output, &out->cache_write, &out->cache_read,
				     &out->nano_usd };
	out->source = (const char *)sqlite3_column_text(answer, 0);
	out->day = (const char *)sqlite3_column_text(answer, 1);
	out->model = (const char *)sqlite3_column_text(answer, 2);
	for (int i = 0; i < 5; i++) {
		*numbers[i] = sqlite3_column_int64(answer, 3 + i);
		if (*numbers[i] < 0 || *numbers[i] > TOKENS_MAX * (i == 4 ? 8 : 1))
			return false;
	}
	return out->source && out->day && out->model && store_imported_is_day(out->day)
	    && strlen(out->model) < PRICE_MODEL_MAX
	    && (strcmp(out->source, STORE_SOURCE_CCUSAGE) == 0
		|| strcmp(out->source, STORE_SOURCE_STATS_CACHE) == 0);
}

/* Whether the file has a message on a local day that counts. */
static bool has_messages(sqlite3_stmt *question, const char *day)
{
	int date = (int)(strtol(day, NULL, 10) * 10000 + strtol(day + 5, NULL, 10) * 100
			 + strtol(day + 8, NULL, 10));
	int64_t start_ms = clock_local_date_start_ms(date);
	if (start_ms < 0)
		return false;
	(void)sqlite3_reset(question);
	(void)sqlite3_bind_int64(question, 1, store_id_at(start_ms));
	(void)sqlite3_bind_int64(question, 2, store_id_at(clock_local_next_day_ms(start_ms)));
	return sqlite3_step(question) == SQLITE_ROW;
}

int store_imported_read(sqlite3 *db, bool (*take)(void *ctx, const struct store_imported *row), void *ctx)
{
	sqlite3_stmt *answer = NULL, *messages = NULL;
	char last[CLOCK_DATE_SIZE] = "";
	bool skips = false;
	int result = sqlite3_prepare_v2(db,
					"SELECT 1 FROM message WHERE id >= ?1 AND id < ?2 AND flags & 16 = 0"
					" LIMIT 1",
					-1, &messages, NULL);
	if (result == SQLITE_OK)
		result = sqlite3_prepare_v2(
			db,
			"SELECT source, day, model, input, output, cache_write, cache_read,"
			" nano_usd FROM imported ORDER BY day, source, model",
			-1, &answer, NULL);
	while (result == SQLITE_OK && (result = sqlite3_step(answer)) == SQLITE_ROW) {
		struct store_imported row;
		result = SQLITE_OK;
		if (!take_row(answer, &row))
			continue;
		if (strcmp(last, row.day) != 0) {
			snprintf(last, sizeof(last), "%s", row.day);
			skips = has_messages(messages, row.day);
		}
		if (!skips && !take(ctx, &row))
			result = SQLITE_ABORT;
	}
	(void)sqlite3_finalize(answer);
	(void)sqlite3_finalize(messages);
	return result == SQLITE_DONE ? SQLITE_OK : result;
}
