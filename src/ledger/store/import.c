#include "ledger/store/import.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/clock.h"
#include "base/scope.h"
#include "ledger/store/place.h"
#include "ledger/store/rollup.h"
#include "ledger/store/schema.h"
#include "ledger/store/tombs.h"

#define HOST_SHOWN 64

enum statement {
	FIND_HOST,
	ADD_HOST,
	FIND_PROFILE,
	ADD_PROFILE,
	FIND_SESSION,
	ADD_SESSION,
	FIND_MODEL,
	ADD_MODEL,
	FIND_BRANCH,
	ADD_BRANCH,
	FIND_TRANSCRIPT,
	ADD_TRANSCRIPT,
	FIND_MESSAGE,
	ADD_MESSAGE,
	REMOVE_MESSAGE,
	NOTE_KEY,
	FIND_EXACT,
	STATEMENTS
};

static const char *const texts[STATEMENTS] = {
	[FIND_HOST] = "SELECT id FROM host WHERE name = ?1",
	[ADD_HOST] = "INSERT INTO host (name) VALUES (?1)",
	[FIND_PROFILE] = "SELECT id FROM profile WHERE root = ?1 AND host = ?2",
	[ADD_PROFILE] = "INSERT INTO profile (root, host, label) VALUES (?1, ?2, '')",
	[FIND_SESSION] = "SELECT id FROM session WHERE name = ?1",
	[ADD_SESSION] = "INSERT INTO session (name) VALUES (?1)",
	[FIND_MODEL] = "SELECT id FROM model WHERE name = ?1",
	[ADD_MODEL] = "INSERT INTO model (name) VALUES (?1)",
	[FIND_BRANCH] = "SELECT id FROM branch WHERE name = ?1",
	[ADD_BRANCH] = "INSERT INTO branch (name) VALUES (?1)",
	[FIND_TRANSCRIPT] = "SELECT id FROM transcript WHERE path = ?1 AND version = ?2",
	[ADD_TRANSCRIPT] =
		"INSERT INTO transcript (path, version, root_bytes, session, subagent, profile, gone, dev,"
		" ino, size, modified_ns, offset, mark, mark_bytes)"
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 0, 0, 0, 0, 0, 0, 0)",
	[FIND_MESSAGE] = "SELECT id, flags, input + output + cache_write_5m + cache_write_1h + cache_read"
			 " FROM message WHERE " STORE_KEY_IS_1 " AND request = ?2",
	[ADD_MESSAGE] =
		"INSERT INTO message (id, key, request, late, transcript, offset, payer, model, branch,"
		" flags, input, output, cache_write_5m, cache_write_1h, cache_read, web_searches,"
		" nano_usd, reference, large) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11,"
		" ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19) ON CONFLICT DO NOTHING",
	[REMOVE_MESSAGE] = "DELETE FROM message WHERE id = ?1",
	/* A message of a session in an hour that is not a sum itself. */
	[FIND_EXACT] =
		"SELECT count(*) FROM (SELECT 1 FROM message m JOIN transcript t ON t.id = m.transcript"
		" WHERE m.id >= ?2 AND m.id < ?3 AND m.flags & 4112 = 0"
		" AND CASE m.payer WHEN 0 THEN t.session ELSE m.payer END ="
		" (SELECT id FROM session WHERE name = ?1) LIMIT 1)",
	[NOTE_KEY] = "INSERT OR IGNORE INTO temp.imported_key VALUES (?1)",
};

struct store_import {
	sqlite3 *db;
	sqlite3_stmt *statements[STATEMENTS];
	const char *host, *root;
	struct store_tombs tombs;
	struct store_import_counts counts;
	int result; /* the first failure: the rest is not tried */
};

/* ---- statements ---- */

static int run(struct store_import *import, enum statement which)
{
	sqlite3_stmt *statement = import->statements[which];
	int result = sqlite3_step(statement);
	int reset = sqlite3_reset(statement);
	return result == SQLITE_DONE || result == SQLITE_ROW ? reset : result;
}

