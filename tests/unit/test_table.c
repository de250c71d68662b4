/* Tables, reports' rows in them, and what the reports' command lines say. */
#include "unit.h"

#include <json-c/json.h>
#include <math.h>
#include <time.h>

#include "base/width.h"
#include "base/clock.h"
#include "json/pretty.h"
#include "price/load.h"
#include "price/names.h"
#include "report/json.h"
#include "swatch/report/cells.h"
#include "swatch/report/command.h"
#include "swatch/report/table.h"
#include "swatch/ui/table.h"
#include "swatch/ui/terminal.h"

/* 2026-11-23T14:05:00Z; the tests run in UTC. */
#define NOW_MS INT64_C(1795442700000)

/* ---- layout ---- */

static const struct table_column columns[] = {
	{ .title = "NAME", .cut = TABLE_CUT_END, .least = 4 },
	{ .title = "NUMBER", .brief_title = "N", .is_number = true },
	{ .title = "FIRST", .is_number = true, .drop = 2 },
	{ .title = "ALSO", .is_number = true, .drop = 2 },
	{ .title = "LIST", .cut = TABLE_CUT_LIST, .least = 5, .drop = 1 },
};
#define COLUMN_COUNT (sizeof(columns) / sizeof(columns[0]))

static void fill(struct table *table)
{
	table_init(table, columns, COLUMN_COUNT);
	table_row(table, STYLE_PLAIN);
	table_cell(table, 0, "the long name", "long name");
	table_cell(table, 1, "1,234", NULL);
	table_cell(table, 2, "1", NULL);
	table_cell(table, 3, "2", NULL);
	table_cell(table, 4, "one, two, three", NULL);
	table_rule(table);
	table_row(table, STYLE_STRONG);
	table_cell(table, 0, "total", NULL);
	table_cell(table, 1, "7", NULL);
}

static void expect_table(size_t width, const char *expected)
{
	struct table table;
	struct table_device device = { .width = width };
	struct buf out = BUF_INIT;
	fill(&table);
	assert_true(table_render(&table, &device, &out));
	assert_string_equal(buf_str(&out), expected);
	buf_release(&out);
	table_release(&table);
}

static void test_table_is_aligned(void **state)
{
	(void)state;
	expect_table(0,
		     "NAME           NUMBER  FIRST  ALSO  LIST\n"
		     "---------------------------------------------------\n"
		     "the long name   1,234      1     2  one, two, three\n"
		     "---------------------------------------------------\n"
		     "total               7\n");
}

static void test_table_gets_narrower_step_by_step(void **state)
{
	(void)state;
	/* It just fits; then the brief texts. */
	expect_table(51,
		     "NAME           NUMBER  FIRST  ALSO  LIST\n"
		     "---------------------------------------------------\n"
		     "the long name   1,234      1     2  one, two, three\n"
		     "---------------------------------------------------\n"
		     "total               7\n");
	expect_table(50,
		     "NAME           N  FIRST  ALSO  LIST\n"
		     "----------------------------------------------\n"
		     "long name  1,234      1     2  one, two, three\n"
		     "----------------------------------------------\n"
		     "total          7\n");
	/* What may be cut is cut, the last column first. */
	expect_table(40,
		     "NAME           N  FIRST  ALSO  LIST\n"
		     "----------------------------------------\n"
		     "long name  1,234      1     2  one +2\n"
		     "----------------------------------------\n"
		     "total          7\n");
	expect_table(33,
		     "NAME        N  FIRST  ALSO  LIST\n"
		     "---------------------------------\n"
		     "long..  1,234      1     2  one..\n"
		     "---------------------------------\n"
		     "total       7\n");
}

