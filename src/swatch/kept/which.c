#include "swatch/kept/which.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/clock.h"
#include "base/scope.h"
#include "ledger/store/folders.h"
#include "ledger/store/place.h"
#include "swatch/cli/command.h"
#include "swatch/cli/names.h"
#include "swatch/report/options.h"
#include "swatch/ui/terminal.h"

/* Of what stands for a project, reports show so many digits. */
#define SHOWN_DIGITS 8

/* ---- days ---- */

bool kept_parse_day(const char *command, const char *option, const char *text, int64_t *start_ms)
{
	char digits[9];
	if (report_parse_day(text, clock_wall_ms(), digits)) {
		*start_ms = clock_local_date_start_ms((int)strtol(digits, NULL, 10));
		return true;
	}
	terminal_error("%s: %s '%s' is not a day; give YYYYMMDD, YYYY-MM-DD, today, yesterday, or 7d for "
		       "seven days ago",
		       command, option, text);
	return false;
}

/* ---- projects ---- */

struct folders {
	char **all;
	size_t count, cap;
	struct store_folders store;
	bool has_nameless;           /* of some transcripts no project is kept */
};

/* Takes a transcript's folder. Returns false when memory ran out. */
static bool take_folder(struct folders *folders, const char *path, int64_t root_len)
{
	AUTO_BUF shown = BUF_INIT;
	if (!path || !store_place_is_valid(path, root_len))
		return true;
	if (store_folders_is_hidden(store_folders_of(path + root_len), '~')) {
		folders->has_nameless = true;
		return true;
	}
	store_folders_show(&folders->store, &(struct store_folders_path){ path, (size_t)root_len, false },
			   &shown);
	if (shown.failed)
		return false;
	struct slice folder = store_folders_of(shown.data + root_len);
	for (size_t i = 0; i < folders->count; i++)
		if (slice_equals(folder, folders->all[i]))
			return true;
	if (folder.len == 0)
		return true;
	if (!array_reserve(&folders->all, &folders->cap, folders->count + 1, sizeof(*folders->all)))
		return false;
	folders->all[folders->count] = strndup(folder.data, folder.len);
	return folders->all[folders->count] && ++folders->count > 0;
}

static int read_folders(sqlite3 *db, struct folders *folders)
{
	sqlite3_stmt *row = NULL;
	int result = store_folders_open(db, &folders->store);
	if (result == SQLITE_OK)
		result = sqlite3_prepare_v2(db, "SELECT path, root_bytes FROM transcript", -1, &row, NULL);
	while (result == SQLITE_OK && (result = sqlite3_step(row)) == SQLITE_ROW)
		result = take_folder(folders, (const char *)sqlite3_column_text(row, 0),
				     sqlite3_column_int64(row, 1))
			       ? SQLITE_OK
			       : SQLITE_NOMEM;
	(void)sqlite3_finalize(row);
	return result == SQLITE_DONE ? SQLITE_OK : result;
}

/*
 * A project whose folder is gone: `text` is its whole name, or the beginning of what stands for that in the
 * file, as reports show it. Returns whether exactly one fits.
 */
static bool find_hidden(const struct folders *folders, const char *text, char out[PATH_MAX])
{
	char hash[STORE_FOLDERS_SIZE];
	const char *digits = text + (text[0] == '#'), *last = NULL;
	size_t found = 0, len = strlen(digits);
	bool is_hash = len >= SHOWN_DIGITS && strspn(digits, "0123456789abcdef") == len;
	if (is_hash)
		snprintf(hash, sizeof(hash), "#%.16s", digits);
	else if (!store_folders_hash(&folders->store, text, hash))
		return false;
	len = strlen(hash);
	for (size_t i = 0; i < folders->count; i++)
		if (folders->all[i][0] == '#' && strncmp(folders->all[i], hash, len) == 0) {
			found++;
			last = folders->all[i];
		}
	/* The name itself says more: transcripts that come back have it. */
	if (found == 1)
		snprintf(out, PATH_MAX, "%s", is_hash ? last : text);
	return found == 1;
}

static int find_among(const struct folders *folders, const char *command, const char *text,
		      char out[PATH_MAX])
{
	AUTO_BUF error = BUF_INIT;
	char folder[PATH_MAX];
	names_encode_project(text, folder);
	if (find_hidden(folders, text, out) || find_hidden(folders, folder, out)
	    || names_find_project_among((const char *const *)folders->all, folders->count, text, out,
					PATH_MAX, &error))
		return SWATCH_OK;
	terminal_error("%s: %s%s", command, buf_message(&error),
		       folders->has_nameless
			       ? "; of some sessions no project is kept: [ledger] projects = off"
			       : "");
	return SWATCH_FAILED;
}

int kept_find_project(sqlite3 *db, const char *command, const char *text, char out[PATH_MAX])
{
	struct folders folders = { 0 };
	int status = SWATCH_FAILED;
	int result = read_folders(db, &folders);
	if (result != SQLITE_OK)
		terminal_error("%s: cannot read the ledger's file: %s", command, sqlite3_errstr(result));
	else
		status = find_among(&folders, command, text, out);
	for (size_t i = 0; i < folders.count; i++)
		free(folders.all[i]);
	free(folders.all);
	store_folders_release(&folders.store);
	return status;
}

/* ---- sessions ---- */

int kept_find_session(sqlite3 *db, const char *command, const char *text, char out[CACHE_SESSION_ID_MAX + 1])
{
	sqlite3_stmt *row = NULL;
	size_t len = strlen(text), found = 0;
	bool is_whole = false;
	int result = sqlite3_prepare_v2(db, "SELECT name FROM session", -1, &row, NULL);
	while (result == SQLITE_OK && !is_whole && (result = sqlite3_step(row)) == SQLITE_ROW) {
		const char *name = (const char *)sqlite3_column_text(row, 0);
		result = SQLITE_OK;
		if (!name || !cache_session_id_is_valid(name, strlen(name)) || strncmp(name, text, len) != 0)
			continue;
		is_whole = name[len] == '\0';
		found++;
		memcpy(out, name, strlen(name) + 1);
	}
	(void)sqlite3_finalize(row);
	if (result != SQLITE_OK && result != SQLITE_DONE)
		terminal_error("%s: cannot read the ledger's file: %s", command, sqlite3_errstr(result));
	else if (len > 0 && (is_whole || found == 1))
		return SWATCH_OK;
	else if (found > 1)
		terminal_error("%s: %zu sessions begin with '%s'; give more of the id", command, found, text);
	else
		terminal_error("%s: no session '%s' is kept; see: swatch sessions", command, text);
	return SWATCH_FAILED;
}
