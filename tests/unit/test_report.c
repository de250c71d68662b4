/*
 * The rows of the reports, counted by hand: days in a time zone, weeks that begin on Sunday, sessions by what
 * they cost, blocks and the gaps between them. That they equal ccusage's is shown with its program
 * (reports.bats).
 */
#include <json.h>
#include <math.h>
#include <time.h>

#include "base/clock.h"
#include "fail_alloc.h"
#include "unit.h"
#include "report/json.h"
#include "report/report.h"

/* Sunday, 2026-03-01T00:00:00Z */
#define SUNDAY_MS INT64_C(1772323200000)
#define OPUS "claude-opus-4-6"
#define HAIKU "claude-haiku-4-5"
/* of a record of 100,000 tokens in and 10,000 out */
#define OPUS_USD 0.75
#define HAIKU_USD 0.15

#define ROWS_MAX 16

struct fixture {
	struct ledger *ledger;
	int64_t offset;
	struct report report;
	struct json_object *rows[ROWS_MAX], *totals;
	struct buf error;
};

static int set_up(void **state)
{
	static struct fixture f;
	memset(&f, 0, sizeof(f));
	f.ledger = ledger_new();
	assert_non_null(f.ledger);
	assert_int_equal(setenv("TZ", "UTC", 1), 0);
	tzset();
	*state = &f;
	return 0;
}

static void forget(struct fixture *f)
{
	for (size_t i = 0; i < ROWS_MAX; i++) {
		json_object_put(f->rows[i]);
		f->rows[i] = NULL;
	}
	json_object_put(f->totals);
	f->totals = NULL;
	report_release(&f->report);
	buf_release(&f->error);
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	forget(f);
	ledger_free(f->ledger);
	/* A report in another zone gives this one back. */
	assert_string_equal(getenv("TZ"), "UTC");
	return 0;
}

/* `path` below projects/ */
static void add(struct fixture *f, const char *path, const char *session, const char *model, int64_t at_ms)
{
	char full[200];
	struct scan_usage usage = { .present = true, .timestamp_ms = at_ms, .model = { model, strlen(model) },
				    .tokens = { .input = 100000, .output = 10000 } };
	snprintf(full, sizeof(full), "/h/projects/%s", path);
	int file = ledger_add_file(f->ledger, full, strlen("/h/projects/"), session, false);
	assert_true(file >= 0);
	f->offset += 100;
	assert_int_equal(ledger_add(f->ledger, file, f->offset, &usage), 1);
}

/* A row, or with `row` NULL what all sum up to, as JSON. */
static struct json_object *in_json(const struct report *report, const struct report_row *row)
{
	struct buf text = BUF_INIT;
	struct jsonw w;
	jsonw_init(&w, &text);
	if (row)
		report_write_row(&w, report->kind, row);
	else
		report_write_totals(&w, report);
	struct json_object *object = json_tokener_parse(buf_str(&text));
	assert_non_null(object);
	buf_release(&text);
	return object;
}

/* Nothing of it is lost on the way from the daemon. */
static void assert_reads_back(const struct report *report, struct json_object **rows,
			      struct json_object *totals)
{
	struct report again;
	report_init(&again, report->kind);
	for (size_t i = 0; i < report->row_count; i++)
		report_read_row(&again, rows[i]);
	report_read_totals(&again, totals);
	for (size_t i = 0; i < report->unpriced_count; i++)
		report_add_unpriced(&again, report->unpriced[i]);
	assert_false(again.failed);
	for (size_t i = 0; i <= report->row_count; i++) {
		struct json_object *row = in_json(&again, i < report->row_count ? &again.rows[i] : NULL);
		assert_string_equal(json_object_to_json_string(row),
				    json_object_to_json_string(i < report->row_count ? rows[i] : totals));
		json_object_put(row);
	}
	report_release(&again);
}

static size_t make(struct fixture *f, const struct report_options *options)
{
	forget(f);
	if (report_make(f->ledger, options, &f->report, &f->error) != 0)
		fail_msg("%s", buf_str(&f->error));
	assert_true(f->report.row_count <= ROWS_MAX);
	for (size_t i = 0; i < f->report.row_count; i++)
		f->rows[i] = in_json(&f->report, &f->report.rows[i]);
	f->totals = in_json(&f->report, NULL);
	assert_reads_back(&f->report, f->rows, f->totals);
	return f->report.row_count;
}

static struct json_object *get(struct json_object *row, const char *key)
{
	struct json_object *value;
	assert_non_null(row);
	if (!json_object_object_get_ex(row, key, &value))
		fail_msg("no %s", key);
	return value;
}