static void test_table_leaves_columns_out_together(void **state)
{
	(void)state;
	expect_table(24,
		     "NAME           N  LIST\n"
		     "------------------------\n"
		     "long name  1,234  one +2\n"
		     "------------------------\n"
		     "total          7\n");
	expect_table(15,
		     "NAME          N\n"
		     "---------------\n"
		     "long n..  1,234\n"
		     "---------------\n"
		     "total         7\n");
	/* Nothing is left to leave out. */
	expect_table(3,
		     "NAME      N\n"
		     "-----------\n"
		     "lo..  1,234\n"
		     "-----------\n"
		     "to..      7\n");
}

static void test_no_line_is_wider_than_asked_for(void **state)
{
	(void)state;
	for (size_t width = 11; width < 60; width++) {
		for (int utf8 = 0; utf8 <= 1; utf8++) {
			struct table table;
			struct table_device device = { .width = width, .utf8 = utf8 == 1 };
			struct buf out = BUF_INIT;
			fill(&table);
			assert_true(table_render(&table, &device, &out));
			for (const char *line = buf_str(&out); *line; line = strchr(line, '\n') + 1) {
				size_t len = strcspn(line, "\n");
				assert_true(width_of(line, len) <= width);
				assert_true(len == 0 || line[len - 1] != ' ');
			}
			buf_release(&out);
			table_release(&table);
		}
	}
}

static void test_utf8_where_the_locale_has_it(void **state)
{
	static const struct table_column one[] = { { .title = "N", .cut = TABLE_CUT_START, .least = 3 } };
	struct table table;
	struct buf out = BUF_INIT;
	(void)state;
	table_init(&table, one, 1);
	table_row(&table, STYLE_PLAIN);
	table_cell(&table, 0, "abcd\xC3\xA4", NULL);
	assert_true(table_render(&table, &(struct table_device){ .width = 4, .utf8 = true }, &out));
	assert_string_equal(buf_str(&out), "N\n\xE2\x94\x80\xE2\x94\x80\xE2\x94\x80\xE2\x94\x80\n\xE2\x80\xA6"
					   "cd\xC3\xA4\n");
	buf_clear(&out);
	assert_true(table_render(&table, &(struct table_device){ .width = 4 }, &out));
	assert_string_equal(buf_str(&out), "N\n----\n..d?\n");
	buf_release(&out);
	table_release(&table);
}

static void test_cells_cannot_carry_control_sequences(void **state)
{
	struct table table;
	struct buf out = BUF_INIT;
	(void)state;
	table_init(&table, columns, COLUMN_COUNT);
	table_row(&table, STYLE_PLAIN);
	table_cell(&table, 0, "a\033]0;gotcha\007\nb\xE2\x80\xAE", "\033[2J");
	table_cell(&table, 4, "\x1b[31m", NULL);
	for (size_t width = 0; width < 30; width += 10) {
		buf_clear(&out);
		assert_true(
			table_render(&table, &(struct table_device){ .width = width, .utf8 = true }, &out));
		assert_null(strchr(buf_str(&out), '\033'));
		assert_null(strchr(buf_str(&out), '\007'));
		assert_null(strstr(buf_str(&out), "\xE2\x80\xAE"));
	}
	buf_release(&out);
	table_release(&table);
}

static void test_colours_do_not_count_as_columns(void **state)
{
	struct table table;
	struct buf plain = BUF_INIT, colour = BUF_INIT, stripped = BUF_INIT;
	(void)state;
	fill(&table);
	assert_true(table_render(&table, &(struct table_device){ .width = 40 }, &plain));
	assert_true(table_render(&table, &(struct table_device){ .width = 40, .colour = true }, &colour));
	assert_non_null(strstr(buf_str(&colour), "\033[1m"));
	for (const char *c = buf_str(&colour); *c; c++) {
		if (*c == '\033')
			c = strchr(c, 'm');
		else
			buf_append_char(&stripped, *c);
	}
	assert_string_equal(buf_str(&stripped), buf_str(&plain));
	buf_release(&plain);
	buf_release(&colour);
	buf_release(&stripped);
	table_release(&table);
}

/* ---- the terminal ---- */

