/* ledger/store: the file: whose it is, a full disk, damage, and the backup that takes its place. */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ledger/store/database.h"
#include "ledger/store/repair.h"
#include "store_world.h"

static enum store_opened open_text(const char *text, struct buf *error)
{
	sqlite3 *db;
	scratch_write_text(&test_dir, "other.db", text);
	enum store_opened opened = store_database_open(scratch_name(&test_dir, "other.db"), &db, error);
	store_database_close(db);
	return opened;
}

static void run_sql(const char *name, const char *sql)
{
	sqlite3 *db;
	assert_int_equal(sqlite3_open(scratch_name(&test_dir, name), &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

static void another_file_is_not_taken_for_ours(void **state UNUSED)
{
	AUTO_BUF error = BUF_INIT;
	sqlite3 *db;
	assert_int_equal(open_text("this is no database, but long enough to look at", &error), STORE_DAMAGED);
	/* Somebody's other database; ours from the future; ours with a trigger in it. */
	run_sql("theirs.db", "CREATE TABLE message (id INTEGER)");
	assert_int_equal(store_database_open(scratch_name(&test_dir, "theirs.db"), &db, &error),
			 STORE_DAMAGED);
	run_sql("newer.db", "PRAGMA application_id=0x73776174; PRAGMA user_version=99; CREATE TABLE t (a)");
	buf_clear(&error);
	assert_int_equal(store_database_open(scratch_name(&test_dir, "newer.db"), &db, &error), STORE_NEWER);
	assert_non_null(strstr(buf_str(&error), "a newer swatch made it"));
	assert_int_equal(store_database_open(scratch_name(&test_dir, "ours.db"), &db, &error), STORE_OPENED);
	store_database_close(db);
	run_sql("ours.db", "CREATE TRIGGER t AFTER INSERT ON meta BEGIN DELETE FROM message; END");
	assert_int_equal(store_database_open(scratch_name(&test_dir, "ours.db"), &db, &error), STORE_DAMAGED);
	/* A link, which somebody else may have planted. */
	assert_int_equal(symlink("/etc/passwd", scratch_name(&test_dir, "link.db")), 0);
	buf_clear(&error);
	assert_int_equal(store_database_open(scratch_name(&test_dir, "link.db"), &db, &error), STORE_FAILED);
	assert_non_null(strstr(buf_str(&error), "not a file of yours"));
}

static void the_file_is_its_users_alone(void **state UNUSED)
{
	AUTO_BUF error = BUF_INIT;
	sqlite3 *db;
	mode_t before = umask(0);
	assert_int_equal(store_database_open(scratch_name(&test_dir, "a/b/ledger.db"), &db, &error),
			 STORE_OPENED);
	umask(before);
	assert_int_equal(scratch_mode(&test_dir, "a"), 0700);
	assert_int_equal(scratch_mode(&test_dir, "a/b"), 0700);
	assert_int_equal(scratch_mode(&test_dir, "a/b/ledger.db"), 0600);
	assert_int_equal(scratch_mode(&test_dir, "a/b/ledger.db-wal"), 0600);
	store_database_close(db);
}

static void a_reader_changes_nothing(void **state UNUSED)
{
	AUTO_BUF error = BUF_INIT;
	sqlite3 *db;
	assert_int_equal(store_database_open_read_only(scratch_name(&test_dir, "none.db"), &db, &error),
			 STORE_MISSING);
	assert_int_equal(scratch_count(&test_dir), 0);
	assert_int_equal(store_database_open(scratch_name(&test_dir, "s/ledger.db"), &db, &error),
			 STORE_OPENED);
	store_database_close(db);
	assert_int_equal(chmod(scratch_name(&test_dir, "s"), 0500), 0);
	assert_int_equal(store_database_open_read_only(scratch_name(&test_dir, "s/ledger.db"), &db, &error),
			 STORE_OPENED);
	assert_int_not_equal(sqlite3_exec(db, "DELETE FROM message", NULL, NULL, NULL), SQLITE_OK);
	store_database_close(db);
	assert_int_equal(chmod(scratch_name(&test_dir, "s"), 0700), 0);
}

/* ---- a full disk ---- */

struct waiting {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	unsigned count;
};

static void note_done(void *ctx)
{
	struct waiting *waiting = ctx;
	pthread_mutex_lock(&waiting->lock);
	waiting->count++;
	pthread_cond_signal(&waiting->changed);
	pthread_mutex_unlock(&waiting->lock);
}

static void wait_for(struct waiting *waiting, unsigned count)
{
	pthread_mutex_lock(&waiting->lock);
	while (waiting->count < count)
		pthread_cond_wait(&waiting->changed, &waiting->lock);
	pthread_mutex_unlock(&waiting->lock);
}

static struct store_batch *batch_of_one(const char *id)
{
	struct store_batch *batch = store_batch_new(&roots);
	struct ledger_kept kept = {
		.path = path_of(0), .root_len = root_len(), .session_id = "s0", .cost_usd = 0.5,
		.record = { .time_ms = START_MS, .has_id = true, .model = { "m", 1 },
			    .id_hash = strmap_hash(id, strlen(id)), .tokens = { .output = 1 } },
	};
	store_batch_add(batch, &kept);
	return batch;
}

static int count_messages(const char *path)
{
	AUTO_BUF error = BUF_INIT;
	sqlite3 *db;
	sqlite3_stmt *count;
	assert_int_equal(store_database_open_read_only(path, &db, &error), STORE_OPENED);
	assert_int_equal(sqlite3_prepare_v2(db, "SELECT count(*) FROM message", -1, &count, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(count), SQLITE_ROW);
	int messages = sqlite3_column_int(count, 0);
	sqlite3_finalize(count);
	store_database_close(db);
	return messages;
}

/* As on a full disk: nothing can be written behind the first byte. */
static void fill_disk(bool full)
{
	struct rlimit limit;
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = full ? 1 : limit.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void what_a_full_disk_refuses_is_written_later(void **state UNUSED)
{
	struct waiting waiting = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0 };
	AUTO_BUF notice = BUF_INIT, error = BUF_INIT;
	struct store_status status;
	char path[600];
	snprintf(path, sizeof(path), "%s", scratch_name(&test_dir, "ledger.db"));
	(void)signal(SIGXFSZ, SIG_IGN);
	struct store *store = store_open(path, &notice, &error);
	assert_non_null(store);
	assert_int_equal(store_start(store, note_done, &waiting), 0);
	fill_disk(true);
	store_give(store, batch_of_one("a"));
	/* As the end waits, which must not be for ever. */
	store_wait(store);
	wait_for(&waiting, 1);
	store_retry(store);
	wait_for(&waiting, 2);
	fill_disk(false);
	store_get_status(store, &status);
	assert_true(status.is_failing);
	assert_non_null(strstr(status.why, "cannot write"));
	assert_int_equal(status.messages, 0);
	assert_false(store_is_free(store));
	store_retry(store);
	wait_for(&waiting, 3);
	store_get_status(store, &status);
	assert_false(status.is_failing);
	assert_string_equal(status.why, "");
	assert_true(store_is_free(store));
	/* The message is kept, and what failed is only the backup now. */
	assert_int_equal(remove(scratch_name(&test_dir, "ledger.db.1")), 0);
	assert_int_equal(mkdir(scratch_name(&test_dir, "ledger.db.part"), 0700), 0);
	store_give(store, batch_of_one("b"));
	wait_for(&waiting, 4);
	store_get_status(store, &status);
	assert_false(status.is_failing);
	assert_non_null(strstr(status.why, "cannot copy"));
	store_close(store);
	assert_int_equal(count_messages(path), 2);
}

/* ---- damage ---- */

/* Breaks the first page of the messages: the tables can be named still, but not read. */
static void damage(const char *path)
{
	char garbage[4096];
	sqlite3 *db;
	sqlite3_stmt *page;
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, "SELECT rootpage FROM sqlite_schema WHERE name = 'message'",
					    -1, &page, NULL),
			 SQLITE_OK);
	assert_int_equal(sqlite3_step(page), SQLITE_ROW);
	off_t at = (off_t)(sqlite3_column_int64(page, 0) - 1) * (off_t)sizeof(garbage);
	sqlite3_finalize(page);
	sqlite3_close(db);
	int fd = open(path, O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	memset(garbage, 0x5a, sizeof(garbage));
	assert_int_equal(pwrite(fd, garbage, sizeof(garbage), at), sizeof(garbage));
	close(fd);
}

static void a_damaged_file_is_replaced_by_its_backup(void **state UNUSED)
{
	struct waiting waiting = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0 };
	AUTO_BUF notice = BUF_INIT, error = BUF_INIT;
	struct store_status status;
	char path[600];
	snprintf(path, sizeof(path), "%s", scratch_name(&test_dir, "ledger.db"));
	struct store *store = store_open(path, &notice, &error);
	assert_non_null(store);
	assert_int_equal(store_start(store, note_done, &waiting), 0);
	/* The first commit makes a backup, the second one does not. */
	store_give(store, batch_of_one("a"));
	wait_for(&waiting, 1);
	assert_true(store_is_free(store));
	store_give(store, batch_of_one("b"));
	wait_for(&waiting, 2);
	store_close(store);
	assert_int_equal(count_messages(path), 2);
	assert_int_equal(count_messages(scratch_name(&test_dir, "ledger.db.1")), 1);
	/* Pages are damaged: the thread finds that, and says that all has to come again. */
	damage(path);
	store = store_open(path, &notice, &error);
	if (store) {
		assert_int_equal(store_start(store, note_done, &waiting), 0);
		store_look(store);
		wait_for(&waiting, 3);
		store_get_status(store, &status);
		assert_int_equal(status.replaced, 1);
		assert_non_null(strstr(status.notice, "took its place"));
		store_close(store);
		assert_int_equal(count_messages(path), 1);
	}
	/* The whole file is: that shows at once. */
	scratch_write_text(&test_dir, "ledger.db", "not a database at all, as every program would say");
	buf_clear(&notice);
	store = store_open(path, &notice, &error);
	assert_non_null(store);
	assert_non_null(strstr(buf_str(&notice), "took its place"));
	store_close(store);
	assert_int_equal(count_messages(path), 1);
	/* Without a sound backup it begins anew. */
	scratch_write_text(&test_dir, "ledger.db", "not a database at all, as every program would say");
	scratch_write_text(&test_dir, "ledger.db.1", "this one is none either, and there is no other backup");
	buf_clear(&notice);
	store = store_open(path, &notice, &error);
	assert_non_null(store);
	assert_non_null(strstr(buf_str(&notice), "no backup"));
	store_close(store);
	assert_int_equal(count_messages(path), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(test) cmocka_unit_test_setup_teardown(test, scratch_set_up, scratch_tear_down)
		TEST(another_file_is_not_taken_for_ours),
		TEST(the_file_is_its_users_alone),
		TEST(a_reader_changes_nothing),
		TEST(what_a_full_disk_refuses_is_written_later),
		TEST(a_damaged_file_is_replaced_by_its_backup),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
