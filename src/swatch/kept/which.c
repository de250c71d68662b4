#include "swatch/kept/which.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/clock.h"
#include "base/scope.h"
#include "ledger/store/place.h"
#include "swatch/cli/command.h"
#include "swatch/cli/names.h"
#include "swatch/report/options.h"
#include "swatch/ui/terminal.h"

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
};

/* Takes a transcript's folder. Returns false when memory ran out. */
static bool take_folder(struct folders *folders, const char *path, int64_t root_len)
{
	const char *below = path && store_place_is_valid(path, root_len) ? path + root_len : "";
	const char *slash = strchr(below, '/');
	if (!slash)
		return true;
	size_t len = (size_t)(slash - below);
	for (size_t i = 0; i < folders->count; i++)
		if (strlen(folders->all[i]) == len && strncmp(folders->all[i], below, len) == 0)
			return true;
	if (!array_reserve(&folders->all, &folders->cap, folders->count + 1, sizeof(*folders->all)))
		return false;
	folders->all[folders->count] = strndup(below, len);
	return folders->all[folders->count] && ++folders->count > 0;
}

static int read_folders(sqlite3 *db, struct folders *folders)
{
	sqlite3_stmt *row = NULL;
	int result = sqlite3_prepare_v2(db, "SELECT path, root_bytes FROM transcript", -1, &row, NULL);
	while (result == SQLITE_OK && (result = sqlite3_step(row)) == SQLITE_ROW)
		result = take_folder(folders, (const char *)sqlite3_column_text(row, 0),
				     sqlite3_column_int64(row, 1))
			       ? SQLITE_OK
			       : SQLITE_NOMEM;
	(void)sqlite3_finalize(row);
	return result == SQLITE_DONE ? SQLITE_OK : result;
}

int kept_find_project(sqlite3 *db, const char *command, const char *text, char out[PATH_MAX])
{
	struct folders folders = { 0 };
	AUTO_BUF error = BUF_INIT;
	int status = SWATCH_FAILED;
	int result = read_folders(db, &folders);
	if (result != SQLITE_OK)
		terminal_error("%s: cannot read the ledger's file: %s", command, sqlite3_errstr(result));
	else if (names_find_project_among((const char *const *)folders.all, folders.count, text, out,
					  PATH_MAX, &error))
		status = SWATCH_OK;
	else
		terminal_error("%s: %s", command, buf_message(&error));
	for (size_t i = 0; i < folders.count; i++)
		free(folders.all[i]);
	free(folders.all);
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
