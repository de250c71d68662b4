#include "swatchd/billing/billing.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "cache/names.h"
#include "json/get.h"
#include "ledger/limits.h"
#include "swatchd/billing/account_limits.h"

void billing_init(struct billing *billing, const struct config *config, struct ledger *ledger)
{
	memset(billing, 0, sizeof(*billing));
	billing->config = config;
	billing->ledger = ledger;
	billing->difference_usd = billing->drift_usd = billing->native_after_usd = NAN;
}

void billing_restore(struct billing *billing, const struct billing_last *last)
{
	if (last->answered_at_ms <= 0)
		return;
	billing->answered = true;
	billing->answer = last->answer;
	billing->answered_at_ms = last->answered_at_ms;
	billing->duration_ms = last->duration_ms;
	billing->pending_since_ms = last->pending_since_ms;
	billing->native_after_usd = last->native_usd;
	billing->difference_usd = last->difference_usd;
	billing->drift_usd = last->drift_usd;
	billing->reasons = last->reasons;
	billing->ccusage_shown = last->reason != NULL;
	snprintf(billing->reason, sizeof(billing->reason), "%s", last->reason ? last->reason : "");
}

int64_t billing_answer_began_ms(const struct billing *billing)
{
	return billing->answered ? billing->answered_at_ms - billing->duration_ms : 0;
}

/* The ledger's active block by ccusage's rules, to compare with its answer. */
static double reference_usd(const struct billing *billing, int64_t now_ms)
{
	struct ledger_block block;
	return ledger_active_block(billing->ledger, now_ms, &block) ? block.sums.reference_usd : 0.;
}

void billing_note_start(struct billing *billing, int64_t now_ms)
{
	billing->started_ms = now_ms;
	billing->native_before_usd = reference_usd(billing, now_ms);
	billing->least_before_usd = billing->native_before_usd - ledger_lost_usd(billing->ledger, now_ms);
	billing->audits = !billing->reading_history;
	/* The answer may or may not hold the activity that comes from now on. */
	billing->pending_before_ms = billing->pending_since_ms;
	billing->pending_since_ms = 0;
}

int64_t billing_started_ms(const struct billing *billing)
{
	return billing->started_ms;
}

/* ---- the audit ---- */

static double usd_of(const struct billing_block *answer)
{
	return answer->present ? answer->cost_usd : 0.;
}

/* How far a figure lies outside of what two others span; above is positive. */
static double outside_of(double usd, double one, double other)
{
	double low = fmin(one, other), high = fmax(one, other);
	return usd > high ? usd - high : usd < low ? usd - low : 0.;
}

/*
 * How far the answer lies outside of what the ledger had before and after the run. Whether ccusage counts
 * transcripts that are gone depends on when it read them.
 */
static double outside_ledger(const struct billing *billing, const struct billing_block *answer,
			     int64_t now_ms)
{
	double after_usd = reference_usd(billing, now_ms);
	double least_after_usd = after_usd - ledger_lost_usd(billing->ledger, now_ms);
	return outside_of(usd_of(answer), fmin(billing->least_before_usd, least_after_usd),
			  fmax(billing->native_before_usd, after_usd));
}

/* The answer less the ledger's own figure. */
static double difference_of(const struct billing *billing, const struct billing_block *answer, int64_t now_ms)
{
	struct ledger_block block;
	bool active = ledger_active_block(billing->ledger, now_ms, &block);
	return usd_of(answer) - (active ? block.sums.cost_usd : 0.);
}

/* While the history is incomplete every answer differs. */
static bool can_audit(const struct billing *billing)
{
	return billing->audits && !billing->reading_history;
}

/* Whether what was found in an earlier answer holds for this one, which lies so far outside. */
static bool is_explained(const struct billing *billing, const struct billing_block *answer,
			 double outside_usd)
{
	const struct billing_explained *known = &billing->explained;
	return known->is_known && known->start_ms == answer->start_ms
	       && fabs(outside_usd - known->outside_usd) < BILLING_DRIFT_USD / 2.;
}

bool billing_wants_reasons(const struct billing *billing, const struct billing_block *answer, int64_t now_ms)
{
	if (!can_audit(billing))
		return false;
	double outside_usd = outside_ledger(billing, answer, now_ms);
	bool differs = fabs(outside_usd) > BILLING_DRIFT_USD
		       || fabs(difference_of(billing, answer, now_ms)) > BILLING_DRIFT_USD;
	return differs && !is_explained(billing, answer, outside_usd);
}

#define UNPRICED_MAX 16
/* The names of used models without a price. Returns how many. */
static size_t find_unpriced(const struct billing *billing, const char *names[UNPRICED_MAX])
{
	struct ledger_model model;
	size_t count = 0;
	for (size_t i = 0; count < UNPRICED_MAX && ledger_model_at(billing->ledger, i, &model); i++)
		if (model.unpriced && model.sums.entries > 0)
			names[count++] = model.name;
	return count;
}

