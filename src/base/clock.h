/*
 * clock: the time, and times as text.
 *
 * For: everyone. Wall times are Unix milliseconds (int64_t, `_ms`); durations are milliseconds of the
 * monotonic clock.
 */
#ifndef SWATCH_BASE_CLOCK_H
#define SWATCH_BASE_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CLOCK_SECOND_MS INT64_C(1000)
#define CLOCK_MINUTE_MS (60 * CLOCK_SECOND_MS)
#define CLOCK_HOUR_MS   (60 * CLOCK_MINUTE_MS)
#define CLOCK_DAY_MS    (24 * CLOCK_HOUR_MS)

/* "2026-11-23T05:00:00.000Z" and a NUL. */
#define CLOCK_RFC3339_SIZE 32
#define CLOCK_AGE_SIZE 16
/* "2026-11-23" and a NUL, with room for absurd years. */
#define CLOCK_DATE_SIZE 16

/* The present time: of the wall clock, and of the monotonic clock for durations. */
int64_t clock_wall_ms(void);
int64_t clock_mono_ms(void);

/* The earlier of two moments (Unix ms); 0 is no moment, and 0 comes back only when neither is one. */
int64_t clock_earlier(int64_t a_ms, int64_t b_ms);

/*
 * Reads an RFC 3339 time ("2026-02-11T20:36:47.925Z", "...+02:00", fraction of any length, cut to ms).
 * Returns false, and leaves *out alone, for any other text, and for a date that does not exist.
 */
bool clock_parse_rfc3339(const char *text, size_t len, int64_t *out_ms);

/* Writes a time as "2026-11-23T05:00:00.000Z"; years outside 0..10000 give the nearest end of that range. */
void clock_format_rfc3339(int64_t at_ms, char out[CLOCK_RFC3339_SIZE]);

/* Writes a span in its largest unit: "5s", "2m", "3h", "4d". Negative spans are "0s". */
void clock_format_age(int64_t span_ms, char out[CLOCK_AGE_SIZE]);

/*
 * The first moment of the local day of `at_ms`, and of the day after it. A day may have 23 or 25 h, and begin
 * at 01:00. Reads TZ on every call.
 */
int64_t clock_local_day_start_ms(int64_t at_ms);
int64_t clock_local_next_day_ms(int64_t at_ms);

struct clock_date {
	int year, month, day; /* 2026, 11, 23 */
};

/* A local day, from its first moment to the next one's. Zero it for none. */
struct clock_day {
	int64_t start_ms, end_ms;
	char date[CLOCK_DATE_SIZE]; /* "2026-11-23"; "" when it has none */
	/* For clock_day_follow(): the clock stays this far from UTC until the day after the next one. */
	bool is_steady;
	long offset_s;
	struct clock_date coming[2]; /* the next two days */
};

/* Whether a moment lies in it. */
bool clock_day_has(const struct clock_day *day, int64_t at_ms);

/*
 * Makes it the day of a moment. Returns false when it is that one already. When moments come in order,
 * each day costs one question to the C library, and none to the disk.
 */
bool clock_day_follow(struct clock_day *day, int64_t at_ms);

/* The first moment of a local day, such as 20260329; -1 when there is no such day. */
int64_t clock_local_date_start_ms(int date);

/* 9999-12-31: pages and files show no later time, though localtime_r() could. */
#define CLOCK_LOCAL_MAX_MS INT64_C(253402300799000)

enum clock_form {
	CLOCK_TIME,                /* 14:02 */
	CLOCK_TIME_SECONDS,        /* 14:02:07 */
	CLOCK_WEEKDAY,             /* Sun */
	CLOCK_WEEKDAY_TIME,        /* Sun 14:02 */
	CLOCK_MONTH_DAY,           /* Nov 22 */
	CLOCK_MONTH_DAY_TIME,      /* Nov 22 14:02 */
	CLOCK_DATE_TIME,           /* 2026-11-22 14:02 */
	CLOCK_DATE_TIME_SECONDS    /* 2026-11-22 14:02:07 */
};

/*
 * Writes the local time of a moment. Returns false, with "" in `out`, when that does not fit, or when the
 * moment is before 1970 or after CLOCK_LOCAL_MAX_MS.
 */
bool clock_format_local(int64_t at_ms, enum clock_form form, char *out, size_t size);

/* Writes the local date of `at_ms`, "2026-11-23"; "" when it has none. */
void clock_format_local_date(int64_t at_ms, char out[CLOCK_DATE_SIZE]);

/*
 * Writes the Sunday on or before a date, which begins ccusage's week: "2026-11-23" gives "2026-11-22". Copies
 * any text that is not a date.
 */
void clock_format_week(const char *date, char out[CLOCK_DATE_SIZE]);

#endif
