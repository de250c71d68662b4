#include "swatchd/alerts/alerts.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "limits/limits.h"

/* Two readings of one reset differ by up to this; a late terminal may report a window that just ended. */
#define RESET_SLACK_MS (2 * CLOCK_MINUTE_MS)
/* A context has fallen when it is below this share of the limit. */
#define CONTEXT_FALLEN_SHARE 0.75
/* A context's record, and a wait's, have no end of their own: by then the session is forgotten. */
#define SESSION_RECORD_MS (30 * CLOCK_DAY_MS)
/* A limit whose reset nobody knows; it is over when the account answers. */
#define UNKNOWN_RESET_DAYS 32

/* A figure, as rules see it. */
struct figure {
	double value;
	int64_t start_ms, end_ms;    /* of what the figure is about: see is_anew() */
	double fallen_below;         /* arms the rule again; -INFINITY: nothing does but a new beginning */
	struct alert alert;          /* the announcement, but for the limit */
};

void alerts_init(struct alerts *alerts, const struct config *config, alerts_fired *fired, void *ctx)
{
	memset(alerts, 0, sizeof(*alerts));
	alerts->config = config;
	alerts->fired = fired;
	alerts->ctx = ctx;
}

void alerts_release(struct alerts *alerts)
{
	alert_records_release(&alerts->records);
}

/* ---- records ---- */

static struct alert_record *find(struct alerts *alerts, enum alert_rule rule, double limit,
				 const char *subject)
{
	struct alert_record *record = alert_records_find(&alerts->records, (int)rule, limit, subject);
	if (record)
		record->look = alerts->look;
	return record;
}

/* Returns false when there is no room: without a record the crossing would be announced at every look. */
static bool add(struct alerts *alerts, enum alert_rule rule, double limit, const char *subject,
		int64_t mark_ms)
{
	struct alert_record *record = alert_records_add(&alerts->records, (int)rule, limit, subject);
	if (!record)
		return false;
	record->mark_ms = mark_ms;
	record->fired_ms = alerts->now_ms;
	record->look = alerts->look;
	return true;
}

/* ---- moments ---- */

static void note_moment(struct alerts *alerts, int64_t at_ms)
{
	alerts->next_ms = clock_earlier(alerts->next_ms, at_ms);
}

/* Whether a moment has come; until then it is one to look at. */
static bool has_come(struct alerts *alerts, int64_t due_ms)
{
	if (alerts->now_ms < due_ms)
		note_moment(alerts, due_ms);
	return alerts->now_ms >= due_ms;
}

/* ---- rules ---- */

/*
 * Whether a figure is about another block, day, window, context or cache than the record. A window may begin
 * before the one on record ends (the server can reset a limit early): then a figure that is low again tells
 * it.
 */
static bool is_anew(const struct alert_record *record, const struct figure *figure)
{
	if (figure->start_ms >= record->mark_ms || figure->value < figure->fallen_below)
		return true;
	return figure->value < record->limit && figure->end_ms > record->mark_ms + RESET_SLACK_MS;
}

/* ---- not too many at once ---- */

static void sum_up(struct alerts *alerts)
{
	struct alert alert = { .rule = ALERT_MORE, .at_ms = alerts->now_ms, .limit = ALERTS_A_MINUTE,
			       .counts = alerts->untold };
	for (int rule = 0; rule < ALERT_RULES; rule++)
		alert.value += alerts->untold[rule];
	if (alert.value > 0.)
		alerts->fired(alerts->ctx, &alert);
	alerts->records.changed = alerts->records.changed || alert.value > 0.;
	memset(alerts->untold, 0, sizeof(alerts->untold));
}

/* Begins another minute when the last one has passed, or the clock was set back. */
static void turn_minute(struct alerts *alerts)
{
	int64_t passed_ms = alerts->now_ms - alerts->minute_ms;
	if (passed_ms >= 0 && passed_ms < CLOCK_MINUTE_MS)
		return;
	sum_up(alerts);
	alerts->minute_ms = alerts->now_ms;
	alerts->told = 0;
}

