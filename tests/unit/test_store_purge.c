/* ledger/store: what is taken out of the file for good, and what costs are changed in it. */
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "unit.h"
#include "ledger/record.h"
#include "ledger/store/purge.h"
#include "ledger/store/reprice.h"
#include "ledger/store/schema.h"
#include "ledger/store/tombs.h"

/* 2026-03-29T10:00:00Z */
#define START_MS INT64_C(1774778400000)
#define NOW_MS (START_MS + 30 * CLOCK_DAY_MS)
#define ROOT "/h/projects/"

/* ---- a file in memory ---- */

static void run(sqlite3 *db, const char *sql)
{
	char *why = NULL;
	if (sqlite3_exec(db, sql, NULL, NULL, &why) != SQLITE_OK)
		fail_msg("%s: %s", sql, why);
}

static int64_t ask(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *question = NULL;
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &question, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(question), SQLITE_ROW);
	int64_t number = sqlite3_column_int64(question, 0);
	sqlite3_finalize(question);
	return number;
}

static void add_transcript(sqlite3 *db, int id, const char *path, int session)
{
	struct buf sql = BUF_INIT;
	buf_printf(&sql,
		   "INSERT INTO transcript (id, path, version, root_bytes, session, subagent, gone, dev, ino,"
		   " size, modified_ns, offset, mark, mark_bytes)"
		   " VALUES (%d, '%s', 0, %zu, %d, 0, 0, 0, 0, 0, 0, 0, 0, 0)",
		   id, path, strlen(ROOT), session);
	run(db, buf_str(&sql));
	buf_release(&sql);
}

struct message {
	int64_t time_ms, key, request, transcript, payer, flags, nano_usd, model, late;
};

static void add_message(sqlite3 *db, const struct message *m)
{
	static int64_t slot;
	int64_t id = store_id_at(m->time_ms + m->late) + ++slot % STORE_SLOTS;
	struct buf sql = BUF_INIT;
	buf_printf(
		&sql,
		"INSERT INTO message (id, key, request, late, transcript, offset, payer, model, flags, input,"
		" output, cache_write_5m, cache_write_1h, cache_read, web_searches, nano_usd) VALUES"
		" (%lld, %lld, %lld, %lld, %lld, 0, %lld, %lld, %lld, 1000, 100, 0, 0, 0, 2, %lld)",
		(long long)id, (long long)m->key, (long long)m->request, (long long)m->late,
		(long long)m->transcript, (long long)m->payer,
		(long long)(m->model ? m->model : 1), (long long)m->flags, (long long)m->nano_usd);
	run(db, buf_str(&sql));
	buf_release(&sql);
}

/*
 * Sessions s1 and s2 in project -p, s3 in -q. A message of s1 has a copy in the transcript of s3, which a
 * fork made, and one of s3 stands in the transcript of s1.
 */
static sqlite3 *make(void)
{
	static const struct message messages[] = {
		{ START_MS, 11, 1, 1, 0, STORE_HAS_ID, 100, 0, 0 },
		{ START_MS, 11, 2, 3, 0, STORE_HAS_ID | STORE_SIDECHAIN | STORE_HIDDEN, 100, 0, 0 },
		{ START_MS + 1000, 12, 1, 3, 1, STORE_HAS_ID, 200, 0, 0 },
		{ START_MS + 2000, 31, 1, 1, 3, STORE_HAS_ID, 400, 0, 0 },
		{ START_MS + 3000, 32, 1, 3, 0, STORE_HAS_ID, 800, 0, 0 },
		{ START_MS + CLOCK_DAY_MS, 21, 1, 2, 0, STORE_HAS_ID, 1600, 0, 0 },
		{ START_MS + CLOCK_DAY_MS, 77, 0, 2, 0, 0, 3200, 0, 0 },
		/* two requests of one message, paid by s1 and s3 */
		{ START_MS + 4000, 13, 1, 1, 0, STORE_HAS_ID, 6400, 0, 0 },
		{ START_MS + 5000, 13, 2, 3, 0, STORE_HAS_ID, 12800, 0, 0 },
	};
	sqlite3 *db;
	assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
	run(db, store_schema);
	run(db,
	    "INSERT INTO session (id, name) VALUES (1, 's1'), (2, 's2'), (3, 's3');"
	    "INSERT INTO model (id, name) VALUES (1, 'claude-opus-4-6'), (2, 'nobody-knows');"
	    "INSERT INTO told VALUES (1, 0, 0, 0, 0, 0, 0), (3, 0, 0, 0, 0, 0, 0);"
	    "INSERT INTO reading (profile, resets_ms, name, point, percent, first_seen, last_seen, session,"
	    " source) VALUES (0, 1, 'five_hour', 1, 1, 1, 1, 1, '');");
	add_transcript(db, 1, ROOT "-p/s1.jsonl", 1);
	add_transcript(db, 2, ROOT "-p/s2.jsonl", 2);
	add_transcript(db, 3, ROOT "-q/s3.jsonl", 3);
	for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++)
		add_message(db, &messages[i]);
	return db;
}

