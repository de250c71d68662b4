/* ledger/store: limits, what was told of sessions, and alerts come out of the file as they went into it. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "unit.h"
#include "scratch.h"
#include "base/array.h"
#include "ledger/ledger.h"
#include "ledger/store/database.h"
#include "ledger/store/facts_read.h"
#include "ledger/store/numbers.h"
#include "ledger/store/write.h"

/* 2026-03-29T10:00:00Z */
#define NOW_MS INT64_C(1774778400000)
#define ROOT "/home/u/.claude-office/projects"

static struct store_roots roots;

struct world {
	sqlite3 *db;
	struct store_writer *writer;
	struct store_batch *batch;
};

static int set_up(void **state)
{
	static struct world w;
	struct buf error = BUF_INIT;
	scratch_set_up(state);
	assert_int_equal(store_database_open(scratch_name(&test_dir, "ledger.db"), &w.db, &error),
			 STORE_OPENED);
	w.writer = store_writer_new(w.db);
	w.batch = store_batch_new(&roots);
	assert_non_null(w.writer);
	buf_release(&error);
	*state = &w;
	return 0;
}

static int tear_down(void **state)
{
	struct world *w = *state;
	store_batch_free(w->batch);
	store_writer_free(w->writer);
	store_database_close(w->db);
	store_roots_release(&roots);
	return scratch_tear_down(state);
}

/* Writes the batch, twice: the second time changes nothing. */
static void commit(struct world *w)
{
	assert_false(w->batch->failed);
	assert_int_equal(store_writer_write(w->writer, w->batch), SQLITE_OK);
	assert_int_equal(store_writer_write(w->writer, w->batch), SQLITE_OK);
	store_batch_free(w->batch);
	w->batch = store_batch_new(&roots);
}