static const char *text_of(struct json_object *row, const char *key)
{
	return json_object_get_string(get(row, key));
}

static int64_t int_of(struct json_object *row, const char *key)
{
	return json_object_get_int64(get(row, key));
}

#define assert_usd(row, key, want) assert_true(fabs(json_object_get_double(get(row, key)) - (want)) < 1e-9)

/* The names of an array, and a blank after each. */
static void assert_names(struct json_object *row, const char *key, const char *want)
{
	struct json_object *array = get(row, key);
	struct buf got = BUF_INIT;
	for (size_t i = 0; i < json_object_array_length(array); i++)
		buf_printf(&got, "%s ", json_object_get_string(json_object_array_get_idx(array, i)));
	assert_string_equal(buf_str(&got), want);
	buf_release(&got);
}

static void kinds_have_names(void **state)
{
	enum report_kind kind = REPORT_WEEKLY;
	(void)state;
	for (int i = 0; i < REPORT_KINDS; i++) {
		assert_true(report_kind_find(report_kind_name((enum report_kind)i), &kind));
		assert_int_equal(kind, i);
	}
	assert_false(report_kind_find("hourly", &kind));
	assert_int_equal(kind, REPORT_KINDS - 1);
}

static void a_day_is_the_zones_day(void **state)
{
	struct fixture *f = *state;
	/* half past eleven at night in London is tomorrow in Berlin */
	add(f, "p/a.jsonl", "a", OPUS, SUNDAY_MS + 23 * CLOCK_HOUR_MS + 30 * CLOCK_MINUTE_MS);
	add(f, "p/a.jsonl", "a", HAIKU, SUNDAY_MS + 12 * CLOCK_HOUR_MS);
	struct report_options options = { .kind = REPORT_DAILY };
	assert_int_equal(make(f, &options), 1);
	assert_string_equal(text_of(f->rows[0], "date"), "2026-03-01");
	assert_usd(f->rows[0], "totalCost", OPUS_USD + HAIKU_USD);
	/* models by their place, what they cost by how much */
	assert_names(f->rows[0], "modelsUsed", OPUS " " HAIKU " ");
	struct json_object *first = json_object_array_get_idx(get(f->rows[0], "modelBreakdowns"), 0);
	assert_string_equal(text_of(first, "modelName"), OPUS);
	assert_usd(first, "cost", OPUS_USD);
	snprintf(options.timezone, sizeof(options.timezone), "Europe/Berlin");
	assert_int_equal(make(f, &options), 2);
	assert_string_equal(text_of(f->rows[0], "date"), "2026-03-01");
	assert_usd(f->rows[0], "totalCost", HAIKU_USD);
	assert_string_equal(text_of(f->rows[1], "date"), "2026-03-02");
	assert_usd(f->rows[1], "totalCost", OPUS_USD);
	assert_int_equal(int_of(f->totals, "totalTokens"), 220000);
	/* where no zone was set, none is afterwards */
	assert_int_equal(unsetenv("TZ"), 0);
	assert_int_equal(make(f, &options), 2);
	assert_null(getenv("TZ"));
	assert_int_equal(setenv("TZ", "UTC", 1), 0);
	tzset();
}

static void days_and_projects_are_chosen(void **state)
{
	struct fixture *f = *state;
	for (int day = 0; day < 4; day++) {
		add(f, "p/a.jsonl", "a", OPUS, SUNDAY_MS + day * CLOCK_DAY_MS);
		add(f, "pq/b.jsonl", "b", HAIKU, SUNDAY_MS + day * CLOCK_DAY_MS + CLOCK_HOUR_MS);
	}
	struct report_options options = { .kind = REPORT_DAILY, .since = "20260302", .until = "20260303" };
	assert_int_equal(make(f, &options), 2);
	assert_string_equal(text_of(f->rows[0], "date"), "2026-03-02");
	assert_string_equal(text_of(f->rows[1], "date"), "2026-03-03");
	assert_usd(f->totals, "totalCost", 2 * (OPUS_USD + HAIKU_USD));
	/* a project is its whole name */
	snprintf(options.project, sizeof(options.project), "p");
	assert_int_equal(make(f, &options), 2);
	assert_usd(f->totals, "totalCost", 2 * OPUS_USD);
	snprintf(options.project, sizeof(options.project), "elsewhere");
	assert_int_equal(make(f, &options), 0);
	assert_string_equal(json_object_to_json_string(get(f->totals, "totalCost")), "-0.0");
}

