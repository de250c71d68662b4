#include "ledger/store/database.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/paths.h"
#include "base/scope.h"
#include "base/unused.h"
#include "ledger/store/days.h"
#include "ledger/store/schema.h"
#include "ledger/store/statement.h"
#include "ledger/store/steps.h"
#include "ledger/store/why.h"

/* Another swatchd, of another data directory, may be writing. */
#define BUSY_TIMEOUT_MS 5000
/* swatch writes no longer text. */
#define TEXT_MAX_BYTES 65536
/* Of filesystems that linux/magic.h does not name. */
#define CIFS_MAGIC 0xFF534D42L
#define SMB2_MAGIC 0xFE534D42L

char *store_default_path(void)
{
	AUTO_FREE char *state = paths_state_home();
	AUTO_FREE char *folder = state ? paths_join(state, "swatch") : NULL;
	return folder ? paths_join(folder, "ledger.db") : NULL;
}

/* ---- the file ---- */

/* Makes a directory and those above it, for the user alone. Returns 0, or -1 with errno. */
static int make_directory(const char *path)
{
	if (mkdir(path, 0700) == 0 || errno == EEXIST)
		return 0;
	if (errno != ENOENT)
		return -1;
	AUTO_FREE char *above = paths_parent(path);
	if (!above || strcmp(above, path) == 0 || make_directory(above) != 0)
		return -1;
	return mkdir(path, 0700) == 0 || errno == EEXIST ? 0 : -1;
}

/* Makes an empty file, unless it is there. SQLite would let others read it. Returns 0, or -1 with errno. */
static int make_file(const char *path)
{
	AUTO_FREE char *folder = paths_parent(path);
	if (!folder || make_directory(folder) != 0)
		return -1;
	AUTO_CLOSE int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	return fd >= 0 || errno == EEXIST ? 0 : -1;
}

/* Whether the path is a file of this user's, and nothing that somebody put in its place. Sets errno. */
static bool is_own_file(const char *path)
{
	struct stat st;
	if (lstat(path, &st) != 0)
		return false;
	bool is_own = S_ISREG(st.st_mode) && st.st_nlink == 1 && st.st_uid == geteuid();
	errno = is_own ? 0 : EPERM;
	return is_own;
}

/*
 * A write-ahead log needs memory that all readers share: over a network each machine has its own
 * (https://www.sqlite.org/wal.html).
 */
static bool is_shared_over_network(const char *path)
{
	struct statfs fs;
	if (statfs(path, &fs) != 0)
		return true;
	switch ((unsigned long)fs.f_type) {
	case NFS_SUPER_MAGIC:
	case SMB_SUPER_MAGIC:
	case CIFS_MAGIC:
	case SMB2_MAGIC:
	case V9FS_MAGIC:
	case FUSE_SUPER_MAGIC:
	case AFS_SUPER_MAGIC:
	case CODA_SUPER_MAGIC:
	case CEPH_SUPER_MAGIC:
		return true;
	default:
		return false;
	}
}

/* ---- what is in it ---- */

static void make_harmless(sqlite3 *db)
{
	(void)sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	(void)sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	(void)sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
	(void)sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
	(void)sqlite3_limit(db, SQLITE_LIMIT_LENGTH, TEXT_MAX_BYTES);
	(void)sqlite3_limit(db, SQLITE_LIMIT_ATTACHED, 1);  /* VACUUM INTO needs one */
	(void)sqlite3_exec(db, "PRAGMA cell_size_check=ON; PRAGMA mmap_size=0; PRAGMA temp_store=MEMORY;",
			   NULL, NULL, NULL);
}

/* Makes the tables, unless the file has some, or is another program's. */
static int make_tables(sqlite3 *db)
{
	int64_t tables = 1, application = 0;
	int result = store_ask_number(db, "SELECT count(*) FROM sqlite_schema", &tables);
	if (result == SQLITE_OK && tables == 0)
		result = store_ask_number(db, "PRAGMA application_id", &application);
	if (result != SQLITE_OK || tables > 0 || application != 0)
		return result;
	AUTO_BUF sql = BUF_INIT;
	buf_printf(&sql, "BEGIN IMMEDIATE; PRAGMA application_id=%d; PRAGMA user_version=%d; %s",
		   STORE_APPLICATION_ID, STORE_VERSION, store_schema);
	result = sql.failed ? SQLITE_NOMEM : sqlite3_exec(db, sql.data, NULL, NULL, NULL);
	if (result == SQLITE_OK)
		result = store_days_note_zone(db);
	return store_transaction_end(db, result);
}

