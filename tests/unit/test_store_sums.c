/*
 * ledger/store: what the file's rows say, summed up: by the hour for an export, all for one page, and as
 * reports take them.
 */
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>

#include "base/clock.h"
#include "base/file.h"
#include "unit.h"
#include "scratch.h"
#include "ledger/store/census.h"
#include "ledger/store/hours.h"
#include "ledger/store/rolled.h"
#include "ledger/store/rollup.h"
#include "ledger/store/schema.h"

/* 2026-03-29T10:00:00Z */
#define HOUR_MS INT64_C(1774778400000)
#define HOURS_MAX 16

/* ---- a file in memory ---- */

static void run(sqlite3 *db, const char *sql)
{
	char *why = NULL;
	if (sqlite3_exec(db, sql, NULL, NULL, &why) != SQLITE_OK)
		fail_msg("%s: %s", sql, why);
}

/* Sessions s and t, two models, and transcripts: 1 and 2 of s, 3 of its subagent. */
static sqlite3 *make(void)
{
	sqlite3 *db;
	assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
	run(db, store_schema);
	run(db,
	    "INSERT INTO session (id, name) VALUES (1, 's'), (2, 't'), (3, '../evil'); INSERT INTO model (id, name) VALUES "
	    "(1, 'opus'), (2, 'haiku');");
	return db;
}

static void add_transcript(sqlite3 *db, int id, const char *path, size_t root_len, bool subagent)
{
	struct buf sql = BUF_INIT;
	buf_printf(&sql,
		   "INSERT INTO transcript (id, path, version, root_bytes, session, subagent, gone, dev, ino,"
		   " size, modified_ns, offset, mark, mark_bytes)"
		   " VALUES (%d, '%s', %d, %zu, 1, %d, 0, 0, 0, 0, 0, 0, 0, 0)",
		   id, path, id, root_len, subagent);
	run(db, buf_str(&sql));
	buf_release(&sql);
}

struct message {
	int64_t time_ms, late, transcript, payer, model, flags, output, nano_usd;
};

static void add_message(sqlite3 *db, const struct message *m)
{
	static int64_t slot;
	struct buf sql = BUF_INIT;
	slot++;
	int64_t id = store_id_at(m->time_ms + m->late) + slot % STORE_SLOTS;
	buf_printf(&sql,
		   "INSERT INTO message VALUES (%lld, %lld, 0, %lld, %lld, 0, %lld, %lld, 0, %lld, 1, %lld,"
		   " 2, 3, 4, 5, %lld, NULL, NULL)",
		   (long long)id, (long long)slot, (long long)m->late, (long long)m->transcript,
		   (long long)m->payer, (long long)m->model,
		   (long long)m->flags, (long long)m->output, (long long)m->nano_usd);
	run(db, buf_str(&sql));
	buf_release(&sql);
}

/* ---- hours ---- */

struct told {
	char line[HOURS_MAX][160];
	size_t count, enough;
};

static bool tell(void *ctx, const struct store_hour *hour)
{
	struct told *told = ctx;
	assert_true(told->count < HOURS_MAX);
	snprintf(told->line[told->count++], sizeof(told->line[0]),
		 "%lld %s %s %s %d: %lld/%lld %lld %lld %lld",
		 (long long)((hour->start_ms - HOUR_MS) / CLOCK_HOUR_MS), hour->project, hour->session,
		 hour->model, (int)hour->kind, (long long)hour->messages, (long long)hour->unpriced,
		 (long long)hour->tokens.output, (long long)hour->web_searches, (long long)hour->nano_usd);
	return told->count != told->enough;
}

static void expect_hours(sqlite3 *db, int64_t since_ms, const char *const *lines)
{
	struct told told = { .count = 0 };
	size_t count = 0;
	assert_int_equal(store_hours_read(db, since_ms, tell, &told), SQLITE_OK);
	for (; lines[count]; count++) {
		assert_true(count < told.count);
		assert_string_equal(told.line[count], lines[count]);
	}
	assert_int_equal(told.count, count);
}

static void add_transcripts(sqlite3 *db)
{
	add_transcript(db, 1, "/h/projects/-p/s.jsonl", strlen("/h/projects/"), false);
	add_transcript(db, 2, "/other/projects/-p/s.jsonl", strlen("/other/projects/"), false);
	add_transcript(db, 3, "/h/projects/-p/s/subagents/agent-1.jsonl", strlen("/h/projects/"), true);
	add_transcript(db, 4, "/h/projects/loose.jsonl", strlen("/h/projects/"), false);
}

