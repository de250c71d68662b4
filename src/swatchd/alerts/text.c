#include "swatchd/alerts/text.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/array.h"
#include "base/clock.h"
#include "base/paths.h"
#include "base/printable.h"
#include "base/scope.h"
#include "base/unused.h"
#include "base/utf8.h"
#include "cache/names.h"
#include "json/get.h"
#include "limits/limits.h"

/* Characters that a shell or a notification's markup would obey. */
#define OBEYED "<>&\"'`$\\|;*?(){}[]!#~"
/* A directory's path is shorter in every transcript that was read. */
#define PROJECT_MAX_BYTES ((size_t)4096)
/* Of what a restart takes back. */
#define NUMBER_MAX_BYTES ((size_t)31)
#define MESSAGE_MAX_CHARS ((size_t)400)

const char *alert_unit(enum alert_rule rule)
{
	if (rule == ALERT_BLOCK_COST || rule == ALERT_TODAY_COST)
		return "usd";
	if (rule == ALERT_MORE)
		return "alerts";
	if (rule == ALERT_SECRET)
		return "count";
	return rule == ALERT_CACHE_COOLS || rule == ALERT_WAITING ? "seconds" : "percent";
}

/* ---- text of others ---- */

/* Appends up to `max_chars` characters; what is obeyed becomes "_". */
static void append_harmless(struct buf *out, const char *text, const char *obeyed, size_t max_chars)
{
	size_t len = strlen(text), chars = 0;
	uint32_t before = 0;
	while (len > 0) {
		uint32_t code = 0;
		size_t took = utf8_decode(text, len, &code);
		if (chars++ == max_chars) {
			buf_append_str(out, "...");
			return;
		}
		if (took == 0 || printable_is_unsafe_at(before, code, text, len, took)
		    || strchr(obeyed, *text))
			buf_append_char(out, '_');
		else
			buf_append(out, text, took);
		before = code;
		took = took ? took : 1;
		text += took;
		len -= took;
	}
}

static void append_whose(struct buf *out, const struct alert *alert)
{
	const char *name = alert->project ? paths_basename(alert->project) : "";
	if (*name)
		append_harmless(out, name, OBEYED, ALERT_TEXT_NAME_CHARS);
	else
		buf_printf(out, "session %.8s", alert->session_id ? alert->session_id : "?");
}

static bool is_path(const char *value)
{
	return !*value || *value == '/';
}

/* ---- our own ---- */

/* "15:04", or "Thu 15:04" when that is not today. */
static void append_time(struct buf *out, int64_t at_ms, int64_t now_ms)
{
	char text[32], day[CLOCK_DATE_SIZE], today[CLOCK_DATE_SIZE];
	clock_format_local_date(at_ms, day);
	clock_format_local_date(now_ms, today);
	(void)clock_format_local(at_ms, strcmp(day, today) == 0 ? CLOCK_TIME : CLOCK_WEEKDAY_TIME, text,
				 sizeof(text));
	buf_append_str(out, text);
}

static void append_until(struct buf *out, const char *what, const struct alert *alert)
{
	if (alert->ends_ms <= alert->at_ms)
		return;
	buf_printf(out, "; it %s at ", what);
	append_time(out, alert->ends_ms, alert->at_ms);
}

/* Down, not to the nearest: 94.96% is not yet 95%. */
static double shown_percent(double percent)
{
	return floor(percent * 10. + 1e-9) / 10.;
}

static void append_limit_name(struct buf *out, const struct alert *alert)
{
	char title[RATE_LIMIT_LABEL_SIZE];
	rate_limit_title(strcmp(alert->name, ALERTS_UNTOLD_LIMIT) == 0 ? "" : alert->name, title);
	buf_append_str(out, title);
}

/* "12 more alerts in the last minute: 10 of context, 2 of cache_cools" */
static void append_more(struct buf *out, const struct alert *alert)
{
	bool first = true;
	buf_printf(out, "%.0f more alert%s in the last minute", alert->value, alert->value == 1. ? "" : "s");
	for (int rule = 0; alert->counts && rule < ALERT_RULES; rule++) {
		if (alert->counts[rule] == 0)
			continue;
		buf_printf(out, "%s%u of %s", first ? ": " : ", ", alert->counts[rule],
			   alert_rule_name((enum alert_rule)rule));
		first = false;
	}
}

static void append_used(struct buf *out, const struct alert *alert)
{
	buf_printf(out, "%.10g%% of the ", shown_percent(alert->value));
	append_limit_name(out, alert);
	buf_append_str(out, " is used");
	append_until(out, "resets", alert);
}