/* The answer to a question for a number; 0 without one. */
static int ask(struct store_import *import, enum statement which, int64_t *number)
{
	sqlite3_stmt *statement = import->statements[which];
	int result = sqlite3_step(statement);
	*number = result == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : 0;
	int reset = sqlite3_reset(statement);
	return result == SQLITE_DONE || result == SQLITE_ROW ? reset : result;
}

static void bind_text(struct store_import *import, enum statement which, int at, const char *text)
{
	/* The text outlives the statement's run. Without memory the run itself fails. */
	(void)sqlite3_bind_text(import->statements[which], at, text, -1, SQLITE_STATIC);
}

static void bind(struct store_import *import, enum statement which, int first, const int64_t *numbers,
		 size_t count)
{
	for (size_t i = 0; i < count; i++)
		(void)sqlite3_bind_int64(import->statements[which], first + (int)i, numbers[i]);
}

/* ---- names ---- */

/* The number of a name, which is added if need be; 0 for "". The statement that adds follows `find`. */
static int number_of(struct store_import *import, enum statement find, const char *name, int64_t *number)
{
	enum statement add = find + 1;
	*number = 0;
	if (!name[0])
		return SQLITE_OK;
	bind_text(import, find, 1, name);
	int result = ask(import, find, number);
	if (result != SQLITE_OK || *number > 0)
		return result;
	bind_text(import, add, 1, name);
	result = run(import, add);
	*number = sqlite3_last_insert_rowid(import->db);
	return result;
}

static int profile_of(struct store_import *import, const struct store_line *line, int64_t *profile)
{
	int64_t host;
	int result = number_of(import, FIND_HOST, line->host, &host);
	if (result != SQLITE_OK)
		return result;
	bind(import, FIND_PROFILE, 2, &host, 1);
	bind(import, ADD_PROFILE, 2, &host, 1);
	return number_of(import, FIND_PROFILE, line->root, profile);
}

/* Appends a host's name as it can stand in a path. */
static void append_host(struct buf *out, const char *host)
{
	buf_append_char(out, STORE_LINES_HOST_MARK);
	for (size_t i = 0; host[i] && i < HOST_SHOWN; i++) {
		bool plain = (host[i] >= '0' && host[i] <= '9') || (host[i] >= 'A' && host[i] <= 'Z')
			  || (host[i] >= 'a' && host[i] <= 'z') || host[i] == '-' || host[i] == '.';
		buf_append_char(out, plain ? host[i] : '_');
	}
}

/*
 * The path under which a transcript is known here. One of another machine, or of another data directory, must
 * not be taken for the one that has the same path here.
 */
static void append_path(const struct store_import *import, const struct store_line *line, struct buf *out)
{
	static const char ending[] = ".jsonl";
	bool is_own = strcmp(line->host, import->host) == 0;
	if (is_own) {
		buf_printf(out, "%s/%s", line->root, line->path);
		return;
	}
	buf_printf(out, "%s/", import->root);
	buf_append(out, line->path, strlen(line->path) - (sizeof(ending) - 1));
	append_host(out, line->host);
	buf_append_str(out, ending);
}

