#include "base/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* No local day is longer: 24 h plus what a zone can move its clock back. */
#define LONGEST_DAY_SECONDS (INT64_C(50) * 60 * 60)

static int64_t read_clock_ms(clockid_t id)
{
	struct timespec ts;
	/* It fails only for clocks that the kernel does not have, and it has these two. */
	(void)clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int64_t clock_wall_ms(void)
{
	return read_clock_ms(CLOCK_REALTIME);
}

int64_t clock_mono_ms(void)
{
	return read_clock_ms(CLOCK_MONOTONIC);
}

int64_t clock_earlier(int64_t a_ms, int64_t b_ms)
{
	return a_ms == 0 || (b_ms != 0 && b_ms < a_ms) ? b_ms : a_ms;
}

/* Days from 1970-01-01 in the proleptic Gregorian calendar; March-based years put the leap day last. */
static int64_t days_from_civil(int64_t year, int64_t month, int64_t day)
{
	year -= month <= 2;
	int64_t era = (year >= 0 ? year : year - 399) / 400;
	int64_t year_of_era = year - era * 400;
	int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
	return era * 146097 + day_of_era - 719468;
}

static bool read_digits(const char *text, size_t count, int64_t *out)
{
	int64_t value = 0;
	for (size_t i = 0; i < count; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		value = value * 10 + (text[i] - '0');
	}
	*out = value;
	return true;
}

static bool is_date(int64_t year, int64_t month, int64_t day)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	if (month < 1 || month > 12 || day < 1)
		return false;
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
	return day <= days[month - 1] + (month == 2 && leap);
}

/* Reads "Z", "z", "+hh:mm" or "-hh:mm", which must be the rest of the text. */
static bool read_offset(const char *text, size_t len, int64_t *out_minutes)
{
	int64_t hours, minutes;
	*out_minutes = 0;
	if (len == 1 && (text[0] == 'Z' || text[0] == 'z'))
		return true;
	if (len != 6 || (text[0] != '+' && text[0] != '-') || text[3] != ':'
	    || !read_digits(text + 1, 2, &hours) || !read_digits(text + 4, 2, &minutes)
	    || hours > 23 || minutes > 59)
		return false;
	*out_minutes = (text[0] == '-' ? -1 : 1) * (hours * 60 + minutes);
	return true;
}

bool clock_parse_rfc3339(const char *text, size_t len, int64_t *out_ms)
{
	int64_t year, month, day, hour, minute, second, fraction_ms = 0, offset;
	if (len < 20 || !read_digits(text, 4, &year) || text[4] != '-' || !read_digits(text + 5, 2, &month)
	    || text[7] != '-' || !read_digits(text + 8, 2, &day)
	    || (text[10] != 'T' && text[10] != 't' && text[10] != ' ')
	    || !read_digits(text + 11, 2, &hour) || text[13] != ':' || !read_digits(text + 14, 2, &minute)
	    || text[16] != ':' || !read_digits(text + 17, 2, &second))
		return false;
	if (!is_date(year, month, day) || hour > 23 || minute > 59 || second > 60)
		return false;
	size_t at = 19;
	if (text[at] == '.') {
		size_t start = ++at;
		int64_t scale = 100;
		for (; at < len && text[at] >= '0' && text[at] <= '9'; at++, scale /= 10)
			fraction_ms += (text[at] - '0') * scale;
		if (at == start)
			return false;
	}
	if (!read_offset(text + at, len - at, &offset))
		return false;
	int64_t of_day = hour * 3600 + (minute - offset) * 60 + second;
	*out_ms = (days_from_civil(year, month, day) * 86400 + of_day) * 1000 + fraction_ms;
	return true;
}

static struct clock_date date_of(const struct tm *tm)
{
	/* A year that does not fit has no date that anybody could write. */
	int year = tm->tm_year > 99999 - 1900	 ? 99999
		 : tm->tm_year < -9999 - 1900 ? -9999
					      : tm->tm_year + 1900;
	return (struct clock_date){ year, tm->tm_mon + 1, tm->tm_mday };
}

