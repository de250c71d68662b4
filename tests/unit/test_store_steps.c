/* ledger/store: a file of an earlier version keeps every row and every cost, or stays as it is. */
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit.h"
#include "scratch.h"
#include "base/buf.h"
#include "base/strmap.h"
#include "ledger/store/database.h"
#include "ledger/store/schema.h"
#include "ledger/store/steps.h"

#define MESSAGES 500

/* ---- files ---- */

static void run(sqlite3 *db, const char *sql)
{
	char *why = NULL;
	if (sqlite3_exec(db, sql, NULL, NULL, &why) != SQLITE_OK)
		fail_msg("%s: %s", sql, why);
}

static int64_t ask(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *question;
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &question, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(question), SQLITE_ROW);
	int64_t number = sqlite3_column_int64(question, 0);
	sqlite3_finalize(question);
	return number;
}

/* A file as version 1 made it, with rows that differ in each column. */
static void make_version_1(const char *path)
{
	sqlite3 *db;
	struct buf sql = BUF_INIT;
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	buf_printf(&sql, "PRAGMA journal_mode=WAL; BEGIN; PRAGMA application_id=%d; PRAGMA user_version=1;",
		   STORE_APPLICATION_ID);
	run(db, buf_str(&sql));
	run(db, store_schema_1);
	run(db, "INSERT INTO meta VALUES ('k', 'v'); INSERT INTO session VALUES (1, 's'), (2, 't');"
		"INSERT INTO model VALUES (1, 'opus'), (2, 'haiku');"
		"INSERT INTO transcript VALUES"
		" (1, '/h/projects/-p/s.jsonl', 0, 12, 1, 0, 0, 3, 4, 5, 6, 7, 8, 9),"
		" (2, '/h/projects/-p/s.jsonl', 1, 12, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0)");
	for (int64_t i = 0; i < MESSAGES; i++) {
		uint64_t key = (uint64_t)i * UINT64_C(0x9e3779b97f4a7c15);
		buf_clear(&sql);
		buf_printf(&sql,
			   "INSERT INTO message VALUES (%lld, %lld, %lld, 0, %lld, %lld, %lld, %lld, %lld,"
			   " %lld, 2, 3, 4, 5, 0, %lld, %s)",
			   (long long)store_id_at(INT64_C(1772323200000) + i * 10000),
			   (long long)key, (long long)i,
			   (long long)(i % 2 + 1), (long long)(i * 100), (long long)(i % 3), (long long)(i % 3),
			   (long long)(i % 7 == 0 ? STORE_HIDDEN : i % 5 == 0 ? STORE_FAST : 0), (long long)i,
			   (long long)(1234567 + i * i), i % 11 ? "NULL" : "x'0102'");
		run(db, buf_str(&sql));
	}
	run(db, "COMMIT");
	sqlite3_close(db);
	buf_release(&sql);
}

#define COLUMNS \
	"id, key, request, late, transcript, offset, payer, model, flags, input, output, cache_write_5m," \
	" cache_write_1h, cache_read, web_searches, nano_usd, large"

/* All that version 1 knows, as one number. */
static uint64_t digest(const char *path)
{
	static const char *const questions[] = {
		"SELECT " COLUMNS " FROM message ORDER BY id",
		("SELECT id, path, version, root_bytes, session, subagent, gone, dev, ino, size, modified_ns,"
		 " offset, mark, mark_bytes FROM transcript ORDER BY id"),
		"SELECT id, name FROM session ORDER BY id", "SELECT id, name FROM model ORDER BY id",
		"SELECT key, value FROM meta WHERE key = 'k'"
	};
	struct buf text = BUF_INIT;
	sqlite3 *db;
	assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
	for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++) {
		sqlite3_stmt *rows;
		assert_int_equal(sqlite3_prepare_v2(db, questions[i], -1, &rows, NULL), SQLITE_OK);
		while (sqlite3_step(rows) == SQLITE_ROW)
			for (int column = 0; column < sqlite3_column_count(rows); column++) {
				const unsigned char *value = sqlite3_column_text(rows, column);
				buf_printf(&text, "%s|", value ? (const char *)value : "null");
			}
		sqlite3_finalize(rows);
	}
	sqlite3_close(db);
	uint64_t hash = strmap_hash(text.data, text.len);
	buf_release(&text);
	return hash;
}