static int transcript_of(struct store_import *import, const struct store_line *line, int64_t *transcript)
{
	AUTO_BUF path = BUF_INIT;
	int64_t session, profile, version = line->version;
	append_path(import, line, &path);
	bool is_own = strcmp(line->host, import->host) == 0;
	size_t root_len = strlen(is_own ? line->root : import->root) + 1;
	if (path.failed)
		return SQLITE_NOMEM;
	if (!store_place_is_valid(path.data, (int64_t)root_len))
		return SQLITE_MISMATCH;
	bind_text(import, FIND_TRANSCRIPT, 1, path.data);
	bind(import, FIND_TRANSCRIPT, 2, &version, 1);
	int result = ask(import, FIND_TRANSCRIPT, transcript);
	if (result != SQLITE_OK || *transcript > 0)
		return result;
	result = number_of(import, FIND_SESSION, line->session, &session);
	if (result == SQLITE_OK)
		result = profile_of(import, line, &profile);
	if (result != SQLITE_OK)
		return result;
	const int64_t facts[] = { version, (int64_t)root_len, session, line->subagent, profile, !is_own };
	bind_text(import, ADD_TRANSCRIPT, 1, path.data);
	bind(import, ADD_TRANSCRIPT, 2, facts, ARRAY_COUNT(facts));
	result = run(import, ADD_TRANSCRIPT);
	*transcript = sqlite3_last_insert_rowid(import->db);
	return result;
}

/* ---- messages ---- */

/* Whether the line says more than the message that the file has: as the ledger decides between lines. */
static bool is_better(const struct store_line *line, int64_t flags, int64_t tokens)
{
	bool is_sidechain = line->row.flags & STORE_SIDECHAIN, was_sidechain = flags & STORE_SIDECHAIN;
	int64_t now = price_tokens_total(&line->row.tokens);
	if (is_sidechain != was_sidechain)
		return was_sidechain;
	if (now != tokens)
		return now > tokens;
	return (line->row.flags & STORE_HAS_SPEED) && !(flags & STORE_HAS_SPEED);
}

/* The message of a line; *id 0 without one. *better: the line says more. */
static int find_message(struct store_import *import, const struct store_line *line, int64_t *id, bool *better)
{
	sqlite3_stmt *statement = import->statements[FIND_MESSAGE];
	const int64_t identity[] = { (int64_t)line->row.key, line->row.request };
	bind(import, FIND_MESSAGE, 1, identity, ARRAY_COUNT(identity));
	int result = sqlite3_step(statement);
	*id = result == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : 0;
	*better = result == SQLITE_ROW
	       && is_better(line, sqlite3_column_int64(statement, 1), sqlite3_column_int64(statement, 2));
	int reset = sqlite3_reset(statement);
	return result == SQLITE_DONE || result == SQLITE_ROW ? reset : result;
}

/* Puts it into the first free slot from its millisecond on. */
static int add_row(struct store_import *import, const struct store_row *row)
{
	for (int64_t late = 0; late <= STORE_LATE_MAX_MS; late++)
		for (uint64_t i = 0; i < STORE_SLOT_TRIES; i++) {
			int64_t slot = (int64_t)((row->key + i) & (uint64_t)(STORE_SLOTS - 1));
			const int64_t id = store_id_at(row->time_ms + late) + slot;
			bind(import, ADD_MESSAGE, 1, &id, 1);
			bind(import, ADD_MESSAGE, 4, &late, 1);
			int result = run(import, ADD_MESSAGE);
			if (result != SQLITE_OK || sqlite3_changes(import->db) > 0)
				return result;
		}
	return SQLITE_FULL;
}

static int add_message(struct store_import *import, const struct store_line *line)
{
	const struct store_row *row = &line->row;
	const struct price_tokens *t = &row->tokens;
	const int64_t large[] = { row->large.input, row->large.output, row->large.cache_creation_5m,
				  row->large.cache_creation_1h, row->large.cache_read };
	int64_t transcript, payer, model, branch;
	int result = transcript_of(import, line, &transcript);
	if (result == SQLITE_OK)
		result = number_of(import, FIND_SESSION, line->payer, &payer);
	if (result == SQLITE_OK)
		result = number_of(import, FIND_MODEL, line->model, &model);
	if (result == SQLITE_OK)
		result = number_of(import, FIND_BRANCH, line->branch, &branch);
	if (result != SQLITE_OK)
		return result;
	const int64_t identity[] = { (int64_t)row->key, row->request };
	const int64_t facts[] = { transcript,
				  row->offset,
				  payer,
				  model,
				  branch,
				  row->flags & ~(unsigned)STORE_HAS_CLAIMS,
				  t->input,
				  t->output,
				  t->cache_creation_5m,
				  t->cache_creation_1h,
				  t->cache_read,
				  row->web_searches,
				  row->nano_usd,
				  row->reference };
	bind(import, ADD_MESSAGE, 2, identity, ARRAY_COUNT(identity));
	bind(import, ADD_MESSAGE, 5, facts, ARRAY_COUNT(facts));
	sqlite3_stmt *statement = import->statements[ADD_MESSAGE];
	if (row->reference == row->nano_usd)
		(void)sqlite3_bind_null(statement, 18);
	if (row->flags & STORE_IN_PARTS)
		(void)sqlite3_bind_blob(statement, 19, large, sizeof(large), SQLITE_STATIC);
	else
		(void)sqlite3_bind_null(statement, 19);
	return add_row(import, row);
}