static int64_t sum_of(sqlite3 *db)
{
	return ask(db, "SELECT coalesce(sum(nano_usd), 0) FROM message WHERE flags & 16 = 0");
}

struct line {
	const char *project, *session;
	uint64_t key;
	uint32_t request;
	int64_t time_ms;
};

static bool is_buried(sqlite3 *db, const struct line *line)
{
	struct store_tombs tombs = { 0 };
	const struct ledger_question question = {
		.time_ms = line->time_ms,
		.has_id = line->key != 0,
		.key = line->key,
		.request = line->request,
		.project = { line->project, strlen(line->project) },
		.session = { line->session, strlen(line->session) },
	};
	assert_int_equal(store_tombs_read(db, &tombs), SQLITE_OK);
	bool buried = store_tombs_bury(&tombs, &question);
	store_tombs_release(&tombs);
	return buried;
}

static void expect_buried(sqlite3 *db, bool expected, const char *project, const char *session, uint64_t key,
			  uint32_t request, int64_t time_ms)
{
	const struct line line = { project, session, key, request, time_ms };
	assert_int_equal(is_buried(db, &line), expected);
}

/* ---- purging ---- */

static void a_session_goes_with_all_that_it_paid(void **state)
{
	const struct store_purge purge = { .by = STORE_PURGE_SESSION, .name = "s1" };
	struct store_purged seen, gone;
	sqlite3 *db = make();
	(void)state;
	assert_int_equal(store_purge_look(db, &purge, &seen), SQLITE_OK);
	assert_int_equal(sum_of(db), 25500);
	assert_int_equal(store_purge_do(db, &purge, NOW_MS, &gone), SQLITE_OK);
	assert_memory_equal(&seen, &gone, sizeof(gone));
	assert_int_equal(gone.messages, 3);
	assert_int_equal(gone.nano_usd, 6700);
	assert_int_equal(gone.days, 1);
	/* All others cost what they did; the copy went, too. */
	assert_int_equal(sum_of(db), 25500 - 6700);
	assert_int_equal(ask(db, "SELECT sum(nano_usd) FROM hour"), 25500 - 6700);
	assert_int_equal(ask(db, "SELECT sum(nano_usd) FROM day"), 25500 - 6700);
	assert_int_equal(ask(db, "SELECT count(*) FROM message WHERE key = 11"), 0);
	assert_int_equal(ask(db, "SELECT count(*) FROM told"), 1);
	assert_int_equal(ask(db, "SELECT session FROM reading"), 0);
	/* Its transcript has a message that s3 paid. */
	assert_int_equal(ask(db, "SELECT count(*) FROM transcript WHERE id = 1"), 1);
	/* Nothing comes back: not from a copy, nor a line that nobody had read yet. */
	expect_buried(db, true, "-q", "s3", 11, 9, START_MS);
	expect_buried(db, true, "-elsewhere", "s9", 12, 1, START_MS);
	expect_buried(db, true, "-p", "s1", 0, 0, NOW_MS);
	expect_buried(db, false, "-p", "s1", 99, 1, NOW_MS + 1);
	expect_buried(db, false, "-q", "s3", 31, 1, START_MS);
	expect_buried(db, false, "-p", "s2", 21, 1, START_MS);
	/* Another request of a message of s1, which s3 paid. */
	expect_buried(db, true, "-q", "s3", 13, 1, START_MS);
	expect_buried(db, false, "-q", "s3", 13, 2, START_MS);
	sqlite3_close(db);
}