static void test_width_of_the_terminal(void **state)
{
	(void)state;
	setenv("COLUMNS", "132", 1);
	assert_int_equal(terminal_columns(-1), 132);
	/* What is no width is not taken for one; descriptor -1 is no terminal. */
	static const char *const bad[] = { "", "0", "-5", "80x", "99999999999999999999" };
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		setenv("COLUMNS", bad[i], 1);
		assert_int_equal(terminal_columns(-1), 0);
	}
	unsetenv("COLUMNS");
	assert_int_equal(terminal_columns(-1), 0);
}

static void test_who_wants_colours(void **state)
{
	(void)state;
	unsetenv("NO_COLOR");
	unsetenv("CLICOLOR");
	unsetenv("CLICOLOR_FORCE");
	assert_false(terminal_wants_colour(-1));
	setenv("CLICOLOR_FORCE", "0", 1);
	assert_false(terminal_wants_colour(-1));
	setenv("CLICOLOR_FORCE", "1", 1);
	assert_true(terminal_wants_colour(-1));
	setenv("NO_COLOR", "1", 1);
	assert_false(terminal_wants_colour(-1));
	setenv("NO_COLOR", "", 1);
	assert_true(terminal_wants_colour(-1));
	unsetenv("NO_COLOR");
	unsetenv("CLICOLOR_FORCE");
}

static void expect_utf8(const char *all, const char *ctype, const char *lang, bool expected)
{
	setenv("LC_ALL", all, 1);
	setenv("LC_CTYPE", ctype, 1);
	setenv("LANG", lang, 1);
	assert_int_equal(terminal_speaks_utf8(), expected);
}

static void test_locales(void **state)
{
	(void)state;
	expect_utf8("", "", "", false);
	expect_utf8("", "", "de_DE.UTF-8", true);
	expect_utf8("", "", "C.utf8", true);
	expect_utf8("", "POSIX", "de_DE.UTF-8", false);
	expect_utf8("en_US.UTF-8", "POSIX", "", true);
	expect_utf8("C", "", "de_DE.UTF-8", false);
}

/* ---- JSON ---- */

static void expect_pretty(const char *json, unsigned level, const char *expected)
{
	struct buf out = BUF_INIT;
	json_pretty(&out, json, strlen(json), level);
	assert_string_equal(buf_str(&out), expected);
	buf_release(&out);
}

static void test_json_in_lines(void **state)
{
	(void)state;
	expect_pretty(
		"{\"a\":[],\"b\":{ },\"c\":[1,-0.0],\"d\":\"x\\\"{,}:\"}", 0,
		"{\n  \"a\": [],\n  \"b\": {},\n  \"c\": [\n    1,\n    -0.0\n  ],\n  \"d\": \"x\\\"{,"
		"}:\"\n}");
	expect_pretty("{\"a\":null}", 2, "{\n      \"a\": null\n    }");
	expect_pretty("7", 3, "7");
	expect_pretty("", 0, "");
	/* Text that is not JSON stays as it is. */
	expect_pretty("\"open", 0, "\"open");
	expect_pretty("]]", 0, "]]");
}

static void add_row(struct report *report, const char *json)
{
	struct json_object *row = json_tokener_parse(json);
	report_read_row(report, row);
	json_object_put(row);
	assert_false(report->failed);
}

static void expect_json(enum report_kind kind, const char *rows, const char *expected)
{
	struct report report;
	struct buf out = BUF_INIT;
	struct jsonw w;
	report_init(&report, kind);
	if (rows)
		add_row(&report, rows);
	jsonw_init_lines(&w, &out);
	jsonw_begin_object(&w);
	report_write_members(&w, &report);
	jsonw_end_object(&w);
	assert_string_equal(buf_str(&out), expected);
	buf_release(&out);
	report_release(&report);
}

#define NO_TOTALS \
	"  \"totals\": {\n    \"cacheCreationTokens\": 0,\n    \"cacheReadTokens\": 0,\n" \
	"    \"inputTokens\": 0,\n    \"outputTokens\": 0,\n    \"totalCost\": -0.0,\n    \"totalTokens\": 0\n" \
	"  }"

