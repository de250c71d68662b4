#include "ledger/store/repair.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/scope.h"
#include "ledger/store/database.h"
#include "ledger/store/schema.h"

/* PATH and an ending; "" when memory ran out. */
static const char *beside(struct buf *out, const char *path, const char *ending)
{
	buf_clear(out);
	buf_printf(out, "%s%s", path, ending);
	return buf_str(out);
}

static const char *backup_path(struct buf *out, const char *path, unsigned number)
{
	char ending[16];
	snprintf(ending, sizeof(ending), ".%u", number);
	return beside(out, path, ending);
}

/* ---- backups ---- */

static bool is_due(const char *newest, int64_t now_ms)
{
	struct stat st;
	if (lstat(newest, &st) != 0)
		return errno == ENOENT;
	int64_t age_ms = now_ms - (int64_t)st.st_mtim.tv_sec * CLOCK_SECOND_MS;
	return age_ms >= STORE_BACKUP_EVERY_MS || age_ms < 0;
}

/* Copies the file to PATH.part, for the user alone. Returns SQLITE_OK, or SQLite's result without one. */
static int make_part(sqlite3 *db, const char *path, struct buf *part)
{
	(void)unlink(beside(part, path, ".part"));
	int result = part->failed ? SQLITE_NOMEM : store_copy(db, buf_str(part));
	if (result == SQLITE_OK)
		(void)chmod(buf_str(part), 0600);
	else
		(void)unlink(buf_str(part));
	return result;
}

int store_back_up(sqlite3 *db, const char *path, int64_t now_ms)
{
	AUTO_BUF from = BUF_INIT;
	AUTO_BUF to = BUF_INIT;
	AUTO_BUF part = BUF_INIT;
	if (!is_due(backup_path(&to, path, 1), now_ms))
		return SQLITE_OK;
	int result = make_part(db, path, &part);
	if (result != SQLITE_OK)
		return result;
	for (unsigned i = STORE_BACKUPS; i > 1; i--)
		(void)rename(backup_path(&from, path, i - 1), backup_path(&to, path, i));
	return rename(buf_str(&part), backup_path(&to, path, 1)) == 0 ? SQLITE_OK : SQLITE_IOERR;
}

/* Whether a file is gone after this. */
static bool remove_file(const char *path)
{
	return unlink(path) == 0 || errno == ENOENT;
}

int store_replace_backups(sqlite3 *db, const char *path)
{
	AUTO_BUF old = BUF_INIT;
	AUTO_BUF part = BUF_INIT;
	int result = make_part(db, path, &part);
	if (result != SQLITE_OK)
		return result;
	bool done = rename(buf_str(&part), backup_path(&old, path, 1)) == 0;
	for (unsigned i = 2; i <= STORE_BACKUPS; i++)
		done = remove_file(backup_path(&old, path, i)) && done;
	/* Those that were made before a step to a later version of the tables. */
	for (unsigned version = 2; version <= STORE_VERSION; version++) {
		char ending[32];
		snprintf(ending, sizeof(ending), ".before-%u", version);
		done = remove_file(beside(&old, path, ending)) && done;
	}
	return done ? SQLITE_OK : SQLITE_IOERR;
}

bool store_find_backup(const char *path, unsigned number, struct store_backup *out)
{
	AUTO_BUF backup = BUF_INIT;
	struct stat st;
	if (lstat(backup_path(&backup, path, number), &st) != 0 || !S_ISREG(st.st_mode))
		return false;
	*out = (struct store_backup){
		.path = buf_detach(&backup),
		.made_ms = (int64_t)st.st_mtim.tv_sec * CLOCK_SECOND_MS,
		.bytes = (int64_t)st.st_size,
	};
	return out->path != NULL;
}

/* ---- damage ---- */

/* Whether a backup can be opened and hangs together. Opening it changes nothing. */
static bool is_sound(const char *path)
{
	AUTO_BUF why = BUF_INIT;
	sqlite3 *db;
	if (store_database_open_read_only(path, &db, &why) != STORE_OPENED)
		return false;
	bool sound = store_database_is_sound(db);
	store_database_close(db);
	return sound;
}

/* The day on which a backup was made: "2026-11-30". */
static void format_day(const char *path, char out[CLOCK_DATE_SIZE])
{
	struct stat st;
	out[0] = '\0';
	if (lstat(path, &st) == 0)
		clock_format_local_date((int64_t)st.st_mtim.tv_sec * CLOCK_SECOND_MS, out);
}

/* Puts a copy of the newest sound backup into its place. Returns its number; 0 without one. */
static unsigned take_backup(const char *path, char day[CLOCK_DATE_SIZE])
{
	AUTO_BUF backup = BUF_INIT;
	for (unsigned i = 1; i <= STORE_BACKUPS; i++) {
		AUTO_BUF why = BUF_INIT;
		sqlite3 *db;
		if (!is_sound(backup_path(&backup, path, i))
		    || store_database_open_read_only(buf_str(&backup), &db, &why) != STORE_OPENED)
			continue;
		int result = store_copy(db, path);
		store_database_close(db);
		format_day(buf_str(&backup), day);
		if (result == SQLITE_OK)
			return i;
		(void)unlink(path);
	}
	return 0;
}

int store_replace_damaged(const char *path, struct buf *notice)
{
	static const char *const endings[] = { "-wal", "-shm", "-journal" };
	AUTO_BUF from = BUF_INIT;
	AUTO_BUF to = BUF_INIT;
	char day[CLOCK_DATE_SIZE];
	if (rename(path, beside(&to, path, ".damaged")) != 0)
		return -1;
	/* A log of the damaged file must not be played into another one. */
	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++)
		(void)unlink(beside(&from, path, endings[i]));
	buf_printf(notice, "%s was damaged: it is %s now, and ", path, buf_str(&to));
	if (take_backup(path, day) > 0)
		buf_printf(notice, "the backup of %s took its place; what came since then, and is in no "
			   "transcript any more, is lost",
			   day);
	else
		buf_append_str(notice, "there is no backup; what is in no transcript any more is lost");
	return 0;
}
