#include "ledger/store/facts_read.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/array.h"
#include "base/clock.h"
#include "ledger/store/numbers.h"
#include "ledger/store/statement.h"
#include "transcript/path.h"

/* Until the end of the year 9999. */
#define TIME_MAX_MS INT64_C(253402300800000)

static bool is_time(int64_t at_ms)
{
	return at_ms > 0 && at_ms < TIME_MAX_MS;
}

/* Copies a column's text; false when it is longer than the place for it. */
static bool take_text(sqlite3_stmt *row, int column, char *out, size_t size)
{
	const char *text = store_statement_text(row, column);
	size_t len = strlen(text);
	if (len >= size)
		return false;
	memcpy(out, text, len + 1);
	return true;
}

static bool is_session(const char *id)
{
	return transcript_session_id_is_valid(id, strlen(id));
}

static int finish(sqlite3_stmt *rows, int result)
{
	(void)sqlite3_finalize(rows);
	return result == SQLITE_DONE ? SQLITE_OK : result;
}

/* ---- limits that were hit ---- */

bool store_facts_take_hit(sqlite3_stmt *row, struct store_hit *out)
{
	char camel[RATE_LIMIT_NAME_SIZE];
	*out = (struct store_hit){ .offset = sqlite3_column_int64(row, 1),
				   .at_ms = sqlite3_column_int64(row, 2),
				   .resets_ms = sqlite3_column_int64(row, 4),
				   .old_form = sqlite3_column_int64(row, 5) != 0,
				   .in_message = sqlite3_column_int64(row, 6) != 0 };
	return take_text(row, 3, out->name, sizeof(out->name)) && out->offset >= 0 && is_time(out->at_ms)
	       && (out->resets_ms == 0 || is_time(out->resets_ms))
	       && (!out->name[0] || rate_limit_name(out->name, strlen(out->name), camel));
}

int store_facts_read_hits(sqlite3 *db, int64_t since_ms,
			  void (*take)(void *ctx, int64_t transcript, const struct store_hit *hit), void *ctx)
{
	sqlite3_stmt *rows = NULL;
	int result = sqlite3_prepare_v2(db,
					"SELECT " STORE_FACTS_HIT_COLUMNS
					" FROM hit WHERE at >= ?1 ORDER BY at DESC LIMIT ?2",
					-1, &rows, NULL);
	(void)sqlite3_bind_int64(rows, 1, since_ms);
	(void)sqlite3_bind_int(rows, 2, STORE_FACTS_READ_MAX);
	while (result == SQLITE_OK && (result = sqlite3_step(rows)) == SQLITE_ROW) {
		struct store_hit hit;
		if (store_facts_take_hit(rows, &hit))
			take(ctx, sqlite3_column_int64(rows, 0), &hit);
		result = SQLITE_OK;
	}
	return finish(rows, result);
}

/* ---- readings ---- */

static double number_or_nan(sqlite3_stmt *row, int column)
{
	return sqlite3_column_type(row, column) == SQLITE_NULL ? (double)NAN
							       : sqlite3_column_double(row, column);
}

static bool take_reading(sqlite3_stmt *row, int64_t now_ms, struct rate_limit *out)
{
	char name[RATE_LIMIT_NAME_SIZE], camel[RATE_LIMIT_NAME_SIZE];
	if (!take_text(row, 0, name, sizeof(name)) || !rate_limit_name(name, strlen(name), camel)
	    || strcmp(name, camel) != 0)
		return false;
	rate_limit_init(out, name);
	out->used_percent = sqlite3_column_double(row, 1);
	out->resets_ms = sqlite3_column_int64(row, 2);
	out->since_ms = sqlite3_column_int64(row, 3);
	out->observed_ms = out->said_ms = sqlite3_column_int64(row, 4);
	out->used_usd = number_or_nan(row, 6);
	out->limit_usd = number_or_nan(row, 7);
	if (!take_text(row, 5, out->session_id, sizeof(out->session_id)) || !is_session(out->session_id))
		out->session_id[0] = '\0';
	/* A clock may have been set back since. */
	return out->used_percent >= 0. && isfinite(out->used_percent) && out->since_ms > 0
	       && out->since_ms <= out->observed_ms
	       && out->observed_ms <= now_ms + CLOCK_MINUTE_MS;
}

