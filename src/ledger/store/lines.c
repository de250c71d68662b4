#include "ledger/store/lines.h"

#include <stdlib.h>
#include <string.h>

#include "base/scope.h"
#include "ledger/store/facts_read.h"
#include "ledger/store/place.h"
#include "ledger/store/statement.h"

struct reading {
	struct store_names names;
	sqlite3_stmt *transcript, *branch;
	bool (*take)(void *ctx, const struct store_line *line);
	bool (*take_hit)(void *ctx, const struct store_hit_line *hit);
	void *ctx;
	int result;                  /* of the first question for a name that failed */
};

/* ---- names ---- */

/* Why a name could not be read; SQLITE_OK when all could. */
static int names_result(struct reading *reading)
{
	int result = store_names_take_result(&reading->names);
	return reading->result != SQLITE_OK ? reading->result : result;
}

/* The path as it was where the transcript was written: without the mark of its host. */
static void remove_mark(char *path, const char *host)
{
	static const char ending[] = ".jsonl";
	size_t len = strlen(path), host_len = strlen(host), tail = host_len + sizeof(ending);
	if (host_len == 0 || len < tail || path[len - tail] != STORE_LINES_HOST_MARK
	    || strncmp(path + len - tail + 1, host, host_len) != 0)
		return;
	memcpy(path + len - tail, ending, sizeof(ending));
}

/* Takes the names of a row. `path` gets the transcript's, below its root; `root` that, if it is in the path.
 */
static bool take_names(struct reading *reading, struct store_line *line, char **path, char **root)
{
	sqlite3_stmt *answer = reading->transcript;
	if (!store_statement_find(answer, line->row.transcript, &reading->result))
		return false;
	const char *whole = store_statement_text(answer, 0);
	int64_t root_len = sqlite3_column_int64(answer, 1), version = sqlite3_column_int64(answer, 3);
	if (!store_place_is_valid(whole, root_len) || version < 0 || version > INT32_MAX)
		return false;
	*path = strdup(whole + root_len);
	*root = strndup(whole, (size_t)root_len - 1);
	if (!*path || !*root) {
		reading->result = SQLITE_NOMEM;
		return false;
	}
	line->host = store_statement_text(answer, 4);
	line->root = sqlite3_column_type(answer, 5) == SQLITE_NULL ? *root : store_statement_text(answer, 5);
	line->session = store_names_session(&reading->names, sqlite3_column_int64(answer, 6));
	line->subagent = sqlite3_column_int(answer, 2) != 0;
	line->version = (unsigned)version;
	remove_mark(*path, line->host);
	line->path = *path;
	return true;
}

/* A name that is good until the end: two questions of one kind are asked. */
static const char *payer_of(struct reading *reading, const struct store_line *line, char **copy)
{
	*copy = strdup(line->session);
	return *copy ? store_names_session(&reading->names, line->row.payer) : NULL;
}

static int take_row(struct reading *reading, sqlite3_stmt *rows, int64_t since_ms, int64_t *last_ms)
{
	struct store_line line = { .host = "" };
	AUTO_FREE char *path = NULL;
	AUTO_FREE char *root = NULL;
	AUTO_FREE char *session = NULL;
	if (!store_rows_take(rows, &line.row) || line.row.time_ms < since_ms)
		return SQLITE_OK;
	if (!take_names(reading, &line, &path, &root))
		return names_result(reading);
	line.payer = payer_of(reading, &line, &session);
	if (!line.payer)
		return SQLITE_NOMEM;
	line.session = session;
	line.model = store_names_model(&reading->names, line.row.model);
	line.branch = store_statement_find(reading->branch, line.row.branch, &reading->result)
			      ? store_statement_text(reading->branch, 0)
			      : "";
	int result = names_result(reading);
	if (result != SQLITE_OK)
		return result;
	*last_ms = line.row.time_ms;
	return reading->take(reading->ctx, &line) ? SQLITE_OK : SQLITE_ABORT;
}

/* Prepares the questions for names. Returns SQLITE_OK, or SQLite's result; close it in every case. */
static int open_reading(sqlite3 *db, struct reading *reading)
{
	int result = store_names_open(db, &reading->names);
	if (result == SQLITE_OK)
		result = sqlite3_prepare_v2(db,
					    "SELECT t.path, t.root_bytes, t.subagent, t.version, h.name,"
					    " p.root, t.session"
					    " FROM transcript t LEFT JOIN profile p ON p.id = t.profile"
					    " LEFT JOIN host h ON h.id = p.host WHERE t.id = ?1",
					    -1, &reading->transcript, NULL);
	if (result == SQLITE_OK)
		result = sqlite3_prepare_v2(db, "SELECT name FROM branch WHERE id = ?1", -1, &reading->branch,
					    NULL);
	return result;
}

static int close_reading(struct reading *reading, sqlite3_stmt *rows, int result)
{
	(void)sqlite3_finalize(rows);
	(void)sqlite3_finalize(reading->transcript);
	(void)sqlite3_finalize(reading->branch);
	store_names_release(&reading->names);
	return result == SQLITE_DONE ? SQLITE_OK : result;
}

int store_lines_read(sqlite3 *db, int64_t since_ms, bool (*take)(void *ctx, const struct store_line *line),
		     void *ctx, int64_t *last_ms)
{
	struct reading reading = { .take = take, .ctx = ctx };
	sqlite3_stmt *rows = NULL;
	*last_ms = 0;
	int result = open_reading(db, &reading);
	if (result == SQLITE_OK)
		result = store_rows_open(db, since_ms, &rows);
	while (result == SQLITE_OK && (result = sqlite3_step(rows)) == SQLITE_ROW)
		result = take_row(&reading, rows, since_ms, last_ms);
	return close_reading(&reading, rows, result);
}

/* ---- limits that were hit ---- */

static int take_hit(struct reading *reading, sqlite3_stmt *rows)
{
	struct store_hit_line hit = { .at = { .host = "", .payer = "", .model = "", .branch = "" } };
	struct store_hit found;
	AUTO_FREE char *path = NULL;
	AUTO_FREE char *root = NULL;
	hit.at.row.transcript = sqlite3_column_int64(rows, 0);
	if (!store_facts_take_hit(rows, &found))
		return SQLITE_OK;
	bool is_named = take_names(reading, &hit.at, &path, &root);
	int result = names_result(reading);
	if (!is_named || result != SQLITE_OK)
		return result;
	hit.at.row.offset = found.offset;
	hit.at.row.time_ms = found.at_ms;
	hit.name = found.name;
	hit.resets_ms = found.resets_ms;
	hit.old_form = found.old_form;
	hit.in_message = found.in_message;
	return reading->take_hit(reading->ctx, &hit) ? SQLITE_OK : SQLITE_ABORT;
}

int store_lines_read_hits(sqlite3 *db, int64_t since_ms,
			  bool (*take)(void *ctx, const struct store_hit_line *hit), void *ctx)
{
	struct reading reading = { .take_hit = take, .ctx = ctx };
	sqlite3_stmt *rows = NULL;
	int result = open_reading(db, &reading);
	if (result == SQLITE_OK)
		result = sqlite3_prepare_v2(db,
					    "SELECT " STORE_FACTS_HIT_COLUMNS " FROM hit WHERE at >= ?1"
					    " ORDER BY at, transcript, offset",
					    -1, &rows, NULL);
	if (result == SQLITE_OK)
		result = sqlite3_bind_int64(rows, 1, since_ms);
	while (result == SQLITE_OK && (result = sqlite3_step(rows)) == SQLITE_ROW)
		result = take_hit(&reading, rows);
	return close_reading(&reading, rows, result);
}
