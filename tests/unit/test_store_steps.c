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
#include "ledger/store/rollup.h"
#include "ledger/store/schema.h"
#include "ledger/store/schema_old.h"
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

/* The flags of messages as versions 1 and 2 had them: all of them come up. */
static int64_t old_flags(int64_t i)
{
	return i * 37 % 8192;
}

#define ONE "0100000000000000"
#define LARGE "x'" ONE ONE ONE ONE ONE "'"

/*
 * Messages that differ in each column; a hundred of them have one time, and half of their requests have
 * more than 31 bits.
 */
static void add_messages(sqlite3 *db, bool has_branch)
{
	struct buf sql = BUF_INIT;
	for (int64_t i = 0; i < MESSAGES; i++) {
		uint64_t key = (uint64_t)i * UINT64_C(0x9e3779b97f4a7c15);
		int64_t late = i % 4 == 3 ? i % 9 : 0;
		int64_t id = (INT64_C(1772323200000) + i / 100 * 1000 + late) * 4096 + i * 29 % 4096;
		buf_clear(&sql);
		buf_printf(&sql,
			   "INSERT INTO message (id, key, request, late, transcript, offset, payer, model,"
			   " flags, input, output, cache_write_5m, cache_write_1h, cache_read, web_searches,"
			   " nano_usd, large%s) VALUES (%lld, %lld, %lld, %lld, %lld, %lld, %lld, %lld, %lld,"
			   " %lld, 2, 3, 4, 5, %lld, %lld, %s%s)",
			   has_branch ? ", branch, reference" : "",
			   (long long)id, (long long)key,
			   (long long)(i * INT64_C(2654435761) % (INT64_C(1) << 32)), (long long)late,
			   (long long)(i % 2 + 1), (long long)(i * 100), (long long)(i % 3),
			   (long long)(i % 3), (long long)old_flags(i), (long long)i, (long long)(i % 6),
			   (long long)(1234567 + i * i), old_flags(i) & STORE_IN_PARTS ? LARGE : "NULL",
			   !has_branch ? "" : i % 5 ? ", 1, NULL" : ", 2, 77");
		run(db, buf_str(&sql));
	}
	buf_release(&sql);
}

/* The sums as version 2 kept them. */
static const char add_quarters[] =
	"INSERT INTO quarter SELECT iif(payer, payer, t.session), transcript, (m.id / 4096 - late) / 900000,"
	" model, (flags & 4) <> 0, count(*), sum((flags & 32) <> 0), sum(input), sum(output),"
	" sum(cache_write_5m), sum(cache_write_1h), sum(cache_read), sum(web_searches), sum(nano_usd),"
	" sum(coalesce(reference, nano_usd)), min(m.id / 4096 - late), max(m.id / 4096 - late), min(m.offset)"
	" FROM message m JOIN transcript t ON t.id = transcript WHERE NOT flags & 16 GROUP BY 1, 2, 3, 4, 5";

/* A file as an earlier version made it. */
static void make_older(const char *path, int version)
{
	sqlite3 *db;
	char begin[160];
	(void)unlink(path);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	snprintf(begin, sizeof(begin),
		 "PRAGMA journal_mode=WAL; BEGIN; PRAGMA application_id=%d; PRAGMA user_version=%d;",
		 STORE_APPLICATION_ID, version);
	run(db, begin);
	run(db, version == 1 ? store_schema_1 : store_schema_2);
	run(db,
	    "INSERT INTO meta VALUES ('k', 'v'); INSERT INTO session (id, name) VALUES (1, 's'), (2, 't');"
	    "INSERT INTO model (id, name) VALUES (1, 'opus'), (2, 'haiku');"
	    "INSERT INTO transcript (id, path, version, root_bytes, session, subagent, gone, dev, ino, size,"
	    " modified_ns, offset, mark, mark_bytes) VALUES"
	    " (1, '/h/projects/-p/s.jsonl', 0, 12, 1, 0, 0, 3, 4, 5, 6, 7, 8, 9),"
	    " (2, '/h/projects/-p/s.jsonl', 1, 12, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0)");
	add_messages(db, version > 1);
	if (version > 1) {
		run(db, add_quarters);
		run(db, "INSERT INTO branch VALUES (1, 'main'), (2, 'b');"
			"INSERT INTO claim VALUES (5, 4000000000, 1, 2, 1), (5, 7, 1, 2, 0);"
			"INSERT INTO told VALUES (1, 2, 3, 4, 5, 6, 7);"
			"INSERT INTO tombstone VALUES (4, 9, 0, 8);"
			"INSERT INTO hit VALUES (1, 7, 1, 9, 'five_hour', 10, 0, 1)");
	}
	run(db, "COMMIT");
	sqlite3_close(db);
}

