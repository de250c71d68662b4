#include "ledger/store/rows.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "ledger/store/place.h"
#include "ledger/store/schema.h"
#include "ledger/store/statement.h"
#include "transcript/path.h"

enum column {
	ID,
	KEY,
	REQUEST,
	LATE,
	TRANSCRIPT,
	OFFSET,
	PAYER,
	MODEL,
	BRANCH,
	FLAGS,
	INPUT,
	OUTPUT,
	WRITE_5M,
	WRITE_1H,
	CACHE_READ,
	WEB_SEARCHES,
	NANO_USD,
	REFERENCE,
	LARGE
};

int store_rows_open(sqlite3 *db, int64_t since_ms, sqlite3_stmt **rows)
{
	int64_t first = since_ms > 0 && since_ms < STORE_TIME_MAX_MS ? store_id_at(since_ms) : 0;
	return store_rows_open_ids(db, since_ms < STORE_TIME_MAX_MS ? first : INT64_MAX, INT64_MAX, rows);
}

int store_rows_open_ids(sqlite3 *db, int64_t first, int64_t last, sqlite3_stmt **rows)
{
	*rows = NULL;
	int result = sqlite3_prepare_v2(db, "SELECT * FROM message WHERE id BETWEEN ?1 AND ?2 ORDER BY id",
					-1, rows, NULL);
	if (result == SQLITE_OK)
		result = sqlite3_bind_int64(*rows, 1, first);
	return result == SQLITE_OK ? sqlite3_bind_int64(*rows, 2, last) : result;
}

int64_t store_rows_transcript(sqlite3_stmt *rows)
{
	return sqlite3_column_int64(rows, TRANSCRIPT);
}

static bool take_tokens(sqlite3_stmt *row, struct price_tokens *out)
{
	int64_t *const at[] = { &out->input, &out->output, &out->cache_creation_5m, &out->cache_creation_1h,
				&out->cache_read };
	for (int i = 0; i < (int)ARRAY_COUNT(at); i++) {
		*at[i] = sqlite3_column_int64(row, INPUT + i);
		if (*at[i] < 0 || *at[i] > UINT32_MAX)
			return false;
	}
	return true;
}

static bool take_large(sqlite3_stmt *row, struct price_tokens *out)
{
	int64_t at[5];
	const void *blob = sqlite3_column_blob(row, LARGE);
	if (!blob || sqlite3_column_bytes(row, LARGE) != (int)sizeof(at))
		return false;
	memcpy(at, blob, sizeof(at));
	for (size_t i = 0; i < ARRAY_COUNT(at); i++)
		if (at[i] < 0 || at[i] > UINT32_MAX)
			return false;
	*out = (struct price_tokens){ at[0], at[1], at[2], at[3], at[4] };
	return true;
}

bool store_rows_take(sqlite3_stmt *rows, struct store_row *out)
{
	int64_t late_ms = sqlite3_column_int64(rows, LATE), flags = sqlite3_column_int64(rows, FLAGS);
	int64_t searches = sqlite3_column_int64(rows, WEB_SEARCHES);
	int64_t request = sqlite3_column_int64(rows, REQUEST);
	memset(out, 0, sizeof(*out));
	out->nano_usd = sqlite3_column_int64(rows, NANO_USD);
	out->reference = sqlite3_column_type(rows, REFERENCE) == SQLITE_NULL
				 ? out->nano_usd
				 : sqlite3_column_int64(rows, REFERENCE);
	out->offset = sqlite3_column_int64(rows, OFFSET);
	if (late_ms < 0 || late_ms > STORE_LATE_MAX_MS || flags < 0 || flags > STORE_FLAGS_ALL
	    || out->nano_usd < 0 || out->nano_usd > STORE_NANO_USD_MAX || out->reference < 0
	    || out->reference > STORE_NANO_USD_MAX || searches < 0
	    || searches > UINT32_MAX || request < INT32_MIN || request > INT32_MAX || out->offset < 0
	    || !take_tokens(rows, &out->tokens))
		return false;
	out->time_ms = store_time_ms(sqlite3_column_int64(rows, ID), late_ms);
	out->key = (uint64_t)sqlite3_column_int64(rows, KEY);
	out->request = (uint32_t)request;
	out->transcript = store_rows_transcript(rows);
	out->payer = sqlite3_column_int64(rows, PAYER);
	out->model = sqlite3_column_int64(rows, MODEL);
	out->branch = sqlite3_column_int64(rows, BRANCH);
	out->flags = (unsigned)flags;
	out->web_searches = (uint32_t)searches;
	return out->time_ms > 0 && out->time_ms < STORE_TIME_MAX_MS
	       && (!(flags & STORE_IN_PARTS) || take_large(rows, &out->large));
}