static void test_hours_are_sorted_and_merged(void **state)
{
	(void)state;
	sqlite3 *db = make();
	add_transcripts(db);
	const struct message messages[] = {
		{ HOUR_MS, 0, 1, 0, 1, 0, 10, 100 },
		{ HOUR_MS + 1, 0, 2, 0, 1, 0, 20, 200 }, /* the same names */
		{ HOUR_MS + 2, 0, 1, 0, 2, STORE_UNPRICED, 30, 0 },
		{ HOUR_MS + 3, 0, 3, 0, 1, STORE_SIDECHAIN, 40, 400 }, /* an agent's are, too */
		{ HOUR_MS + 4, 0, 1, 0, 1, STORE_SIDECHAIN, 50, 500 },
		{ HOUR_MS + 5, 0, 1, 2, 1, 0, 60, 600 },                   /* another session paid */
		{ HOUR_MS + 6, 0, 4, 0, 0, 0, 70, 700 },                   /* no project, no model */
		{ HOUR_MS + 7, 0, 1, 0, 1, STORE_HIDDEN, 80, 800 },
	};
	const char *const lines[] = {
		"0  s  0: 1/0 70 5 700",
		"0 -p s haiku 0: 1/1 30 5 0",
		"0 -p s opus 0: 2/0 30 10 300",
		"0 -p s opus 1: 1/0 40 5 400",
		"0 -p s opus 2: 1/0 50 5 500",
		"0 -p t opus 0: 1/0 60 5 600",
		NULL,
	};
	for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++)
		add_message(db, &messages[i]);
	expect_hours(db, 0, lines);
	sqlite3_close(db);
}

static void test_late_messages_count_in_their_hour(void **state)
{
	(void)state;
	sqlite3 *db = make();
	add_transcripts(db);
	const struct message messages[] = {
		{ HOUR_MS + CLOCK_HOUR_MS - 1, 0, 1, 0, 1, 0, 1, 1 },
		{ HOUR_MS + CLOCK_HOUR_MS, 0, 1, 0, 1, 0, 2, 2 },
		/* of the hour before, and put off into this one as far as can be */
		{ HOUR_MS + CLOCK_HOUR_MS - 1, STORE_LATE_MAX_MS, 1, 0, 1, 0, 4, 4 },
		{ HOUR_MS + 5 * CLOCK_HOUR_MS, 0, 1, 0, 1, 0, 8, 8 },
	};
	const char *const lines[] = { "0 -p s opus 0: 2/0 5 10 5", "1 -p s opus 0: 1/0 2 5 2",
				      "5 -p s opus 0: 1/0 8 5 8", NULL };
	const char *const since[] = { "1 -p s opus 0: 1/0 2 5 2", "5 -p s opus 0: 1/0 8 5 8", NULL };
	struct told told = { .enough = 2 };
	for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++)
		add_message(db, &messages[i]);
	expect_hours(db, 0, lines);
	expect_hours(db, HOUR_MS + CLOCK_HOUR_MS, since);
	expect_hours(db, INT64_MAX, &lines[3]);
	assert_int_equal(store_hours_read(db, 0, tell, &told), SQLITE_ABORT);
	assert_int_equal(told.count, 2);
	sqlite3_close(db);
}

