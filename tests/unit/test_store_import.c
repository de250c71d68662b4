/* ledger/store: messages of another file come in once; their lines are read with suspicion. */
#include <math.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "json/parse.h"
#include "unit.h"
#include "ledger/store/import.h"
#include "ledger/store/imported.h"
#include "ledger/store/lines.h"
#include "ledger/store/schema.h"
#include "swatch/kept/fact_line.h"
#include "swatch/kept/message_line.h"

/* 2026-03-29T10:00:00Z */
#define START_MS INT64_C(1774778400000)
#define ROOT "/h/projects"

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

static sqlite3 *make(void)
{
	sqlite3 *db;
	assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
	run(db, store_schema);
	return db;
}

static const struct store_line message = {
	.row = { .time_ms = START_MS + 5, .key = 0xf000000000000001, .request = 7, .flags = STORE_HAS_ID,
		 .tokens = { .input = 10, .output = 20 }, .nano_usd = 500, .reference = 400 },
	.host = "here", .root = ROOT, .path = "-p/s1.jsonl", .session = "s1", .payer = "", .branch = "main",
	.model = "claude-opus-4-6",
};

/* Imports lines in one transaction, and says what became of them: "added raised same purged". */
static const char *import(sqlite3 *db, const struct store_line *lines, size_t count)
{
	static char said[64];
	struct store_import_counts counts;
	struct store_import *work = store_import_begin(db, "here", ROOT);
	assert_non_null(work);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(store_import_add(work, &lines[i]), SQLITE_OK);
	assert_int_equal(store_import_end(work, true, &counts), SQLITE_OK);
	snprintf(said, sizeof(said), "%d %d %d %d", (int)counts.added, (int)counts.raised, (int)counts.same,
		 (int)counts.purged);
	return said;
}

static void a_message_comes_once_and_its_best_line_wins(void **state)
{
	sqlite3 *db = make();
	struct store_line more = message, other = message;
	(void)state;
	more.row.tokens.output = 30;
	more.row.nano_usd = 900;
	other.row.request = 8;
	const struct store_line both[] = { message, other };
	assert_string_equal(import(db, both, 2), "2 0 0 0");
	assert_string_equal(import(db, both, 2), "0 0 2 0");
	assert_string_equal(import(db, &more, 1), "0 1 0 0");
	assert_string_equal(import(db, &message, 1), "0 0 1 0");
	assert_int_equal(ask(db, "SELECT count(*) FROM message"), 2);
	assert_int_equal(ask(db, "SELECT sum(nano_usd) FROM message"), 1400);
	assert_int_equal(ask(db, "SELECT sum(reference) FROM message"), 800);
	assert_int_equal(ask(db, "SELECT sum(nano_usd) FROM hour"), 1400);
	assert_int_equal(ask(db, "SELECT count(*) FROM transcript WHERE path = '" ROOT "/-p/s1.jsonl'"), 1);
	sqlite3_close(db);
}

static void another_machines_transcript_is_not_taken_for_ours(void **state)
{
	sqlite3 *db = make();
	struct store_line theirs = message;
	(void)state;
	theirs.host = "lap top/..";
	theirs.root = "/other/projects";
	theirs.row.key = 5;
	assert_string_equal(import(db, &message, 1), "1 0 0 0");
	assert_string_equal(import(db, &theirs, 1), "1 0 0 0");
	assert_int_equal(ask(db,
			     "SELECT count(*) FROM transcript WHERE path = '" ROOT "/-p/s1@lap_top_...jsonl'"
			     " AND gone = 1"),
			 1);
	assert_int_equal(ask(db, "SELECT count(*) FROM profile JOIN host ON host.id = profile.host"
				 " WHERE host.name = 'lap top/..' AND root = '/other/projects'"),
			 1);
	/* One session, wherever it ran. */
	assert_int_equal(ask(db, "SELECT count(*) FROM session"), 1);
	sqlite3_close(db);
}