static void test_json_reports(void **state)
{
	(void)state;
	expect_json(REPORT_BLOCKS, NULL, "{\n  \"blocks\": []\n}");
	/* ccusage sorts: "totals" stands before "weekly", but not before "daily". */
	expect_json(REPORT_DAILY, NULL, "{\n  \"daily\": [],\n" NO_TOTALS "\n}");
	expect_json(
		REPORT_WEEKLY, "{\"week\":\"2026-11-22\",\"modelsUsed\":[]}",
		"{\n" NO_TOTALS ",\n  \"weekly\": [\n    {\n      \"cacheCreationTokens\": 0,\n"
		"      \"cacheReadTokens\": 0,\n      \"inputTokens\": 0,\n      \"modelBreakdowns\": [],\n"
		"      \"modelsUsed\": [],\n      \"outputTokens\": 0,\n      \"totalCost\": 0,\n"
		"      \"totalTokens\": 0,\n      \"week\": \"2026-11-22\"\n    }\n  ]\n}");
}

/* ---- rows ---- */

static void expect_short(const char *model, const char *expected)
{
	char out[REPORT_MODEL_SIZE];
	model_name_shorten(model, out, sizeof(out));
	assert_string_equal(out, expected);
}

static void test_short_names_of_models(void **state)
{
	char longest[400];
	char out[REPORT_MODEL_SIZE];
	(void)state;
	expect_short("claude-opus-4-6", "opus-4-6");
	expect_short("claude-haiku-4-5-20251001", "haiku-4-5");
	expect_short("claude-haiku-4-5-20251001-fast", "haiku-4-5-fast");
	expect_short("us.anthropic.claude-sonnet-4-5", "us.anthropic.claude-sonnet-4-5");
	expect_short("claude-opus-4-6-20260101[1m]", "opus-4-6");
	expect_short("claude-opus-4-6[1m]", "opus-4-6");
	expect_short("gpt-20251001x", "gpt-20251001x");
	expect_short("claude-", "claude-");
	expect_short("", "");
	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	model_name_shorten(longest, out, sizeof(out));
	assert_int_equal(strlen(out), REPORT_MODEL_SIZE - 1);
}

static void test_daily_table(void **state)
{
	struct report_request request = { .options = { .kind = REPORT_DAILY, .now_ms = NOW_MS } };
	struct report report;
	struct buf out = BUF_INIT;
	struct table_device device = { .width = 80 };
	(void)state;
	report_init(&report, REPORT_DAILY);
	add_row(&report,
		"{\"date\":\"2026-11-23\",\"inputTokens\":1234567,\"outputTokens\":2,"
		"\"cacheCreationTokens\":3,"
		"\"cacheReadTokens\":4,\"totalTokens\":1234576,\"totalCost\":1234.567,"
		"\"modelsUsed\":[\"claude-opus-4-6\"],"
		"\"modelBreakdowns\":[{\"modelName\":\"claude-opus-4-6\",\"inputTokens\":5,"
		"\"cost\":0.001}]}");
	report.tokens = report.rows[0].tokens;
	report.cost_usd = report.rows[0].cost_usd;
	assert_true(report_table_compose(&request, &report, &device, &out));
	assert_string_equal(
		buf_str(&out),
		"DATE            INPUT  OUTPUT  CACHE W  CACHE R     TOKENS       COST  MODELS\n"
		"-------------------------------------------------------------------------------\n"
		"2026-11-23  1,234,567       2        3        4  1,234,576  $1,234.57  opus-4-6\n"
		"-------------------------------------------------------------------------------\n"
		"total       1,234,567       2        3        4  1,234,576  $1,234.57\n");
	buf_clear(&out);
	request.breakdown = true;
	assert_true(report_table_compose(&request, &report, &device, &out));
	assert_non_null(strstr(buf_str(&out), "\n  opus-4-6          5 "));
	assert_non_null(strstr(buf_str(&out), "<$0.01\n"));
	assert_null(strstr(buf_str(&out), "MODELS"));
	buf_release(&out);
	report_release(&report);
}