/* Rows that we cannot have written are passed over, and no sum overflows. */
static void test_hostile_rows(void **state)
{
	(void)state;
	sqlite3 *db = make();
	add_transcripts(db);
	add_transcript(db, 5, "/h/projects/../../etc/passwd.jsonl", strlen("/h/projects/"), false);
	add_transcript(db, 6, "relative/-p/s.jsonl", strlen("relative/"), false);
	add_transcript(db, 7, "/h/projects/-p/s7.jsonl", 999999, false);
	const struct message bad[] = {
		{ HOUR_MS, 0, 1, 0, 1, STORE_FLAGS_ALL + 1, 1, 1 },
		{ HOUR_MS, 0, 1, 0, 1, -1, 1, 1 },
		{ HOUR_MS, 0, 1, 0, 1, STORE_IN_PARTS, 1, 1 },             /* without the parts */
		{ HOUR_MS, 0, 1, 0, 1, 0, -1, 1 },
		{ HOUR_MS, 0, 1, 0, 1, 0, INT64_C(1) << 32, 1 },
		{ HOUR_MS, 0, 1, 0, 1, 0, 1, -1 },
		{ HOUR_MS, 0, 1, 0, 1, 0, 1, INT64_MAX },
		{ HOUR_MS, STORE_LATE_MAX_MS + 1, 1, 0, 1, 0, 1, 1 },
		{ HOUR_MS, -1, 1, 0, 1, 0, 1, 1 },
		{ INT64_C(253402300800000), 0, 1, 0, 1, 0, 1, 1 },
	};
	/* Names that cannot be ours are empty; the money counts. */
	const struct message odd[] = {
		{ HOUR_MS, 0, 5, 0, 1, 0, 1, 1 },  { HOUR_MS, 0, 6, 3, 1, 0, 1, 1 },
		{ HOUR_MS, 0, 7, 0, 99, 0, 1, 1 }, { HOUR_MS, 0, INT64_MAX, INT64_MIN, -1, 0, 1, 1 },
	};
	const char *const lines[] = { "0    0: 2/0 2 10 2", "0   opus 0: 2/0 2 10 2",
				      "1 -p s opus 0: 1100/0 1100 5500 9223372036854775807", NULL };
	struct store_census census;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		add_message(db, &bad[i]);
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++)
		add_message(db, &odd[i]);
	for (int i = 0; i < 1100; i++)
		add_message(db, &(struct message){ HOUR_MS + CLOCK_HOUR_MS + i, 0, 1, 0, 1, 0, 1,
						   STORE_NANO_USD_MAX });
	expect_hours(db, 0, lines);
	assert_int_equal(store_rollup_rebuild(db), SQLITE_OK);
	assert_int_equal(store_census_take(db, &census), SQLITE_OK);
	assert_int_equal(census.messages, 1104);
	assert_true(census.nano_usd == INT64_MAX);
	sqlite3_close(db);
}

/* ---- census ---- */

static void test_census(void **state)
{
	(void)state;
	sqlite3 *db = make();
	struct store_census census;
	char root[600];
	assert_int_equal(store_census_take(db, &census), SQLITE_OK);
	assert_int_equal(census.messages + census.first_ms + census.last_ms, 0);
	snprintf(root, sizeof(root), "%s/", test_dir.path);
	assert_int_equal(mkdirat(test_dir.dir_fd, "-p", 0700), 0);
	scratch_write_text(&test_dir, "-p/here.jsonl", "");
	add_transcript(db, 1, scratch_name(&test_dir, "-p/here.jsonl"), strlen(root), false);
	add_transcript(db, 2, scratch_name(&test_dir, "-q/gone.jsonl"), strlen(root), false);
	/* What was there before it was rewritten; it has one message. */
	add_transcript(db, 0, scratch_name(&test_dir, "-p/here.jsonl"), strlen(root), false);
	run(db, "UPDATE transcript SET id = 3 WHERE id = 0");
	const int64_t day_ms = HOUR_MS - 10 * CLOCK_HOUR_MS;
	const struct message messages[] = {
		{ day_ms + 4 * CLOCK_HOUR_MS, 0, 1, 0, 1, 0, 1, 1 },
		{ day_ms + CLOCK_DAY_MS - 1, 0, 2, 0, 1, 0, 1, 20 },
		{ day_ms + CLOCK_DAY_MS, 0, 2, 2, 1, STORE_UNPRICED, 1, 0 },
		{ day_ms + CLOCK_DAY_MS - 1, 500, 2, 0, 1, 0, 1, 300 },    /* late: still the day before */
		{ day_ms + 9 * CLOCK_DAY_MS, 0, 1, 0, 1, 0, 1, 4000 },
		{ day_ms + 9 * CLOCK_DAY_MS, 0, 3, 0, 1, 0, 1, 600000 },
		{ day_ms + 19 * CLOCK_DAY_MS, 0, 2, 0, 1, STORE_HIDDEN, 1, 50000 },
	};
	for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++)
		add_message(db, &messages[i]);
	assert_int_equal(store_rollup_rebuild(db), SQLITE_OK);
	assert_int_equal(store_census_take(db, &census), SQLITE_OK);
	assert_true(census.first_ms == day_ms + 4 * CLOCK_HOUR_MS);
	assert_true(census.last_ms == day_ms + 9 * CLOCK_DAY_MS);
	assert_int_equal(census.messages, 6);
	assert_int_equal(census.unpriced, 1);
	assert_int_equal(census.nano_usd, 604321);
	assert_int_equal(census.days, 3);
	assert_int_equal(census.transcripts, 3);
	assert_int_equal(census.sessions, 2);
	assert_int_equal(census.projects, 2);
	assert_int_equal(census.gone_transcripts, 2);
	assert_int_equal(census.gone_messages, 4);
	assert_int_equal(census.gone_nano_usd, 600320);
	/* In New York, the first four are of one day. */
	assert_int_equal(setenv("TZ", "America/New_York", 1), 0);
	tzset();
	assert_int_equal(store_census_take(db, &census), SQLITE_OK);
	assert_int_equal(census.days, 2);
	/* One hour, and two days in India. */
	for (int minute = 29; minute <= 31; minute += 2)
		add_message(db, &(struct message){ day_ms + 40 * CLOCK_DAY_MS + 18 * CLOCK_HOUR_MS
							   + minute * CLOCK_MINUTE_MS,
						   0, 1, 0, 1, 0, 1, 1 });
	assert_int_equal(store_rollup_rebuild(db), SQLITE_OK);
	assert_int_equal(store_census_take(db, &census), SQLITE_OK);
	assert_int_equal(census.days, 3);
	assert_int_equal(setenv("TZ", "Asia/Kolkata", 1), 0);
	tzset();
	assert_int_equal(store_census_take(db, &census), SQLITE_OK);
	assert_int_equal(census.days, 5);
	assert_int_equal(setenv("TZ", "UTC", 1), 0);
	tzset();
	sqlite3_close(db);
}