static bool is_purged(const struct store_import *import, const struct store_line *line)
{
	const char *slash = strchr(line->path, '/');
	const char *session = line->payer[0] ? line->payer : line->session;
	const struct ledger_question question = {
		.time_ms = line->row.time_ms,
		.has_id = line->row.flags & STORE_HAS_ID,
		.key = line->row.key,
		.request = line->row.request,
		.project = { line->path, slash ? (size_t)(slash - line->path) : 0 },
		.session = { session, strlen(session) },
	};
	return store_tombs_bury(&import->tombs, &question);
}

/* Whether the hour of a sum is known message by message. */
static int find_exact(struct store_import *import, const struct store_line *line, int64_t *exact)
{
	const int64_t span[] = { store_id_at(line->row.time_ms),
				 store_id_at(line->row.time_ms + CLOCK_HOUR_MS) };
	*exact = 0;
	if (!(line->row.flags & STORE_SUM))
		return SQLITE_OK;
	bind_text(import, FIND_EXACT, 1, line->session);
	bind(import, FIND_EXACT, 2, span, ARRAY_COUNT(span));
	return ask(import, FIND_EXACT, exact);
}

static int take(struct store_import *import, const struct store_line *line)
{
	int64_t old, exact, key = (int64_t)line->row.key;
	bool better;
	if (is_purged(import, line)) {
		import->counts.purged++;
		return SQLITE_OK;
	}
	int result = find_message(import, line, &old, &better);
	if (result == SQLITE_OK)
		result = find_exact(import, line, &exact);
	if (result != SQLITE_OK)
		return result;
	if (exact > 0 || (old > 0 && !better)) {
		import->counts.same++;
		return SQLITE_OK;
	}
	if (old > 0) {
		bind(import, REMOVE_MESSAGE, 1, &old, 1);
		result = run(import, REMOVE_MESSAGE);
	}
	bind(import, NOTE_KEY, 1, &key, 1);
	if (result == SQLITE_OK)
		result = run(import, NOTE_KEY);
	if (result == SQLITE_OK)
		result = add_message(import, line);
	import->counts.added += old == 0;
	import->counts.raised += old > 0;
	return result;
}

int store_import_add(struct store_import *import, const struct store_line *line)
{
	if (import->result == SQLITE_OK)
		import->result = take(import, line);
	return import->result;
}

/* ---- begin and end ---- */

static int prepare(struct store_import *import)
{
	int result = sqlite3_exec(import->db,
				  "BEGIN IMMEDIATE; DROP TABLE IF EXISTS temp.imported_key;"
				  "CREATE TEMP TABLE imported_key (key INTEGER PRIMARY KEY);",
				  NULL, NULL, NULL);
	for (size_t i = 0; i < STATEMENTS && result == SQLITE_OK; i++)
		result = sqlite3_prepare_v2(import->db, texts[i], -1, &import->statements[i], NULL);
	return result == SQLITE_OK ? store_tombs_read(import->db, &import->tombs) : result;
}

