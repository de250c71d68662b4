#include "swatch/statusline/fields.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/array.h"
#include "base/clock.h"
#include "base/digits.h"

#define NUMBER_FIELD(name, constant, kind, range) { name, FIELD_##kind, FACT_##constant },
#define TEXT_FIELD(name, member) { name, FIELD_TEXT, offsetof(struct statusline_facts, member) },

const struct statusline_field statusline_fields[] = { STATUSLINE_FIELDS(NUMBER_FIELD, TEXT_FIELD) };
const size_t statusline_field_count = ARRAY_COUNT(statusline_fields);

static int compare_name(const void *key, const void *item)
{
	const struct slice *name = key;
	const char *here = ((const struct statusline_field *)item)->name;
	int order = strncmp(name->data, here, name->len);
	/* A field whose name begins with the one that we look for comes after it. */
	return order == 0 && here[name->len] != '\0' ? -1 : order;
}

const struct statusline_field *statusline_field_find(const char *name, size_t len)
{
	const struct slice key = { name, len };
	bool found;
	size_t at = array_search(&key, statusline_fields, statusline_field_count,
				 sizeof(statusline_fields[0]), compare_name, &found);
	return found ? &statusline_fields[at] : NULL;
}

static const char *text_of(const struct statusline_field *field, const struct statusline_facts *facts)
{
	return (const char *)facts + field->at;
}

bool statusline_field_is_known(const struct statusline_field *field, const struct statusline_facts *facts)
{
	if (field->kind == FIELD_TEXT)
		return text_of(field, facts)[0] != '\0';
	return isfinite(facts->number[field->at]);
}

bool statusline_field_is_warning(const struct statusline_field *field)
{
	static const size_t warnings[] = { offsetof(struct statusline_facts, limit_reached),
					   offsetof(struct statusline_facts, stale),
					   offsetof(struct statusline_facts, unpriced),
					   offsetof(struct statusline_facts, note) };
	for (size_t i = 0; field->kind == FIELD_TEXT && i < ARRAY_COUNT(warnings); i++)
		if (field->at == warnings[i])
			return true;
	return false;
}

double statusline_field_number(const struct statusline_field *field, const struct statusline_facts *facts)
{
	if (field->kind == FIELD_TEXT || field->kind == FIELD_CLOCK)
		return NAN;
	double number = facts->number[field->at];
	return field->kind == FIELD_SPAN ? number / CLOCK_MINUTE_MS : number;
}

static int write_count(double count, char out[FIELD_VALUE_SIZE])
{
	char number[32];
	snprintf(number, sizeof(number), "%.0f", count);
	return (int)digits_group(number, out, FIELD_VALUE_SIZE);
}

int statusline_span_text(double span_ms, char out[FIELD_VALUE_SIZE])
{
	long long seconds = span_ms > 0. ? (long long)(span_ms / 1000.) : 0;
	long long minutes = seconds / 60, hours = minutes / 60;
	/* A span of one unit reads like an age. */
	if (hours == 0) {
		clock_format_age(seconds * CLOCK_SECOND_MS, out);
		return (int)strlen(out);
	}
	if (hours < 24)
		return snprintf(out, FIELD_VALUE_SIZE, "%lldh %lldm", hours, minutes % 60);
	return snprintf(out, FIELD_VALUE_SIZE, "%lldd %lldh", hours / 24, hours % 24);
}

/* Writes the local time; with the weekday, or the date, when that is more than a day or a week ahead. */
static int write_clock(double at_ms, double now_ms, char out[FIELD_VALUE_SIZE])
{
	double days = (at_ms - now_ms) / CLOCK_DAY_MS;
	enum clock_form form = days < 1. ? CLOCK_TIME : days < 7. ? CLOCK_WEEKDAY_TIME : CLOCK_MONTH_DAY;
	(void)clock_format_local((int64_t)at_ms, form, out, FIELD_VALUE_SIZE);
	return (int)strlen(out);
}

static int write_number(enum field_kind kind, double number, double now_ms, char out[FIELD_VALUE_SIZE])
{
	switch (kind) {
	case FIELD_USD:
		return snprintf(out, FIELD_VALUE_SIZE, "$%.2f", number);
	case FIELD_COUNT:
		return write_count(number, out);
	case FIELD_PERCENT:
		return snprintf(out, FIELD_VALUE_SIZE, "%.0f", number);
	case FIELD_PACE:
		return snprintf(out, FIELD_VALUE_SIZE, "%.1f", number);
	case FIELD_SPAN:
		return statusline_span_text(number, out);
	default:
		return write_clock(number, now_ms, out);
	}
}

size_t statusline_field_text(const struct statusline_field *field, const struct statusline_facts *facts,
			     char out[FIELD_VALUE_SIZE])
{
	out[0] = '\0';
	if (field->kind == FIELD_TEXT) {
		/* Every text of the facts fits. */
		size_t len = strlen(text_of(field, facts));
		memcpy(out, text_of(field, facts), len + 1);
		return len;
	}
	double number = facts->number[field->at];
	int len = isfinite(number) ? write_number(field->kind, number, (double)facts->now_ms, out) : 0;
	return len > 0 ? (size_t)len : 0;
}