/* strftime does not pad the years before 1000. */
static void format_date(struct clock_date date, char out[CLOCK_DATE_SIZE])
{
	if (date.year < 0 || date.year > 9999) {
		snprintf(out, CLOCK_DATE_SIZE, "%04d-%02d-%02d", date.year, date.month % 100, date.day % 100);
		return;
	}
	const int numbers[] = { date.year / 100, date.year % 100, date.month, date.day };
	static const int places[] = { 0, 2, 5, 8 };
	for (size_t i = 0; i < 4; i++) {
		out[places[i]] = (char)('0' + numbers[i] / 10 % 10);
		out[places[i] + 1] = (char)('0' + numbers[i] % 10);
	}
	out[4] = out[7] = '-';
	out[10] = '\0';
}

void clock_format_rfc3339(int64_t at_ms, char out[CLOCK_RFC3339_SIZE])
{
	const int64_t first_ms = days_from_civil(0, 1, 1) * CLOCK_DAY_MS;
	const int64_t last_ms = days_from_civil(10001, 1, 1) * CLOCK_DAY_MS - 1;
	at_ms = at_ms < first_ms ? first_ms : at_ms > last_ms ? last_ms : at_ms;
	int64_t ms = at_ms % 1000;
	time_t seconds = (time_t)(at_ms / 1000);
	if (ms < 0) {
		ms += 1000;
		seconds--;
	}
	struct tm tm;
	char date[CLOCK_DATE_SIZE], rest[12];
	if (!gmtime_r(&seconds, &tm) || strftime(rest, sizeof(rest), "T%H:%M:%S", &tm) == 0) {
		out[0] = '\0';
		return;
	}
	format_date(date_of(&tm), date);
	snprintf(out, CLOCK_RFC3339_SIZE, "%s%s.%03dZ", date, rest, (int)ms);
}

void clock_format_age(int64_t span_ms, char out[CLOCK_AGE_SIZE])
{
	int64_t s = span_ms > 0 ? span_ms / CLOCK_SECOND_MS : 0, days = s / 86400;
	if (s < 60)
		snprintf(out, CLOCK_AGE_SIZE, "%ds", (int)s);
	else if (s < 3600)
		snprintf(out, CLOCK_AGE_SIZE, "%dm", (int)(s / 60));
	else if (s < 86400)
		snprintf(out, CLOCK_AGE_SIZE, "%dh", (int)(s / 3600));
	else
		snprintf(out, CLOCK_AGE_SIZE, "%lldd", (long long)(days < 99999999 ? days : 99999999));
}

static time_t floor_to_seconds(int64_t at_ms)
{
	return (time_t)(at_ms >= 0 ? at_ms / 1000 : (at_ms - 999) / 1000);
}

/* A number for the date, growing with it. */
static int64_t date_number(const struct tm *tm)
{
	return ((int64_t)tm->tm_year + 1900) * 10000 + (int64_t)tm->tm_mon * 100 + tm->tm_mday;
}

/* The one of the local date of `at`; -1 when the year does not fit. */
static int64_t local_date_number(time_t at)
{
	struct tm tm;
	return localtime_r(&at, &tm) ? date_number(&tm) : -1;
}

/*
 * Returns the first second in (before, after] whose date is later than `date`. A search and not mktime(),
 * whose answer varies from call to call when a clock change makes midnight happen twice or not at all.
 */
static int64_t first_moment_after_date_ms(int64_t date, time_t before, time_t after)
{
	while (after - before > 1) {
		time_t middle = before + (after - before) / 2;
		if (local_date_number(middle) > date)
			after = middle;
		else
			before = middle;
	}
	return (int64_t)after * 1000;
}

static time_t second_of_day(const struct tm *local)
{
	return (time_t)local->tm_hour * 3600 + (time_t)local->tm_min * 60 + local->tm_sec;
}

/* No clock change is longer: one that is farther away does not move a midnight. */
#define NEAR_MIDNIGHT_SECONDS (INT64_C(25) * 60 * 60)

/*
 * Whether the midnight at `at` happens once: the clock is as at `local` for long before and after it. Then no
 * search is needed.
 */