/* ---- as reports take them ---- */

static bool tell_rolled(void *ctx, const struct store_rolled *rolled)
{
	struct told *told = ctx;
	const struct store_sums *sums = &rolled->sums;
	assert_true(told->count < HOURS_MAX);
	snprintf(told->line[told->count++], sizeof(told->line[0]), "%lld t%lld p%lld m%lld%s: %lld %lld %lld",
		 (long long)(sums->first_ms - HOUR_MS), (long long)rolled->transcript,
		 (long long)rolled->payer, (long long)rolled->model, rolled->fast ? " fast" : "",
		 (long long)sums->messages, (long long)sums->tokens.output, (long long)sums->nano_usd);
	return told->count != told->enough;
}

static bool split_all(void *ctx, const struct store_sums *hour)
{
	(void)ctx;
	(void)hour;
	return true;
}

static void expect_read(sqlite3 *db, enum store_rolled_by by, const struct store_left_out *left_out,
			bool (*splits)(void *ctx, const struct store_sums *hour), const char *const *lines)
{
	struct told told = { .count = 0 };
	const struct store_rolled_reader reader = { tell_rolled, splits, &told };
	assert_int_equal(store_rolled_read(db, by, left_out, &reader), SQLITE_OK);
	for (size_t i = 0; i < told.count && lines[i]; i++)
		assert_string_equal(told.line[i], lines[i]);
	assert_true(told.count < HOURS_MAX && !lines[told.count]);
	/* Whoever has enough gets no more. */
	told = (struct told){ .enough = 1 };
	assert_int_equal(store_rolled_read(db, by, left_out, &reader), SQLITE_ABORT);
	assert_int_equal(told.count, 1);
}

static void expect_rolled(sqlite3 *db, enum store_rolled_by by, const struct store_left_out *left_out,
			  const char *const *lines)
{
	expect_read(db, by, left_out, NULL, lines);
}

/* Two hours; in the first one a message of another session, one of another kind, and one that does not count.
 */