static void append_span(struct buf *out, double seconds)
{
	if (seconds < 90.)
		buf_printf(out, "%.0f s", ceil(seconds));
	else if (seconds < 2. * 3600.)
		buf_printf(out, "%.0f min", round(seconds / 60.));
	else
		buf_printf(out, "%.0f h", floor(seconds / 3600.));
}

static void append_waiting_for(struct buf *out, const struct alert *alert)
{
	if (!alert->waiting_for || !alert->waiting_for[0])
		return;
	buf_append_str(out, ": ");
	append_harmless(out, alert->waiting_for, OBEYED, ALERT_TEXT_NAME_CHARS);
}

void alert_text_append_message(const struct alert *alert, struct buf *out)
{
	switch (alert->rule) {
	case ALERT_BLOCK_COST:
		buf_printf(out, "This block has cost $%.2f (alert at $%.2f)", alert->value, alert->limit);
		append_until(out, "ends", alert);
		break;
	case ALERT_TODAY_COST:
		buf_printf(out, "Today has cost $%.2f (alert at $%.2f)", alert->value, alert->limit);
		break;
	case ALERT_CONTEXT:
		buf_append_str(out, "The context of ");
		append_whose(out, alert);
		buf_printf(out, " is %.10g%% full", shown_percent(alert->value));
		break;
	case ALERT_CACHE_COOLS:
		buf_append_str(out, "The prompt cache of ");
		append_whose(out, alert);
		buf_append_str(out, " goes cold in ");
		append_span(out, alert->value);
		break;
	case ALERT_WAITING:
		append_whose(out, alert);
		buf_append_str(out, " has been waiting for you for ");
		append_span(out, floor(alert->value));
		append_waiting_for(out, alert);
		break;
	case ALERT_LIMIT_REACHED:
		buf_append_str(out, "The ");
		append_limit_name(out, alert);
		buf_append_str(out, " is reached");
		if (alert->ends_ms == 0)
			buf_append_str(out, "; when it resets is not known");
		append_until(out, "resets", alert);
		break;
	case ALERT_LIMIT_RESET:
		buf_append_str(out, "The ");
		append_limit_name(out, alert);
		buf_append_str(out, alert->ends_ms > 0 ? " is reset" : " is over: Claude answers again");
		break;
	case ALERT_MORE:
		append_more(out, alert);
		break;
	case ALERT_SECRET:
		buf_printf(out, "A secret is in the transcript of ");
		append_whose(out, alert);
		buf_printf(out, ": %s", alert->name);
		break;
	default:
		append_used(out, alert);
		break;
	}
}

static void append_number(struct buf *out, const char *name, enum alert_rule rule, double value)
{
	const char *unit = alert_unit(rule);
	if (strcmp(unit, "usd") == 0)
		buf_printf(out, "%s=%.2f", name, value);
	else if (strcmp(unit, "percent") == 0)
		buf_printf(out, "%s=%.10g", name, shown_percent(value));
	else
		buf_printf(out, "%s=%.0f", name, value);
	buf_append_char(out, '\0');
}

static void append_variable(struct buf *out, const char *name, const char *value)
{
	buf_printf(out, "%s=%s", name, value ? value : "");
	buf_append_char(out, '\0');
}

static void append_seconds(struct buf *out, const char *name, int64_t at_ms)
{
	char text[32] = "";
	if (at_ms > 0)
		snprintf(text, sizeof(text), "%" PRId64, at_ms / CLOCK_SECOND_MS);
	append_variable(out, name, text);
}

void alert_text_append_environment(const struct alert *alert, const char *message, struct buf *out)
{
	append_variable(out, "SWATCH_ALERT", alert_rule_name(alert->rule));
	append_number(out, "SWATCH_VALUE", alert->rule, alert->value);
	append_number(out, "SWATCH_LIMIT", alert->rule, alert->limit);
	append_variable(out, "SWATCH_UNIT", alert_unit(alert->rule));
	append_variable(out, "SWATCH_LIMIT_NAME", alert->name);
	append_variable(out, "SWATCH_SESSION_ID", alert->session_id);
	buf_append_str(out, "SWATCH_PROJECT=");
	/* A transcript may say anything; what is no path could be an option of a program. */
	append_harmless(out, alert->project && is_path(alert->project) ? alert->project : "", "",
			PROJECT_MAX_BYTES);
	buf_append_char(out, '\0');
	buf_append_str(out, "SWATCH_WAITING_FOR=");
	append_harmless(out, alert->waiting_for ? alert->waiting_for : "", "", ALERT_TEXT_NAME_CHARS);
	buf_append_char(out, '\0');
	append_seconds(out, "SWATCH_AT", alert->at_ms);
	append_seconds(out, "SWATCH_RESETS_AT", alert->ends_ms);
	append_variable(out, "SWATCH_MESSAGE", message);
}