static bool is_plain_midnight(time_t at, const struct tm *local)
{
	struct tm before, there, after;
	time_t early = at - NEAR_MIDNIGHT_SECONDS, late = at + NEAR_MIDNIGHT_SECONDS;
	/* Zones with leap seconds have days of another length. */
	return localtime_r(&at, &there) && second_of_day(&there) == 0 && localtime_r(&early, &before)
	    && before.tm_gmtoff == local->tm_gmtoff && localtime_r(&late, &after)
	    && after.tm_gmtoff == local->tm_gmtoff;
}

/* The first moment of the day of `local`, which is `at`. */
static int64_t find_day_start_ms(time_t at, const struct tm *local)
{
	time_t midnight = at - second_of_day(local);
	if (is_plain_midnight(midnight, local))
		return (int64_t)midnight * CLOCK_SECOND_MS;
	return first_moment_after_date_ms(date_number(local) - 1, at - LONGEST_DAY_SECONDS, at);
}

/* That of the next day. */
static int64_t find_next_day_ms(time_t at, const struct tm *local)
{
	time_t midnight = at - second_of_day(local) + CLOCK_DAY_MS / CLOCK_SECOND_MS;
	if (is_plain_midnight(midnight, local))
		return (int64_t)midnight * CLOCK_SECOND_MS;
	return first_moment_after_date_ms(date_number(local), at, at + LONGEST_DAY_SECONDS);
}

int64_t clock_local_day_start_ms(int64_t at_ms)
{
	time_t at = floor_to_seconds(at_ms);
	struct tm local;
	tzset();
	return localtime_r(&at, &local) ? find_day_start_ms(at, &local) : at_ms;
}

int64_t clock_local_next_day_ms(int64_t at_ms)
{
	time_t at = floor_to_seconds(at_ms);
	struct tm local;
	tzset();
	return localtime_r(&at, &local) ? find_next_day_ms(at, &local) : at_ms + CLOCK_DAY_MS;
}

bool clock_day_has(const struct clock_day *day, int64_t at_ms)
{
	return at_ms >= day->start_ms && at_ms < day->end_ms;
}

/*
 * Whether the midnight at `at` is a plain one, if the one before is: one o'clock of the day after, whose
 * date it sets, is as far from UTC, and from midnight.
 */
static bool is_steady_until_after(time_t at, long offset_s, struct clock_date *day_after)
{
	struct tm later;
	time_t later_s = at + NEAR_MIDNIGHT_SECONDS;
	_Static_assert(NEAR_MIDNIGHT_SECONDS == INT64_C(25) * 60 * 60, "then it is one o'clock");
	if (!localtime_r(&later_s, &later))
		return false;
	*day_after = date_of(&later);
	return later.tm_gmtoff == offset_s && second_of_day(&later) == 60 * 60;
}

/* Makes it the day after a steady one. Returns false when that has to be looked for. */
static bool follow_to_next(struct clock_day *day)
{
	struct clock_date day_after;
	int64_t end_ms = day->end_ms + CLOCK_DAY_MS;
	if (!is_steady_until_after((time_t)(end_ms / CLOCK_SECOND_MS), day->offset_s, &day_after))
		return false;
	day->start_ms = day->end_ms;
	day->end_ms = end_ms;
	format_date(day->coming[0], day->date);
	day->coming[0] = day->coming[1];
	day->coming[1] = day_after;
	return true;
}

/* Notes what follow_to_next() needs of a day of which the rest is known. */
static void note_steady(struct clock_day *day, long offset_s)
{
	struct tm next;
	time_t end = (time_t)(day->end_ms / CLOCK_SECOND_MS);
	day->offset_s = offset_s;
	day->is_steady = day->end_ms - day->start_ms == CLOCK_DAY_MS && localtime_r(&end, &next)
		      && next.tm_gmtoff == offset_s
		      && is_steady_until_after(end, offset_s, &day->coming[1]);
	if (day->is_steady)
		day->coming[0] = date_of(&next);
}

