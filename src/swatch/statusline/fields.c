#include "swatch/statusline/fields.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"

#define MS_A_MINUTE 60000.
#define DAY_MS 86400000.

#define ROW(name, kind, field) { name, kind, offsetof(struct statusline_facts, field) }

const struct statusline_field statusline_fields[] = {
	ROW("agent", FIELD_TEXT, agent),
	ROW("api_time", FIELD_SPAN, api_time_ms),
	ROW("block_cost", FIELD_USD, block_usd),
	ROW("block_left", FIELD_SPAN, block_left_ms),
	ROW("block_percent", FIELD_PERCENT, block_percent),
	ROW("block_projected", FIELD_USD, block_projected_usd),
	ROW("block_reset", FIELD_CLOCK, block_resets_ms),
	ROW("block_tokens", FIELD_COUNT, block_tokens),
	ROW("branch", FIELD_TEXT, branch),
	ROW("burn_rate", FIELD_USD, burn_usd),
	ROW("burn_status", FIELD_TEXT, burn_status),
	ROW("cache", FIELD_TEXT, cache),
	ROW("cache_hit", FIELD_PERCENT, cache_hit_percent),
	ROW("cache_left", FIELD_SPAN, cache_left_ms),
	ROW("cache_misses", FIELD_COUNT, cache_misses),
	ROW("cache_ttl", FIELD_TEXT, cache_ttl),
	ROW("cold_cost", FIELD_USD, cold_usd),
	ROW("columns", FIELD_COUNT, columns),
	ROW("context_left", FIELD_PERCENT, context_left),
	ROW("context_percent", FIELD_PERCENT, context_percent),
	ROW("context_size", FIELD_COUNT, context_size),
	ROW("context_tokens", FIELD_COUNT, context_tokens),
	ROW("cwd", FIELD_TEXT, cwd),
	ROW("dir", FIELD_TEXT, dir),
	ROW("effort", FIELD_TEXT, effort),
	ROW("fast", FIELD_TEXT, fast),
	ROW("figures_age", FIELD_SPAN, age_ms),
	ROW("limit_reset", FIELD_CLOCK, limit_resets_ms),
	ROW("limits_other", FIELD_TEXT, limits_other),
	ROW("lines_added", FIELD_COUNT, lines_added),
	ROW("lines_removed", FIELD_COUNT, lines_removed),
	ROW("model", FIELD_TEXT, model),
	ROW("model_id", FIELD_TEXT, model_id),
	ROW("note", FIELD_TEXT, note),
	ROW("pr", FIELD_COUNT, pr),
	ROW("pr_state", FIELD_TEXT, pr_state),
	ROW("project", FIELD_TEXT, project),
	ROW("rate_5h", FIELD_PERCENT, rate_5h),
	ROW("rate_5h_left", FIELD_SPAN, rate_5h_left_ms),
	ROW("rate_5h_pace", FIELD_PACE, rate_5h_pace),
	ROW("rate_5h_reset", FIELD_CLOCK, rate_5h_resets_ms),
	ROW("rate_7d", FIELD_PERCENT, rate_7d),
	ROW("rate_7d_left", FIELD_SPAN, rate_7d_left_ms),
	ROW("rate_7d_pace", FIELD_PACE, rate_7d_pace),
	ROW("rate_7d_reset", FIELD_CLOCK, rate_7d_resets_ms),
	ROW("rate_spend", FIELD_PERCENT, rate_spend),
	ROW("recache_tokens", FIELD_COUNT, recache_tokens),
	ROW("room", FIELD_COUNT, room),
	ROW("session_burn_rate", FIELD_USD, session_burn_usd),
	ROW("session_cost", FIELD_USD, session_usd),
	ROW("session_cost_claude", FIELD_USD, claude_usd),
	ROW("session_cost_swatch", FIELD_USD, swatch_usd),
	ROW("session_id", FIELD_TEXT, session_id),
	ROW("session_name", FIELD_TEXT, session_name),
	ROW("session_time", FIELD_SPAN, session_time_ms),
	ROW("session_tokens", FIELD_COUNT, session_tokens),
	ROW("source", FIELD_TEXT, source),
	ROW("spend_cost", FIELD_USD, spend_usd),
	ROW("spend_limit", FIELD_USD, spend_limit_usd),
	ROW("stale", FIELD_TEXT, stale),
	ROW("style", FIELD_TEXT, style),
	ROW("subagents", FIELD_COUNT, subagents),
	ROW("subagents_cost", FIELD_USD, subagents_usd),
	ROW("subagents_percent", FIELD_PERCENT, subagents_percent),
	ROW("thinking", FIELD_TEXT, thinking),
	ROW("today_cost", FIELD_USD, today_usd),
	ROW("today_tokens", FIELD_COUNT, today_tokens),
	ROW("today_unpriced", FIELD_COUNT, today_unpriced),
	ROW("tokens_per_minute", FIELD_COUNT, tokens_per_minute),
	ROW("unpriced", FIELD_TEXT, unpriced),
	ROW("unpriced_models", FIELD_TEXT, unpriced_models),
	ROW("version", FIELD_TEXT, version),
	ROW("vim", FIELD_TEXT, vim),
	ROW("window_cost", FIELD_USD, window_usd),
	ROW("window_tokens", FIELD_COUNT, window_tokens),
	ROW("worktree", FIELD_TEXT, worktree),
};