static void copies_are_settled_again(void **state)
{
	sqlite3 *db = make();
	struct store_line copy = message;
	(void)state;
	copy.row.flags |= STORE_SIDECHAIN;
	copy.row.request = 9;
	assert_string_equal(import(db, &copy, 1), "1 0 0 0");
	assert_int_equal(ask(db, "SELECT count(*) FROM message WHERE flags & 16"), 0);
	assert_string_equal(import(db, &message, 1), "1 0 0 0");
	assert_int_equal(ask(db, "SELECT request FROM message WHERE flags & 16"), 9);
	sqlite3_close(db);
}

static void sums_give_way_to_messages(void **state)
{
	sqlite3 *db = make();
	struct store_line sum = message;
	(void)state;
	sum.row.flags |= STORE_SUM | STORE_HAS_COST;
	sum.row.key = 99;
	sum.row.time_ms = START_MS;
	assert_string_equal(import(db, &sum, 1), "1 0 0 0");
	assert_string_equal(import(db, &message, 1), "1 0 0 0");
	assert_int_equal(ask(db, "SELECT count(*) FROM message WHERE flags & 4096"), 0);
	assert_string_equal(import(db, &sum, 1), "0 0 1 0");
	/* The next hour is not known yet. */
	sum.row.time_ms += CLOCK_HOUR_MS;
	sum.row.key = 100;
	assert_string_equal(import(db, &sum, 1), "1 0 0 0");
	sqlite3_close(db);
}

static void what_was_purged_stays_away_and_what_fails_leaves_nothing(void **state)
{
	sqlite3 *db = make();
	struct store_line bad = message;
	(void)state;
	run(db, "INSERT INTO tombstone (kind, value, before, at) VALUES (4, -1152921504606846975, 0, 1)");
	assert_string_equal(import(db, &message, 1), "0 0 0 1");
	run(db, "DELETE FROM tombstone");
	struct store_import *work = store_import_begin(db, "here", ROOT);
	assert_int_equal(store_import_add(work, &message), SQLITE_OK);
	bad.path = "../evil";
	bad.row.key = 3;
	assert_int_not_equal(store_import_add(work, &bad), SQLITE_OK);
	assert_int_not_equal(store_import_add(work, &message), SQLITE_OK);
	assert_int_not_equal(store_import_end(work, true, NULL), SQLITE_OK);
	assert_int_equal(ask(db, "SELECT count(*) FROM message"), 0);
	assert_int_equal(ask(db, "SELECT count(*) FROM session"), 0);
	sqlite3_close(db);
}

/* ---- limits that were hit ---- */

static const struct store_hit_line hit = {
	.at = { .row = { .time_ms = START_MS + 7, .offset = 300 }, .host = "here", .root = ROOT,
		.path = "-p/s1.jsonl", .session = "s1", .payer = "", .model = "", .branch = "" },
	.name = "five_hour", .resets_ms = START_MS + CLOCK_HOUR_MS, .in_message = true,
};

static const char *import_hit(sqlite3 *db, const struct store_hit_line *line)
{
	static char said[64];
	struct store_import_counts counts;
	struct store_import *work = store_import_begin(db, "here", ROOT);
	assert_non_null(work);
	assert_int_equal(store_import_add_hit(work, line), SQLITE_OK);
	assert_int_equal(store_import_end(work, true, &counts), SQLITE_OK);
	snprintf(said, sizeof(said), "%d %d %d %d", (int)counts.added, (int)counts.raised, (int)counts.same,
		 (int)counts.purged);
	return said;
}

/* Appends the hit as a line. */
static bool write_hit(void *ctx, const struct store_hit_line *line)
{
	message_line_write_hit(line, "here", ctx);
	return true;
}