bool clock_day_follow(struct clock_day *day, int64_t at_ms)
{
	if (clock_day_has(day, at_ms))
		return false;
	bool is_next = day->is_steady && at_ms >= day->end_ms && at_ms < day->end_ms + CLOCK_DAY_MS;
	if (is_next && follow_to_next(day))
		return true;
	time_t at = floor_to_seconds(at_ms);
	struct tm local;
	*day = (struct clock_day){ .start_ms = at_ms, .end_ms = at_ms + CLOCK_DAY_MS };
	tzset();
	if (localtime_r(&at, &local)) {
		day->start_ms = find_day_start_ms(at, &local);
		day->end_ms = find_next_day_ms(at, &local);
		format_date(date_of(&local), day->date);
		note_steady(day, local.tm_gmtoff);
	}
	return true;
}

int64_t clock_local_date_start_ms(int date)
{
	/* Midnight may be missing on that day. */
	struct tm noon = { .tm_year = date / 10000 - 1900, .tm_mon = date / 100 % 100 - 1,
			   .tm_mday = date % 100, .tm_hour = 12, .tm_isdst = -1 };
	time_t at = mktime(&noon);
	return at < 0 ? -1 : clock_local_day_start_ms((int64_t)at * CLOCK_SECOND_MS);
}

/* A switch and not a table, so that the compiler can check the formats. */
static size_t write_form(enum clock_form form, const struct tm *at, char *out, size_t size)
{
	switch (form) {
	case CLOCK_TIME:
		return strftime(out, size, "%H:%M", at);
	case CLOCK_TIME_SECONDS:
		return strftime(out, size, "%H:%M:%S", at);
	case CLOCK_WEEKDAY:
		return strftime(out, size, "%a", at);
	case CLOCK_WEEKDAY_TIME:
		return strftime(out, size, "%a %H:%M", at);
	case CLOCK_MONTH_DAY:
		return strftime(out, size, "%b %d", at);
	case CLOCK_MONTH_DAY_TIME:
		return strftime(out, size, "%b %d %H:%M", at);
	case CLOCK_DATE_TIME:
		return strftime(out, size, "%Y-%m-%d %H:%M", at);
	case CLOCK_DATE_TIME_SECONDS:
		return strftime(out, size, "%Y-%m-%d %H:%M:%S", at);
	}
	return 0;
}

bool clock_format_local(int64_t at_ms, enum clock_form form, char *out, size_t size)
{
	struct tm local;
	time_t at = (time_t)(at_ms / CLOCK_SECOND_MS);
	bool in_range = at_ms >= 0 && at_ms <= CLOCK_LOCAL_MAX_MS;
	if (in_range && localtime_r(&at, &local) && write_form(form, &local, out, size) > 0)
		return true;
	out[0] = '\0';
	return false;
}

void clock_format_local_date(int64_t at_ms, char out[CLOCK_DATE_SIZE])
{
	time_t seconds = floor_to_seconds(at_ms);
	struct tm tm;
	tzset();
	if (localtime_r(&seconds, &tm))
		format_date(date_of(&tm), out);
	else
		out[0] = '\0';
}

/* Reads what format_date() writes; strptime() knows only years of four digits. */
static bool parse_date(const char *date, struct tm *tm)
{
	char *end;
	tm->tm_year = (int)strtol(date, &end, 10) - 1900;
	if (end == date || *end != '-')
		return false;
	tm->tm_mon = (int)strtol(end + 1, &end, 10) - 1;
	if (*end != '-')
		return false;
	tm->tm_mday = (int)strtol(end + 1, &end, 10);
	return *end == '\0';
}

void clock_format_week(const char *date, char out[CLOCK_DATE_SIZE])
{
	struct tm tm = { .tm_hour = 12 };
	bool good = parse_date(date, &tm);
	time_t noon = good ? timegm(&tm) : 0;
	good = good && gmtime_r(&noon, &tm);
	noon -= good ? (time_t)tm.tm_wday * 86400 : 0;
	if (good && gmtime_r(&noon, &tm))
		format_date(date_of(&tm), out);
	else
		snprintf(out, CLOCK_DATE_SIZE, "%s", date);
}