/* Whether an alert is to be told by itself; counts it when not. */
static bool may_tell(struct alerts *alerts, enum alert_rule rule)
{
	if (!alert_rule_is_of_session(rule))
		return true;
	if (alerts->told < ALERTS_A_MINUTE) {
		alerts->told++;
		return true;
	}
	alerts->untold[rule]++;
	note_moment(alerts, alerts->minute_ms + CLOCK_MINUTE_MS);
	return false;
}

static void tell(struct alerts *alerts, const struct figure *figure, enum alert_rule rule, double limit)
{
	struct alert alert = figure->alert;
	if (!may_tell(alerts, rule))
		return;
	alert.rule = rule;
	alert.at_ms = alerts->now_ms;
	alert.value = figure->value;
	alert.limit = limit;
	alerts->fired(alerts->ctx, &alert);
}

/* Holds a figure against one limit of a rule. Returns true when it crosses that now. */
static bool crosses(struct alerts *alerts, enum alert_rule rule, double limit, const char *subject,
		    const struct figure *figure)
{
	struct alert_record *record = find(alerts, rule, limit, subject);
	if (record && is_anew(record, figure)) {
		alert_records_drop(&alerts->records, record);
		record = NULL;
	}
	/* A missing number counts as below the limit. */
	if (!(figure->value >= limit))
		return false;
	if (record) {
		alert_records_set_mark(&alerts->records, record, figure->end_ms);
		return false;
	}
	return add(alerts, rule, limit, subject, figure->end_ms);
}

/* Announces only the highest of the limits that are crossed at once. */
static void hold_against(struct alerts *alerts, enum alert_rule rule, const struct config_numbers *limits,
			 const char *subject, struct figure *figure)
{
	double highest = NAN;
	for (size_t i = 0; i < limits->count; i++) {
		if (rule == ALERT_CONTEXT)
			figure->fallen_below = limits->at[i] * CONTEXT_FALLEN_SHARE;
		if (crosses(alerts, rule, limits->at[i], subject, figure))
			highest = limits->at[i];
	}
	if (!isnan(highest))
		tell(alerts, figure, rule, highest);
}

void alerts_begin(struct alerts *alerts, int64_t now_ms)
{
	alerts->now_ms = now_ms;
	alerts->next_ms = 0;
	alerts->look++;
	turn_minute(alerts);
}

static void note_cost(struct alerts *alerts, enum alert_rule rule, const struct config_numbers *limits,
		      double usd, int64_t start_ms, int64_t end_ms)
{
	struct figure figure = { .value = usd, .start_ms = start_ms, .end_ms = end_ms,
				 .fallen_below = -INFINITY, .alert = { .ends_ms = end_ms } };
	hold_against(alerts, rule, limits, "", &figure);
}

void alerts_note_block(struct alerts *alerts, double usd, int64_t start_ms, int64_t end_ms)
{
	note_cost(alerts, ALERT_BLOCK_COST, &alerts->config->alerts_block_cost_usd, usd, start_ms, end_ms);
}

void alerts_note_day(struct alerts *alerts, double usd, int64_t start_ms, int64_t end_ms)
{
	note_cost(alerts, ALERT_TODAY_COST, &alerts->config->alerts_today_cost_usd, usd, start_ms, end_ms);
}

/* ---- the server's limits ---- */

/* `reset_ms` 0: it is over before its reset, because the account answers again. */
static void tell_reset(struct alerts *alerts, struct alert_record *record, int64_t reset_ms)
{
	struct figure figure = { .value = 0., .alert = { .name = record->subject, .ends_ms = reset_ms } };
	if (record->reset_told)
		return;
	record->reset_told = alerts->records.changed = true;
	if (alerts->config->alerts_limit_reset
	    && (reset_ms == 0 || alerts->now_ms - reset_ms <= ALERTS_LATE_MS))
		tell(alerts, &figure, ALERT_LIMIT_RESET, 100.);
}

/* A limit that was reached is over before its time. */
static void end_early(struct alerts *alerts, struct alert_record *record, int64_t reset_ms)
{
	tell_reset(alerts, record, reset_ms);
	alert_records_drop(&alerts->records, record);
}