static int64_t version_of(const char *path)
{
	sqlite3 *db;
	assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
	int64_t version = store_steps_version(db);
	sqlite3_close(db);
	return version;
}

/* ---- tests ---- */

static void an_older_file_keeps_each_row(void **state)
{
	(void)state;
	struct buf error = BUF_INIT;
	sqlite3 *db;
	char path[600];
	snprintf(path, sizeof(path), "%s", scratch_name(&test_dir, "ledger.db"));
	make_version_1(path);
	uint64_t before = digest(path);
	assert_int_equal(store_database_open(path, &db, &error), STORE_OPENED);
	assert_int_equal(ask(db, "SELECT count(*) FROM message"), MESSAGES);
	assert_int_equal(ask(db, "SELECT count(*) FROM message WHERE reference IS NULL AND branch = 0"),
			 MESSAGES);
	assert_int_equal(ask(db, "SELECT sum(nano_usd) FROM quarter"),
			 ask(db, "SELECT sum(nano_usd) FROM message WHERE NOT flags & 16"));
	assert_int_equal(ask(db, "SELECT sum(messages) FROM day"), ask(db, "SELECT sum(messages) FROM quarter"));
	assert_int_equal(ask(db, "SELECT count(*) FROM sqlite_schema WHERE type = 'table'"
				 " AND name LIKE '%\\_1' ESCAPE '\\'"),
			 0);
	store_database_close(db);
	assert_int_equal(version_of(path), STORE_VERSION);
	assert_int_equal(digest(path), before);
	/* The copy is what it was, and nobody else's to read. */
	snprintf(path, sizeof(path), "%s.before-%d", scratch_name(&test_dir, "ledger.db"), STORE_VERSION);
	assert_int_equal(version_of(path), 1);
	assert_int_equal(digest(path), before);
	snprintf(path, sizeof(path), "ledger.db.before-%d", STORE_VERSION);
	assert_int_equal(scratch_mode(&test_dir, path), 0600);
	/* A second start finds nothing to do. */
	assert_int_equal(store_database_open(scratch_name(&test_dir, "ledger.db"), &db, &error),
			 STORE_OPENED);
	store_database_close(db);
	buf_release(&error);
}

static void a_reader_leaves_an_older_file_alone(void **state)
{
	(void)state;
	struct buf error = BUF_INIT;
	struct stat before, after;
	sqlite3 *db;
	char path[600];
	snprintf(path, sizeof(path), "%s", scratch_name(&test_dir, "ledger.db"));
	make_version_1(path);
	assert_int_equal(stat(path, &before), 0);
	assert_int_equal(store_database_open_read_only(path, &db, &error), STORE_OPENED);
	assert_int_equal(ask(db, "SELECT count(*) FROM message WHERE branch = 0"), MESSAGES);
	store_database_close(db);
	assert_int_equal(stat(path, &after), 0);
	assert_int_equal(before.st_mtim.tv_nsec, after.st_mtim.tv_nsec);
	assert_int_equal(version_of(path), 1);
	snprintf(path, sizeof(path), "%s.before-%d", scratch_name(&test_dir, "ledger.db"), STORE_VERSION);
	assert_int_not_equal(access(path, F_OK), 0);
	buf_release(&error);
}

struct countdown {
	int left;
	bool kills;
};

static int count_down(void *ctx)
{
	struct countdown *countdown = ctx;
	if (--countdown->left > 0)
		return 0;
	if (countdown->kills)
		raise(SIGKILL);
	return 1;
}

