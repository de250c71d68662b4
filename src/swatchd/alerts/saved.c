/*
 * The records in the daemon's own file: what a restart does not forget.
 */
#include "swatchd/alerts/alerts.h"

#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "cache/names.h"
#include "cache/read.h"
#include "limits/limits.h"

/* The longest window is a month: a record whose mark lies further ahead is damaged. */
#define MARK_AHEAD_MS (33 * CLOCK_DAY_MS)

static const char *const rule_names[ALERT_RULES] = {
	"block_cost", "today_cost", "five_hour", "seven_day", "other_limits", "context", "cache_cools",
	"waiting", "limit_reached", "limit_reset", "secret", "more",
};

const char *alert_rule_name(enum alert_rule rule)
{
	return rule_names[rule];
}

enum alert_rule alert_rule_by_name(const char *name)
{
	enum alert_rule rule = 0;
	while (name && rule < ALERT_RULES && strcmp(name, rule_names[rule]) != 0)
		rule++;
	return name ? rule : ALERT_RULES;
}

bool alert_rule_is_of_session(enum alert_rule rule)
{
	return rule == ALERT_CONTEXT || rule == ALERT_CACHE_COOLS || rule == ALERT_WAITING
	       || rule == ALERT_SECRET;
}

bool alerts_are_unsaved(const struct alerts *alerts)
{
	return alerts->records.changed;
}

void alerts_note_saved(struct alerts *alerts)
{
	alerts->records.changed = false;
}

void alerts_note_lost(struct alerts *alerts)
{
	alerts->records.changed = true;
}

void alerts_write(const struct alerts *alerts, struct jsonw *w)
{
	jsonw_key_array(w, "announced");
	for (size_t i = 0; i < alerts->records.count; i++) {
		const struct alert_record *record = alerts->records.list[i];
		jsonw_begin_object(w);
		jsonw_put_string(w, "rule", rule_names[record->rule]);
		jsonw_put_double(w, "limit", record->limit);
		jsonw_put_string(w, "subject", record->subject);
		jsonw_put_int(w, "until", record->mark_ms);
		jsonw_put_int(w, "at", record->fired_ms);
		jsonw_put_bool(w, "resetTold", record->reset_told);
		jsonw_end_object(w);
	}
	jsonw_end_array(w);
	/* Those that wait to be summed up. */
	jsonw_key_object(w, "untold");
	for (int rule = 0; rule < ALERT_RULES; rule++)
		if (alerts->untold[rule] > 0)
			jsonw_put_int(w, rule_names[rule], alerts->untold[rule]);
	jsonw_end_object(w);
}

static bool is_subject(enum alert_rule rule, const char *subject)
{
	char name[RATE_LIMIT_NAME_SIZE];
	size_t len = strlen(subject);
	if (rule == ALERT_BLOCK_COST || rule == ALERT_TODAY_COST)
		return len == 0;
	if (rule == ALERT_CONTEXT || rule == ALERT_CACHE_COOLS || rule == ALERT_WAITING)
		return cache_session_id_is_valid(subject, len);
	if (rule == ALERT_SECRET)
		return cache_session_id_is_valid(subject, strcspn(subject, "/"));
	return rule != ALERT_LIMIT_RESET && rule != ALERT_MORE && rate_limit_name(subject, len, name)
	    && strcmp(name, subject) == 0;
}

static void restore_record(struct alerts *alerts, struct json_object *written)
{
	enum alert_rule rule = alert_rule_by_name(json_get_string(written, "rule"));
	const char *subject = json_get_string(written, "subject");
	double limit = json_get_double(written, "limit", NAN);
	int64_t mark_ms = json_get_int(written, "until", -1);
	int64_t fired_ms = json_get_int(written, "at", -1);
	if (rule == ALERT_RULES || !subject || !is_subject(rule, subject))
		return;
	bool possible = isfinite(limit) && limit >= 0. && mark_ms >= 0
			&& mark_ms <= alerts->now_ms + MARK_AHEAD_MS && fired_ms >= 0
			&& fired_ms <= alerts->now_ms + CLOCK_DAY_MS;
	if (!possible || alert_records_find(&alerts->records, (int)rule, limit, subject))
		return;
	struct alert_record *record = alert_records_add(&alerts->records, (int)rule, limit, subject);
	if (!record)
		return;
	record->mark_ms = mark_ms;
	record->fired_ms = fired_ms;
	record->reset_told = json_get_bool(written, "resetTold", false);
}

void alerts_restore(struct alerts *alerts, struct json_object *written, int64_t now_ms)
{
	size_t count;
	struct json_object *list = json_get_array(written, "announced", &count);
	struct json_object *untold = json_get_object(written, "untold");
	alerts->now_ms = now_ms;
	for (size_t i = 0; i < count && alerts->records.count < ALERTS_RECORDS_MAX; i++)
		restore_record(alerts, json_object_array_get_idx(list, i));
	for (enum alert_rule rule = 0; rule < ALERT_RULES; rule++) {
		int64_t number = json_get_int(untold, rule_names[rule], 0);
		if (alert_rule_is_of_session(rule) && number > 0 && number <= ALERTS_RECORDS_MAX)
			alerts->untold[rule] = (unsigned)number;
	}
	alerts->records.changed = alerts->records.is_full = false;
}