/* ---- what a file says, whatever its version ---- */

#define OTHER_COLUMNS \
	", key, transcript, offset," \
	" (SELECT iif(payer, payer, session) FROM transcript t WHERE t.id = transcript)," \
	" model, input, output, cache_write_5m, cache_write_1h, cache_read, web_searches, nano_usd, hex(large)"
#define OLD_FLAGS "flags & ~193, flags & 1 <> 0, flags & 64 <> 0, flags & 128 <> 0"
#define SUMMED \
	", sum(messages), sum(unpriced), sum(input), sum(output), sum(cache_write_5m), sum(cache_write_1h)," \
	" sum(cache_read), sum(web_searches), sum(nano_usd), sum(reference), min(first_ms), max(last_ms)," \
	" min(first_offset)"

static const char *const messages[] = {
	[1] = "SELECT id / 4096 - late, request, 0, NULL, " OLD_FLAGS OTHER_COLUMNS
	      " FROM message ORDER BY 1, key",
	[2] = "SELECT id / 4096 - late, request, branch, reference, " OLD_FLAGS OTHER_COLUMNS
	      " FROM message ORDER BY 1, key",
	[3] = "SELECT id / 64 - late, iif(request < 0, request + 4294967296, request), branch, reference,"
	      " flags & ~193, flags & 64 <> 0, flags & 128 <> 0, flags & 1 <> 0" OTHER_COLUMNS
	      " FROM message ORDER BY 1, key",
};

static const char *const sums[] = {
	[1] = NULL,
	[2] = "SELECT session, transcript, start / 4, model, fast" SUMMED
	      " FROM quarter GROUP BY 1, 2, 3, 4, 5",
	[3] = "SELECT iif(payer, payer, session), transcript, start, model, fast" SUMMED
	      " FROM hour JOIN transcript t ON t.id = transcript GROUP BY 1, 2, 3, 4, 5",
};

static void append_answer(sqlite3 *db, const char *question, struct buf *out)
{
	sqlite3_stmt *rows;
	assert_int_equal(sqlite3_prepare_v2(db, question, -1, &rows, NULL), SQLITE_OK);
	while (sqlite3_step(rows) == SQLITE_ROW)
		for (int column = 0; column < sqlite3_column_count(rows); column++) {
			const unsigned char *value = sqlite3_column_text(rows, column);
			buf_printf(out, "%s|", value ? (const char *)value : "null");
		}
	assert_int_equal(sqlite3_finalize(rows), SQLITE_OK);
}

/* All that version `known` knows, as one number: the file may be of a later one. */
static uint64_t digest(const char *path, int known)
{
	static const char *const questions[] = {
		("SELECT id, path, version, root_bytes, session, subagent, gone, dev, ino, size, modified_ns,"
		 " offset, mark, mark_bytes FROM transcript ORDER BY id"),
		"SELECT id, name FROM session ORDER BY id", "SELECT id, name FROM model ORDER BY id",
		"SELECT key, value FROM meta WHERE key = 'k'"
	};
	static const char *const later[] = {
		"SELECT * FROM branch", "SELECT * FROM told", "SELECT * FROM tombstone", "SELECT * FROM hit",
		("SELECT key, iif(request < 0, request + 4294967296, request), from_session, to_session, told"
		 " FROM claim ORDER BY 1, 2"),
	};
	struct buf text = BUF_INIT;
	sqlite3 *db;
	assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
	int64_t version = store_steps_version(db);
	for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++)
		append_answer(db, questions[i], &text);
	append_answer(db, messages[version], &text);
	for (size_t i = 0; known > 1 && i < sizeof(later) / sizeof(later[0]); i++)
		append_answer(db, later[i], &text);
	if (known > 1)
		append_answer(db, sums[version], &text);
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