const size_t statusline_field_count = sizeof(statusline_fields) / sizeof(statusline_fields[0]);

const struct statusline_field *statusline_field_find(const char *name, size_t len)
{
	size_t low = 0, high = statusline_field_count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const char *here = statusline_fields[middle].name;
		int order = strncmp(name, here, len);
		if (order == 0 && here[len] == '\0')
			return &statusline_fields[middle];
		/* A name that begins with the one that is looked for comes after it. */
		if (order <= 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

static const void *value_of(const struct statusline_field *field, const struct statusline_facts *facts)
{
	return (const char *)facts + field->offset;
}

bool statusline_field_is_known(const struct statusline_field *field, const struct statusline_facts *facts)
{
	const void *value = value_of(field, facts);
	return field->kind == FIELD_TEXT ? *(const char *)value != '\0' : isfinite(*(const double *)value);
}

double statusline_field_number(const struct statusline_field *field, const struct statusline_facts *facts)
{
	if (field->kind == FIELD_TEXT || field->kind == FIELD_CLOCK)
		return NAN;
	double number = *(const double *)value_of(field, facts);
	return field->kind == FIELD_SPAN ? number / MS_A_MINUTE : number;
}

/* "124,300" */
static int write_count(double count, char out[FIELD_VALUE_SIZE])
{
	char digits[32];
	int len = snprintf(digits, sizeof(digits), "%.0f", count);
	int at = 0;
	for (int i = 0; i < len; i++) {
		if (i > 0 && (len - i) % 3 == 0 && digits[i - 1] != '-')
			out[at++] = ',';
		out[at++] = digits[i];
	}
	out[at] = '\0';
	return at;
}

int statusline_span_text(double span_ms, char out[FIELD_VALUE_SIZE])
{
	long long seconds = span_ms > 0. ? (long long)(span_ms / 1000.) : 0;
	long long minutes = seconds / 60, hours = minutes / 60;
	if (minutes == 0)
		return snprintf(out, FIELD_VALUE_SIZE, "%llds", seconds);
	if (hours == 0)
		return snprintf(out, FIELD_VALUE_SIZE, "%lldm", minutes);
	if (hours < 24)
		return snprintf(out, FIELD_VALUE_SIZE, "%lldh %lldm", hours, minutes % 60);
	return snprintf(out, FIELD_VALUE_SIZE, "%lldd %lldh", hours / 24, hours % 24);
}

/* The local time; with the day of the week, or the date, when that is more than a day or a week ahead. */
static int write_clock(double at_ms, double now_ms, char out[FIELD_VALUE_SIZE])
{
	struct tm local;
	time_t seconds = (time_t)(at_ms / 1000.);
	double ahead_ms = at_ms - now_ms;
	if (!localtime_r(&seconds, &local))
		return 0;
	if (ahead_ms < DAY_MS)
		return (int)strftime(out, FIELD_VALUE_SIZE, "%H:%M", &local);
	if (ahead_ms < 7. * DAY_MS)
		return (int)strftime(out, FIELD_VALUE_SIZE, "%a %H:%M", &local);
	return (int)strftime(out, FIELD_VALUE_SIZE, "%b %d", &local);
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
	const void *value = value_of(field, facts);
	out[0] = '\0';
	if (field->kind == FIELD_TEXT) {
		/* Every text of the facts fits. */
		size_t len = strlen(value);
		memcpy(out, value, len + 1);
		return len;
	}
	double number = *(const double *)value;
	int len = isfinite(number) ? write_number(field->kind, number, (double)facts->now_ms, out) : 0;
	return len > 0 ? (size_t)len : 0;
}