static void weeks_begin_on_sunday_and_months_on_the_first(void **state)
{
	struct fixture *f = *state;
	add(f, "p/a.jsonl", "a", OPUS, SUNDAY_MS - 1);
	add(f, "p/a.jsonl", "a", OPUS, SUNDAY_MS);
	add(f, "p/a.jsonl", "a", HAIKU, SUNDAY_MS + 7 * CLOCK_DAY_MS - 1);
	add(f, "p/a.jsonl", "a", HAIKU, SUNDAY_MS + 7 * CLOCK_DAY_MS);
	struct report_options options = { .kind = REPORT_WEEKLY };
	assert_int_equal(make(f, &options), 3);
	assert_string_equal(text_of(f->rows[0], "week"), "2026-02-22");
	assert_string_equal(text_of(f->rows[1], "week"), "2026-03-01");
	assert_string_equal(text_of(f->rows[2], "week"), "2026-03-08");
	assert_usd(f->rows[1], "totalCost", OPUS_USD + HAIKU_USD);
	/* by its day before its line: a week's models are those of its days, one after the other */
	assert_names(f->rows[1], "modelsUsed", OPUS " " HAIKU " ");
	options.kind = REPORT_MONTHLY;
	assert_int_equal(make(f, &options), 2);
	assert_string_equal(text_of(f->rows[0], "month"), "2026-02");
	assert_string_equal(text_of(f->rows[1], "month"), "2026-03");
	assert_usd(f->rows[1], "totalCost", OPUS_USD + 2 * HAIKU_USD);
}

static void the_dearest_session_is_first(void **state)
{
	struct fixture *f = *state;
	add(f, "p/a.jsonl", "a", HAIKU, SUNDAY_MS);
	add(f, "p/b.jsonl", "b", OPUS, SUNDAY_MS + 1000);
	add(f, "p/b.jsonl", "b", OPUS, SUNDAY_MS + 5000);
	/* the same id in another project is another session; of two that cost the same, the one whose path
	 * comes first */
	add(f, "q/b.jsonl", "b", OPUS, SUNDAY_MS + 2000);
	add(f, "o/c.jsonl", "c", OPUS, SUNDAY_MS + 9000);
	/* in projects/ itself */
	add(f, "lost.jsonl", "lost", "<synthetic>", SUNDAY_MS + 3000);
	const struct report_options options = { .kind = REPORT_SESSIONS };
	assert_int_equal(make(f, &options), 5);
	static const char *const projects[] = { "p", "o", "q", "p", "Unknown Project" };
	static const char *const sessions[] = { "b", "c", "b", "a", "lost.jsonl" };
	for (size_t i = 0; i < 5; i++) {
		assert_string_equal(text_of(f->rows[i], "projectPath"), projects[i]);
		assert_string_equal(text_of(f->rows[i], "sessionId"), sessions[i]);
	}
	assert_string_equal(text_of(f->rows[0], "firstActivity"), "2026-03-01T00:00:01.000Z");
	assert_string_equal(text_of(f->rows[0], "lastActivity"), "2026-03-01T00:00:05.000Z");
	/* what is no model is not named, but counted */
	assert_names(f->rows[4], "modelsUsed", "");
	assert_int_equal(int_of(f->rows[4], "totalTokens"), 110000);
}

static void models_without_a_price_are_named(void **state)
{
	struct fixture *f = *state;
	add(f, "p/a.jsonl", "a", "zeta-9", SUNDAY_MS);
	add(f, "p/a.jsonl", "a", "alpha-9", SUNDAY_MS + 1000);
	add(f, "p/a.jsonl", "a", "zeta-9", SUNDAY_MS + 2000);
	add(f, "p/a.jsonl", "a", OPUS, SUNDAY_MS + 3000);
	struct report_options options = { .kind = REPORT_DAILY };
	assert_int_equal(make(f, &options), 1);
	assert_int_equal(f->report.unpriced_count, 2);
	assert_names(f->totals, "unpricedModels", "alpha-9 zeta-9 ");
	assert_usd(f->totals, "totalCost", OPUS_USD);
	struct json_object *models = get(f->rows[0], "modelBreakdowns");
	assert_false(json_object_object_get_ex(json_object_array_get_idx(models, 0), "missingPricing", NULL));
	assert_true(json_object_get_boolean(get(json_object_array_get_idx(models, 1), "missingPricing")));
	options = (struct report_options){ .kind = REPORT_BLOCKS, .now_ms = SUNDAY_MS };
	assert_int_equal(make(f, &options), 1);
	assert_int_equal(f->report.unpriced_count, 2);
	assert_string_equal(f->report.unpriced[0], "alpha-9");
}