static int64_t ask(struct world *w, const char *sql)
{
	sqlite3_stmt *question;
	assert_int_equal(sqlite3_prepare_v2(w->db, sql, -1, &question, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(question), SQLITE_ROW);
	int64_t number = sqlite3_column_int64(question, 0);
	sqlite3_finalize(question);
	return number;
}

static void run(struct world *w, const char *sql)
{
	assert_int_equal(sqlite3_exec(w->db, sql, NULL, NULL, NULL), SQLITE_OK);
}

/* ---- hits ---- */

static const struct ledger_kept transcript = { .path = ROOT "/-p/s1.jsonl", .root_len = sizeof(ROOT),
					       .session_id = "s1" };

static void note_hit(void *ctx, int64_t number, const struct store_hit *hit)
{
	char *out = ctx;
	size_t len = strlen(out);
	assert_true(number > 0);
	snprintf(out + len, 400 - len, "%s@%lld+%lld%s%s ", hit->name[0] ? hit->name : "-",
		 (long long)((hit->at_ms - NOW_MS) / 1000), (long long)hit->offset,
		 hit->in_message ? " message" : "", hit->old_form ? " old" : "");
}

static void add_hit(struct world *w, const char *name, int64_t at_s, int64_t offset, bool in_message)
{
	struct store_hit hit = { .offset = offset,
				 .at_ms = NOW_MS + at_s * 1000,
				 .resets_ms = NOW_MS + 9000000,
				 .in_message = in_message,
				 .old_form = offset == 7 };
	snprintf(hit.name, sizeof(hit.name), "%s", name);
	store_batch_add_hit(w->batch, &transcript, &hit);
}

static void hits_come_back_once_the_last_first(void **state)
{
	struct world *w = *state;
	char seen[400] = "";
	add_hit(w, "seven_day", -50, 7, false);
	add_hit(w, "", -20, 300, true);
	commit(w);
	add_hit(w, "", -20, 300, true);
	add_hit(w, "five_hour", -9000, 0, false);
	commit(w);
	assert_int_equal(store_facts_read_hits(w->db, NOW_MS - 60000, note_hit, seen), SQLITE_OK);
	assert_string_equal(seen, "-@-20+300 message seven_day@-50+7 old ");
	assert_int_equal(ask(w, "SELECT count(*) FROM hit"), 3);
	assert_int_equal(ask(w, "SELECT count(*) FROM hit h JOIN session s ON s.id = h.session"
				" WHERE s.name = 's1'"), 3);
}

static void impossible_hits_are_passed_over(void **state)
{
	struct world *w = *state;
	char seen[400] = "";
	add_hit(w, "seven_day", -50, 7, false);
	commit(w);
	run(w, "INSERT INTO hit VALUES (1, -4, 1, 1774778399000, '', 0, 0, 0),"
	       " (1, 8, 1, 9223372036854775807, '', 0, 0, 0), (1, 9, 1, 1774778399000, 'a b', 0, 0, 0),"
	       " (1, 10, 1, 1774778399000, 'five_hour', -1, 0, 0),"
	       " (1, 11, 1, 1774778399000, printf('%.60c', 'x'), 0, 0, 0)");
	assert_int_equal(store_facts_read_hits(w->db, NOW_MS - 60000, note_hit, seen), SQLITE_OK);
	assert_string_equal(seen, "seven_day@-50+7 old ");
}

/* ---- readings ---- */

static struct rate_limit reading(const char *name, double percent, int64_t since_s, int64_t observed_s)
{
	struct rate_limit limit;
	rate_limit_init(&limit, name);
	limit.used_percent = percent;
	limit.resets_ms = NOW_MS + 3600000;
	limit.since_ms = NOW_MS + since_s * 1000;
	limit.observed_ms = NOW_MS + observed_s * 1000;
	snprintf(limit.session_id, sizeof(limit.session_id), "s1");
	return limit;
}

static void tell(struct world *w, const char *root, const struct rate_limit *limit)
{
	store_batch_add_reading(w->batch, root, limit);
	commit(w);
}

static void note_limit(void *ctx, const struct rate_limit *limit)
{
	char *out = ctx;
	size_t len = strlen(out);
	snprintf(out + len, 400 - len, "%s %g %lld..%lld %s%s", limit->name, limit->used_percent,
		 (long long)((limit->since_ms - NOW_MS) / 1000),
		 (long long)((limit->observed_ms - NOW_MS) / 1000), limit->session_id,
		 isnan(limit->used_usd) ? "; " : " usd; ");
}

static void a_whole_percent_is_one_row_from_first_to_last(void **state)
{
	struct world *w = *state;
	char seen[400] = "";
	const struct rate_limit told[] = { reading("fiveHour", 41.2, -100, -100),
					   reading("fiveHour", 41.6, -80, -60),
					   reading("fiveHour", 41.3, -90, -70),   /* an older one, late */
					   reading("fiveHour", 42, -40, -40) };
	for (size_t i = 0; i < ARRAY_COUNT(told); i++)
		tell(w, ROOT, &told[i]);
	assert_int_equal(store_facts_read_limits(w->db, ROOT, NOW_MS, note_limit, seen), SQLITE_OK);
	assert_string_equal(seen, "fiveHour 42 -40..-40 s1; fiveHour 41.6 -100..-60 s1; ");
}

static void limits_are_a_profile_s_and_end_with_their_window(void **state)
{
	struct world *w = *state;
	char seen[400] = "";
	struct rate_limit office = reading("sevenDay", 10, -9, -9), home = reading("sevenDay", 70, -8, -8);
	struct rate_limit over = reading("fiveHour", 99, -5, -5), spend = reading("spendLimit", 12, -7, -7);
	over.resets_ms = NOW_MS - 1000;
	spend.used_usd = 3;
	tell(w, ROOT, &office);
	tell(w, "/home/u/.claude/projects", &home);
	tell(w, ROOT, &over);
	tell(w, ROOT, &spend);
	assert_int_equal(store_facts_read_limits(w->db, ROOT, NOW_MS, note_limit, seen), SQLITE_OK);
	assert_string_equal(seen, "spendLimit 12 -7..-7 s1 usd; sevenDay 10 -9..-9 s1; ");
	assert_int_equal(ask(w, "SELECT count(*) FROM profile"), 2);
	assert_int_equal(ask(w, "SELECT count(*) FROM profile WHERE label = '.claude-office' AND root = '"
				ROOT "'"), 1);
	/* The same directory on another machine is another profile. */
	run(w, "UPDATE host SET name = 'somewhere-else'");
	seen[0] = '\0';
	assert_int_equal(store_facts_read_limits(w->db, ROOT, NOW_MS, note_limit, seen), SQLITE_OK);
	assert_string_equal(seen, "");
}

static void impossible_readings_are_passed_over(void **state)
{
	struct world *w = *state;
	char seen[400] = "";
	const struct rate_limit good = reading("fiveHour", 5, -9, -9);
	tell(w, ROOT, &good);
	run(w, "INSERT INTO reading SELECT 1, 1774782000000, v.column1, v.column2, 5.0, v.column3, v.column4,"
	       " 1, 'statusline', NULL, NULL FROM (VALUES ('seven_day', 1, 1, 2), ('sevenDay', 1, 9, 2),"
	       " ('sevenDay', 2, 1, 9223372036854775807), ('a b', 1, 1, 2), ('', 1, 1, 2)) v");
	assert_int_equal(store_facts_read_limits(w->db, ROOT, NOW_MS, note_limit, seen), SQLITE_OK);
	assert_string_equal(seen, "fiveHour 5 -9..-9 s1; ");
}

/* ---- what was told ---- */

static void note_told(void *ctx, const struct store_told *told)
{
	char *out = ctx;
	size_t len = strlen(out);
	snprintf(out + len, 400 - len, "%s %lld%s %g; ", told->session_id, (long long)told->window_tokens,
		 told->window_refuted ? "?" : "", told->cost_usd);
}

static struct store_told told_of(const char *id, int64_t at_s, int64_t window, double usd)
{
	struct store_told told = { .at_ms = NOW_MS + at_s * 1000, .window_tokens = window, .cost_usd = usd,
				   .first_seen_ms = NOW_MS };
	snprintf(told.session_id, sizeof(told.session_id), "%s", id);
	return told;
}

static void a_session_has_its_last_report_and_its_highest_cost(void **state)
{
	struct world *w = *state;
	char seen[400] = "";
	const struct store_told all[] = { told_of("s1", -90, 200000, 1.5), told_of("s1", -50, 1000000, 1.25),
					  told_of("s1", -70, 200000, 1.75),   /* an older one, late */
					  told_of("s2", -40, 0, (double)NAN), told_of("s3", -9000, 0, 2) };
	for (size_t i = 0; i < ARRAY_COUNT(all); i++) {
		store_batch_add_told(w->batch, &all[i]);
		commit(w);
	}
	run(w, "INSERT INTO session (id, name) VALUES (99, '../evil');"
	       "INSERT INTO told VALUES (99, 1774778399000, 5, 0, 0, 0, 0),"
	       " (98, 1774778399000, 5, 0, 0, 0, 0)");
	assert_int_equal(store_facts_read_told(w->db, NOW_MS - 100000, note_told, seen), SQLITE_OK);
	assert_string_equal(seen, "s2 0 nan; s1 1000000 1.5; ");
}

static void alerts_are_kept_once(void **state)
{
	struct world *w = *state;
	struct store_alert alert = { .at_ms = NOW_MS, .rule = "context", .subject = "s1",
				     .value = 81, .limit = 80 };
	store_batch_add_alert(w->batch, &alert);
	alert.rule = "limit_reset";
	alert.value = (double)NAN;
	store_batch_add_alert(w->batch, &alert);
	commit(w);
	assert_int_equal(ask(w, "SELECT count(*) FROM alert"), 2);
	assert_int_equal(ask(w, "SELECT count(*) FROM alert WHERE value = 81 AND threshold = 80"), 1);
}

static void a_price_is_kept_when_it_is_another_one(void **state)
{
	struct world *w = *state;
	struct price price = { .base = { .input = 5e-6, .output = 25e-6, .cache_creation = 6.25e-6,
					 .cache_read = 5e-7 }, .fast_factor = 6 };
	for (int day = 0; day < 4; day++) {
		if (day == 2)
			price.base.output = 30e-6;
		store_batch_add_price(w->batch, "opus", &price, 1., NOW_MS + day);
		commit(w);
	}
	assert_int_equal(ask(w, "SELECT count(*) FROM price"), 2);
	assert_int_equal(ask(w, "SELECT since - 1774778400000 FROM price ORDER BY since DESC"), 2);
	assert_int_equal(ask(w, "SELECT price ->> '$.output' = 30 AND price ->> '$.cacheWrite1h' = 10"
				" FROM price ORDER BY since DESC"), 1);
}

/* ---- all or nothing ---- */

static void facts_and_messages_are_one_transaction(void **state)
{
	struct world *w = *state;
	const struct store_progress progress = { .offset = 400, .mark_len = 10 };
	store_batch_add_transcript(w->batch, &transcript, &progress);
	add_hit(w, "five_hour", -5, 7, false);
	run(w, "CREATE TRIGGER full BEFORE INSERT ON hit BEGIN SELECT raise(ABORT, 'full'); END;");
	(void)sqlite3_db_config(w->db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 1, NULL);
	assert_int_equal(store_writer_write(w->writer, w->batch) & 0xff, SQLITE_CONSTRAINT);
	assert_int_equal(ask(w, "SELECT count(*) FROM transcript"), 0);
	run(w, "DROP TRIGGER full");
	commit(w);
	assert_int_equal(ask(w, "SELECT offset FROM transcript"), 400);
	assert_int_equal(ask(w, "SELECT count(*) FROM hit"), 1);
	assert_int_equal(ask(w, "SELECT count(*) FROM transcript t JOIN profile p ON p.id = t.profile"), 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(hits_come_back_once_the_last_first),
		TEST(impossible_hits_are_passed_over),
		TEST(a_whole_percent_is_one_row_from_first_to_last),
		TEST(limits_are_a_profile_s_and_end_with_their_window),
		TEST(impossible_readings_are_passed_over),
		TEST(a_session_has_its_last_report_and_its_highest_cost),
		TEST(alerts_are_kept_once),
		TEST(a_price_is_kept_when_it_is_another_one),
		TEST(facts_and_messages_are_one_transaction),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