/* The sums that were taken over are those of the messages: made anew they are the same. */
static void expect_true_sums(const char *path)
{
	struct buf text[2] = { BUF_INIT, BUF_INIT };
	sqlite3 *db;
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	run(db, "BEGIN");
	append_answer(db, "SELECT * FROM hour", &text[0]);
	assert_int_equal(store_rollup_rebuild(db), SQLITE_OK);
	append_answer(db, "SELECT * FROM hour", &text[1]);
	assert_string_equal(buf_str(&text[0]), buf_str(&text[1]));
	assert_true(text[0].len > 0);
	sqlite3_close(db);
	buf_release(&text[0]);
	buf_release(&text[1]);
}

static void keep_each_row(int version)
{
	struct buf error = BUF_INIT;
	sqlite3 *db;
	char path[600], name[64];
	snprintf(path, sizeof(path), "%s", scratch_name(&test_dir, "ledger.db"));
	make_older(path, version);
	uint64_t before = digest(path, version);
	assert_int_equal(store_database_open(path, &db, &error), STORE_OPENED);
	assert_int_equal(ask(db, "SELECT count(*) FROM message"), MESSAGES);
	assert_int_equal(ask(db, "SELECT sum(nano_usd) FROM hour"),
			 ask(db, "SELECT sum(nano_usd) FROM message WHERE NOT flags & 16"));
	assert_int_equal(ask(db, "SELECT count(*) FROM sqlite_schema WHERE type = 'table'"
				 " AND (name LIKE '%\\__' ESCAPE '\\' OR name = 'quarter')"),
			 0);
	store_database_close(db);
	assert_int_equal(version_of(path), STORE_VERSION);
	assert_int_equal(digest(path, version), before);
	expect_true_sums(path);
	/* The copy is what it was, and nobody else's to read. */
	snprintf(path, sizeof(path), "%s.before-%d", scratch_name(&test_dir, "ledger.db"), STORE_VERSION);
	assert_int_equal(version_of(path), version);
	assert_int_equal(digest(path, version), before);
	snprintf(name, sizeof(name), "ledger.db.before-%d", STORE_VERSION);
	assert_int_equal(scratch_mode(&test_dir, name), 0600);
	/* A second start finds nothing to do. */
	assert_int_equal(unlink(path), 0);
	assert_int_equal(store_database_open(scratch_name(&test_dir, "ledger.db"), &db, &error),
			 STORE_OPENED);
	store_database_close(db);
	assert_int_not_equal(access(path, F_OK), 0);
	buf_release(&error);
}

static void an_older_file_keeps_each_row(void **state)
{
	(void)state;
	for (int version = 1; version < STORE_VERSION; version++)
		keep_each_row(version);
}

