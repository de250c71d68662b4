#include "ledger/store/import.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/clock.h"
#include "base/scope.h"
#include "ledger/store/folders.h"
#include "ledger/store/insert.h"
#include "ledger/store/numbers.h"
#include "ledger/store/place.h"
#include "ledger/store/rollup.h"
#include "ledger/store/schema.h"
#include "ledger/store/statement.h"
#include "ledger/store/tombs.h"

#define HOST_SHOWN 64

enum statement {
	FIND_TRANSCRIPT,
	ADD_TRANSCRIPT,
	FIND_MESSAGE,
	ADD_MESSAGE,
	REMOVE_MESSAGE,
	NOTE_KEY,
	FIND_EXACT,
	ADD_HIT,
	STATEMENTS
};

static const char *const texts[STATEMENTS] = {
	[FIND_TRANSCRIPT] = "SELECT id FROM transcript WHERE path = ?1 AND version = ?2",
	[ADD_TRANSCRIPT] =
		"INSERT INTO transcript (path, version, root_bytes, session, subagent, profile, gone, dev,"
		" ino, size, modified_ns, offset, mark, mark_bytes)"
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 0, 0, 0, 0, 0, 0, 0)",
	[FIND_MESSAGE] = "SELECT id, flags, input + output + cache_write_5m + cache_write_1h + cache_read"
			 " FROM message WHERE " STORE_KEY_IS_1 " AND request = ?2",
	[ADD_MESSAGE] = store_insert_text,
	[REMOVE_MESSAGE] = "DELETE FROM message WHERE id = ?1",
	/* A message of a session in an hour that is not a sum itself. */
	[FIND_EXACT] =
		"SELECT count(*) FROM (SELECT 1 FROM message m JOIN transcript t ON t.id = m.transcript"
		" WHERE m.id >= ?2 AND m.id < ?3 AND m.flags & 4112 = 0"
		" AND CASE m.payer WHEN 0 THEN t.session ELSE m.payer END ="
		" (SELECT id FROM session WHERE name = ?1) LIMIT 1)",
	[ADD_HIT] = "INSERT INTO hit (transcript, offset, session, at, name, resets_ms, old_form, in_message)"
		    " SELECT ?1, ?2, session, ?3, ?7, ?4, ?5, ?6 FROM transcript WHERE id = ?1"
		    " ON CONFLICT DO NOTHING",
	[NOTE_KEY] = "INSERT OR IGNORE INTO temp.imported_key VALUES (?1)",
};

struct store_import {
	sqlite3 *db;
	sqlite3_stmt *statements[STATEMENTS];
	struct store_numbers numbers;
	const char *host, *root;
	struct store_tombs tombs;
	struct store_folders folders;
	struct store_import_counts counts;
	bool has_new; /* messages, for which sums are made anew */
	int result; /* the first failure: the rest is not tried */
};

/* ---- transcripts ---- */