/* Keeps a record even when the config wants no announcement: the reset needs it. */
static void note_reached(struct alerts *alerts, const char *name, const struct figure *figure)
{
	struct alert_record *record = find(alerts, ALERT_LIMIT_REACHED, 100., name);
	/* The server reset it before the time that it named, or answers although it is not reset. */
	if (record && figure->value < 100. && record->mark_ms > alerts->now_ms)
		end_early(alerts, record, is_anew(record, figure) ? alerts->now_ms : 0);
	if (crosses(alerts, ALERT_LIMIT_REACHED, 100., name, figure) && alerts->config->alerts_limit_reached)
		tell(alerts, figure, ALERT_LIMIT_REACHED, 100.);
}

void alerts_note_limit(struct alerts *alerts, const char *name, double percent, int64_t resets_ms,
		       const char *session_id)
{
	const struct config *config = alerts->config;
	int64_t window_ms = rate_limit_window_ms(name);
	struct figure figure = { .value = percent, .end_ms = resets_ms, .fallen_below = -INFINITY,
				 .alert = { .name = name, .session_id = session_id, .ends_ms = resets_ms } };
	/* When the window's length is unknown, only the end of the last one shows that this is another. */
	figure.start_ms = window_ms > 0 ? resets_ms - window_ms + RESET_SLACK_MS
					: alerts->now_ms - RESET_SLACK_MS;
	/* In whole days, so that the record does not change with each look. */
	if (resets_ms == 0) {
		figure.start_ms = 0;
		figure.end_ms = (alerts->now_ms / CLOCK_DAY_MS + UNKNOWN_RESET_DAYS) * CLOCK_DAY_MS;
	}
	note_reached(alerts, name, &figure);
	if (strcmp(name, ALERTS_UNTOLD_LIMIT) == 0)
		return;  /* its percentage is unknown */
	if (strcmp(name, RATE_LIMIT_FIVE_HOUR) == 0)
		hold_against(alerts, ALERT_FIVE_HOUR, &config->alerts_five_hour_percent, name, &figure);
	else if (strcmp(name, RATE_LIMIT_SEVEN_DAY) == 0)
		hold_against(alerts, ALERT_SEVEN_DAY, &config->alerts_seven_day_percent, name, &figure);
	else
		hold_against(alerts, ALERT_OTHER_LIMITS, &config->alerts_other_limits_percent, name, &figure);
}

void alerts_end_limits(struct alerts *alerts)
{
	bool any_reached = false;
	for (size_t i = 0; i < alerts->records.count; i++) {
		const struct alert_record *record = alerts->records.list[i];
		any_reached = any_reached
			   || (record->rule == ALERT_LIMIT_REACHED && record->look == alerts->look);
	}
	for (size_t i = 0; i < alerts->records.count;) {
		struct alert_record *record = alerts->records.list[i];
		bool is_gone = record->rule == ALERT_LIMIT_REACHED && record->look != alerts->look
			       && !record->reset_told && record->mark_ms > alerts->now_ms;
		i += !is_gone;
		/* The limit without a name may be the one that has got a name now. */
		if (is_gone && any_reached && strcmp(record->subject, ALERTS_UNTOLD_LIMIT) == 0)
			alert_records_drop(&alerts->records, record);
		else if (is_gone)
			end_early(alerts, record, 0);
	}
}

/* ---- sessions ---- */

void alerts_note_context(struct alerts *alerts, const char *session_id, const char *project, double percent,
			 int64_t compacted_ms)
{
	struct figure figure = { .value = percent, .start_ms = compacted_ms, .end_ms = compacted_ms + 1,
				 .alert = { .session_id = session_id, .project = project } };
	hold_against(alerts, ALERT_CONTEXT, &alerts->config->alerts_context_percent, session_id, &figure);
}

/*
 * Puts a cache or a wait on record. Returns false when the record is about this one already. The limit is not
 * part of the record: another one in the config must not announce the same cache again.
 */