/* What the file is: STORE_OPENED for one of this version or, with *is_older, an earlier one. */
static enum store_opened look_inside(sqlite3 *db, const char *path, bool *is_older, struct buf *error)
{
	int64_t application = 0, version = 0;
	int result = store_ask_number(db, "PRAGMA application_id", &application);
	if (result == SQLITE_OK)
		result = store_ask_number(db, "PRAGMA user_version", &version);
	if (result == SQLITE_OK && application == STORE_APPLICATION_ID && version > STORE_VERSION) {
		buf_printf(error, "cannot use %s: a newer swatch made it (its version is %lld, ours is %d);"
			   " update swatch",
			   path, (long long)version, STORE_VERSION);
		return STORE_NEWER;
	}
	*is_older = version < STORE_VERSION;
	if (result == SQLITE_OK && application == STORE_APPLICATION_ID) {
		result = store_steps_check_tables(db, version);
		if (result == SQLITE_OK)
			return STORE_OPENED;
	}
	/* An error that will pass is no damage: whoever takes it for some moves a good file away. */
	if (result != SQLITE_OK && !store_database_is_damage(result)) {
		buf_printf(error, "cannot open %s: %s", path, store_why(db, result));
		return STORE_FAILED;
	}
	buf_printf(error, "cannot use %s: it is damaged, or another program's", path);
	return STORE_DAMAGED;
}

/* ---- an earlier version ---- */

int store_copy(sqlite3 *db, const char *to)
{
	sqlite3_stmt *copy = NULL;
	int result = sqlite3_prepare_v2(db, "VACUUM INTO ?1", -1, &copy, NULL);
	if (result == SQLITE_OK)
		result = sqlite3_bind_text(copy, 1, to, -1, SQLITE_STATIC);
	if (result == SQLITE_OK)
		result = sqlite3_step(copy);
	sqlite3_finalize(copy);
	return result == SQLITE_DONE ? SQLITE_OK : result;
}

bool store_settle_copy(const char *path)
{
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	return fd >= 0 && fchmod(fd, 0600) == 0 && fsync(fd) == 0;
}

/* Copies the file as it is to PATH.before-VERSION, in place of an older copy. */
static int copy_before_steps(sqlite3 *db, const char *path)
{
	AUTO_BUF part = BUF_INIT;
	AUTO_BUF to = BUF_INIT;
	buf_printf(&part, "%s.part", path);
	buf_printf(&to, "%s.before-%d", path, STORE_VERSION);
	if (part.failed || to.failed)
		return SQLITE_NOMEM;
	(void)unlink(part.data);
	int result = store_copy(db, part.data);
	if (result == SQLITE_OK)
		result = store_settle_copy(part.data) && rename(part.data, to.data) == 0 ? SQLITE_OK
											 : SQLITE_IOERR;
	if (result != SQLITE_OK)
		(void)unlink(part.data);
	return result;
}

/* Makes a file of an earlier version one of ours; without a copy of it nothing is changed. */
static enum store_opened bring_up_to_date(sqlite3 *db, const char *path, struct buf *error)
{
	int result = copy_before_steps(db, path);
	if (result != SQLITE_OK) {
		buf_printf(error, "cannot copy %s, which an earlier swatch made: %s; without a copy it stays"
			   " as it is",
			   path, store_why(db, result));
		return STORE_FAILED;
	}
	result = store_steps_take(db);
	/* What the old tables leave behind; failing that, it is used up again in time. */
	if (result == SQLITE_OK)
		(void)sqlite3_exec(db, "VACUUM", NULL, NULL, NULL);
	if (result == SQLITE_OK)
		return STORE_OPENED;
	buf_printf(error, "cannot bring %s up to date: %s", path, store_why(db, result));
	return store_database_is_damage(result) ? STORE_DAMAGED : STORE_FAILED;
}