static sqlite3 *make_rolled(void)
{
	static const struct message messages[] = {
		{ HOUR_MS, 0, 1, 0, 1, 0, 10, 100 },
		{ HOUR_MS + 1, 0, 1, 0, 1, 0, 20, 200 },
		{ HOUR_MS + 2, 0, 1, 2, 1, 0, 30, 300 },
		{ HOUR_MS + 3, 0, 1, 0, 1, STORE_FAST, 40, 400 },
		{ HOUR_MS + 4, 0, 1, 0, 1, STORE_HIDDEN, 50, 500 },
		{ HOUR_MS + CLOCK_HOUR_MS, 0, 3, 0, 1, 0, 60, 600 },
	};
	sqlite3 *db = make();
	add_transcripts(db);
	for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++)
		add_message(db, &messages[i]);
	/* The number of the message, and where its line begins. */
	run(db, "UPDATE message SET key = 1 + output / 10, offset = output");
	assert_int_equal(store_rollup_rebuild(db), SQLITE_OK);
	return db;
}

static void test_sums_for_reports(void **state)
{
	(void)state;
	static const char *const hours[] = { "0 t1 p0 m1: 2 30 300", "2 t1 p2 m1: 1 30 300",
					     "3 t1 p0 m1 fast: 1 40 400", "3600000 t3 p0 m1: 1 60 600",
					     NULL };
	static const char *const days[] = { "0 t1 p-1 m1: 4 120 1200", "3 t1 p-1 m1 fast: 1 40 400", NULL };
	static const char *const messages[] = { "0 t1 p0 m1: 1 10 100",      "1 t1 p0 m1: 1 20 200",
						"2 t1 p2 m1: 1 30 300",      "3 t1 p0 m1 fast: 1 40 400",
						"3600000 t3 p0 m1: 1 60 600", NULL };
	sqlite3 *db = make_rolled();
	expect_rolled(db, STORE_BY_HOUR, NULL, hours);
	expect_read(db, STORE_BY_HOUR, NULL, split_all, messages);
	expect_rolled(db, STORE_BY_DAY, NULL, days);
	/* One that we cannot have written. */
	run(db, "UPDATE hour SET messages = -1 WHERE transcript = 1 AND fast = 0");
	expect_rolled(db, STORE_BY_HOUR, NULL, &hours[2]);
	assert_true(store_rolled_has_line(db, 1, 10, HOUR_MS));
	assert_false(store_rolled_has_line(db, 1, 11, HOUR_MS));
	assert_false(store_rolled_has_line(db, 2, 10, HOUR_MS));
	assert_false(store_rolled_has_line(db, 1, 10, HOUR_MS + 1));
	/* It does not count. */
	assert_false(store_rolled_has_line(db, 1, 50, HOUR_MS + 4));
	sqlite3_close(db);
}

static void leave_out(struct store_left_out *left_out, uint64_t key)
{
	const struct store_message message = { .key = key };
	assert_int_equal(store_left_out_add(left_out, &message), SQLITE_OK);
}

/* A reader knows newer versions of some messages: the others of their hour come one by one. */
static void test_messages_that_are_left_out(void **state)
{
	(void)state;
	static const char *const without_3[] = { "2 t1 p2 m1: 1 30 300", "3 t1 p0 m1 fast: 1 40 400",
						 "3600000 t3 p0 m1: 1 60 600", "0 t1 p0 m1: 1 10 100", NULL };
	static const char *const without_2[] = { "2 t1 p2 m1: 1 30 300", "3 t1 p0 m1 fast: 1 40 400",
						 "3600000 t3 p0 m1: 1 60 600", NULL };
	sqlite3 *db = make_rolled();
	struct store_left_out *left_out = store_left_out_new(db);
	assert_non_null(left_out);
	assert_true(store_left_out_is_empty(left_out));
	leave_out(left_out, 77);
	/* The one that does not count is in no sums. */
	leave_out(left_out, 6);
	assert_true(store_left_out_is_empty(left_out));
	leave_out(left_out, 3);
	assert_false(store_left_out_is_empty(left_out));
	expect_rolled(db, STORE_BY_HOUR, left_out, without_3);
	leave_out(left_out, 2);
	expect_rolled(db, STORE_BY_HOUR, left_out, without_2);
	leave_out(left_out, 4);
	expect_rolled(db, STORE_BY_HOUR, left_out, &without_2[1]);
	expect_read(db, STORE_BY_HOUR, left_out, split_all, &without_2[1]);
	store_left_out_free(left_out);
	sqlite3_close(db);
}

