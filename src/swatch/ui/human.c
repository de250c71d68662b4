#include "swatch/ui/human.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"

#define KIB 1024.0
/* A higher cost is an error in a file, and would break the page. */
#define MAX_USD 1e12
/* Every whole number up to here is a double. */
#define MAX_AMOUNT 9007199254740992.0

const char *human_count(int64_t count, char out[HUMAN_SIZE])
{
	/* Reports have thousands of them: printf() takes ten times as long. */
	char text[32], *at = text + sizeof(text);
	uint64_t left = count < 0 ? -(uint64_t)count : (uint64_t)count;
	*--at = '\0';
	for (int digits = 0; digits == 0 || left > 0; digits++, left /= 10) {
		if (digits > 0 && digits % 3 == 0)
			*--at = ',';
		*--at = (char)('0' + left % 10);
	}
	if (count < 0)
		*--at = '-';
	memcpy(out, at, (size_t)(text + sizeof(text) - at));
	return out;
}

const char *human_amount(double amount, char out[HUMAN_SIZE])
{
	/* Written so that NaN gives "?", too. */
	if (!(fabs(amount) <= MAX_AMOUNT)) {
		snprintf(out, HUMAN_SIZE, "?");
		return out;
	}
	return human_count((int64_t)amount, out);
}

const char *human_counted(int64_t count, const char *noun, char out[HUMAN_SIZE])
{
	char number[HUMAN_SIZE];
	snprintf(out, HUMAN_SIZE, "%.28s %.32s%s", human_count(count, number), noun, count == 1 ? "" : "s");
	return out;
}

const char *human_bytes(int64_t bytes, char out[HUMAN_SIZE])
{
	static const char *const units[] = { "KB", "MB", "GB", "TB", "PB", "EB" };
	if (bytes < 1024) {
		snprintf(out, HUMAN_SIZE, "%d B", bytes > 0 ? (int)bytes : 0);
		return out;
	}
	double size = (double)bytes / KIB;
	size_t unit = 0;
	/* 1023.95 and more would print as "1024.0". */
	while (size >= 1023.95 && unit + 1 < sizeof(units) / sizeof(units[0])) {
		size /= KIB;
		unit++;
	}
	snprintf(out, HUMAN_SIZE, "%.1f %s", size, units[unit]);
	return out;
}

const char *human_usd(double usd, char out[HUMAN_SIZE])
{
	if (!isfinite(usd)) {
		snprintf(out, HUMAN_SIZE, "?");
		return out;
	}
	const char *sign = usd < 0 ? "-" : "";
	double size = fmin(fabs(usd), MAX_USD);
	if (size >= 0.00005 && size < 0.01) {
		snprintf(out, HUMAN_SIZE, "%s$%.4f", sign, size);
		return out;
	}
	int64_t cents = (int64_t)llround(size * 100);
	char whole[HUMAN_SIZE], *at = out;
	human_count(cents / 100, whole);
	if (cents > 0 && *sign)
		*at++ = '-';
	*at++ = '$';
	at = stpcpy(at, whole);
	*at++ = '.';
	*at++ = (char)('0' + cents % 100 / 10);
	*at++ = (char)('0' + cents % 10);
	*at = '\0';
	return out;
}

const char *human_span(int64_t span_ms, char out[HUMAN_SIZE])
{
	int64_t s = span_ms > 0 ? span_ms / CLOCK_SECOND_MS : 0;
	int64_t minutes = s / 60;
	int64_t hours = minutes / 60;
	if (s < 60)
		snprintf(out, HUMAN_SIZE, "%" PRId64 " s", s);
	else if (minutes < 60)
		snprintf(out, HUMAN_SIZE, "%" PRId64 " m", minutes);
	else if (hours < 24 && minutes % 60 == 0)
		snprintf(out, HUMAN_SIZE, "%" PRId64 " h", hours);
	else if (hours < 24)
		snprintf(out, HUMAN_SIZE, "%" PRId64 " h %" PRId64 " m", hours, minutes % 60);
	else if (hours % 24 == 0)
		snprintf(out, HUMAN_SIZE, "%" PRId64 " d", hours / 24);
	else
		snprintf(out, HUMAN_SIZE, "%" PRId64 " d %" PRId64 " h", hours / 24, hours % 24);
	return out;
}

const char *human_duration(int64_t span_ms, char out[HUMAN_SIZE])
{
	int64_t span = span_ms > 0 ? span_ms : 0;
	if (span < CLOCK_SECOND_MS)
		snprintf(out, HUMAN_SIZE, "%" PRId64 " ms", span);
	else if (span < 9950)
		snprintf(out, HUMAN_SIZE, "%.1f s", (double)span / 1000);
	else if (span < CLOCK_MINUTE_MS)
		snprintf(out, HUMAN_SIZE, "%" PRId64 " s", span / CLOCK_SECOND_MS);
	else if (span < CLOCK_HOUR_MS)
		snprintf(out, HUMAN_SIZE, "%" PRId64 " m %" PRId64 " s", span / CLOCK_MINUTE_MS,
			 span % CLOCK_MINUTE_MS / CLOCK_SECOND_MS);
	else
		human_span(span, out);
	return out;
}

const char *human_clock(int64_t at_ms, int64_t now_ms, char out[HUMAN_SIZE])
{
	char day[CLOCK_DATE_SIZE], today[CLOCK_DATE_SIZE];
	clock_format_local_date(at_ms, day);
	clock_format_local_date(now_ms, today);
	/* At night a block ends on another day; the time alone is clear. */
	bool is_soon = at_ms >= now_ms && at_ms - now_ms < CLOCK_DAY_MS;
	bool is_known = now_ms >= 0 && now_ms <= CLOCK_LOCAL_MAX_MS;
	enum clock_form form = is_soon || strcmp(day, today) == 0	   ? CLOCK_TIME
			       : strncmp(day, today, strlen("2026-")) == 0 ? CLOCK_MONTH_DAY_TIME
									   : CLOCK_DATE_TIME;
	if (!is_known || !clock_format_local(at_ms, form, out, HUMAN_SIZE))
		snprintf(out, HUMAN_SIZE, "?");
	return out;
}

const char *human_stamp(int64_t at_ms, char out[HUMAN_SIZE])
{
	if (!clock_format_local(at_ms, CLOCK_DATE_TIME, out, HUMAN_SIZE))
		snprintf(out, HUMAN_SIZE, "?");
	return out;
}

const char *human_clock_seconds(int64_t at_ms, char out[HUMAN_SIZE])
{
	if (!clock_format_local(at_ms, CLOCK_TIME_SECONDS, out, HUMAN_SIZE))
		snprintf(out, HUMAN_SIZE, "--:--:--");
	return out;
}

const char *human_ago(int64_t at_ms, int64_t now_ms, char out[HUMAN_SIZE])
{
	char age[CLOCK_AGE_SIZE];
	if (at_ms < 0 || at_ms > CLOCK_LOCAL_MAX_MS) {
		snprintf(out, HUMAN_SIZE, "?");
	} else if (at_ms > now_ms && at_ms - now_ms >= CLOCK_SECOND_MS) {
		clock_format_age(at_ms - now_ms, age);
		snprintf(out, HUMAN_SIZE, "in %s", age);
	} else if (now_ms - at_ms < CLOCK_SECOND_MS) {
		snprintf(out, HUMAN_SIZE, "just now");
	} else {
		clock_format_age(now_ms - at_ms, age);
		snprintf(out, HUMAN_SIZE, "%s ago", age);
	}
	return out;
}