static void a_hit_comes_once_and_goes_out_again(void **state)
{
	sqlite3 *db = make();
	struct buf line = BUF_INIT, again = BUF_INIT;
	struct store_hit_line theirs = hit, taken;
	(void)state;
	assert_string_equal(import(db, &message, 1), "1 0 0 0");
	assert_string_equal(import_hit(db, &hit), "1 0 0 0");
	assert_string_equal(import_hit(db, &hit), "0 0 1 0");
	assert_int_equal(ask(db, "SELECT count(*) FROM transcript"), 1);
	message_line_write_hit(&hit, "unused", &line);
	assert_int_equal(store_lines_read_hits(db, START_MS + 8, write_hit, &again), SQLITE_OK);
	assert_int_equal(again.len, 0);
	assert_int_equal(store_lines_read_hits(db, 0, write_hit, &again), SQLITE_OK);
	assert_string_equal(buf_str(&line), buf_str(&again));
	struct json_object *object = json_parse(line.data, line.len, 8, NULL);
	assert_null(message_line_read_hit(object, &taken));
	assert_int_equal(taken.resets_ms, hit.resets_ms);
	assert_true(taken.in_message && !taken.old_form);
	json_object_object_add(object, "limit", json_object_new_string("a limit"));
	assert_non_null(message_line_read_hit(object, &taken));
	json_object_put(object);
	/* The same line of another machine is another one. */
	theirs.at.host = "laptop";
	assert_string_equal(import_hit(db, &theirs), "1 0 0 0");
	run(db, "INSERT INTO tombstone (kind, value, before, at) VALUES (1, 0, 1900000000000, 1)");
	assert_string_equal(import_hit(db, &hit), "0 0 0 1");
	sqlite3_close(db);
	buf_release(&line);
	buf_release(&again);
}

/* ---- readings ---- */

static const struct store_reading_line reading = {
	.host = "here", .root = ROOT, .name = "fiveHour", .session = "s1", .source = "statusline",
	.percent = 42.5, .used_usd = NAN, .limit_usd = 50., .resets_ms = START_MS + CLOCK_HOUR_MS,
	.first_seen_ms = START_MS, .last_seen_ms = START_MS + 5,
};

static const char *import_reading(sqlite3 *db, const struct store_reading_line *line)
{
	static char said[64];
	struct store_import_counts counts;
	struct store_import *work = store_import_begin(db, "here", ROOT);
	assert_non_null(work);
	assert_int_equal(store_import_add_reading(work, line), SQLITE_OK);
	assert_int_equal(store_import_end(work, true, &counts), SQLITE_OK);
	snprintf(said, sizeof(said), "%d %d %d %d", (int)counts.added, (int)counts.raised, (int)counts.same,
		 (int)counts.purged);
	return said;
}

static bool write_reading(void *ctx, const struct store_reading_line *line)
{
	fact_line_write_reading(line, "here", ctx);
	return true;
}

static void a_reading_comes_once_and_goes_out_again(void **state)
{
	sqlite3 *db = make();
	struct buf line = BUF_INIT, again = BUF_INIT;
	struct store_reading_line later = reading, other = reading, read;
	(void)state;
	later.last_seen_ms += 1000;
	later.percent = 42.9;
	other.percent = 43.;
	assert_string_equal(import_reading(db, &reading), "1 0 0 0");
	assert_string_equal(import_reading(db, &reading), "0 0 1 0");
	assert_string_equal(import_reading(db, &later), "0 1 0 0");
	assert_string_equal(import_reading(db, &reading), "0 0 1 0");
	assert_int_equal(ask(db, "SELECT last_seen - first_seen FROM reading"), 1005);
	fact_line_write_reading(&later, "unused", &line);
	assert_int_equal(store_readings_read(db, 0, write_reading, &again), SQLITE_OK);
	assert_string_equal(buf_str(&line), buf_str(&again));
	struct json_object *object = json_parse(line.data, line.len, 8, NULL);
	assert_null(fact_line_read_reading(object, &read));
	assert_true(isnan(read.used_usd) && read.limit_usd > 49. && read.percent > 42.8);
	assert_int_equal(read.resets_ms, reading.resets_ms);
	json_object_object_add(object, "percent", json_object_new_double(-1));
	assert_non_null(fact_line_read_reading(object, &read));
	json_object_put(object);
	assert_string_equal(import_reading(db, &other), "1 0 0 0");
	run(db, "INSERT INTO tombstone (kind, value, before, at) VALUES (1, 0, 1900000000000, 1)");
	assert_string_equal(import_reading(db, &reading), "0 0 0 1");
	sqlite3_close(db);
	buf_release(&line);
	buf_release(&again);
}

/* ---- lines ---- */

static const char *read_line(const char *text, struct store_line *out)
{
	static struct json_object *object;
	json_object_put(object);
	object = json_parse(text, strlen(text), 8, NULL);
	assert_non_null(object);
	return message_line_read(object, out);
}