/* A row's models are its own, also where it has those of the row above. */
static void test_models_of_rows(void **state)
{
	struct report_request request = { .options = { .kind = REPORT_DAILY, .now_ms = NOW_MS } };
	static const char *const models[] = { "\"b\",\"a\"", "\"b\",\"a\"", "\"a\",\"b\"", "\"a\"", "" };
	struct report report;
	struct buf out = BUF_INIT;
	(void)state;
	report_init(&report, REPORT_DAILY);
	for (size_t i = 0; i < sizeof(models) / sizeof(models[0]); i++) {
		char row[200];
		snprintf(row, sizeof(row),
			 "{\"date\":\"2026-11-2%zu\",\"modelsUsed\":[%s],"
			 "\"modelBreakdowns\":[{\"modelName\":\"%s\"}%s]}",
			 i, models[i], strstr(models[i], "a") ? "a" : "x",
			 strstr(models[i], "b") ? ",{\"modelName\":\"b\"}" : "");
		add_row(&report, row);
	}
	assert_true(report_table_compose(&request, &report, &(struct table_device){ .width = 80 }, &out));
	static const char *const ends[] = { "0.00  b, a\n", "0.00  b, a\n", "0.00  a, b\n", "0.00  a\n",
					    "0.00\n" };
	const char *at = buf_str(&out);
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		at = strstr(at, "2026-11-2");
		assert_non_null(at);
		const char *end = strchr(at, '\n') + 1;
		assert_true((size_t)(end - at) > strlen(ends[i]));
		assert_memory_equal(end - strlen(ends[i]), ends[i], strlen(ends[i]));
		at = end;
	}
	buf_release(&out);
	report_release(&report);
}

static void test_tables_survive_any_row(void **state)
{
	static const char *const rows[] = {
		"{}",
		"[]",
		"no JSON",
		"{\"date\":5,\"modelsUsed\":{},\"modelBreakdowns\":[1,{}]}",
		"{\"modelsUsed\":[null,7],\"totalCost\":\"x\",\"inputTokens\":1e300}",
		"{\"startTime\":\"x\",\"isGap\":1,\"isActive\":true,\"burnRate\":[],\"models\":\"a\"}",
		"{\"isActive\":true,\"burnRate\":{},\"projection\":{}}"
	};
	(void)state;
	for (int kind = REPORT_BLOCKS; kind <= REPORT_SESSIONS; kind++) {
		for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
			struct report_request request = { .options = { .kind = (enum report_kind)kind,
								       .now_ms = NOW_MS } };
			struct report report;
			struct buf out = BUF_INIT;
			report_init(&report, (enum report_kind)kind);
			add_row(&report, rows[i]);
			request.breakdown = i % 2 == 0;
			assert_true(report_table_compose(&request, &report,
							 &(struct table_device){ .width = 40 }, &out));
			report_drop_blocks(&report, NOW_MS - 3 * CLOCK_DAY_MS);
			buf_release(&out);
			report_release(&report);
		}
	}
}

