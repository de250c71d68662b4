#include "swatch/kept/file.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "base/paths.h"
#include "base/scope.h"
#include "swatch/cli/command.h"
#include "swatch/ui/terminal.h"

enum store_opened kept_file_open(struct kept_file *file, struct buf *error)
{
	*file = (struct kept_file){ .path = store_default_path() };
	if (!file->path) {
		buf_printf(error, "cannot tell where the ledger's file is: %s", paths_why_none());
		return STORE_FAILED;
	}
	enum store_opened opened = store_database_open_read_only(file->path, &file->db, error);
	/* Without them kept_file_has() looks for names as they are, and finds none. */
	if (opened == STORE_OPENED)
		(void)store_folders_open(file->db, &file->folders);
	return opened;
}

int kept_file_need(struct kept_file *file)
{
	AUTO_BUF error = BUF_INIT;
	enum store_opened opened = kept_file_open(file, &error);
	if (opened == STORE_OPENED)
		return SWATCH_OK;
	if (opened == STORE_MISSING)
		terminal_error("nothing is kept yet: %s does not exist; swatchd makes it", file->path);
	else
		terminal_error("%s", buf_message(&error));
	return SWATCH_FAILED;
}

bool kept_file_count(const struct kept_file *file, struct store_census *out, struct buf *error)
{
	int result = store_census_take(file->db, out);
	if (result != SQLITE_OK)
		buf_printf(error, "cannot read %s: %s", file->path, sqlite3_errstr(result));
	return result == SQLITE_OK;
}

bool kept_file_count_facts(const struct kept_file *file, struct store_facts_counts *out, struct buf *error)
{
	int result = store_facts_count(file->db, out);
	if (result != SQLITE_OK)
		buf_printf(error, "cannot read %s: %s", file->path, sqlite3_errstr(result));
	return result == SQLITE_OK;
}

bool kept_file_has(struct kept_file *file, const char *path, size_t root_len, int64_t bytes)
{
	sqlite3_stmt *question = NULL;
	AUTO_BUF stored = BUF_INIT;
	store_folders_hide(&file->folders, path, root_len, &stored);
	bool has = sqlite3_prepare_v2(file->db, "SELECT 1 FROM transcript WHERE path = ?1 AND size >= ?2", -1,
				      &question, NULL)
		== SQLITE_OK;
	(void)sqlite3_bind_text(question, 1, buf_str(&stored), -1, SQLITE_STATIC);
	(void)sqlite3_bind_int64(question, 2, bytes);
	has = has && sqlite3_step(question) == SQLITE_ROW;
	(void)sqlite3_finalize(question);
	return has;
}

static int64_t bytes_of(const char *path)
{
	struct stat st;
	return lstat(path, &st) == 0 && S_ISREG(st.st_mode) ? (int64_t)st.st_size : 0;
}

int64_t kept_file_bytes(const char *path)
{
	AUTO_BUF log_path = BUF_INIT;
	buf_printf(&log_path, "%s-wal", path);
	return bytes_of(path) + bytes_of(buf_str(&log_path));
}

void kept_file_release(struct kept_file *file)
{
	store_folders_release(&file->folders);
	if (file->db)
		store_database_close(file->db);
	free(file->path);
	*file = (struct kept_file){ .path = NULL };
}
