#include "unit.h"

#include <time.h>

#include "base/clock.h"

static int64_t parse(const char *text)
{
	int64_t at_ms = INT64_MIN;
	if (!clock_parse_rfc3339(text, strlen(text), &at_ms))
		fail_msg("refused: %s", text);
	return at_ms;
}

static void reads_rfc3339(void **state)
{
	(void)state;
	assert_true(parse("1970-01-01T00:00:00Z") == 0);
	assert_true(parse("2026-02-11T20:36:47.925Z") == INT64_C(1770842207925));
	assert_true(parse("2026-02-11T20:36:47.9259999Z") == INT64_C(1770842207925));
	assert_true(parse("2026-02-11T20:36:47.9Z") == INT64_C(1770842207900));
	assert_true(parse("2026-02-11t22:36:47.925+02:00") == INT64_C(1770842207925));
	assert_true(parse("2026-02-11 16:06:47.925-04:30") == INT64_C(1770842207925));
	assert_true(parse("2024-02-29T00:00:00z") == INT64_C(1709164800000));
	assert_true(parse("1969-12-31T23:59:59.999Z") == -1);
	assert_true(parse("0000-01-01T00:00:00Z") == INT64_C(-62167219200000));
	/* Digits beyond any precision are passed over. */
	assert_true(parse("1970-01-01T00:00:00.0000000000000000000000000000000000000001Z") == 0);
}

static void refuses_what_is_no_time(void **state)
{
	(void)state;
	static const char *const bad[] = {
		"",
		"2026",
		"2026-02-11",
		"2026-02-11T20:36:47",
		"2026-02-11T20:36:47.925",
		"2026-02-11T20:36:47.Z",
		"2026-02-30T00:00:00Z",
		"2025-02-29T00:00:00Z",
		"1900-02-29T00:00:00Z",
		"2026-13-01T00:00:00Z",
		"2026-00-01T00:00:00Z",
		"2026-01-00T00:00:00Z",
		"2026-01-01T24:00:00Z",
		"2026-01-01T00:60:00Z",
		"2026-01-01T00:00:61Z",
		"2026-01-01T00:00:00+24:00",
		"2026-01-01T00:00:00+02:60",
		"2026-01-01T00:00:00+0200",
		"2026-01-01T00:00:00ZZ",
		"2026-01-01T00:00:00 Z",
		"x026-01-01T00:00:00Z",
		"2026/01/01T00:00:00Z",
		"+026-01-01T00:00:00Z",
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		int64_t at_ms = 77;
		if (clock_parse_rfc3339(bad[i], strlen(bad[i]), &at_ms))
			fail_msg("accepted: %s", bad[i]);
		assert_true(at_ms == 77);
	}
}

/* Every prefix, copied to a block of just its length: AddressSanitizer sees a look beyond it. */
static void never_reads_past_the_length(void **state)
{
	(void)state;
	const char *whole = "2026-02-11T20:36:47.925+02:00";
	for (size_t len = 0; len <= strlen(whole); len++) {
		char *text = malloc(len ? len : 1);
		int64_t at_ms;
		assert_non_null(text);
		memcpy(text, whole, len);
		assert_int_equal(clock_parse_rfc3339(text, len, &at_ms), len == strlen(whole));
		free(text);
	}
}