static void a_project_goes_with_its_names(void **state)
{
	const struct store_purge purge = { .by = STORE_PURGE_PROJECT, .name = "-p" };
	const struct store_purge nothing = { .by = STORE_PURGE_PROJECT, .name = "-" };
	struct store_purged gone;
	sqlite3 *db = make();
	(void)state;
	assert_int_equal(store_purge_do(db, &nothing, NOW_MS, &gone), SQLITE_OK);
	assert_int_equal(gone.messages, 0);
	assert_int_equal(store_purge_do(db, &purge, NOW_MS, &gone), SQLITE_OK);
	assert_int_equal(gone.messages, 5);
	assert_int_equal(gone.days, 2);
	assert_int_equal(gone.transcripts, 2);
	assert_int_equal(sum_of(db), 200 + 800 + 12800);
	assert_int_equal(ask(db, "SELECT count(*) FROM transcript WHERE path LIKE '%/-p/%'"), 0);
	assert_int_equal(ask(db, "SELECT count(*) FROM session WHERE name = 's2'"), 0);
	/* s1 paid for a message elsewhere. */
	assert_int_equal(ask(db, "SELECT count(*) FROM session WHERE name = 's1'"), 1);
	expect_buried(db, true, "-p", "s5", 99, 1, NOW_MS);
	expect_buried(db, true, "-q", "s3", 21, 1, START_MS + CLOCK_DAY_MS);
	expect_buried(db, false, "-q", "s1", 12, 1, START_MS);
	/* The temporary tables are gone: it can be done again, and there is nothing left to do. */
	assert_int_equal(store_purge_do(db, &purge, NOW_MS, &gone), SQLITE_OK);
	assert_int_equal(gone.messages, 0);
	sqlite3_close(db);
}

static void the_past_goes_by_the_time_of_messages(void **state)
{
	const struct store_purge purge = { .by = STORE_PURGE_BEFORE, .before_ms = START_MS + 3000 };
	struct store_purged gone;
	sqlite3 *db = make();
	(void)state;
	/* One was put off to a later slot, and is of the past all the same. */
	add_message(db, &(struct message){ START_MS + 2999, 55, 1, 3, 0, STORE_HAS_ID, 1, 0, 500 });
	assert_int_equal(store_purge_do(db, &purge, NOW_MS, &gone), SQLITE_OK);
	assert_int_equal(gone.messages, 4);
	assert_int_equal(gone.nano_usd, 701);
	expect_buried(db, true, "-x", "s9", 99, 1, START_MS + 2999);
	expect_buried(db, false, "-x", "s9", 99, 1, START_MS + 3000);
	/* A later line of a message that began before. */
	expect_buried(db, true, "-q", "s3", 55, 1, START_MS + 3500);
	/* A purge of less does not bring anything back. */
	const struct store_purge less = { .by = STORE_PURGE_BEFORE, .before_ms = START_MS };
	assert_int_equal(store_purge_do(db, &less, NOW_MS, &gone), SQLITE_OK);
	expect_buried(db, true, "-x", "s9", 99, 1, START_MS + 2999);
	sqlite3_close(db);
}

static void what_is_too_old_goes_once_a_day(void **state)
{
	struct store_purged gone;
	sqlite3 *db = make();
	int64_t newest_ms = START_MS + 20 * CLOCK_DAY_MS;
	(void)state;
	setenv("TZ", "UTC", 1);
	tzset();
	add_message(db, &(struct message){ newest_ms, 90, 1, 3, 0, STORE_HAS_ID, 1, 0, 0 });
	assert_int_equal(store_purge_old(db, 30 * CLOCK_DAY_MS, newest_ms, &gone), SQLITE_OK);
	assert_int_equal(gone.messages, 0);
	/* 20 days and some hours: from midnight on. A clock that is years ahead makes no difference. */
	assert_int_equal(store_purge_old(db, 19 * CLOCK_DAY_MS, newest_ms + 9999 * CLOCK_DAY_MS, &gone),
			 SQLITE_OK);
	assert_int_equal(gone.messages, 6);
	assert_int_equal(ask(db, "SELECT count(*) FROM message"), 3);
	expect_buried(db, true, "-x", "s9", 99, 1, START_MS);
	/* On the same day nothing is looked at. */
	run(db, "DROP TABLE told");
	assert_int_equal(store_purge_old(db, 19 * CLOCK_DAY_MS, newest_ms + 1000, &gone), SQLITE_OK);
	sqlite3_close(db);
}