static void a_line_says_all_that_is_known(void **state)
{
	struct store_line first = message, second;
	struct buf line = BUF_INIT, again = BUF_INIT;
	(void)state;
	first.row.flags = STORE_FLAGS_ALL & ~STORE_HAS_CLAIMS;
	first.row.large.input = 3;
	first.payer = "s2";
	first.version = 4;
	first.subagent = true;
	message_line_write(&first, "unused", &line);
	assert_null(read_line(buf_str(&line), &second));
	message_line_write(&second, "unused", &again);
	assert_string_equal(buf_str(&line), buf_str(&again));
	assert_int_equal(second.row.key, first.row.key);
	assert_int_equal(second.row.flags, first.row.flags);
	buf_release(&line);
	buf_release(&again);
}

/* Replaces a text in a good line. */
static void expect_refused(const char *from, const char *to)
{
	struct store_line out;
	struct buf line = BUF_INIT, bad = BUF_INIT;
	message_line_write(&message, "unused", &line);
	const char *at = strstr(buf_str(&line), from);
	assert_non_null(at);
	buf_append(&bad, line.data, (size_t)(at - line.data));
	buf_printf(&bad, "%s%s", to, at + strlen(from));
	if (!read_line(buf_str(&bad), &out))
		fail_msg("taken: %s", buf_str(&bad));
	buf_release(&line);
	buf_release(&bad);
}

static void a_line_from_elsewhere_is_hostile(void **state)
{
	(void)state;
	expect_refused("\"v\":1", "\"v\":2");
	expect_refused("\"inputTokens\":10", "\"inputTokens\":-1");
	expect_refused("\"inputTokens\":10", "\"inputTokens\":4294967296");
	expect_refused("\"nanoUSD\":500", "\"nanoUSD\":9000000000000001");
	expect_refused("-p/s1.jsonl", "-p/../../s1.jsonl");
	expect_refused("-p/s1.jsonl", "-p/s1.txt");
	expect_refused("\"" ROOT "\"", "\"h/projects\"");
	expect_refused("\"sessionId\":\"s1\"", "\"sessionId\":\"../s1\"");
	expect_refused("\"id\"", "\"what\"");
	expect_refused("f000000000000001", "f00000000000000");
	expect_refused("2026-03-29", "never");
	expect_refused("\"host\":\"here\"", "\"host\":\"\"");
	expect_refused("\"model\":\"claude-opus-4-6\"", "\"model\":4");
}

/* ---- what others counted ---- */

static bool count_row(void *ctx, const struct store_imported *row)
{
	assert_string_equal(row->day, "2026-03-28");
	++*(int *)ctx;
	return true;
}

static void other_counts_show_only_where_there_are_no_messages(void **state)
{
	struct store_import_counts counts = { 0 };
	struct store_imported row = { .source = STORE_SOURCE_CCUSAGE, .day = "2026-03-28", .model = "m",
				      .input = 5, .nano_usd = 9 };
	sqlite3 *db = make();
	int shown = 0;
	(void)state;
	setenv("TZ", "UTC", 1);
	tzset();
	assert_int_equal(store_imported_put(db, &row, &counts), SQLITE_OK);
	assert_int_equal(store_imported_put(db, &row, &counts), SQLITE_OK);
	row.input = 6;
	assert_int_equal(store_imported_put(db, &row, &counts), SQLITE_OK);
	row.day = "2026-03-29";
	assert_int_equal(store_imported_put(db, &row, &counts), SQLITE_OK);
	assert_int_equal(counts.added, 2);
	assert_int_equal(counts.raised, 1);
	assert_int_equal(counts.same, 1);
	assert_string_equal(import(db, &message, 1), "1 0 0 0");
	run(db,
	    "INSERT INTO imported VALUES ('evil', '2026-03-28', 'm', 1, 1, 1, 1, 1),"
	    " ('ccusage', 'yesterday', 'm', 1, 1, 1, 1, 1), ('ccusage', '2026-03-28', 'n', -1, 1, 1, 1, 1)");
	assert_int_equal(store_imported_read(db, count_row, &shown), SQLITE_OK);
	assert_int_equal(shown, 1);
	sqlite3_close(db);
}