static bool tell_transcript(void *ctx, const struct store_rolled_transcript *transcript)
{
	struct told *told = ctx;
	assert_true(told->count < HOURS_MAX);
	snprintf(told->line[told->count++], sizeof(told->line[0]), "t%lld %s %s s%lld%s",
		 (long long)transcript->id, transcript->path, transcript->path + transcript->root_len,
		 (long long)transcript->session, transcript->subagent ? " agent" : "");
	return told->count != told->enough;
}

/* Those of another profile, and what no path of ours can be, are counted and no more. */
static void test_transcripts_below_the_roots(void **state)
{
	(void)state;
	char projects[] = "/h/projects";
	const struct data_dirs dirs = { .projects = { projects }, .count = 1 };
	static const char *const lines[] = {
		"t1 /h/projects/-p/s.jsonl -p/s.jsonl s1",
		"t3 /h/projects/-p/s/subagents/agent-1.jsonl -p/s/subagents/agent-1.jsonl s1 agent",
		"t4 /h/projects/loose.jsonl loose.jsonl s1",
	};
	struct store_roots roots = { .count = 0 };
	struct told told = { .count = 0 };
	size_t others = 0;
	sqlite3 *db = make();
	add_transcripts(db);
	add_transcript(db, 5, "/h/projects/../../etc/passwd.jsonl", strlen("/h/projects/"), false);
	store_roots_find(&roots, &dirs);
	assert_int_equal(store_rolled_transcripts(db, &roots, tell_transcript, &told, &others), SQLITE_OK);
	assert_int_equal(others, 2);
	assert_int_equal(told.count, 3);
	for (size_t i = 0; i < 3; i++)
		assert_string_equal(told.line[i], lines[i]);
	told = (struct told){ .enough = 2 };
	assert_int_equal(store_rolled_transcripts(db, &roots, tell_transcript, &told, &others), SQLITE_ABORT);
	assert_int_equal(told.count, 2);
	store_roots_release(&roots);
	sqlite3_close(db);
}

/* ---- the manual ---- */

static void test_manual_has_all_columns(void **state)
{
	(void)state;
	sqlite3 *db = make();
	sqlite3_stmt *columns;
	struct buf page = BUF_INIT, names = BUF_INIT;
	const char *path = SWATCH_SOURCE_DIR "/man/swatch-history.1";
	assert_true(file_read_regular(AT_FDCWD, path, 0, 1 << 20, &page));
	const char *line = strstr(buf_str(&page), "\n.Sh THE FILE");
	assert_non_null(line);
	/* ".It Cm dev , ino", ".Cm name ;" */
	for (; line; line = strchr(line + 1, '\n'))
		if (strncmp(line, "\n.It Cm ", 8) == 0 || strncmp(line, "\n.Cm ", 5) == 0)
			buf_printf(&names, "%.*s ", (int)strcspn(line + 1, "\n"), line + 1);
	assert_int_equal(sqlite3_prepare_v2(db,
					    "SELECT t.name, c.name FROM sqlite_schema t,"
					    " pragma_table_info(t.name) c WHERE t.type = 'table'",
					    -1, &columns, NULL),
			 SQLITE_OK);
	size_t count = 0;
	for (; sqlite3_step(columns) == SQLITE_ROW; count++) {
		const char *table = (const char *)sqlite3_column_text(columns, 0);
		const char *column = (const char *)sqlite3_column_text(columns, 1);
		char word[80];
		snprintf(word, sizeof(word), " %s ", column);
		if (!strstr(buf_str(&names), word))
			fail_msg("swatch-history(1) does not describe %s.%s", table, column);
	}
	assert_true(count > 30);
	sqlite3_finalize(columns);
	sqlite3_close(db);
	buf_release(&page);
	buf_release(&names);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hours_are_sorted_and_merged),
		cmocka_unit_test(test_late_messages_count_in_their_hour),
		cmocka_unit_test(test_hostile_rows),
		cmocka_unit_test_setup_teardown(test_census, scratch_set_up, scratch_tear_down),
		cmocka_unit_test(test_sums_for_reports),
		cmocka_unit_test(test_messages_that_are_left_out),
		cmocka_unit_test(test_transcripts_below_the_roots),
		cmocka_unit_test(test_manual_has_all_columns),
	};
	(void)setenv("TZ", "UTC", 1);
	tzset();
	return cmocka_run_group_tests_name("store_sums", tests, NULL, NULL);
}