/* Appends a host's name as it can stand in a path. */
static void append_host(struct buf *out, const char *host)
{
	buf_append_char(out, STORE_LINES_HOST_MARK);
	for (size_t i = 0; i < HOST_SHOWN && host[i]; i++) {
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
	AUTO_BUF named = BUF_INIT;
	AUTO_BUF path = BUF_INIT;
	int64_t session, profile, version = line->version;
	append_path(import, line, &named);
	bool is_own = strcmp(line->host, import->host) == 0;
	size_t root_len = strlen(is_own ? line->root : import->root) + 1;
	if (named.failed)
		return SQLITE_NOMEM;
	if (!store_place_is_valid(named.data, (int64_t)root_len))
		return SQLITE_MISMATCH;
	store_folders_hide(&import->folders, named.data, root_len, &path);
	if (path.failed)
		return SQLITE_NOMEM;
	store_statement_bind_text(import->statements[FIND_TRANSCRIPT], 1, path.data);
	store_statement_bind(import->statements[FIND_TRANSCRIPT], 2, &version, 1);
	int result = store_statement_ask(import->statements[FIND_TRANSCRIPT], transcript);
	if (result != SQLITE_OK || *transcript > 0)
		return result;
	result = store_numbers_find(&import->numbers, STORE_NAME_SESSION, line->session, &session);
	if (result == SQLITE_OK)
		result = store_numbers_find_profile(&import->numbers, line->host, line->root,
						    strlen(line->root), &profile);
	if (result != SQLITE_OK)
		return result;
	const int64_t facts[] = { version, (int64_t)root_len, session, line->subagent, profile, !is_own };
	store_statement_bind_text(import->statements[ADD_TRANSCRIPT], 1, path.data);
	store_statement_bind(import->statements[ADD_TRANSCRIPT], 2, facts, ARRAY_COUNT(facts));
	result = store_statement_run(import->statements[ADD_TRANSCRIPT]);
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
	const int64_t identity[] = { (int64_t)line->row.key, store_request_number(line->row.request) };
	store_statement_bind(statement, 1, identity, ARRAY_COUNT(identity));
	int result = sqlite3_step(statement);
	*id = result == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : 0;
	*better = result == SQLITE_ROW
	       && is_better(line, sqlite3_column_int64(statement, 1), sqlite3_column_int64(statement, 2));
	return store_statement_end(statement, result);
}

static int add_message(struct store_import *import, const struct store_line *line)
{
	struct store_row row = line->row;
	AUTO_BUF branch = BUF_INIT;
	store_folders_hide_branch(&import->folders, line->branch, &branch);
	if (branch.failed)
		return SQLITE_NOMEM;
	struct store_numbers *numbers = &import->numbers;
	row.flags &= ~(unsigned)STORE_HAS_CLAIMS;
	int result = transcript_of(import, line, &row.transcript);
	if (result == SQLITE_OK)
		result = store_numbers_find(numbers, STORE_NAME_SESSION, line->payer, &row.payer);
	if (result == SQLITE_OK)
		result = store_numbers_find(numbers, STORE_NAME_MODEL, line->model, &row.model);
	if (result == SQLITE_OK)
		result = store_numbers_find(numbers, STORE_NAME_BRANCH, buf_str(&branch), &row.branch);
	return result == SQLITE_OK ? store_insert(import->statements[ADD_MESSAGE], &row) : result;
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
	store_statement_bind_text(import->statements[FIND_EXACT], 1, line->session);
	store_statement_bind(import->statements[FIND_EXACT], 2, span, ARRAY_COUNT(span));
	return store_statement_ask(import->statements[FIND_EXACT], exact);
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
		store_statement_bind(import->statements[REMOVE_MESSAGE], 1, &old, 1);
		result = store_statement_run(import->statements[REMOVE_MESSAGE]);
	}
	store_statement_bind(import->statements[NOTE_KEY], 1, &key, 1);
	if (result == SQLITE_OK)
		result = store_statement_run(import->statements[NOTE_KEY]);
	if (result == SQLITE_OK)
		result = add_message(import, line);
	import->has_new = true;
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

/* ---- limits that were hit ---- */

static int take_hit(struct store_import *import, const struct store_hit_line *hit)
{
	const struct store_line *line = &hit->at;
	sqlite3_stmt *add = import->statements[ADD_HIT];
	int64_t transcript;
	if (is_purged(import, line)) {
		import->counts.purged++;
		return SQLITE_OK;
	}
	int result = transcript_of(import, line, &transcript);
	if (result != SQLITE_OK)
		return result;
	const int64_t numbers[] = { transcript,	    line->row.offset, line->row.time_ms,
				    hit->resets_ms, hit->old_form,    hit->in_message };
	store_statement_bind(add, 1, numbers, ARRAY_COUNT(numbers));
	store_statement_bind_text(add, 7, hit->name);
	result = store_statement_run(add);
	bool is_added = result == SQLITE_OK && sqlite3_changes(import->db) > 0;
	import->counts.added += is_added;
	import->counts.same += !is_added;
	return result;
}

int store_import_add_hit(struct store_import *import, const struct store_hit_line *hit)
{
	if (import->result == SQLITE_OK)
		import->result = take_hit(import, hit);
	return import->result;
}

/* ---- readings ---- */

static bool is_reading_purged(const struct store_import *import, const struct store_reading_line *reading)
{
	const struct ledger_question question = {
		.time_ms = reading->last_seen_ms,
		.session = { reading->session, strlen(reading->session) },
	};
	return store_tombs_bury(&import->tombs, &question);
}

static int take_reading(struct store_import *import, const struct store_reading_line *reading)
{
	int64_t profile, session;
	enum store_reading_put put;
	if (is_reading_purged(import, reading)) {
		import->counts.purged++;
		return SQLITE_OK;
	}
	int result = store_numbers_find_profile(&import->numbers, reading->host, reading->root,
						strlen(reading->root), &profile);
	if (result == SQLITE_OK)
		result = store_numbers_find(&import->numbers, STORE_NAME_SESSION, reading->session, &session);
	if (result == SQLITE_OK)
		result = store_readings_put(import->db, reading, profile, session, &put);
	if (result != SQLITE_OK)
		return result;
	import->counts.added += put == STORE_READING_ADDED;
	import->counts.raised += put == STORE_READING_RAISED;
	import->counts.same += put == STORE_READING_SAME;
	return SQLITE_OK;
}

int store_import_add_reading(struct store_import *import, const struct store_reading_line *reading)
{
	if (import->result == SQLITE_OK)
		import->result = take_reading(import, reading);
	return import->result;
}

/* ---- begin and end ---- */

static int prepare(struct store_import *import)
{
	int result = sqlite3_exec(import->db,
				  "BEGIN IMMEDIATE; DROP TABLE IF EXISTS temp.imported_key;"
				  "CREATE TEMP TABLE imported_key (key INTEGER PRIMARY KEY);",
				  NULL, NULL, NULL);
	if (result == SQLITE_OK)
		result = store_statements_open(import->db, texts, STATEMENTS, import->statements);
	if (result == SQLITE_OK)
		result = store_numbers_open(import->db, &import->numbers);
	if (result == SQLITE_OK)
		result = store_folders_open(import->db, &import->folders);
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
		" AND o.id / 64 - o.late = message.id / 64 - message.late AND (o.flags & 64 = 0"
		" OR o.input + o.output + o.cache_write_5m + o.cache_write_1h + o.cache_read"
		"  > message.input + message.output + message.cache_write_5m + message.cache_write_1h"
		"  + message.cache_read"
		" OR (o.input + o.output + o.cache_write_5m + o.cache_write_1h + o.cache_read"
		"  = message.input + message.output + message.cache_write_5m + message.cache_write_1h"
		"  + message.cache_read AND o.id < message.id))) THEN 16 ELSE 0 END"
		" WHERE flags & 65 = 65 AND key IN (SELECT key FROM temp.imported_key)";
	_Static_assert(STORE_HIDDEN == 16 && STORE_SIDECHAIN == 64 && STORE_HAS_ID == 1
			       && STORE_SLOTS == 64,
		       "the statement says so");
	return sqlite3_exec(db, sql, NULL, NULL, NULL);
}

/* Sums of hours that are known message by message now. */
static int remove_sums(sqlite3 *db)
{
	static const char sql[] =
		"DELETE FROM message WHERE flags & 4096 AND EXISTS (SELECT 1 FROM message m"
		" JOIN transcript t ON t.id = m.transcript JOIN transcript s ON s.id = message.transcript"
		" WHERE m.id >= message.id - message.id % 64"
		" AND m.id < message.id - message.id % 64 + 3600000 * 64 AND m.flags & 4112 = 0"
		" AND CASE m.payer WHEN 0 THEN t.session ELSE m.payer END ="
		" CASE message.payer WHEN 0 THEN s.session ELSE message.payer END)";
	_Static_assert((STORE_SUM | STORE_HIDDEN) == 4112 && STORE_SLOTS == 64, "the statements say so");
	return sqlite3_exec(db, sql, NULL, NULL, NULL);
}

static int finish(struct store_import *import)
{
	bool is_new = import->has_new;
	int result = is_new ? settle_copies(import->db) : SQLITE_OK;
	if (result == SQLITE_OK && is_new)
		result = remove_sums(import->db);
	if (result == SQLITE_OK && is_new)
		result = store_rollup_rebuild(import->db);
	if (result == SQLITE_OK)
		result = sqlite3_exec(import->db, "DROP TABLE temp.imported_key", NULL, NULL, NULL);
	return result;
}

int store_import_end(struct store_import *import, bool keep, struct store_import_counts *out)
{
	int result = import->result;
	store_statements_release(import->statements, STATEMENTS);
	store_numbers_release(&import->numbers);
	if (keep && result == SQLITE_OK)
		result = finish(import);
	int ended = store_transaction_end(import->db, keep ? result : SQLITE_ABORT);
	if (keep)
		result = ended;
	if (out)
		*out = import->counts;
	store_tombs_release(&import->tombs);
	store_folders_release(&import->folders);
	free(import);
	return result;
}