/* The name of a model that ccusage has a price for and the ledger does not; or NULL. */
static const char *priced_there_alone(const struct billing *billing, const struct billing_block *answer,
				      double left_usd)
{
	const char *names[UNPRICED_MAX];
	size_t count = find_unpriced(billing, names);
	/* Its list names the models it counted; only the sum shows whether it priced one. */
	for (size_t i = 0; i < count && left_usd > BILLING_DRIFT_USD; i++)
		for (size_t j = 0; j < answer->model_count; j++)
			if (strcmp(names[i], answer->models[j]) == 0)
				return names[i];
	return NULL;
}

/* Takes what was found, or else what is known of such an answer. Returns how much has no known reason. */
static double take_reasons(struct billing *billing, const struct billing_block *answer, double outside_usd,
			   const struct audit_found *found)
{
	struct billing_explained *known = &billing->explained;
	if (found && found->is_known)
		*known = (struct billing_explained){
			.is_known = true, .is_open = found->is_open, .start_ms = answer->start_ms,
			.outside_usd = outside_usd, .reasons = found->reasons,
			.left_usd = outside_of(usd_of(answer), found->before_usd, found->after_usd),
		};
	if (!is_explained(billing, answer, outside_usd)) {
		billing->reasons = 0;
		return outside_usd;
	}
	billing->reasons = known->reasons;
	return known->left_usd;
}

/* Decides which figures are shown from now on, and how much of the difference is a drift. */
static void judge(struct billing *billing, double left_usd)
{
	const struct billing_block *answer = &billing->answer;
	const char *model = priced_there_alone(billing, answer, left_usd);
	billing->ccusage_shown = model != NULL;
	billing->reason[0] = '\0';
	if (model) {
		billing->reasons |= AUDIT_REASON(DIFFERENCE_UNPRICED_MODEL);
		snprintf(billing->reason, sizeof(billing->reason),
			 "ccusage prices %.96s, which swatch has no price for", model);
	}
	bool is_named = model || (left_usd > 0. && billing->explained.is_open && billing->reasons);
	billing->drift_usd = is_named ? 0. : left_usd;
	double size = fabs(billing->drift_usd);
	if (fabs(billing->difference_usd) <= BILLING_DRIFT_USD)
		billing->reasons = 0;
	if (size > BILLING_DRIFT_USD
	    && size > BILLING_DRIFT_SHARE * fmax(billing->native_after_usd, usd_of(answer)))
		billing->reasons |= AUDIT_REASON(DIFFERENCE_UNKNOWN);
}

static bool audit(struct billing *billing, const struct audit_found *found, int64_t now_ms)
{
	bool was_shown = billing->ccusage_shown;
	if (!can_audit(billing))
		return false;
	billing->native_after_usd = reference_usd(billing, now_ms);
	billing->difference_usd = difference_of(billing, &billing->answer, now_ms);
	double outside_usd = outside_ledger(billing, &billing->answer, now_ms);
	judge(billing, take_reasons(billing, &billing->answer, outside_usd, found));
	return was_shown != billing->ccusage_shown && billing->config->billing_source == BILLING_AUTO;
}

bool billing_note_answer(struct billing *billing, const struct billing_block *answer, int64_t duration_ms,
			 const struct audit_found *found, int64_t now_ms)
{
	billing->answered = true;
	billing->answer = *answer;
	billing->answered_at_ms = now_ms;
	billing->duration_ms = duration_ms;
	billing->exit_status = 0;
	billing->error[0] = '\0';
	billing->failures = 0;
	billing->next_attempt_ms = 0;
	billing->pending_before_ms = 0;
	return audit(billing, found, now_ms);
}

void billing_put_audit(const struct billing *billing, struct jsonw *w)
{
	jsonw_put_amount(w, "differenceUSD", billing->difference_usd);
	jsonw_put_amount(w, "driftUSD", billing->drift_usd);
	jsonw_key_array(w, "reasons");
	for (enum difference reason = 0; reason < DIFFERENCES; reason++)
		if (billing->reasons & AUDIT_REASON(reason))
			jsonw_string(w, difference_name(reason));
	jsonw_end_array(w);
}

audit_reasons billing_read_reasons(struct json_object *audit)
{
	size_t count;
	struct json_object *names = json_get_array(audit, "reasons", &count);
	audit_reasons reasons = 0;
	for (size_t i = 0; i < count && i < DIFFERENCES; i++)
		if (json_item_string(names, i))
			reasons |= AUDIT_REASON(difference_by_name(json_item_string(names, i)));
	return reasons;
}

/* ---- what happens ---- */

void billing_note_failure(struct billing *billing, const char *error, int exit_status, unsigned failures,
			  int64_t next_attempt_ms)
{
	snprintf(billing->error, sizeof(billing->error), "%s", error);
	billing->exit_status = exit_status;
	billing->failures = failures;
	billing->next_attempt_ms = next_attempt_ms;
	if (billing->pending_before_ms > 0)
		billing->pending_since_ms = billing->pending_before_ms;
	billing->pending_before_ms = 0;
}

void billing_set_reading(struct billing *billing, bool reading)
{
	billing->reading_history = reading;
}