static void add_to_batch(struct store_batch *batch, const char *path, const char *session, uint64_t key,
			 int64_t time_ms)
{
	const struct ledger_kept kept = {
		.path = path,
		.root_len = strlen(ROOT),
		.session_id = session,
		.record = { .time_ms = time_ms, .has_id = true, .id_hash = key, .request_hash = 1 },
	};
	store_batch_add(batch, &kept);
}

static void a_batch_loses_what_was_purged(void **state)
{
	const struct store_purge purge = { .by = STORE_PURGE_PROJECT, .name = "-p" };
	struct store_roots roots = { .count = 0 };
	struct store_tombs tombs = { 0 };
	struct store_purged gone;
	sqlite3 *db = make();
	(void)state;
	assert_int_equal(store_purge_do(db, &purge, NOW_MS, &gone), SQLITE_OK);
	assert_int_equal(store_tombs_read(db, &tombs), SQLITE_OK);
	struct store_batch *batch = store_batch_new(&roots);
	add_to_batch(batch, ROOT "-p/s1.jsonl", "s1", 500, NOW_MS);
	add_to_batch(batch, ROOT "-p/s2.jsonl", "s2", 501, NOW_MS);
	add_to_batch(batch, ROOT "-p/s2.jsonl", "s2", 502, NOW_MS + 1);
	add_to_batch(batch, ROOT "-q/s3.jsonl", "s3", 21, NOW_MS + 1);
	add_to_batch(batch, ROOT "-q/s3.jsonl", "s3", 503, START_MS);
	assert_false(batch->failed);
	store_tombs_bury_in(&tombs, batch);
	assert_int_equal(batch->message_count, 2);
	assert_int_equal(batch->messages[0].key, 502);
	assert_int_equal(batch->messages[1].key, 503);
	/* A path is written only where something is kept. */
	assert_true(batch->transcripts[0].buried);
	assert_false(batch->transcripts[1].buried);
	assert_false(batch->transcripts[2].buried);
	store_batch_free(batch);
	store_roots_release(&roots);
	store_tombs_release(&tombs);
	sqlite3_close(db);
}

static void count_call(void *ctx)
{
	++*(int *)ctx;
}

static bool refuse_s1(void *ctx, const struct ledger_question *question)
{
	(void)ctx;
	return slice_equals(question->session, "s1") || slice_equals(question->project, "-x");
}

static void the_ledger_takes_nothing_in_that_its_guard_refuses(void **state)
{
	struct ledger *ledger = ledger_new();
	int calls = 0;
	struct ledger_record record = { .time_ms = START_MS,
					.tokens = { .output = 10 },
					.model = { "claude-opus-4-6", strlen("claude-opus-4-6") },
					.has_id = true };
	(void)state;
	ledger_set_guard(ledger, refuse_s1, count_call, &calls);
	int one = ledger_add_file(ledger, ROOT "-p/s1.jsonl", strlen(ROOT), "s1", false);
	int two = ledger_add_file(ledger, ROOT "-p/s2.jsonl", strlen(ROOT), "s2", false);
	int three = ledger_add_file(ledger, ROOT "-x/s3.jsonl", strlen(ROOT), "s3", false);
	record.id_hash = 1;
	assert_int_equal(ledger_add_record(ledger, one, &record), 0);
	assert_int_equal(ledger_add_record(ledger, three, &record), 0);
	record.payer = (struct slice){ "s1", 2 };
	assert_int_equal(ledger_add_record(ledger, two, &record), 0);
	assert_int_equal(ledger_count(ledger), 0);
	record.payer = (struct slice){ NULL, 0 };
	assert_int_equal(ledger_add_record(ledger, two, &record), 1);
	assert_int_equal(ledger_count(ledger), 1);
	ledger_free(ledger);
	assert_int_equal(calls, 1);
}

/* ---- repricing ---- */

#define TWO_SEARCHES 20000000