/* ---- across a restart ---- */

void alert_text_write_environment(const struct buf *environment, struct jsonw *w)
{
	jsonw_begin_object(w);
	for (size_t at = 0; at < environment->len;) {
		const char *string = environment->data + at;
		AUTO_FREE char *name = strndup(string, strcspn(string, "="));
		if (name)
			jsonw_put_string(w, name, string + strlen(name) + 1);
		at += strlen(string) + 1;
	}
	jsonw_end_object(w);
}

/* "84.3", as append_number() writes it. */
static bool is_number(const char *value)
{
	char *end;
	if (!*value || strlen(value) > NUMBER_MAX_BYTES || strspn(value, "0123456789.-+e") != strlen(value))
		return false;
	double number = strtod(value, &end);
	return *end == '\0' && isfinite(number);
}

static bool is_seconds(const char *value)
{
	return strlen(value) <= NUMBER_MAX_BYTES && strspn(value, "0123456789") == strlen(value);
}

static bool is_session(const char *value)
{
	return !*value || cache_session_id_is_valid(value, strlen(value));
}

/* Of what is obeyed, our own sentences have these: amounts of money, and words in brackets. */
static bool is_sentence(const char *value)
{
	const char *dollar = value;
	while ((dollar = strchr(dollar, '$')))
		if (!(*++dollar >= '0' && *dollar <= '9'))
			return false;
	return true;
}

static bool is_text(const char *value UNUSED)
{
	return true;
}

enum alert_rule alert_text_read_environment(struct json_object *written, int64_t now_ms, struct buf *out)
{
	static const struct {
		const char *name;
		bool (*is_good)(const char *value);
		const char *obeyed;          /* what becomes "_" */
		size_t max_chars;
	} variables[] = {
		{ "SWATCH_ALERT", is_text, OBEYED, NUMBER_MAX_BYTES },
		{ "SWATCH_VALUE", is_number, OBEYED, NUMBER_MAX_BYTES },
		{ "SWATCH_LIMIT", is_number, OBEYED, NUMBER_MAX_BYTES },
		{ "SWATCH_UNIT", is_text, OBEYED, NUMBER_MAX_BYTES },
		{ "SWATCH_LIMIT_NAME", is_text, OBEYED, ALERT_TEXT_NAME_CHARS },
		{ "SWATCH_SESSION_ID", is_session, "", CACHE_SESSION_ID_MAX },
		{ "SWATCH_PROJECT", is_path, "", PROJECT_MAX_BYTES },
		{ "SWATCH_WAITING_FOR", is_text, "", ALERT_TEXT_NAME_CHARS },
		{ "SWATCH_AT", is_seconds, OBEYED, NUMBER_MAX_BYTES },
		{ "SWATCH_RESETS_AT", is_seconds, OBEYED, NUMBER_MAX_BYTES },
		{ "SWATCH_MESSAGE", is_sentence, "<>&\"'`\\|*?{}[]!#~", MESSAGE_MAX_CHARS },
	};
	size_t before = out->len;
	const char *at_text = json_get_string(written, "SWATCH_AT");
	enum alert_rule rule = alert_rule_by_name(json_get_string(written, "SWATCH_ALERT"));
	int64_t at_s = at_text ? strtoll(at_text, NULL, 10) : 0;
	int64_t now_s = now_ms / CLOCK_SECOND_MS;
	const char *unit = json_get_string(written, "SWATCH_UNIT");
	if (rule == ALERT_RULES || at_s > now_s || at_s < now_s - ALERTS_LATE_MS / CLOCK_SECOND_MS || !unit
	    || strcmp(unit, alert_unit(rule)) != 0)
		return ALERT_RULES;
	for (size_t i = 0; i < ARRAY_COUNT(variables); i++) {
		const char *value = json_get_string(written, variables[i].name);
		if (!value || !variables[i].is_good(value)) {
			buf_truncate(out, before);
			return ALERT_RULES;
		}
		buf_printf(out, "%s=", variables[i].name);
		append_harmless(out, value, variables[i].obeyed, variables[i].max_chars);
		buf_append_char(out, '\0');
	}
	return rule;
}