/* ---- names ---- */

int store_names_open(sqlite3 *db, struct store_names *names)
{
	*names = (struct store_names){ .result = SQLITE_OK };
	int result = sqlite3_prepare_v2(db,
					"SELECT path, root_bytes, subagent, session.name, version <"
					" (SELECT max(version) FROM transcript o WHERE o.path = t.path), gone"
					" FROM transcript t LEFT JOIN session ON session.id = t.session"
					" WHERE t.id = ?1",
					-1, &names->transcript, NULL);
	if (result == SQLITE_OK)
		result = sqlite3_prepare_v2(db, "SELECT name FROM session WHERE id = ?1", -1,
					    &names->session, NULL);
	if (result == SQLITE_OK)
		result = sqlite3_prepare_v2(db, "SELECT name FROM model WHERE id = ?1", -1, &names->model,
					    NULL);
	return result == SQLITE_OK ? store_folders_open(db, &names->folders) : result;
}

int store_names_take_result(struct store_names *names)
{
	int result = names->result;
	names->result = SQLITE_OK;
	return result;
}

bool store_names_transcript(struct store_names *names, int64_t id, struct store_transcript_names *out)
{
	*out = (struct store_transcript_names){ .path = "", .project = { "", 0 }, .session = "" };
	if (!store_statement_find(names->transcript, id, &names->result))
		return false;
	const char *path = store_statement_text(names->transcript, 0);
	const char *session = store_statement_text(names->transcript, 3);
	int64_t root_len = sqlite3_column_int64(names->transcript, 1);
	if (!store_place_is_valid(path, root_len)
	    || (session[0] && !transcript_session_id_is_valid(session, strlen(session))))
		return false;
	const struct store_folders_path place = { path, (size_t)root_len,
						  sqlite3_column_int(names->transcript, 5) != 0 };
	AUTO_BUF shown = BUF_INIT;
	store_folders_show(&names->folders, &place, &shown);
	free(names->path);
	names->path = buf_detach(&shown);
	if (!names->path) {
		names->result = SQLITE_NOMEM;
		return false;
	}
	out->path = names->path;
	out->project = store_folders_of(path + root_len);
	if (store_folders_is_hidden(out->project, '~'))
		out->project.len = 0;
	out->session = session;
	out->subagent = sqlite3_column_int(names->transcript, 2) != 0;
	out->replaced = sqlite3_column_int(names->transcript, 4) != 0;
	return true;
}

/* "" when nothing has this number. */
static const char *find_name(struct store_names *names, sqlite3_stmt *question, int64_t id)
{
	return store_statement_find(question, id, &names->result) ? store_statement_text(question, 0) : "";
}

const char *store_names_session(struct store_names *names, int64_t id)
{
	const char *name = find_name(names, names->session, id);
	return transcript_session_id_is_valid(name, strlen(name)) ? name : "";
}

const char *store_names_model(struct store_names *names, int64_t id)
{
	const char *name = find_name(names, names->model, id);
	return strlen(name) < PRICE_MODEL_MAX ? name : "";
}

void store_names_release(struct store_names *names)
{
	(void)sqlite3_finalize(names->transcript);
	(void)sqlite3_finalize(names->session);
	(void)sqlite3_finalize(names->model);
	store_folders_release(&names->folders);
	free(names->path);
	*names = (struct store_names){ .result = SQLITE_OK };
}
