#include "ledger/store/repair.h"

#include <errno.h>
#include <fcntl.h>
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

/*
 * Copies the file to PATH.part, for the user alone. Returns SQLITE_OK when the copy is on the disk, or
 * SQLite's result without one.
 */
static int make_part(sqlite3 *db, const char *path, struct buf *part)
{
	(void)unlink(beside(part, path, ".part"));
	int result = part->failed ? SQLITE_NOMEM : store_copy(db, buf_str(part));
	if (result == SQLITE_OK && !store_settle_copy(buf_str(part)))
		result = SQLITE_IOERR_FSYNC;
	if (result != SQLITE_OK)
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

/* The day on which a backup was made: "2026-11-30". */
static void format_day(const char *path, char out[CLOCK_DATE_SIZE])
{
	struct stat st;
	out[0] = '\0';
	if (lstat(path, &st) == 0)
		clock_format_local_date((int64_t)st.st_mtim.tv_sec * CLOCK_SECOND_MS, out);
}

enum copied { COPIED, NO_BACKUP, NOT_NOW };

/* Copies a sound backup to PATH.part. Returns NO_BACKUP when this one is missing or damaged. */
static enum copied copy_backup(const char *path, unsigned number, struct buf *part)
{
	AUTO_BUF backup = BUF_INIT;
	AUTO_BUF why = BUF_INIT;
	sqlite3 *db;
	/* Opening it changes nothing. */
	enum store_opened opened =
		store_database_open_read_only(backup_path(&backup, path, number), &db, &why);
	if (opened != STORE_OPENED)
		return opened == STORE_FAILED ? NOT_NOW : NO_BACKUP;
	int result = store_database_is_sound(db) ? make_part(db, path, part) : SQLITE_CORRUPT;
	store_database_close(db);
	return result == SQLITE_OK ? COPIED : store_database_is_damage(result) ? NO_BACKUP : NOT_NOW;
}

/*
 * Copies the newest sound backup to PATH.part. NOT_NOW: there may be one, but it cannot be read, or copied,
 * for now: with nothing in its place it would be forgotten.
 */
static enum copied copy_newest_backup(const char *path, struct buf *part, char day[CLOCK_DATE_SIZE])
{
	AUTO_BUF backup = BUF_INIT;
	enum copied copied = NO_BACKUP;
	for (unsigned i = 1; i <= STORE_BACKUPS && copied == NO_BACKUP; i++) {
		copied = copy_backup(path, i, part);
		if (copied == COPIED)
			format_day(backup_path(&backup, path, i), day);
	}
	return copied;
}

/*
 * Moves the file aside, and `part`, when there is one, into its place: at once, because whoever is killed in
 * between would begin without either. Returns false with errno.
 */
static bool replace(const char *path, const char *part, const char *damaged)
{
	if (!part)
		return rename(path, damaged) == 0;
	if (renameat2(AT_FDCWD, part, AT_FDCWD, path, RENAME_EXCHANGE) == 0)
		return rename(part, damaged) == 0;
	/* A file system that cannot exchange two files. */
	return rename(path, damaged) == 0 && rename(part, path) == 0;
}

int store_replace_damaged(const char *path, struct buf *notice)
{
	static const char *const endings[] = { "-wal", "-shm", "-journal" };
	AUTO_BUF from = BUF_INIT;
	AUTO_BUF part = BUF_INIT;
	AUTO_BUF to = BUF_INIT;
	char day[CLOCK_DATE_SIZE];
	enum copied copied = copy_newest_backup(path, &part, day);
	if (copied == NOT_NOW) {
		errno = EIO;
		return -1;
	}
	/* A log of the damaged file must not be played into another one. */
	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++)
		(void)unlink(beside(&from, path, endings[i]));
	if (!replace(path, copied == COPIED ? buf_str(&part) : NULL, beside(&to, path, ".damaged")))
		return -1;
	buf_printf(notice, "%s was damaged: it is %s now, and ", path, buf_str(&to));
	if (copied == COPIED)
		buf_printf(notice, "the backup of %s took its place; what came since then, and is in no "
			   "transcript any more, is lost",
			   day);
	else
		buf_append_str(notice, "there is no backup; what is in no transcript any more is lost");
	return 0;
}