static void a_reader_leaves_an_older_file_alone(void **state)
{
	(void)state;
	struct buf error = BUF_INIT;
	struct stat before, after;
	sqlite3 *db;
	char path[600], copy[640];
	snprintf(path, sizeof(path), "%s", scratch_name(&test_dir, "ledger.db"));
	snprintf(copy, sizeof(copy), "%s.before-%d", path, STORE_VERSION);
	for (int version = 1; version < STORE_VERSION; version++) {
		make_older(path, version);
		assert_int_equal(stat(path, &before), 0);
		assert_int_equal(store_database_open_read_only(path, &db, &error), STORE_OPENED);
		assert_int_equal(ask(db, "SELECT count(*) FROM message WHERE branch < 3"), MESSAGES);
		assert_int_equal(ask(db, "SELECT sum(messages) FROM hour"),
				 ask(db, "SELECT count(*) FROM message WHERE NOT flags & 16"));
		store_database_close(db);
		assert_int_equal(stat(path, &after), 0);
		assert_int_equal(before.st_mtim.tv_nsec, after.st_mtim.tv_nsec);
		assert_int_equal(version_of(path), version);
		assert_int_not_equal(access(copy, F_OK), 0);
	}
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

static void take_all_or_none(int version)
{
	char path[600];
	snprintf(path, sizeof(path), "%s", scratch_name(&test_dir, "ledger.db"));
	make_older(path, version);
	uint64_t before = digest(path, version);
	unsigned broken = 0;
	bool is_done = false;
	for (int left = 1; !is_done; left = left * 3 / 2 + 1) {
		is_done = broken % 2 ? take_some_and_die(path, left)
				     : take_some(path, (struct countdown){ left, false });
		assert_int_equal(version_of(path), is_done ? STORE_VERSION : version);
		assert_int_equal(digest(path, version), before);
		broken += !is_done;
	}
	assert_true(broken > 4);
}

static void steps_are_taken_all_or_none(void **state)
{
	(void)state;
	for (int version = 1; version < STORE_VERSION; version++)
		take_all_or_none(version);
}

/* Somebody wrote sums that no number can hold: they are made anew. */
static void sums_that_cannot_be_added_are_made_anew(void **state)
{
	(void)state;
	struct buf error = BUF_INIT;
	sqlite3 *db;
	char path[600];
	snprintf(path, sizeof(path), "%s", scratch_name(&test_dir, "ledger.db"));
	make_older(path, 2);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	run(db,
	    "UPDATE quarter SET input = 9223372036854775807;"
	    "INSERT INTO quarter SELECT session, transcript, start + 1, model, fast, messages, unpriced,"
	    " input, output, cache_write_5m, cache_write_1h, cache_read, web_searches, nano_usd, reference,"
	    " first_ms, last_ms, first_offset FROM quarter");
	sqlite3_close(db);
	assert_int_equal(store_database_open(path, &db, &error), STORE_OPENED);
	store_database_close(db);
	expect_true_sums(path);
	buf_release(&error);
}

static void other_tables_are_no_earlier_version(void **state)
{
	(void)state;
	struct buf error = BUF_INIT;
	sqlite3 *db;
	char path[600];
	snprintf(path, sizeof(path), "%s", scratch_name(&test_dir, "ledger.db"));
	make_older(path, 1);
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
	make_older(path, 1);
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

/* SQLite's own way to allocate, until the call whose turn it is. */
static sqlite3_mem_methods usual;
static int calls_left;        /* 0: none fails */
static bool others_fail, has_failed;

static bool fails(void)
{
	if (has_failed && others_fail)
		return true;
	if (calls_left == 0 || --calls_left > 0)
		return false;
	return has_failed = true;
}

static void *allocate(int size)
{
	return fails() ? NULL : usual.xMalloc(size);
}

static void *resize(void *memory, int size)
{
	return fails() ? NULL : usual.xRealloc(memory, size);
}

/* Opens the file, with one call for memory that fails, or all from it on. Returns whether so many were made.
 */
static bool open_without_memory(const char *path, int number)
{
	struct buf error = BUF_INIT;
	sqlite3 *db;
	calls_left = number;
	enum store_opened opened = store_database_open(path, &db, &error);
	bool was_reached = has_failed;
	calls_left = 0;
	has_failed = false;
	if (opened != STORE_OPENED && (opened != STORE_FAILED || strstr(buf_str(&error), "not an error")))
		fail_msg("call %d: %d, %s", number, (int)opened, buf_str(&error));
	if (opened == STORE_OPENED)
		store_database_close(db);
	buf_release(&error);
	return was_reached;
}

/* Whoever takes a lack of memory for damage moves a good file away. */
static void without_memory_a_good_file_is_not_damaged(void **state)
{
	(void)state;
	const char *path = scratch_name(&test_dir, "ledger.db");
	assert_false(open_without_memory(path, 0));
	/* Tables are read with hundreds of calls: every 48th one is among them. */
	int step = unit_rounds(48, 1);
	for (int i = 0; i < 2; i++) {
		int number = 1;
		others_fail = i > 0;
		while (open_without_memory(path, number))
			number += step;
		assert_true(number > 200);
	}
}

int main(void)
{
	sqlite3_mem_methods failing;
	/* Before SQLite is used at all. */
	if (sqlite3_config(SQLITE_CONFIG_GETMALLOC, &usual) != SQLITE_OK)
		return 1;
	failing = usual;
	failing.xMalloc = allocate;
	failing.xRealloc = resize;
	if (sqlite3_config(SQLITE_CONFIG_MALLOC, &failing) != SQLITE_OK)
		return 1;
	const struct CMUnitTest tests[] = {
#define CASE(test) cmocka_unit_test_setup_teardown(test, scratch_set_up, scratch_tear_down)
		CASE(an_older_file_keeps_each_row),
		CASE(a_reader_leaves_an_older_file_alone),
		CASE(steps_are_taken_all_or_none),
		CASE(sums_that_cannot_be_added_are_made_anew),
		CASE(other_tables_are_no_earlier_version),
		CASE(without_a_copy_nothing_changes),
		CASE(a_message_is_found_by_its_index),
		CASE(without_memory_a_good_file_is_not_damaged),
	};
	return cmocka_run_group_tests_name("store_steps", tests, NULL, NULL);
}
