/*
 * clock: the time, and times as text.
 *
 * For: everyone. Wall times are Unix milliseconds (int64_t, `_ms`); durations are milliseconds of the monotonic clock.
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
/* "2026-11-23" and a NUL, with room for years that nobody meant. */
#define CLOCK_DATE_SIZE 16

/* Now: wall clock, and the monotonic clock for durations. */
int64_t clock_wall_ms(void);
int64_t clock_mono_ms(void);

/*
 * Reads an RFC 3339 time ("2026-02-11T20:36:47.925Z", "...+02:00", fraction of any length, cut to ms).
 * Returns false, and leaves *out, when the text is not one or its date does not exist.
 */
bool clock_parse_rfc3339(const char *text, size_t len, int64_t *out_ms);

/* Writes a time as "2026-11-23T05:00:00.000Z"; years outside 0..10000 give the nearest end of that range. */
void clock_format_rfc3339(int64_t at_ms, char out[CLOCK_RFC3339_SIZE]);

/* Writes a span as people say it: "5s", "2m", "3h", "4d". Negative spans are "0s". */
void clock_format_age(int64_t span_ms, char out[CLOCK_AGE_SIZE]);

/*
 * The first moment of the local day that holds `at_ms`, and of the day after it (TZ decides; a day may have 23 or
 * 25 h, and begin at 01:00). The environment's TZ is looked at on every call.
 */
int64_t clock_local_day_start_ms(int64_t at_ms);
int64_t clock_local_next_day_ms(int64_t at_ms);

/* 9999-12-31: localtime_r() goes on, pages and files do not. */
#define CLOCK_LOCAL_MAX_MS INT64_C(253402300799000)

enum clock_form {
	CLOCK_TIME,                /* 14:02 */
	CLOCK_TIME_SECONDS,        /* 14:02:07 */
	CLOCK_WEEKDAY_TIME,        /* Sun 14:02 */
	CLOCK_MONTH_DAY,           /* Nov 22 */
	CLOCK_MONTH_DAY_TIME,      /* Nov 22 14:02 */
	CLOCK_DATE_TIME,           /* 2026-11-22 14:02 */
	CLOCK_DATE_TIME_SECONDS    /* 2026-11-22 14:02:07 */
};

/*
 * Writes the local time of a moment. Returns false, with "" in `out`, when that does not fit or the moment is before 1970 or
 * after CLOCK_LOCAL_MAX_MS.
 */
bool clock_format_local(int64_t at_ms, enum clock_form form, char *out, size_t size);

/* "2026-11-23", the local date of `at_ms`; "" when that has no date. */
void clock_format_local_date(int64_t at_ms, char out[CLOCK_DATE_SIZE]);

/* The Sunday on or before a date ("2026-11-23" gives "2026-11-22"): ccusage's weeks begin there. No date: as it is. */
void clock_format_week(const char *date, char out[CLOCK_DATE_SIZE]);

#endif