static void weeks_begin_on_sundays(void **state)
{
	static const char *const weeks[][2] = {
		{ "2026-11-22", "2026-11-22" },
		{ "2026-11-23", "2026-11-22" },
		{ "2026-11-28", "2026-11-22" },
		{ "2026-03-01", "2026-03-01" },
		{ "2024-03-01", "2024-02-25" },
		{ "2027-01-01", "2026-12-27" },
		{ "0001-01-01", "0000-12-31" },
		{ "10000-01-01", "9999-12-26" },
		{ "", "" },
		{ "no date", "no date" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof(weeks) / sizeof(weeks[0]); i++) {
		char out[CLOCK_DATE_SIZE];
		clock_format_week(weeks[i][0], out);
		assert_string_equal(out, weeks[i][1]);
	}
}

static void writes_what_it_reads(void **state)
{
	(void)state;
	uint64_t seed = 11;
	char text[CLOCK_RFC3339_SIZE];
	for (int i = 0; i < 20000; i++) {
		/* Years 0 to 9999. */
		int64_t at_ms = (int64_t)(unit_random(&seed) % UINT64_C(315569520000000))
			      - INT64_C(62167219200000);
		clock_format_rfc3339(at_ms, text);
		assert_int_equal(strlen(text), 24);
		assert_true(parse(text) == at_ms);
	}
	clock_format_rfc3339(INT64_MIN, text);
	assert_string_equal(text, "0000-01-01T00:00:00.000Z");
	clock_format_rfc3339(INT64_MAX, text);
	assert_string_equal(text, "10000-12-31T23:59:59.999Z");
	clock_format_rfc3339(-1, text);
	assert_string_equal(text, "1969-12-31T23:59:59.999Z");
}

static void says_ages_as_people_do(void **state)
{
	(void)state;
	static const struct { int64_t span_ms; const char *text;
	} cases[] = {
		{ -5, "0s" },	     { 0, "0s" },
		{ 999, "0s" },	     { 59999, "59s" },
		{ 60000, "1m" },     { 3599999, "59m" },
		{ 3600000, "1h" },   { 86399999, "23h" },
		{ 86400000, "1d" },  { 86400000 * INT64_C(400), "400d" },
		{ INT64_MIN, "0s" }, { INT64_MAX, "99999999d" },
	};
	char text[CLOCK_AGE_SIZE];
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		clock_format_age(cases[i].span_ms, text);
		assert_string_equal(text, cases[i].text);
	}
}

/* POSIX zone rules, so that no tz database is needed. */
static const char berlin[] = "CET-1CEST,M3.5.0,M10.5.0/3";
static const char sao_paulo[] = "<-03>3<-02>,M11.1.0/0,M2.3.0/0";   /* 2018: the clock jumps at midnight */
static const char havana[] = "CST5CDT,M3.2.0/0,M11.1.0/1"; /* midnight twice in autumn, never in spring */

static void check_day(const char *zone, const char *at, const char *date, const char *start, const char *next)
{
	char text[16];
	int64_t at_ms = parse(at);
	setenv("TZ", zone, 1);
	clock_format_local_date(at_ms, text);
	assert_string_equal(text, date);
	assert_true(clock_local_day_start_ms(at_ms) == parse(start));
	assert_true(clock_local_next_day_ms(at_ms) == parse(next));
	/* The borders belong to the days that they begin. */
	assert_true(clock_local_day_start_ms(parse(start)) == parse(start));
	assert_true(clock_local_day_start_ms(parse(next)) == parse(next));
	assert_true(clock_local_next_day_ms(parse(next) - 1) == parse(next));
}

static void days_begin_at_local_midnight(void **state)
{
	(void)state;
	check_day("UTC0", "2026-11-23T05:00:00Z", "2026-11-23", "2026-11-23T00:00:00Z",
		  "2026-11-24T00:00:00Z");
	check_day(berlin, "2026-11-23T23:30:00Z", "2026-11-24", "2026-11-23T23:00:00Z",
		  "2026-11-24T23:00:00Z");
	check_day("<+0545>-5:45", "2026-11-23T18:14:59.999Z", "2026-11-23", "2026-11-22T18:15:00Z",
		  "2026-11-23T18:15:00Z");
	check_day("<-12>12", "1969-12-31T23:59:59.500Z", "1969-12-31", "1969-12-31T12:00:00Z",
		  "1970-01-01T12:00:00Z");
}