/* Takes the steps in a copy in memory: whoever may only read leaves the file alone. */
static enum store_opened open_in_memory(sqlite3 **db, const char *path, struct buf *error)
{
	sqlite3 *copy = NULL;
	int result = sqlite3_open_v2(":memory:", &copy,
				     SQLITE_OPEN_READWRITE | SQLITE_OPEN_MEMORY | SQLITE_OPEN_EXRESCODE
					     | SQLITE_OPEN_NOMUTEX,
				     NULL);
	sqlite3_backup *backup = result == SQLITE_OK ? sqlite3_backup_init(copy, "main", *db, "main") : NULL;
	if (backup) {
		(void)sqlite3_backup_step(backup, -1);
		result = sqlite3_backup_finish(backup);
	} else if (result == SQLITE_OK) {
		result = sqlite3_extended_errcode(copy);
	}
	if (result == SQLITE_OK) {
		make_harmless(copy);
		result = store_steps_take(copy);
	}
	store_database_close(*db);
	*db = copy;
	if (result == SQLITE_OK)
		return STORE_OPENED;
	buf_printf(error, "cannot read %s, which an earlier swatch made: %s", path, sqlite3_errstr(result));
	return store_database_is_damage(result) ? STORE_DAMAGED : STORE_FAILED;
}

/* ---- opening ---- */

static int note_log(void *ctx, int columns, char **texts, char **names UNUSED)
{
	bool *has_log = ctx;
	*has_log = columns == 1 && texts[0] && strcmp(texts[0], "wal") == 0;
	return 0;
}

/* Sets how commits are made safe. Returns SQLite's result. */
static int set_journal(sqlite3 *db, const char *path)
{
	const char *mode = is_shared_over_network(path)
				   ? "PRAGMA journal_mode=TRUNCATE;"
				   : "PRAGMA journal_mode=WAL; PRAGMA journal_size_limit=4194304;";
	bool has_log = false;
	int result = sqlite3_exec(db, mode, NULL, NULL, NULL);
	/* Where a log is not possible, SQLite keeps another mode and says nothing. */
	if (result == SQLITE_OK)
		result = sqlite3_exec(db, "PRAGMA journal_mode", note_log, &has_log, NULL);
	if (result != SQLITE_OK)
		return result;
	return sqlite3_exec(db, has_log ? "PRAGMA synchronous=NORMAL" : "PRAGMA synchronous=FULL", NULL, NULL,
			    NULL);
}

/* SQLite says only that it cannot open a file: it may not make any beside it. */
static const char *why_not(sqlite3 *db, const char *path, int result)
{
	AUTO_FREE char *folder = strdup(path);
	char *slash = folder ? strrchr(folder, '/') : NULL;
	if ((result & 0xff) != SQLITE_CANTOPEN || !slash || slash == folder)
		return store_why(db, result);
	*slash = '\0';
	bool may_write = faccessat(AT_FDCWD, folder, W_OK | X_OK, AT_EACCESS) == 0;
	return may_write ? sqlite3_errmsg(db) : strerror(errno);
}

static enum store_opened refuse(sqlite3 *db, const char *path, const char *why, struct buf *error)
{
	buf_printf(error, "cannot open %s: %s", path, why);
	store_database_close(db);
	return STORE_FAILED;
}

enum store_opened store_database_open(const char *path, sqlite3 **db, struct buf *error)
{
	*db = NULL;
	store_why_listen();
	if (make_file(path) != 0 || !is_own_file(path))
		return refuse(NULL, path, errno == EPERM ? "it is not a file of yours" : strerror(errno),
			      error);
	int result = sqlite3_open_v2(path, db,
				     SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE,
				     NULL);
	if (result != SQLITE_OK)
		return refuse(SCOPE_KEEP(*db), path, store_why(*db, result), error);
	make_harmless(*db);
	(void)sqlite3_busy_timeout(*db, BUSY_TIMEOUT_MS);
	result = set_journal(*db, path);
	if (result == SQLITE_OK)
		result = make_tables(*db);
	enum store_opened opened = STORE_FAILED;
	bool is_older = false;
	if (store_database_is_damage(result)) {
		buf_printf(error, "cannot use %s: it is damaged, or another program's", path);
		opened = STORE_DAMAGED;
	} else if (result != SQLITE_OK) {
		buf_printf(error, "cannot open %s: %s", path, why_not(*db, path, result));
	} else {
		opened = look_inside(*db, path, &is_older, error);
	}
	if (opened == STORE_OPENED && is_older)
		opened = bring_up_to_date(*db, path, error);
	if (opened != STORE_OPENED)
		store_database_close(SCOPE_KEEP(*db));
	return opened;
}