/* Takes the steps up to some point. Returns whether they came to their end. */
static bool take_some(const char *path, struct countdown countdown)
{
	sqlite3 *db;
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	sqlite3_progress_handler(db, 100, count_down, &countdown);
	int result = store_steps_take(db);
	sqlite3_close(db);
	assert_true(result == SQLITE_OK || result == SQLITE_INTERRUPT);
	return result == SQLITE_OK;
}

static bool take_some_and_die(const char *path, int left)
{
	int status;
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0)
		_exit(take_some(path, (struct countdown){ left, true }) ? 0 : 1);
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void steps_are_taken_all_or_none(void **state)
{
	(void)state;
	char path[600];
	snprintf(path, sizeof(path), "%s", scratch_name(&test_dir, "ledger.db"));
	make_version_1(path);
	uint64_t before = digest(path);
	unsigned broken = 0;
	bool is_done = false;
	for (int left = 1; !is_done; left = left * 3 / 2 + 1) {
		is_done = broken % 2 ? take_some_and_die(path, left)
				     : take_some(path, (struct countdown){ left, false });
		assert_int_equal(version_of(path), is_done ? STORE_VERSION : 1);
		assert_int_equal(digest(path), before);
		broken += !is_done;
	}
	assert_true(broken > 4);
}

static void other_tables_are_no_earlier_version(void **state)
{
	(void)state;
	struct buf error = BUF_INIT;
	sqlite3 *db;
	char path[600];
	snprintf(path, sizeof(path), "%s", scratch_name(&test_dir, "ledger.db"));
	make_version_1(path);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	run(db, "CREATE TRIGGER t AFTER INSERT ON message BEGIN DELETE FROM meta; END");
	sqlite3_close(db);
	assert_int_equal(store_database_open_read_only(path, &db, &error), STORE_DAMAGED);
	assert_int_equal(store_database_open(path, &db, &error), STORE_DAMAGED);
	assert_int_equal(version_of(path), 1);
	buf_release(&error);
}

static void without_a_copy_nothing_changes(void **state)
{
	(void)state;
	struct buf error = BUF_INIT;
	sqlite3 *db;
	char path[600];
	snprintf(path, sizeof(path), "%s", scratch_name(&test_dir, "ledger.db"));
	make_version_1(path);
	assert_int_equal(mkdir(scratch_name(&test_dir, "ledger.db.part"), 0700), 0);
	assert_int_equal(store_database_open(path, &db, &error), STORE_FAILED);
	assert_non_null(strstr(buf_str(&error), "cannot copy"));
	assert_int_equal(version_of(path), 1);
	buf_release(&error);
}

static void a_message_is_found_by_its_index(void **state)
{
	(void)state;
	struct buf error = BUF_INIT;
	sqlite3 *db;
	sqlite3_stmt *plan;
	assert_int_equal(store_database_open(scratch_name(&test_dir, "ledger.db"), &db, &error),
			 STORE_OPENED);
	assert_int_equal(sqlite3_prepare_v2(db,
					    "EXPLAIN QUERY PLAN SELECT id FROM message WHERE " STORE_KEY_IS_1
					    " AND request = ?2",
					    -1, &plan, NULL),
			 SQLITE_OK);
	assert_int_equal(sqlite3_step(plan), SQLITE_ROW);
	assert_non_null(strstr((const char *)sqlite3_column_text(plan, 3), "message_key"));
	sqlite3_finalize(plan);
	store_database_close(db);
	buf_release(&error);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define CASE(test) cmocka_unit_test_setup_teardown(test, scratch_set_up, scratch_tear_down)
		CASE(an_older_file_keeps_each_row),
		CASE(a_reader_leaves_an_older_file_alone),
		CASE(steps_are_taken_all_or_none),
		CASE(other_tables_are_no_earlier_version),
		CASE(without_a_copy_nothing_changes),
		CASE(a_message_is_found_by_its_index),
	};
	return cmocka_run_group_tests_name("store_steps", tests, NULL, NULL);
}
