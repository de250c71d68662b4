/* ledger/store: what a machine runs out of. The batch waits, the reason is said, and it is written later. */
#include <pthread.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "unit.h"
#include "scratch.h"
#include "base/strmap.h"
#include "ledger/store/store.h"

/* 2026-03-01T00:00:00Z */
#define START_MS INT64_C(1772323200000)
/* SQLite's own memory: enough to prepare nothing and write nothing. */
#define LITTLE_BYTES 4096

static struct store_roots roots;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static unsigned done;

static void note_done(void *ctx)
{
	(void)ctx;
	pthread_mutex_lock(&lock);
	done++;
	pthread_cond_signal(&changed);
	pthread_mutex_unlock(&lock);
}

/* Waits until the thread has reported once more since `before`. */
static void wait_after(unsigned before)
{
	pthread_mutex_lock(&lock);
	while (done == before)
		pthread_cond_wait(&changed, &lock);
	pthread_mutex_unlock(&lock);
}

static unsigned reports(void)
{
	pthread_mutex_lock(&lock);
	unsigned count = done;
	pthread_mutex_unlock(&lock);
	return count;
}

/* A hundred messages, a limit that was hit among them. */
static struct store_batch *make_batch(const char *name)
{
	struct store_batch *batch = store_batch_new(&roots);
	struct ledger_kept kept = { .path = "/h/projects/-p/s1.jsonl", .root_len = 12, .session_id = "s1",
				    .record = { .has_id = true, .model = { "m", 1 },
						.tokens = { .output = 1 } } };
	const struct store_hit hit = { .offset = 7, .at_ms = START_MS };
	for (int i = 0; i < 100; i++) {
		kept.record.time_ms = START_MS + i;
		kept.record.id_hash = strmap_hash(name, strlen(name)) + (uint64_t)i;
		store_batch_add(batch, &kept);
	}
	store_batch_add_hit(batch, &kept, &hit);
	assert_false(batch->failed);
	return batch;
}

static struct store *open_store(struct buf *error)
{
	struct buf notice = BUF_INIT;
	struct store *store = store_open(scratch_name(&test_dir, "ledger.db"), &notice, error);
	buf_release(&notice);
	return store;
}

/* From now on no descriptor can be had, or as many as before. */
static void forbid_descriptors(bool forbid)
{
	static struct rlimit before;
	if (!forbid) {
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
		return;
	}
	int next = dup(0);
	assert_true(next >= 0);
	close(next);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	const struct rlimit none = { .rlim_cur = (rlim_t)next, .rlim_max = before.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
}

static int64_t count_messages(void)
{
	sqlite3 *db;
	sqlite3_stmt *count;
	assert_int_equal(sqlite3_open(scratch_name(&test_dir, "ledger.db"), &db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db,
					    "SELECT (SELECT count(*) FROM message)"
					    " + (SELECT count(*) FROM hit)",
					    -1, &count, NULL),
			 SQLITE_OK);
	assert_int_equal(sqlite3_step(count), SQLITE_ROW);
	int64_t messages = sqlite3_column_int64(count, 0);
	sqlite3_finalize(count);
	sqlite3_close(db);
	return messages;
}

static void without_a_descriptor_the_file_is_not_opened_and_the_reason_is_said(void **state)
{
	(void)state;
	struct buf error = BUF_INIT;
	forbid_descriptors(true);
	struct store *store = open_store(&error);
	forbid_descriptors(false);
	assert_null(store);
	assert_non_null(strstr(buf_str(&error), "ledger.db: "));
	store = open_store(&error);
	assert_non_null(store);
	store_close(store);
	buf_release(&error);
}

static void without_a_descriptor_messages_are_written_and_the_backup_waits(void **state)
{
	(void)state;
	struct buf error = BUF_INIT;
	struct store_status status;
	struct store *store = open_store(&error);
	assert_non_null(store);
	unsigned before = reports();
	assert_int_equal(store_start(store, note_done, NULL), 0);
	forbid_descriptors(true);
	store_give(store, make_batch("a"));
	wait_after(before);
	forbid_descriptors(false);
	store_get_status(store, &status);
	assert_false(status.is_failing);
	assert_int_equal(status.messages, 100);
	assert_non_null(strstr(status.why, "cannot copy"));
	assert_int_not_equal(access(scratch_name(&test_dir, "ledger.db.1"), F_OK), 0);
	store_close(store);
	assert_int_equal(count_messages(), 101);
	buf_release(&error);
}

static void without_memory_the_batch_waits_and_is_written_later(void **state)
{
	(void)state;
	struct buf error = BUF_INIT;
	struct store_status status;
	struct store *store = open_store(&error);
	assert_non_null(store);
	unsigned before = reports();
	assert_int_equal(store_start(store, note_done, NULL), 0);
	(void)sqlite3_hard_heap_limit64(LITTLE_BYTES);
	store_give(store, make_batch("a"));
	wait_after(before);
	store_get_status(store, &status);
	assert_true(status.is_failing);
	assert_non_null(strstr(status.why, "out of memory"));
	assert_false(store_is_free(store));
	before = reports();
	(void)sqlite3_hard_heap_limit64(0);
	store_retry(store);
	wait_after(before);
	store_get_status(store, &status);
	assert_false(status.is_failing);
	assert_true(store_is_free(store));
	store_close(store);
	assert_int_equal(count_messages(), 101);
	buf_release(&error);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, scratch_set_up, scratch_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(without_a_descriptor_the_file_is_not_opened_and_the_reason_is_said),
		TEST(without_a_descriptor_messages_are_written_and_the_backup_waits),
		TEST(without_memory_the_batch_waits_and_is_written_later),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