static void test_blocks_table(void **state)
{
	struct report_request request = { .options = { .kind = REPORT_BLOCKS, .now_ms = NOW_MS } };
	struct report report;
	struct buf out = BUF_INIT;
	(void)state;
	report_init(&report, REPORT_BLOCKS);
	add_row(&report,
		"{\"startTime\":\"2026-11-22T01:00:00.000Z\",\"endTime\":\"2026-11-22T06:00:00.000Z\","
		"\"actualEndTime\":\"2026-11-22T02:30:00.000Z\",\"isActive\":false,\"isGap\":false,"
		"\"entries\":3,"
		"\"tokenCounts\":{\"inputTokens\":998,\"outputTokens\":2},\"costUSD\":1.5,\"models\":[\"claude-opus-4-6\"]}");
	add_row(&report,
		"{\"startTime\":\"2026-11-22T07:30:00.000Z\",\"endTime\":\"2026-11-23T13:05:00.000Z\","
		"\"isGap\":true}");
	add_row(&report,
		"{\"startTime\":\"2026-11-23T13:00:00.000Z\",\"endTime\":\"2026-11-23T18:00:00.000Z\","
		"\"actualEndTime\":\"2026-11-23T14:00:00.000Z\",\"isActive\":true,\"isGap\":false,"
		"\"entries\":2,"
		"\"tokenCounts\":{\"inputTokens\":500},\"costUSD\":0.5,\"models\":[\"claude-opus-4-6\"],"
		"\"burnRate\":{\"tokensPerMinute\":1000.5,"
		"\"tokensPerMinuteForIndicator\":6000,\"costPerHour\":2.5},"
		"\"projection\":{\"totalCost\":9.99,"
		"\"totalTokens\":123456,\"remainingMinutes\":235}}");
	assert_true(report_table_compose(&request, &report, &(struct table_device){ .width = 80 }, &out));
	assert_string_equal(
		buf_str(&out),
		"START          LASTED  STATE   MESSAGES  INPUT  OUTPUT  TOKENS   COST  MODELS\n"
		"-------------------------------------------------------------------------------\n"
		"11-22 01:00  1 h 30 m                 3    998       2   1,000  $1.50  opus-4-6\n"
		"11-22 07:30   1 d 5 h  gap\n"
		"11-23 13:00   1 h 5 m  active         2    500       0     500  $0.50  opus-4-6\n"
		"-------------------------------------------------------------------------------\n"
		"2 blocks                              5  1,498       2   1,500  $2.00\n"
		"no room for CACHE WRITE, CACHE READ (COLUMNS=200 makes some)\n"
		"\n"
		"block ends  at 18:00, in 3 h 55 m\n"
		"burn rate   $2.50 an hour, 1,000 tokens a minute\n"
		"            high: 6,000 tokens a minute without the cache's\n"
		"projection  $9.99 and 123,456 tokens at the block's end, at this rate\n");
	buf_release(&out);
	report_release(&report);
}

static void test_recent_blocks(void **state)
{
	struct report report;
	(void)state;
	report_init(&report, REPORT_BLOCKS);
	add_row(&report, "{\"startTime\":\"2026-11-20T14:04:59.999Z\",\"id\":\"just too old\"}");
	add_row(&report, "{\"startTime\":\"2026-11-20T14:05:00.000Z\",\"id\":\"just new enough\"}");
	add_row(&report, "{\"startTime\":\"2026-11-01T00:00:00.000Z\",\"isActive\":true,\"id\":\"active\"}");
	add_row(&report, "{\"id\":\"timeless\"}");
	report_drop_blocks(&report, NOW_MS - 3 * CLOCK_DAY_MS);
	assert_int_equal(report.row_count, 2);
	assert_int_equal(report.rows[0].block.start_ms, NOW_MS - 3 * CLOCK_DAY_MS);
	assert_true(report.rows[1].block.is_active);
	report_release(&report);
}

/* ---- the command line ---- */

static void expect_day(const char *text, const char *expected)
{
	char day[9] = "";
	assert_int_equal(report_parse_day(text, NOW_MS, day), expected != NULL);
	if (expected)
		assert_string_equal(day, expected);
}

static void test_days(void **state)
{
	(void)state;
	expect_day("20261123", "20261123");
	expect_day("2026-11-03", "20261103");
	expect_day("today", "20261123");
	expect_day("yesterday", "20261122");
	expect_day("0d", "20261123");
	expect_day("7d", "20261116");
	expect_day("365d", "20251123");
	expect_day("20240229", "20240229");
	static const char *const bad[] = { "",
					   "2026",
					   "20260229",
					   "20261301",
					   "20260100",
					   "2026-1-1",
					   "2026/11/23",
					   "2026-11-23T00:00:00Z",
					   "tomorrow",
					   "-7d",
					   "7dd",
					   "d",
					   "99999999999999999999d",
					   "100000d",
					   "2026112a",
					   "202611230" };
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		expect_day(bad[i], NULL);
}