static void blocks_have_gaps_between_them(void **state)
{
	struct fixture *f = *state;
	const int64_t second_ms = SUNDAY_MS + 20 * CLOCK_HOUR_MS;
	const struct scan_limit limit = { .present = true, .name = { "five_hour", 9 },
					  .resets_at_s = (SUNDAY_MS + 4 * CLOCK_HOUR_MS) / 1000 };
	add(f, "p/a.jsonl", "a", HAIKU, SUNDAY_MS + 10 * CLOCK_MINUTE_MS);
	int file = ledger_add_file(f->ledger, "/h/projects/p/a.jsonl", strlen("/h/projects/"), "a", false);
	ledger_note_limit(f->ledger, file, 5000, SUNDAY_MS + 20 * CLOCK_MINUTE_MS, &limit);
	/* at the same moment: by the path, whatever came first */
	add(f, "p/z.jsonl", "z", HAIKU, second_ms + 30 * CLOCK_MINUTE_MS);
	add(f, "p/b.jsonl", "b", OPUS, second_ms + 30 * CLOCK_MINUTE_MS);
	add(f, "p/z.jsonl", "z", HAIKU, second_ms + 90 * CLOCK_MINUTE_MS);
	struct report_options options = { .kind = REPORT_BLOCKS, .now_ms = second_ms + 2 * CLOCK_HOUR_MS };
	assert_int_equal(make(f, &options), 3);
	struct json_object *old = f->rows[0], *gap = f->rows[1], *now = f->rows[2];
	assert_string_equal(text_of(old, "id"), "2026-03-01T00:00:00.000Z");
	assert_string_equal(text_of(old, "endTime"), "2026-03-01T05:00:00.000Z");
	assert_string_equal(text_of(old, "usageLimitResetTime"), "2026-03-01T04:00:00.000Z");
	assert_false(json_object_get_boolean(get(old, "isActive")));
	assert_null(get(old, "burnRate"));
	assert_null(get(old, "projection"));
	assert_true(json_object_get_boolean(get(gap, "isGap")));
	assert_string_equal(text_of(gap, "startTime"), "2026-03-01T05:10:00.000Z");
	assert_string_equal(text_of(gap, "endTime"), "2026-03-01T20:30:00.000Z");
	assert_int_equal(int_of(get(gap, "tokenCounts"), "inputTokens"), 0);
	assert_true(json_object_get_boolean(get(now, "isActive")));
	assert_names(now, "models", OPUS " " HAIKU " ");
	assert_int_equal(int_of(now, "entries"), 3);
	assert_usd(now, "costUSD", OPUS_USD + 2 * HAIKU_USD);
	/* an hour from its first entry to its last; three hours are left */
	assert_usd(get(now, "burnRate"), "costPerHour", OPUS_USD + 2 * HAIKU_USD);
	assert_usd(get(now, "burnRate"), "tokensPerMinute", 330000. / 60.);
	assert_int_equal(int_of(get(now, "projection"), "remainingMinutes"), 180);
	assert_usd(get(now, "projection"), "totalCost", 4 * (OPUS_USD + 2 * HAIKU_USD));
	options.active = true;
	assert_int_equal(make(f, &options), 1);
	assert_string_equal(text_of(f->rows[0], "id"), "2026-03-01T20:00:00.000Z");
	options.now_ms = second_ms + CLOCK_DAY_MS;
	assert_int_equal(make(f, &options), 0);
}

static void assert_refused(struct fixture *f, const struct report_options *options, const char *why)
{
	forget(f);
	assert_int_equal(report_make(f->ledger, options, &f->report, &f->error), -1);
	if (!strstr(buf_str(&f->error), why))
		fail_msg("\"%s\" says nothing of %s", buf_str(&f->error), why);
	assert_int_equal(f->report.row_count, 0);
}

static void what_is_no_date_or_zone_is_refused(void **state)
{
	struct fixture *f = *state;
	add(f, "p/a.jsonl", "a", OPUS, SUNDAY_MS);
	assert_refused(f, &(struct report_options){ .kind = REPORT_DAILY, .since = "2026030" }, "'2026030'");
	assert_refused(
		f, &(struct report_options){ .kind = REPORT_DAILY, .since = "20260301", .until = "2026-3-1" },
		"'2026-3-1'");
	assert_refused(f, &(struct report_options){ .kind = REPORT_DAILY, .timezone = "Europe/Atlantis" },
		       "'Europe/Atlantis'");
	assert_refused(f, &(struct report_options){ .kind = REPORT_DAILY, .timezone = "../../etc/passwd" },
		       "not a time zone");
}