bool billing_take_confirmed(struct billing *billing)
{
	return rate_limits_take_confirmed(&billing->limits);
}

void billing_set_blind(struct billing *billing, bool is_blind)
{
	billing->is_blind = is_blind;
}

bool billing_take_tick(struct billing *billing, struct json_object *limits, const char *session_id,
		       int64_t now_ms)
{
	const struct account_teller teller = {
		.session_id = session_id, .now_ms = now_ms,
		.answered_ms = ledger_session_last_ms(billing->ledger, session_id),
	};
	return account_limits_take_tick(&billing->limits, &billing->readings, limits, &teller);
}

static void restore_old_limit(struct billing_old_limit *old, struct json_object *written, int64_t now_ms)
{
	const char *kind = json_get_string(written, "kind"), *id = json_get_string(written, "sessionId");
	char camel[RATE_LIMIT_NAME_SIZE];
	int64_t noted_ms = json_get_int(written, "observedAt", 0),
		resets_ms = json_get_int(written, "resetsAt", 0);
	bool is_name = kind && rate_limit_name(kind, strlen(kind), camel);
	*old = (struct billing_old_limit){ 0 };
	if ((kind && !is_name) || resets_ms < 0 || !ledger_limits_may_hold(noted_ms, resets_ms, now_ms))
		return;
	old->noted_ms = noted_ms;
	old->resets_ms = resets_ms;
	snprintf(old->name, sizeof(old->name), "%s", kind ? kind : "");
	if (id && cache_session_id_is_valid(id, strlen(id)))
		snprintf(old->session_id, sizeof(old->session_id), "%s", id);
}

void billing_restore_limits(struct billing *billing, struct json_object *written, int64_t now_ms)
{
	account_limits_restore(&billing->limits, &billing->old_hits, json_get_object(written, "rateLimits"),
			       now_ms);
	restore_old_limit(&billing->old_limit, json_get_object(written, "usageLimit"), now_ms);
}

void billing_take_earlier_limit(struct billing *billing, const struct rate_limit *limit, int64_t now_ms)
{
	const struct rate_limit *known = rate_limits_find(&billing->limits, limit->name);
	if (!known || known->observed_ms < limit->observed_ms)
		(void)rate_limits_merge(&billing->limits, limit, now_ms);
}

void billing_note_activity(struct billing *billing, int64_t now_ms)
{
	if (billing->pending_since_ms == 0)
		billing->pending_since_ms = now_ms;
}

int64_t billing_ttl_ms(const struct config *config, double usd_per_hour)
{
	if (isnan(usd_per_hour) || usd_per_hour < config->ccusage_burn_low_usd)
		return config->ccusage_ttl_low_ms;
	return usd_per_hour <= config->ccusage_burn_high_usd ? config->ccusage_ttl_mid_ms
							     : config->ccusage_ttl_high_ms;
}

/* ---- what people see of it ---- */

bool billing_shows_ccusage(const struct billing *billing, const char **reason)
{
	*reason = billing->reason;
	return billing->ccusage_shown;
}

double billing_drift_usd(const struct billing *billing)
{
	return billing->drift_usd;
}

void billing_put_unpriced(const struct billing *billing, struct jsonw *w)
{
	const char *names[UNPRICED_MAX];
	size_t count = find_unpriced(billing, names);
	jsonw_key_array(w, "unpricedModels");
	for (size_t i = 0; i < count; i++)
		jsonw_string(w, names[i]);
	jsonw_end_array(w);
}

void billing_write_status(struct billing *billing, int64_t now_ms, struct jsonw *w)
{
	static const char *const sources[] = { "auto", "native", "ccusage" };
	struct billing_view view;
	billing_make_view(billing, now_ms, &view);
	jsonw_put_string(w, "configured", sources[billing->config->billing_source]);
	jsonw_put_string(w, "source", view.is_ccusage ? "ccusage" : "native");
	jsonw_put_string(w, "reason", billing_reason(billing));
	jsonw_put_bool(w, "isFresh", view.is_fresh);
	jsonw_put_int(w, "lastFetched", view.last_fetched_ms);
	jsonw_put_int(w, "freshUntil", view.fresh_until_ms);
	jsonw_put_double(w, "costToday", view.today_usd);
	jsonw_put_double(w, "blockCostUSD", view.block.present ? view.block.cost_usd : NAN);
	jsonw_put_double(w, "burnRatePerHour", view.block.cost_per_hour_usd);
	jsonw_put_double(w, "minutesLeft", view.block.present ? view.minutes_left : NAN);
	jsonw_put_double(w, "nativeCostUSD", view.native.present ? view.native.cost_usd : NAN);
	billing_put_audit(billing, w);
	jsonw_put_bool(w, "usageLimited", view.limited);
	jsonw_put_string(w, "usageLimit", view.limited && view.limit.name[0] ? view.limit.name : NULL);
	jsonw_put_int_or_null(w, "usageLimitResetsAt", view.limited ? view.limit.resets_ms : 0);
	account_limits_write(&view.limits, w);
	billing_put_unpriced(billing, w);
}