static struct store_line read[4];
static char read_paths[4][160];
static size_t read_count;

static bool take_line(void *ctx, const struct store_line *line)
{
	size_t most = *(const size_t *)ctx;
	assert_true(read_count < 4);
	snprintf(read_paths[read_count], sizeof(read_paths[0]), "%s|%s|%s|%s|%s|%s|%s", line->host,
		 line->root, line->path, line->session, line->payer, line->model, line->branch);
	read[read_count++] = *line;
	return read_count < most;
}

static size_t read_back(sqlite3 *db, int64_t since_ms, size_t most, int result, int64_t last_ms)
{
	int64_t last = -1;
	read_count = 0;
	assert_int_equal(store_lines_read(db, since_ms, take_line, &most, &last), result);
	assert_int_equal(last, last_ms);
	return read_count;
}

static void what_came_in_goes_out_as_it_was(void **state)
{
	sqlite3 *db = make();
	struct store_line first = message, theirs = message, later = message;
	(void)state;
	/* The host's own mark in the path stays in the file alone. */
	theirs.host = "laptop";
	theirs.root = "/other/projects";
	theirs.path = "-q/s2/subagents/agent-1.jsonl";
	theirs.session = "s2";
	theirs.payer = "s1";
	theirs.subagent = true;
	theirs.row.key = 5;
	theirs.row.time_ms += 1000;
	later.row.key = 6;
	later.row.time_ms += 2000;
	later.model = later.branch = "";
	const struct store_line all[] = { first, theirs, later };
	assert_int_equal(read_back(db, 0, 9, SQLITE_OK, 0), 0);
	assert_string_equal(import(db, all, 3), "3 0 0 0");
	assert_int_equal(read_back(db, 0, 9, SQLITE_OK, later.row.time_ms), 3);
	assert_string_equal(read_paths[0] + strcspn(read_paths[0], "|"),
			    "|" ROOT "|-p/s1.jsonl|s1||claude-opus-4-6|main");
	assert_string_equal(read_paths[1], "laptop|/other/projects|-q/s2/subagents/agent-1.jsonl|s2|s1|"
					   "claude-opus-4-6|main");
	assert_string_equal(read_paths[2] + strcspn(read_paths[2], "|"), "|" ROOT "|-p/s1.jsonl|s1|||");
	assert_true(read[1].subagent && !read[0].subagent);
	assert_true(read[0].row.key == first.row.key && read[0].row.request == first.row.request);
	assert_int_equal(read[0].row.tokens.output, first.row.tokens.output);
	assert_int_equal(read[0].row.nano_usd, first.row.nano_usd);
	/* Since a time; and until who takes them has enough. */
	assert_int_equal(read_back(db, theirs.row.time_ms, 9, SQLITE_OK, later.row.time_ms), 2);
	assert_int_equal(read_back(db, 0, 2, SQLITE_ABORT, theirs.row.time_ms), 2);
	/* A transcript that we cannot have written is passed over. */
	run(db, "UPDATE transcript SET root_bytes = 4000 WHERE subagent");
	assert_int_equal(read_back(db, 0, 9, SQLITE_OK, later.row.time_ms), 2);
	run(db, "DROP TABLE branch");
	assert_int_equal(read_back(db, 0, 9, SQLITE_ERROR, 0), 0);
	sqlite3_close(db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_message_comes_once_and_its_best_line_wins),
		cmocka_unit_test(another_machines_transcript_is_not_taken_for_ours),
		cmocka_unit_test(copies_are_settled_again),
		cmocka_unit_test(sums_give_way_to_messages),
		cmocka_unit_test(what_was_purged_stays_away_and_what_fails_leaves_nothing),
		cmocka_unit_test(a_hit_comes_once_and_goes_out_again),
		cmocka_unit_test(a_reading_comes_once_and_goes_out_again),
		cmocka_unit_test(a_line_says_all_that_is_known),
		cmocka_unit_test(a_line_from_elsewhere_is_hostile),
		cmocka_unit_test(other_counts_show_only_where_there_are_no_messages),
		cmocka_unit_test(what_came_in_goes_out_as_it_was),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