struct store_import *store_import_begin(sqlite3 *db, const char *host, const char *root)
{
	struct store_import *import = calloc(1, sizeof(*import));
	if (!import)
		return NULL;
	*import = (struct store_import){ .db = db, .host = host, .root = root };
	if (prepare(import) == SQLITE_OK)
		return import;
	(void)store_import_end(import, false, NULL);
	return NULL;
}

/*
 * A sidechain copy counts only where no better line of the same message and time is: which ones are there may
 * be others now.
 */
static int settle_copies(sqlite3 *db)
{
	static const char sql[] =
		"UPDATE message SET flags = (flags & ~16) | CASE WHEN EXISTS (SELECT 1 FROM message o"
		" WHERE o.key >> 32 = message.key >> 32 AND o.key = message.key AND o.id <> message.id"
		" AND o.id / 4096 - o.late = message.id / 4096 - message.late AND (o.flags & 1 = 0"
		" OR o.input + o.output + o.cache_write_5m + o.cache_write_1h + o.cache_read"
		"  > message.input + message.output + message.cache_write_5m + message.cache_write_1h"
		"  + message.cache_read"
		" OR (o.input + o.output + o.cache_write_5m + o.cache_write_1h + o.cache_read"
		"  = message.input + message.output + message.cache_write_5m + message.cache_write_1h"
		"  + message.cache_read AND o.id < message.id))) THEN 16 ELSE 0 END"
		" WHERE flags & 129 = 129 AND key IN (SELECT key FROM temp.imported_key)";
	_Static_assert(STORE_HIDDEN == 16 && STORE_SIDECHAIN == 1 && STORE_HAS_ID == 128
			       && STORE_SLOTS == 4096,
		       "the statement says so");
	return sqlite3_exec(db, sql, NULL, NULL, NULL);
}

/* Sums of hours that are known message by message now. */
static int remove_sums(sqlite3 *db)
{
	static const char sql[] =
		"DELETE FROM message WHERE flags & 4096 AND EXISTS (SELECT 1 FROM message m"
		" JOIN transcript t ON t.id = m.transcript JOIN transcript s ON s.id = message.transcript"
		" WHERE m.id >= message.id - message.id % 4096"
		" AND m.id < message.id - message.id % 4096 + 3600000 * 4096 AND m.flags & 4112 = 0"
		" AND CASE m.payer WHEN 0 THEN t.session ELSE m.payer END ="
		" CASE message.payer WHEN 0 THEN s.session ELSE message.payer END)";
	_Static_assert((STORE_SUM | STORE_HIDDEN) == 4112, "the statements say so");
	return sqlite3_exec(db, sql, NULL, NULL, NULL);
}

static int finish(struct store_import *import)
{
	bool is_new = import->counts.added > 0 || import->counts.raised > 0;
	int result = is_new ? settle_copies(import->db) : SQLITE_OK;
	if (result == SQLITE_OK && is_new)
		result = remove_sums(import->db);
	if (result == SQLITE_OK && is_new)
		result = store_rollup_rebuild(import->db);
	if (result == SQLITE_OK)
		result = sqlite3_exec(import->db, "DROP TABLE temp.imported_key; COMMIT;", NULL, NULL, NULL);
	return result;
}

int store_import_end(struct store_import *import, bool keep, struct store_import_counts *out)
{
	int result = import->result;
	for (size_t i = 0; i < STATEMENTS; i++)
		(void)sqlite3_finalize(import->statements[i]);
	if (keep && result == SQLITE_OK)
		result = finish(import);
	/* Some failures have ended the transaction already. */
	if ((!keep || result != SQLITE_OK) && !sqlite3_get_autocommit(import->db))
		(void)sqlite3_exec(import->db, "ROLLBACK", NULL, NULL, NULL);
	if (out)
		*out = import->counts;
	store_tombs_release(&import->tombs);
	free(import);
	return result;
}