/* The day is the local one, also where clocks change. */
static void test_days_are_local(void **state)
{
	char day[9];
	int64_t at_ms;
	(void)state;
	setenv("TZ", "Europe/Berlin", 1);
	tzset();
	assert_true(clock_parse_rfc3339("2026-10-25T23:30:00Z", 20, &at_ms));
	assert_true(report_parse_day("today", at_ms, day));
	assert_string_equal(day, "20261026");
	/* The 25th has 25 hours there. */
	assert_true(report_parse_day("yesterday", at_ms, day));
	assert_string_equal(day, "20261025");
	setenv("TZ", "UTC", 1);
	tzset();
}

static void test_threads(void **state)
{
	unsigned threads = 0;
	(void)state;
	assert_true(report_parse_threads("16", &threads));
	assert_int_equal(threads, 16);
	static const char *const bad[] = { "", "0", "17", "-1", "2x", " 2", "99999999999999999999" };
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(report_parse_threads(bad[i], &threads));
}

/* ---- prices ---- */

static void test_prices_of_any_spelling(void **state)
{
	const struct prices prices = { 0 };
	struct prices_model found;
	(void)state;
	prices_find(&prices, "claude-opus-4-6[1m]", &found);
	assert_non_null(found.price);
	assert_string_equal(found.price->model, "claude-opus-4-6");
	assert_false(found.from_file);
	assert_true(fabs(found.base.input - 5.) < 1e-9);
	assert_true(fabs(found.base.cache_write_1h - 10.) < 1e-9);
	double plain = found.base.output, fast = found.price->fast_factor;
	/* The reports' name for speed "fast". */
	prices_find(&prices, "claude-opus-4-6-fast", &found);
	assert_true(found.is_fast);
	assert_true(fast > 1.);
	assert_true(fabs(found.base.output - plain * fast) < 1e-9);
	prices_find(&prices, "us.anthropic.claude-sonnet-4-5-20250929-v1:0", &found);
	assert_true(fabs(found.region_factor - 1.1) < 1e-12);
	assert_true(fabs(found.base.input - 3.3) < 1e-9);
	/* Only a part of the tokens is dearer; 1-hour writes go by the input's price there too. */
	assert_int_equal(found.price->threshold_tokens, 200000);
	assert_true(fabs(found.above.cache_write_1h - 2. * found.above.input) < 1e-9);
	prices_find(&prices, "no-such-model", &found);
	assert_null(found.price);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table_is_aligned),
		cmocka_unit_test(test_table_gets_narrower_step_by_step),
		cmocka_unit_test(test_table_leaves_columns_out_together),
		cmocka_unit_test(test_no_line_is_wider_than_asked_for),
		cmocka_unit_test(test_utf8_where_the_locale_has_it),
		cmocka_unit_test(test_cells_cannot_carry_control_sequences),
		cmocka_unit_test(test_colours_do_not_count_as_columns),
		cmocka_unit_test(test_width_of_the_terminal),
		cmocka_unit_test(test_who_wants_colours),
		cmocka_unit_test(test_locales),
		cmocka_unit_test(test_json_in_lines),
		cmocka_unit_test(test_json_reports),
		cmocka_unit_test(test_short_names_of_models),
		cmocka_unit_test(test_daily_table),
		cmocka_unit_test(test_models_of_rows),
		cmocka_unit_test(test_tables_survive_any_row),
		cmocka_unit_test(test_blocks_table),
		cmocka_unit_test(test_recent_blocks),
		cmocka_unit_test(test_days),
		cmocka_unit_test(test_days_are_local),
		cmocka_unit_test(test_threads),
		cmocka_unit_test(test_prices_of_any_spelling),
	};
	setenv("TZ", "UTC", 1);
	tzset();
	return cmocka_run_group_tests_name("table", tests, NULL, NULL);
}