int store_facts_read_limits(sqlite3 *db, const char *root, int64_t now_ms,
			    void (*take)(void *ctx, const struct rate_limit *limit), void *ctx)
{
	sqlite3_stmt *rows = NULL;
	char host[STORE_HOST_SIZE];
	store_numbers_find_host(host);
	int result = sqlite3_prepare_v2(
		db,
		"SELECT r.name, r.percent, r.resets_ms, r.first_seen, r.last_seen, s.name, r.used_usd,"
		" r.limit_usd FROM profile p JOIN reading r ON r.profile = p.id AND r.resets_ms > ?2"
		" LEFT JOIN session s ON s.id = r.session"
		" JOIN host h ON h.id = p.host AND h.name = ?4"
		" WHERE p.root = ?1 ORDER BY r.last_seen DESC LIMIT ?3",
		-1, &rows, NULL);
	(void)sqlite3_bind_text(rows, 1, root, -1, SQLITE_STATIC);
	(void)sqlite3_bind_int64(rows, 2, now_ms);
	(void)sqlite3_bind_int(rows, 3, STORE_FACTS_READ_MAX);
	(void)sqlite3_bind_text(rows, 4, host, -1, SQLITE_STATIC);
	while (result == SQLITE_OK && (result = sqlite3_step(rows)) == SQLITE_ROW) {
		struct rate_limit limit;
		if (take_reading(rows, now_ms, &limit))
			take(ctx, &limit);
		result = SQLITE_OK;
	}
	return finish(rows, result);
}

/* ---- what was told of sessions ---- */

static bool take_told(sqlite3_stmt *row, struct store_told *out)
{
	int64_t nano_usd = sqlite3_column_int64(row, 4);
	*out = (struct store_told){ .at_ms = sqlite3_column_int64(row, 1),
				    .window_tokens = sqlite3_column_int64(row, 2),
				    .window_refuted = sqlite3_column_int64(row, 3) != 0,
				    .cost_usd = nano_usd < 0 ? (double)NAN : (double)nano_usd / 1e9,
				    .first_seen_ms = sqlite3_column_int64(row, 5),
				    .process_ended_ms = sqlite3_column_int64(row, 6) };
	return take_text(row, 0, out->session_id, sizeof(out->session_id)) && is_session(out->session_id)
	       && out->window_tokens >= 0;
}

int store_facts_read_told(sqlite3 *db, int64_t since_ms,
			  void (*take)(void *ctx, const struct store_told *told), void *ctx)
{
	sqlite3_stmt *rows = NULL;
	int result = sqlite3_prepare_v2(db,
					"SELECT s.name, t.at, t.window_tokens, t.window_refuted, t.nano_usd,"
					" t.first_seen, t.process_ended"
					" FROM told t JOIN session s ON s.id = t.session"
					" WHERE t.at >= ?1 ORDER BY t.at DESC LIMIT ?2",
					-1, &rows, NULL);
	(void)sqlite3_bind_int64(rows, 1, since_ms);
	(void)sqlite3_bind_int(rows, 2, STORE_FACTS_READ_MAX);
	while (result == SQLITE_OK && (result = sqlite3_step(rows)) == SQLITE_ROW) {
		struct store_told told;
		if (take_told(rows, &told))
			take(ctx, &told);
		result = SQLITE_OK;
	}
	return finish(rows, result);
}

/* ---- how much there is ---- */

int store_facts_count(sqlite3 *db, struct store_facts_counts *out)
{
	sqlite3_stmt *row = NULL;
	int64_t *const counts[] = { &out->hits, &out->readings, &out->told,
				    &out->alerts, &out->profiles, &out->branches };
	int result = sqlite3_prepare_v2(db,
					"SELECT (SELECT count(*) FROM hit), (SELECT count(*) FROM reading),"
					" (SELECT count(*) FROM told), (SELECT count(*) FROM alert),"
					" (SELECT count(*) FROM profile), (SELECT count(*) FROM branch)",
					-1, &row, NULL);
	*out = (struct store_facts_counts){ .hits = 0 };
	if (result == SQLITE_OK && (result = sqlite3_step(row)) == SQLITE_ROW) {
		for (size_t i = 0; i < ARRAY_COUNT(counts); i++)
			*counts[i] = sqlite3_column_int64(row, (int)i);
		result = SQLITE_DONE;
	}
	return finish(row, result);
}