static bool record_later(struct alerts *alerts, enum alert_rule rule, const char *session_id, int64_t mark_ms)
{
	struct alert_record *record = find(alerts, rule, 0., session_id);
	if (!record)
		return add(alerts, rule, 0., session_id, mark_ms);
	if (mark_ms <= record->mark_ms)
		return false;
	alert_records_set_mark(&alerts->records, record, mark_ms);
	return true;
}

void alerts_note_cache(struct alerts *alerts, const char *session_id, const char *project, int64_t cold_ms,
		       int64_t life_ms)
{
	int64_t before_ms = alerts->config->alerts_cache_cools_ms;
	/* A cache with a shorter life would cause an alert with every message. */
	if (before_ms <= 0 || life_ms <= before_ms || cold_ms <= alerts->now_ms)
		return;
	if (!has_come(alerts, cold_ms - before_ms)
	    || !record_later(alerts, ALERT_CACHE_COOLS, session_id, cold_ms))
		return;
	struct figure figure = {
		.value = (double)(cold_ms - alerts->now_ms) / 1000.,
		.alert = { .session_id = session_id, .project = project, .ends_ms = cold_ms },
	};
	tell(alerts, &figure, ALERT_CACHE_COOLS, (double)before_ms / 1000.);
}

void alerts_note_waiting(struct alerts *alerts, const char *session_id, const char *project,
			 const char *waiting_for, int64_t since_ms)
{
	int64_t limit_ms = alerts->config->alerts_waiting_ms;
	if (limit_ms <= 0 || !has_come(alerts, since_ms + limit_ms)
	    || !record_later(alerts, ALERT_WAITING, session_id, since_ms))
		return;
	struct figure figure = {
		.value = (double)(alerts->now_ms - since_ms) / 1000.,
		.alert = { .session_id = session_id, .project = project, .waiting_for = waiting_for },
	};
	tell(alerts, &figure, ALERT_WAITING, (double)limit_ms / 1000.);
}

/* An old one is no news, unless it came while no daemon ran. */
void alerts_note_secret(struct alerts *alerts, const char *session_id, const char *project, const char *kind,
			int64_t at_ms)
{
	char subject[ALERTS_SUBJECT_SIZE];
	struct figure figure = { .value = 1., .alert = { .name = kind, .session_id = session_id,
							 .project = project } };
	if (!alerts->config->alerts_secret || alerts->now_ms - at_ms > ALERTS_LATE_MS)
		return;
	snprintf(subject, sizeof(subject), "%s/%s", session_id, kind);
	if (!find(alerts, ALERT_SECRET, 1., subject) && add(alerts, ALERT_SECRET, 1., subject, at_ms))
		tell(alerts, &figure, ALERT_SECRET, 1.);
}

/* ---- time ---- */

/* When a record says nothing any more. */
static int64_t record_ends_ms(const struct alert_record *record)
{
	if (record->rule == ALERT_CONTEXT || record->rule == ALERT_WAITING || record->rule == ALERT_SECRET)
		return record->fired_ms + SESSION_RECORD_MS;
	return record->mark_ms + RESET_SLACK_MS;
}

int64_t alerts_end(struct alerts *alerts)
{
	for (size_t i = 0; i < alerts->records.count;) {
		struct alert_record *record = alerts->records.list[i];
		bool is_reached = record->rule == ALERT_LIMIT_REACHED && !record->reset_told;
		if (is_reached && record->mark_ms <= alerts->now_ms)
			tell_reset(alerts, record, record->mark_ms);
		else if (is_reached)
			note_moment(alerts, record->mark_ms);
		if (record_ends_ms(record) <= alerts->now_ms)
			alert_records_drop(&alerts->records, record);
		else
			i++;
	}
	for (int rule = 0; rule < ALERT_RULES; rule++)
		if (alerts->untold[rule] > 0)
			note_moment(alerts, alerts->minute_ms + CLOCK_MINUTE_MS);
	return alerts->next_ms;
}

bool alerts_take_full(struct alerts *alerts)
{
	bool full = alerts->records.is_full;
	alerts->records.is_full = false;
	return full;
}