/* Appends the path as a URI, which alone can say that the file does not change. */
static void append_uri(struct buf *out, const char *path, bool is_still)
{
	buf_append_str(out, "file:");
	for (; *path; path++) {
		if (strchr("%?#", *path))
			buf_printf(out, "%%%02x", (unsigned)(unsigned char)*path);
		else
			buf_append_char(out, *path);
	}
	buf_append_str(out, is_still ? "?mode=ro&immutable=1" : "?mode=ro");
}

/*
 * Whether somebody may be writing the file now. Whoever does has a log beside it, or over a network a
 * journal, which stays there, empty. Without both SQLite needs no locks, and no files beside it.
 */
static bool is_being_written(const char *path)
{
	AUTO_BUF log_path = BUF_INIT;
	AUTO_BUF journal_path = BUF_INIT;
	buf_printf(&log_path, "%s-wal", path);
	buf_printf(&journal_path, "%s-journal", path);
	return log_path.failed || journal_path.failed || access(buf_str(&log_path), F_OK) == 0
	       || access(buf_str(&journal_path), F_OK) == 0;
}

/* `is_still`: nobody writes the file while it is open. */
static enum store_opened open_read_only(const char *path, bool is_still, sqlite3 **db, struct buf *error)
{
	AUTO_BUF uri = BUF_INIT;
	*db = NULL;
	store_why_listen();
	if (!is_own_file(path)) {
		if (errno == ENOENT || errno == ENOTDIR)
			return STORE_MISSING;
		return refuse(NULL, path, errno == EPERM ? "it is not a file of yours" : strerror(errno),
			      error);
	}
	append_uri(&uri, path, is_still);
	int result = uri.failed ? SQLITE_NOMEM
				: sqlite3_open_v2(buf_str(&uri), db,
						  SQLITE_OPEN_READONLY | SQLITE_OPEN_URI
							  | SQLITE_OPEN_EXRESCODE | SQLITE_OPEN_NOMUTEX,
						  NULL);
	if (result != SQLITE_OK)
		return refuse(SCOPE_KEEP(*db), path, store_why(*db, result), error);
	make_harmless(*db);
	(void)sqlite3_busy_timeout(*db, BUSY_TIMEOUT_MS);
	bool is_older = false;
	enum store_opened opened = look_inside(*db, path, &is_older, error);
	if (opened == STORE_OPENED && is_older)
		opened = open_in_memory(db, path, error);
	if (opened != STORE_OPENED)
		store_database_close(SCOPE_KEEP(*db));
	return opened;
}

enum store_opened store_database_open_read_only(const char *path, sqlite3 **db, struct buf *error)
{
	return open_read_only(path, !is_being_written(path), db, error);
}

enum store_opened store_database_open_shared(const char *path, sqlite3 **db, struct buf *error)
{
	return open_read_only(path, false, db, error);
}

/* Whether a complaint of quick_check is that a page could not be read, which says nothing about the page. */
static bool is_about_reading(const char *complaint)
{
	static const char code_is[] = "error code=";
	const char *code = strstr(complaint, code_is);
	if (code)
		return !store_database_is_damage((int)strtol(code + sizeof(code_is) - 1, NULL, 10));
	return strstr(complaint, "failed to get page") != NULL;
}

bool store_database_is_sound(sqlite3 *db)
{
	sqlite3_stmt *question = NULL;
	int result = sqlite3_prepare_v2(db, "PRAGMA quick_check(1)", -1, &question, NULL);
	if (result == SQLITE_OK)
		result = sqlite3_step(question);
	const char *answer = result == SQLITE_ROW ? (const char *)sqlite3_column_text(question, 0) : NULL;
	bool sound = answer ? strcmp(answer, "ok") == 0 || is_about_reading(answer)
			    : !store_database_is_damage(result);
	sqlite3_finalize(question);
	return sound;
}

int64_t store_database_version(sqlite3 *db)
{
	int64_t version;
	return store_ask_number(db, "PRAGMA data_version", &version) == SQLITE_OK ? version : -1;
}

bool store_database_is_damage(int result)
{
	return (result & 0xff) == SQLITE_CORRUPT || (result & 0xff) == SQLITE_NOTADB;
}

void store_database_keep_pages(sqlite3 *db, bool keep)
{
	(void)sqlite3_exec(db, keep ? "PRAGMA cache_size=-2000" : "PRAGMA cache_size=-128", NULL, NULL, NULL);
}

void store_database_close(sqlite3 *db)
{
	/* Statements were finalized, so that it closes at once. */
	(void)sqlite3_close(db);
}