static const struct store_repriced_model *model_of(const struct store_repriced *done, int64_t model)
{
	for (size_t i = 0; i < done->count; i++)
		if (done->models[i].model == model)
			return &done->models[i];
	fail_msg("no model %lld", (long long)model);
	return NULL;
}

static void costs_change_only_by_what_is_asked(void **state)
{
	struct store_repricing what = { .since_ms = START_MS + CLOCK_DAY_MS };
	struct store_repriced done;
	sqlite3 *db = make();
	(void)state;
	add_message(db, &(struct message){ START_MS + 2 * CLOCK_DAY_MS, 61, 1, 3, 0,
					   STORE_HAS_ID | STORE_HAS_COST, 5, 0, 0 });
	add_message(db, &(struct message){ START_MS + 2 * CLOCK_DAY_MS, 62, 1, 3, 0, STORE_HAS_ID, 6, 2, 0 });
	add_message(db, &(struct message){ START_MS + 2 * CLOCK_DAY_MS, 63, 1, 3, 0,
					   STORE_HAS_ID | STORE_UNPRICED, 0, 0, 0 });
	/* 1000 tokens in, 100 out, at 5 and 25 dollars a million */
	const int64_t price = 1000 * 5000 + 100 * 25000;
	int64_t before = sum_of(db);
	assert_int_equal(store_reprice_look(db, &what, &done), SQLITE_OK);
	assert_int_equal(done.messages, 5);
	assert_int_equal(done.changed, 3);
	store_reprice_release(&done);
	assert_int_equal(sum_of(db), before);
	assert_int_equal(store_reprice_do(db, &what, &done), SQLITE_OK);
	assert_int_equal(done.before_nano_usd, 1600 + 3200 + 5 + 6);
	assert_int_equal(done.after_nano_usd, 3 * price + 5 + 6);
	assert_int_equal(model_of(&done, 2)->changed, 0);
	assert_int_equal(model_of(&done, 1)->changed, 3);
	store_reprice_release(&done);
	assert_int_equal(sum_of(db), before - 1600 - 3200 + 3 * price);
	assert_int_equal(ask(db, "SELECT count(*) FROM message WHERE flags & 32"), 0);
	/* With what web searches cost. */
	what.extras = true;
	assert_int_equal(store_reprice_do(db, &what, &done), SQLITE_OK);
	assert_int_equal(done.after_nano_usd, 3 * (price + TWO_SEARCHES) + 5 + 6);
	store_reprice_release(&done);
	sqlite3_close(db);
}

static void what_had_no_price_gets_one(void **state)
{
	const struct store_repricing what = { .only_unpriced = true };
	struct store_repriced done;
	sqlite3 *db = make();
	(void)state;
	add_message(db, &(struct message){ START_MS, 61, 1, 3, 0, STORE_HAS_ID | STORE_UNPRICED, 0, 2, 0 });
	run(db, "UPDATE model SET unpriced = 1 WHERE id = 2");
	assert_false(store_reprice_is_due(db, NULL));
	run(db, "UPDATE model SET name = 'claude-haiku-4-5' WHERE id = 2");
	assert_true(store_reprice_is_due(db, NULL));
	int64_t before = sum_of(db);
	assert_int_equal(store_reprice_do(db, &what, &done), SQLITE_OK);
	assert_int_equal(done.changed, 1);
	assert_int_equal(sum_of(db), before + 1000 * 1000 + 100 * 5000);
	assert_int_equal(ask(db, "SELECT sum(nano_usd) FROM hour"), sum_of(db));
	assert_false(store_reprice_is_due(db, NULL));
	store_reprice_release(&done);
	sqlite3_close(db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_session_goes_with_all_that_it_paid),
		cmocka_unit_test(a_project_goes_with_its_names),
		cmocka_unit_test(the_past_goes_by_the_time_of_messages),
		cmocka_unit_test(what_is_too_old_goes_once_a_day),
		cmocka_unit_test(a_batch_loses_what_was_purged),
		cmocka_unit_test(the_ledger_takes_nothing_in_that_its_guard_refuses),
		cmocka_unit_test(costs_change_only_by_what_is_asked),
		cmocka_unit_test(what_had_no_price_gets_one),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