static void make_nothing(struct fixture *f, const struct report_options *options)
{
	forget(f);
	assert_int_equal(report_make(f->ledger, options, &f->report, &f->error), 0);
}

/* Makes a report in which the allocation of that number fails, which has to be told. Returns whether there
 * was one. */
static bool make_without_memory(struct fixture *f, const struct report_options *options, int count)
{
	assert_true(count < 2000);
	forget(f);
	fail_alloc_after(count);
	int result = report_make(f->ledger, options, &f->report, &f->error);
	bool had_failed = fail_alloc_stop();
	/* the message itself may have found no room */
	if (had_failed && result == 0)
		fail_msg("%s: allocation %d failed and nobody told", report_kind_name(options->kind), count);
	if (!had_failed)
		assert_int_equal(result, 0);
	assert_string_equal(getenv("TZ"), "UTC");
	return had_failed;
}

static void without_memory_there_is_no_half_report(void **state)
{
	struct fixture *f = *state;
	/* more than the tables begin with */
	for (int i = 0; i < 70; i++) {
		char path[32], session[16], model[16];
		snprintf(session, sizeof(session), "s%d", i);
		snprintf(path, sizeof(path), "p/%s.jsonl", session);
		snprintf(model, sizeof(model), "m-%d", i % 6);
		add(f, path, session, model, SUNDAY_MS + i * CLOCK_MINUTE_MS);
		add(f, "p/all.jsonl", "all", model, SUNDAY_MS + i * CLOCK_MINUTE_MS + 1000);
	}
	for (int kind = 0; kind < REPORT_KINDS; kind++) {
		struct report_options options = { .kind = (enum report_kind)kind, .timezone = "Europe/Berlin",
						  .now_ms = SUNDAY_MS + CLOCK_HOUR_MS };
		bool had_failed = true;
		int failures = -1;
		/* The first question puts what is new in order; that has a slow way without memory. */
		make_nothing(f, &options);
		for (int count = 0; had_failed; count++, failures++)
			had_failed = make_without_memory(f, &options, count);
		assert_true(failures > 2);
	}
}

static void blocks_that_were_not_made_are_not_passed_over(void **state)
{
	struct fixture *f = *state;
	const struct report_options options = { .kind = REPORT_BLOCKS,
						.timezone = "UTC",
						.now_ms = SUNDAY_MS + CLOCK_HOUR_MS };
	add(f, "p/all.jsonl", "all", "m", SUNDAY_MS);
	for (int count = 0; make_without_memory(f, &options, count); count++)
		;
	assert_true(f->report.rows[0].block.is_active);
}

static void the_beginning_is_the_first_message_whatever_is_asked_for(void **state)
{
	struct fixture *f = *state;
	struct report_options options = { .kind = REPORT_DAILY,
					  .since = "20260305",
					  .timezone = "Asia/Tokyo" };
	assert_int_equal(make(f, &options), 0);
	assert_string_equal(f->report.first_day, "");
	forget(f);
	add(f, "-p/b.jsonl", "b", OPUS, SUNDAY_MS + 5 * CLOCK_DAY_MS);
	add(f, "-p/a.jsonl", "a", OPUS, SUNDAY_MS + 16 * CLOCK_HOUR_MS);
	assert_int_equal(make(f, &options), 1);
	/* In Tokyo it is the next day already. */
	assert_string_equal(f->report.first_day, "2026-03-02");
	forget(f);
	options.since[0] = '\0';
	assert_int_equal(make(f, &options), 2);
	assert_string_equal(f->report.first_day, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kinds_have_names),
		cmocka_unit_test_setup_teardown(the_beginning_is_the_first_message_whatever_is_asked_for,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_day_is_the_zones_day, set_up, tear_down),
		cmocka_unit_test_setup_teardown(days_and_projects_are_chosen, set_up, tear_down),
		cmocka_unit_test_setup_teardown(weeks_begin_on_sunday_and_months_on_the_first, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(the_dearest_session_is_first, set_up, tear_down),
		cmocka_unit_test_setup_teardown(models_without_a_price_are_named, set_up, tear_down),
		cmocka_unit_test_setup_teardown(blocks_have_gaps_between_them, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_no_date_or_zone_is_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(without_memory_there_is_no_half_report, set_up, tear_down),
		cmocka_unit_test_setup_teardown(blocks_that_were_not_made_are_not_passed_over, set_up,
						tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
