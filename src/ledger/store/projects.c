#include "ledger/store/projects.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "base/array.h"
#include "ledger/store/folders.h"
#include "ledger/store/place.h"
#include "ledger/store/purge.h"
#include "ledger/store/repair.h"
#include "ledger/store/statement.h"

/* In table meta: the names were changed, and what they were is not wiped yet. */
#define LEFT_OVER "projects_left_over"

static int run(sqlite3 *db, const char *sql)
{
	return sqlite3_exec(db, sql, NULL, NULL, NULL);
}

/* ---- meta ---- */

const char *store_projects_name(enum ledger_projects mode)
{
	static const char *const names[] = { "path", "hash", "off" };
	return names[mode];
}

static int set_meta(sqlite3 *db, const char *key, const char *value)
{
	sqlite3_stmt *set = NULL;
	int result = sqlite3_prepare_v2(db,
					"INSERT INTO meta (key, value) VALUES (?1, ?2)"
					" ON CONFLICT DO UPDATE SET value = ?2",
					-1, &set, NULL);
	if (result == SQLITE_OK) {
		store_statement_bind_text(set, 1, key);
		store_statement_bind_text(set, 2, value);
		result = store_statement_run(set);
	}
	(void)sqlite3_finalize(set);
	return result;
}

static int make_key(sqlite3 *db)
{
	unsigned char bytes[SIPHASH_KEY_BYTES];
	char text[2 * SIPHASH_KEY_BYTES + 1];
	if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
		return SQLITE_IOERR;
	for (size_t i = 0; i < sizeof(bytes); i++)
		snprintf(text + 2 * i, 3, "%02x", bytes[i]);
	return set_meta(db, STORE_FOLDERS_KEY, text);
}

static int set_mode(sqlite3 *db, enum ledger_projects mode)
{
	return mode == LEDGER_PROJECTS_PATH ? run(db, "DELETE FROM meta WHERE key = '" STORE_FOLDERS_MODE "'")
					    : set_meta(db, STORE_FOLDERS_MODE, store_projects_name(mode));
}

static int count_left_over(sqlite3 *db, int64_t *count)
{
	sqlite3_stmt *question = NULL;
	int result = sqlite3_prepare_v2(db, "SELECT count(*) FROM meta WHERE key = '" LEFT_OVER "'", -1,
					&question, NULL);
	if (result == SQLITE_OK)
		result = store_statement_ask(question, count);
	(void)sqlite3_finalize(question);
	return result;
}

/* ---- transcripts ---- */

/* The path as the file is to have it from now on. */
static void translate(struct store_folders *folders, const struct store_folders_path *path, struct buf *out)
{
	AUTO_BUF shown = BUF_INIT;
	store_folders_show(folders, path, &shown);
	buf_clear(out);
	if (shown.failed)
		out->failed = true;
	else
		store_folders_hide(folders, shown.data, path->root_len, out);
}

/* One that has the path already came to the file under another form of it: both stay, each with a version. */
static const char set_path[] =
	"UPDATE transcript SET path = ?1, version = CASE WHEN EXISTS (SELECT 1 FROM transcript o"
	" WHERE o.path = ?1 AND o.version = transcript.version) THEN"
	" (SELECT max(version) + 1 FROM transcript o WHERE o.path = ?1) ELSE version END WHERE id = ?2";

static int change_path(sqlite3 *db, struct store_folders *folders, sqlite3_stmt *row, struct buf *to)
{
	sqlite3_stmt *set = NULL;
	const char *path = (const char *)sqlite3_column_text(row, 1);
	int64_t id = sqlite3_column_int64(row, 0), root_len = sqlite3_column_int64(row, 2);
	if (!path || !store_place_is_valid(path, root_len))
		return SQLITE_OK;
	const struct store_folders_path from = { path, (size_t)root_len, false };
	translate(folders, &from, to);
	if (to->failed)
		return SQLITE_NOMEM;
	if (strcmp(path, buf_str(to)) == 0)
		return SQLITE_OK;
	int result = sqlite3_prepare_v2(db, set_path, -1, &set, NULL);
	if (result == SQLITE_OK) {
		store_statement_bind_text(set, 1, buf_str(to));
		store_statement_bind(set, 2, &id, 1);
		result = store_statement_run(set);
	}
	(void)sqlite3_finalize(set);
	return result;
}

/* By id, which stays: what is changed does not come twice. */
static int change_paths(sqlite3 *db, struct store_folders *folders)
{
	sqlite3_stmt *row = NULL;
	AUTO_BUF to = BUF_INIT;
	int result = sqlite3_prepare_v2(db, "SELECT id, path, root_bytes FROM transcript ORDER BY id", -1,
					&row, NULL);
	while (result == SQLITE_OK && (result = sqlite3_step(row)) == SQLITE_ROW)
		result = change_path(db, folders, row, &to);
	(void)sqlite3_finalize(row);
	return result == SQLITE_DONE ? SQLITE_OK : result;
}

