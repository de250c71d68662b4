#include "ledger/store/readings.h"

#include <math.h>
#include <string.h>

#include "base/array.h"
#include "ledger/store/facts.h"
#include "ledger/store/rows.h"
#include "ledger/store/statement.h"
#include "limits/names.h"
#include "transcript/path.h"

static bool is_time(int64_t at_ms)
{
	return at_ms > 0 && at_ms < STORE_TIME_MAX_MS;
}

static bool is_amount(double usd)
{
	return isnan(usd) || (usd >= 0. && usd < 1e9);
}

bool store_readings_is_valid(const struct store_reading_line *line)
{
	char name[RATE_LIMIT_NAME_SIZE];
	size_t len = strlen(line->name);
	return len < sizeof(name) && rate_limit_name(line->name, len, name) && strcmp(name, line->name) == 0
	    && line->percent >= 0. && line->percent <= 1e6 && is_amount(line->used_usd)
	    && is_amount(line->limit_usd) && is_time(line->first_seen_ms) && is_time(line->last_seen_ms)
	    && line->first_seen_ms <= line->last_seen_ms
	    && (line->resets_ms == 0 || is_time(line->resets_ms))
	    && strlen(line->source) < STORE_READING_SOURCE_SIZE
	    && (!line->session[0] || transcript_session_id_is_valid(line->session, strlen(line->session)));
}

/* ---- reading ---- */

static double number_at(sqlite3_stmt *row, int column)
{
	return sqlite3_column_type(row, column) == SQLITE_NULL ? (double)NAN
							       : sqlite3_column_double(row, column);
}

int store_readings_read(sqlite3 *db, int64_t since_ms,
			bool (*take)(void *ctx, const struct store_reading_line *line), void *ctx)
{
	sqlite3_stmt *row = NULL;
	int result = sqlite3_prepare_v2(
		db,
		"SELECT h.name, p.root, r.name, s.name, r.source, r.percent, r.used_usd, r.limit_usd,"
		" r.resets_ms, r.first_seen, r.last_seen FROM reading r"
		" LEFT JOIN profile p ON p.id = r.profile"
		" LEFT JOIN host h ON h.id = p.host LEFT JOIN session s ON s.id = r.session"
		" WHERE r.last_seen >= ?1 ORDER BY r.last_seen, r.profile, r.resets_ms, r.name, r.point",
		-1, &row, NULL);
	if (result == SQLITE_OK)
		result = sqlite3_bind_int64(row, 1, since_ms);
	while (result == SQLITE_OK && (result = sqlite3_step(row)) == SQLITE_ROW) {
		const struct store_reading_line line = {
			.host = store_statement_text(row, 0),
			.root = store_statement_text(row, 1),
			.name = store_statement_text(row, 2),
			.session = store_statement_text(row, 3),
			.source = store_statement_text(row, 4),
			.percent = sqlite3_column_double(row, 5),
			.used_usd = number_at(row, 6),
			.limit_usd = number_at(row, 7),
			.resets_ms = sqlite3_column_int64(row, 8),
			.first_seen_ms = sqlite3_column_int64(row, 9),
			.last_seen_ms = sqlite3_column_int64(row, 10),
		};
		result = !store_readings_is_valid(&line) || take(ctx, &line) ? SQLITE_OK : SQLITE_ABORT;
	}
	(void)sqlite3_finalize(row);
	return result == SQLITE_DONE ? SQLITE_OK : result;
}

/* ---- writing ---- */

/* When the row was last seen; -1 when the file lacks it. */
static int find(sqlite3 *db, const struct store_reading_line *line, int64_t profile, int64_t *last_seen_ms)
{
	sqlite3_stmt *question = NULL;
	int result = sqlite3_prepare_v2(db,
					"SELECT last_seen FROM reading WHERE profile = ?1 AND resets_ms = ?2"
					" AND point = ?3 AND name = ?4",
					-1, &question, NULL);
	*last_seen_ms = -1;
	if (result == SQLITE_OK) {
		const int64_t key[] = { profile, line->resets_ms, store_facts_point(line->percent) };
		store_statement_bind(question, 1, key, ARRAY_COUNT(key));
		store_statement_bind_text(question, 4, line->name);
		result = sqlite3_step(question);
		if (result == SQLITE_ROW)
			*last_seen_ms = sqlite3_column_int64(question, 0);
	}
	(void)sqlite3_finalize(question);
	return result == SQLITE_ROW || result == SQLITE_DONE ? SQLITE_OK : result;
}

static void bind_number(sqlite3_stmt *statement, int number, double value)
{
	(void)(isnan(value) ? sqlite3_bind_null(statement, number)
			    : sqlite3_bind_double(statement, number, value));
}

static int write(sqlite3 *db, const struct store_reading_line *line, int64_t profile, int64_t session)
{
	sqlite3_stmt *put = NULL;
	int result = sqlite3_prepare_v2(
		db,
		"INSERT INTO reading (profile, resets_ms, point, first_seen, last_seen, session, name,"
		" source, percent, used_usd, limit_usd) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)"
		" ON CONFLICT DO UPDATE SET first_seen = min(first_seen, ?4), last_seen = ?5, session = ?6,"
		" source = ?8, percent = ?9, used_usd = ?10, limit_usd = ?11",
		-1, &put, NULL);
	if (result == SQLITE_OK) {
		const int64_t numbers[] = { profile, line->resets_ms, store_facts_point(line->percent),
					    line->first_seen_ms, line->last_seen_ms, session };
		store_statement_bind(put, 1, numbers, ARRAY_COUNT(numbers));
		store_statement_bind_text(put, 7, line->name);
		store_statement_bind_text(put, 8, line->source);
		(void)sqlite3_bind_double(put, 9, line->percent);
		bind_number(put, 10, line->used_usd);
		bind_number(put, 11, line->limit_usd);
		result = store_statement_run(put);
	}
	(void)sqlite3_finalize(put);
	return result;
}

int store_readings_put(sqlite3 *db, const struct store_reading_line *line, int64_t profile, int64_t session,
		       enum store_reading_put *out)
{
	int64_t last_seen_ms;
	int result = find(db, line, profile, &last_seen_ms);
	*out = last_seen_ms < 0			     ? STORE_READING_ADDED
	     : last_seen_ms < line->last_seen_ms ? STORE_READING_RAISED
						     : STORE_READING_SAME;
	return result == SQLITE_OK && *out != STORE_READING_SAME ? write(db, line, profile, session) : result;
}
