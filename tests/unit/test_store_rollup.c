/* ledger/store: the times of messages, and sums that follow their messages. */
#include "unit.h"

#include <time.h>

#include "ledger/store/rollup.h"
#include "ledger/store/schema.h"
#include "store_world.h"

static void many_of_one_millisecond_all_have_their_time(void **state UNUSED)
{
	struct world w;
	struct store_batch *batch = store_batch_new(&roots);
	make_world(&w, 1);
	char id[16];
	struct ledger_kept kept = {
		.path = path_of(0),
		.root_len = root_len(),
		.session_id = "s0",
		.record = { .time_ms = START_MS,
			    .has_id = true,
			    .model = { "m", 1 },
			    .tokens = { .output = 1 } },
	};
	enum { MANY = 9000 };
	for (int i = 0; i < MANY; i++) {
		snprintf(id, sizeof(id), "id%d", i);
		kept.record.id_hash = strmap_hash(id, strlen(id));
		/* Half of them have more than 31 bits, and are found again, too. */
		kept.record.request_hash = (uint32_t)kept.record.id_hash | 1;
		kept.record.offset = i;
		store_batch_add(batch, &kept);
	}
	assert_int_equal(store_writer_write(w.writer, batch), SQLITE_OK);
	assert_int_equal(store_writer_write(w.writer, batch), SQLITE_OK);
	sqlite3_stmt *rows;
	assert_int_equal(sqlite3_prepare_v2(w.db, "SELECT id, late FROM message", -1, &rows, NULL),
			 SQLITE_OK);
	int count = 0;
	for (; sqlite3_step(rows) == SQLITE_ROW; count++)
		assert_int_equal(store_time_ms(sqlite3_column_int64(rows, 0), sqlite3_column_int64(rows, 1)),
				 START_MS);
	assert_int_equal(count, MANY);
	sqlite3_finalize(rows);
	store_batch_free(batch);
	end_world(&w);
}

/* One message of a transcript whose session is known, or not. */
static void write_one(struct world *w, const char *session, const char *payer, unsigned id, int64_t time_ms,
		      int64_t offset)
{
	struct store_batch *batch = store_batch_new(&roots);
	struct ledger_kept kept = {
		.path = path_of(0),
		.root_len = root_len(),
		.session_id = session,
		.record = { .time_ms = time_ms, .has_id = true, .id_hash = id, .offset = offset,
			    .model = { "m", 1 }, .tokens = { .output = id }, .fast = id % 2 },
		.cost_usd = 1e-6 * id,
		.reference_usd = 2e-6 * id,
	};
	if (payer)
		kept.record.payer = (struct slice){ payer, strlen(payer) };
	store_batch_add(batch, &kept);
	assert_int_equal(store_writer_write(w->writer, batch), SQLITE_OK);
	store_batch_free(batch);
}

static void sums_follow_their_messages(void **state UNUSED)
{
	struct world w;
	make_world(&w, 5);
	const int64_t hour_ms = 3600000;
	for (unsigned id = 1; id < 40; id++)
		write_one(&w, "", id % 3 ? NULL : "p", id, START_MS + id * 400000, id * 10);
	compare_sums(w.db);
	/* The transcript's session becomes known. */
	write_one(&w, "s", NULL, 40, START_MS + 40 * 400000, 400);
	compare_sums(w.db);
	/* The first one, and the last one, of some sums come again: earlier, later, in another hour. */
	write_one(&w, "s", NULL, 2, START_MS + 2 * 400000 + 1, 5);
	write_one(&w, "s", NULL, 4, START_MS + 4 * 400000 - 1, 500);
	write_one(&w, "s", "p", 5, START_MS + 30 * hour_ms, 2);
	write_one(&w, "s", NULL, 40, START_MS + hour_ms, 401);
	compare_sums(w.db);
	/* The days are those of another zone. */
	assert_int_equal(setenv("TZ", "America/New_York", 1), 0);
	tzset();
	write_one(&w, "s", NULL, 41, START_MS, 3);
	compare_sums(w.db);
	/* All anew gives the same. */
	assert_int_equal(sqlite3_exec(w.db, "DELETE FROM hour; UPDATE day SET messages = 7", NULL, NULL,
				      NULL),
			 SQLITE_OK);
	assert_int_equal(store_rollup_rebuild(w.db), SQLITE_OK);
	compare_sums(w.db);
	assert_int_equal(setenv("TZ", "UTC", 1), 0);
	tzset();
	end_world(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(test) cmocka_unit_test_setup_teardown(test, scratch_set_up, scratch_tear_down)
		TEST(many_of_one_millisecond_all_have_their_time),
		TEST(sums_follow_their_messages),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