/* ---- branches ---- */

static int put_branch(sqlite3 *db, int64_t id, const char *name)
{
	/* The name may be there already: then it is one branch. */
	static const char *const sql[] = {
		("UPDATE message SET branch = (SELECT id FROM branch WHERE name = ?1)"
		 " WHERE branch = ?2 AND EXISTS (SELECT 1 FROM branch WHERE name = ?1)"),
		"DELETE FROM branch WHERE id = ?2 AND EXISTS (SELECT 1 FROM branch WHERE name = ?1)",
		"UPDATE branch SET name = ?1 WHERE id = ?2",
	};
	int result = SQLITE_OK;
	for (size_t i = 0; i < ARRAY_COUNT(sql) && result == SQLITE_OK; i++) {
		sqlite3_stmt *statement = NULL;
		result = sqlite3_prepare_v2(db, sql[i], -1, &statement, NULL);
		if (result == SQLITE_OK) {
			store_statement_bind_text(statement, 1, name);
			store_statement_bind(statement, 2, &id, 1);
			result = store_statement_run(statement);
		}
		(void)sqlite3_finalize(statement);
	}
	return result;
}

/* Finds the first branch whose name has to change, and its new name; *id is 0 when all are right. */
static int next_branch(sqlite3 *db, const struct store_folders *folders, int64_t *id, struct buf *to)
{
	sqlite3_stmt *row = NULL;
	int64_t last = *id;
	*id = 0;
	int result = sqlite3_prepare_v2(db, "SELECT id, name FROM branch WHERE id > ?1 ORDER BY id", -1, &row,
					NULL);
	if (result == SQLITE_OK)
		store_statement_bind(row, 1, &last, 1);
	while (result == SQLITE_OK && *id == 0 && (result = sqlite3_step(row)) == SQLITE_ROW) {
		const char *name = (const char *)sqlite3_column_text(row, 1);
		result = SQLITE_OK;
		buf_clear(to);
		store_folders_hide_branch(folders, name ? name : "", to);
		if (name && strcmp(name, buf_str(to)) != 0)
			*id = sqlite3_column_int64(row, 0);
	}
	(void)sqlite3_finalize(row);
	return to->failed ? SQLITE_NOMEM : result == SQLITE_DONE ? SQLITE_OK : result;
}

static int change_branches(sqlite3 *db, const struct store_folders *folders)
{
	AUTO_BUF to = BUF_INIT;
	int64_t id = 0;
	if (folders->mode == LEDGER_PROJECTS_OFF)
		return run(db, "UPDATE message SET branch = 0 WHERE branch <> 0; DELETE FROM branch");
	int result = next_branch(db, folders, &id, &to);
	while (result == SQLITE_OK && id != 0) {
		result = put_branch(db, id, buf_str(&to));
		if (result == SQLITE_OK)
			result = next_branch(db, folders, &id, &to);
	}
	return result;
}

/* ---- the whole ---- */

static int change(sqlite3 *db, struct store_folders *folders, enum ledger_projects mode)
{
	int result = SQLITE_OK;
	if (!folders->has_key) {
		result = make_key(db);
		store_folders_release(folders);
		if (result == SQLITE_OK)
			result = store_folders_open(db, folders);
	}
	if (result == SQLITE_OK)
		result = set_mode(db, mode);
	if (result == SQLITE_OK)
		result = set_meta(db, LEFT_OVER, "1");
	folders->mode = mode;
	if (result == SQLITE_OK)
		result = change_paths(db, folders);
	return result == SQLITE_OK ? change_branches(db, folders) : result;
}

int store_projects_look(sqlite3 *db, enum ledger_projects *mode)
{
	struct store_folders folders;
	int result = store_folders_open(db, &folders);
	*mode = folders.mode;
	store_folders_release(&folders);
	return result;
}

int store_projects_apply(sqlite3 *db, enum ledger_projects mode, bool *changed)
{
	struct store_folders folders;
	*changed = false;
	int result = store_folders_open(db, &folders);
	if (result == SQLITE_OK && folders.mode != mode) {
		/* What is changed is overwritten with zeros. */
		result = run(db, "PRAGMA secure_delete = ON; BEGIN IMMEDIATE");
		if (result == SQLITE_OK)
			result = change(db, &folders, mode);
		result = store_transaction_end(db, result);
		*changed = result == SQLITE_OK;
	}
	store_folders_release(&folders);
	return result;
}

int store_projects_wipe(sqlite3 *db, const char *path)
{
	int64_t left_over;
	int result = count_left_over(db, &left_over);
	if (result != SQLITE_OK || left_over == 0)
		return result;
	result = store_purge_wipe(db);
	if (result == SQLITE_OK)
		result = store_replace_backups(db, path);
	return result == SQLITE_OK ? run(db, "DELETE FROM meta WHERE key = '" LEFT_OVER "'") : result;
}