static void days_with_a_clock_change(void **state)
{
	(void)state;
	check_day(berlin, "2026-03-29T12:00:00Z", "2026-03-29", "2026-03-28T23:00:00Z",
		  "2026-03-29T22:00:00Z");
	check_day(berlin, "2026-10-25T12:00:00Z", "2026-10-25", "2026-10-24T22:00:00Z",
		  "2026-10-25T23:00:00Z");
	check_day(sao_paulo, "2018-11-04T12:00:00Z", "2018-11-04", "2018-11-04T03:00:00Z",
		  "2018-11-05T02:00:00Z");
	check_day(sao_paulo, "2018-11-03T12:00:00Z", "2018-11-03", "2018-11-03T03:00:00Z",
		  "2018-11-04T03:00:00Z");
	check_day(sao_paulo, "2018-02-17T12:00:00Z", "2018-02-17", "2018-02-17T02:00:00Z",
		  "2018-02-18T03:00:00Z");
	check_day(havana, "2023-11-05T12:00:00Z", "2023-11-05", "2023-11-05T04:00:00Z",
		  "2023-11-06T05:00:00Z");
	check_day(havana, "2023-11-05T05:30:00Z", "2023-11-05", "2023-11-05T04:00:00Z",
		  "2023-11-06T05:00:00Z");
	check_day(havana, "2023-03-12T12:00:00Z", "2023-03-12", "2023-03-12T05:00:00Z",
		  "2023-03-13T04:00:00Z");
}

/* Day after day is what each day is that is looked for alone. */
static void days_follow_each_other(void **state)
{
	static const char *const zones[] = { "UTC", "Europe/Berlin", "America/Sao_Paulo", "Pacific/Apia",
					     "Africa/Casablanca", "Asia/Beirut", "Australia/Lord_Howe",
					     "Antarctica/Troll" };
	(void)state;
	for (size_t i = 0; i < sizeof(zones) / sizeof(zones[0]); i++) {
		struct clock_day day = { .start_ms = 0 };
		assert_int_equal(setenv("TZ", zones[i], 1), 0);
		tzset();
		/* In steps of 23 h, so that some days are met twice, and with a gap now and then. */
		for (int64_t at_ms = parse("2010-12-20T00:00:00Z"), step = 0;
		     at_ms < parse("2026-04-01T00:00:00Z"); at_ms += 23 * CLOCK_HOUR_MS, step++) {
			struct clock_day alone = { .start_ms = 0 };
			at_ms += step % 500 == 499 ? 3 * CLOCK_DAY_MS : 0;
			(void)clock_day_follow(&day, at_ms);
			assert_true(clock_day_follow(&alone, at_ms));
			assert_true(alone.start_ms == clock_local_day_start_ms(at_ms));
			if (day.start_ms != alone.start_ms || day.end_ms != alone.end_ms
			    || strcmp(day.date, alone.date) != 0)
				fail_msg("%s: %s and %s differ", zones[i], day.date, alone.date);
		}
	}
	assert_int_equal(setenv("TZ", "UTC", 1), 0);
	tzset();
}

static void the_earlier_moment_is_one(void **state)
{
	(void)state;
	assert_int_equal(clock_earlier(5, 7), 5);
	assert_int_equal(clock_earlier(7, 5), 5);
	assert_int_equal(clock_earlier(0, 7), 7);
	assert_int_equal(clock_earlier(7, 0), 7);
	assert_int_equal(clock_earlier(0, 0), 0);
}

static void clocks_run(void **state)
{
	(void)state;
	int64_t wall_ms = clock_wall_ms();
	int64_t mono_ms = clock_mono_ms();
	assert_true(wall_ms > parse("2024-01-01T00:00:00Z"));
	for (int i = 0; i < 1000; i++)
		assert_true(clock_mono_ms() >= mono_ms);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_rfc3339),
		cmocka_unit_test(refuses_what_is_no_time),
		cmocka_unit_test(never_reads_past_the_length),
		cmocka_unit_test(writes_what_it_reads),
		cmocka_unit_test(weeks_begin_on_sundays),
		cmocka_unit_test(says_ages_as_people_do),
		cmocka_unit_test(days_begin_at_local_midnight),
		cmocka_unit_test(the_earlier_moment_is_one),
		cmocka_unit_test(days_with_a_clock_change),
		cmocka_unit_test(days_follow_each_other),
		cmocka_unit_test(clocks_run),
	};
	return cmocka_run_group_tests_name("clock", tests, NULL, NULL);
}
