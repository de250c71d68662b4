#include "swatch/check/check.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cache/names.h"
#include "cache/read.h"
#include "swatch/status/figures.h"
#include "swatch/ui/human.h"

#define LIMIT_MAX 1e9

static const char *const names[CHECK_KINDS] = {
	[CHECK_BLOCK] = "block", [CHECK_TODAY] = "today", [CHECK_FIVE_HOUR] = "fiveHour",
	[CHECK_SEVEN_DAY] = "sevenDay", [CHECK_LIMIT] = "limit", [CHECK_CONTEXT] = "context",
};

const char *check_name(enum check_kind kind)
{
	return names[kind];
}

bool check_is_usd(enum check_kind kind)
{
	return kind == CHECK_BLOCK || kind == CHECK_TODAY;
}

const char *check_take_name(const char *text, char name[RATE_LIMIT_NAME_SIZE])
{
	const char *equals = strchr(text, '=');
	name[0] = '\0';
	if (!equals)
		return text;
	return rate_limit_name(text, (size_t)(equals - text), name) ? equals + 1 : NULL;
}

bool check_parse_limit(enum check_kind kind, const char *text, double *out)
{
	text += check_is_usd(kind) && *text == '$';
	size_t len = strspn(text, "0123456789.");
	const char *unit = text + len + strspn(text + len, " ");
	char *end;
	if (len == 0 || len > 18)
		return false;
	if (*unit && !(check_is_usd(kind) ? strcasecmp(unit, "usd") == 0 : strcmp(unit, "%") == 0))
		return false;
	errno = 0;
	double value = strtod(text, &end);
	if (errno != 0 || end != text + len || value <= 0 || value > LIMIT_MAX)
		return false;
	*out = value;
	return true;
}

/* ---- one figure ---- */

static void decide(const struct check_facts *facts, struct check_result *result)
{
	if (result->is_lacking)
		result->state = CHECK_BELOW;
	else if (isnan(result->value))
		result->state = CHECK_UNKNOWN;
	else if (result->value >= result->limit)
		result->state = CHECK_ABOVE;
	else
		result->state = result->is_fresh || facts->stale_ok ? CHECK_BELOW : CHECK_UNKNOWN;
}

/* "85%", "84.5%" */
static void append_percent(struct buf *out, double percent)
{
	buf_printf(out, "%.*f%%", percent == floor(percent) ? 0 : 1, percent);
}

/* "$42.10 of $40.00" */
static void append_amounts(struct check_result *result)
{
	if (check_is_usd(result->kind)) {
		buf_printf(&result->why, "%s of %s", human_usd(result->value, HUMAN_TEXT),
			   human_usd(result->limit, HUMAN_TEXT));
		return;
	}
	append_percent(&result->why, result->value);
	buf_append_str(&result->why, " of ");
	append_percent(&result->why, result->limit);
}

static void append_staleness(const struct check_facts *facts, struct check_result *result)
{
	if (result->is_fresh)
		return;
	buf_append_str(&result->why, "; stale");
	if (result->as_of_ms > 0)
		buf_printf(&result->why, ", as of %s",
			   human_clock(result->as_of_ms, facts->now_ms, HUMAN_TEXT));
	if (facts->cannot_write)
		buf_append_str(&result->why, ", swatchd cannot write its files");
	else if (!facts->daemon_lives)
		buf_append_str(&result->why, ", no swatchd is running");
}

/* The first of the models without a price; NULL when all have one. */
static const char *find_unpriced(const struct check_facts *facts)
{
	size_t count;
	struct json_object *models = json_get_array(facts->billing, "unpricedModels", &count);
	const char *first = json_item_string(models, 0);
	return count == 0 ? NULL : first ? first : "a model";
}

/*
 * Takes the cost of the block or the day (`part` of the shared figures). Models without a price are missing
 * in it; when only such models were used, the cost is unknown.
 */
static void take_cost(const struct check_facts *facts, struct check_result *result, double usd,
		      const char *part)
{
	const char *unpriced = find_unpriced(facts);
	bool is_known = !unpriced || usd > 0.
			|| json_get_int(json_get_object(facts->billing, part), "totalTokens", 0) <= 0;
	if (is_known) {
		result->value = usd;
		append_amounts(result);
	} else {
		buf_append_str(&result->why, "its cost is unknown");
	}
	if (unpriced)
		buf_printf(&result->why, "; no price is known for %s", unpriced);
}

/* Begins with the label. Returns false, and says why, when billing-shared.json has no figures. */
static bool read_billing(const struct check_facts *facts, const char *label, struct check_result *result,
			 struct figures *figures)
{
	buf_printf(&result->why, "%s: ", label);
	figures_read(figures, facts->billing, facts->daemon_lives, facts->now_ms);
	if (json_get_int(facts->billing, "schema", CACHE_SCHEMA) > CACHE_SCHEMA)
		buf_append_str(&result->why, CACHE_BILLING_FILE " was written by a newer swatchd");
	else if (!figures->known)
		buf_append_str(&result->why, facts->daemon_lives ? "no figures yet"
			       : "no figures, and no swatchd is running");
	else
		return true;
	return false;
}

/* Of the costs. */
static void take_age(const struct figures *figures, struct check_result *result)
{
	result->is_fresh = figures->is_fresh;
	result->as_of_ms = figures->fetched_ms;
}

static void judge_today(const struct check_facts *facts, struct check_result *result)
{
	struct figures figures;
	if (!read_billing(facts, "today", result, &figures))
		return;
	take_age(&figures, result);
	if (!figures.is_of_today) {
		buf_printf(&result->why, "the last figures are from %s, and no swatchd is running",
			   human_clock(figures.fetched_ms, facts->now_ms, HUMAN_TEXT));
		return;
	}
	take_cost(facts, result, figures.today_usd, "today");
	append_staleness(facts, result);
}

static void judge_block(const struct check_facts *facts, struct check_result *result)
{
	struct figures figures;
	if (!read_billing(facts, "block", result, &figures))
		return;
	take_age(&figures, result);
	if (!figures.has_block && json_get_object(facts->billing, "block")) {
		buf_append_str(&result->why, "its figures cannot be read");
	} else if (figures.has_block && figures.block_end_ms > facts->now_ms) {
		take_cost(facts, result, figures.block_usd, "block");
		buf_printf(&result->why, ", %s left",
			   human_span(figures.block_end_ms - facts->now_ms, HUMAN_TEXT));
		append_staleness(facts, result);
	} else if (figures.is_fresh) {
		result->value = 0;
		buf_append_str(&result->why, "none is active");
	} else {
		buf_append_str(&result->why,
			       figures.has_block ? "the last known one has ended" : "none was active");
		append_staleness(facts, result);
	}
}

/*
 * Takes a limit's percentage; one that was hit is used up. A statusline reports each change of a server's
 * limit, so the age of the last report does not matter.
 */
static void take_limit(const struct check_facts *facts, struct check_result *result,
		       const struct rate_limit *limit)
{
	result->value = limit->used_percent;
	result->as_of_ms = limit->observed_ms;
	append_amounts(result);
	if (limit->was_hit)
		buf_append_str(&result->why, ", it was hit");
	if (limit->resets_ms > 0)
		buf_printf(&result->why, ", resets %s",
			   human_ago(limit->resets_ms, facts->now_ms, HUMAN_TEXT));
	else
		buf_append_str(&result->why, ", when it resets is not known");
	append_staleness(facts, result);
}

/* The server names limits, and not this one; or this one does not hold for the session's model. */
static void take_lacking(const struct check_facts *facts, struct check_result *result, const char *why)
{
	buf_append_str(&result->why, why);
	result->is_lacking = true;
	append_staleness(facts, result);
}

/* The model of the session that was asked for; "" without one. */
static const char *model_of_session(const struct check_facts *facts)
{
	struct json_object *session = facts->no_session ? NULL : facts->session;
	const char *model = json_get_string(json_get_object(session, "model"), "id");
	return model ? model : "";
}

/* Why a limit is not known: it was reset since, or nobody reported it. */
static void explain_unknown(const struct check_facts *facts, struct check_result *result, const char *name)
{
	struct json_object *limits = json_get_object(facts->billing, "rateLimits");
	int64_t resets_ms = json_get_int(json_get_object(limits, name), "resetsAt", 0);
	if (resets_ms > 0 && resets_ms <= facts->now_ms)
		buf_printf(&result->why, "the limit reset at %s and has not been reported since",
			   human_clock(resets_ms, facts->now_ms, HUMAN_TEXT));
	else
		buf_append_str(&result->why, "unknown; Claude Code reports it only to swatch statusline");
}

/* Begins with the name of the limit. Returns false when nothing is known of any. */
static bool read_limits(const struct check_facts *facts, const char *label, struct check_result *result,
			struct figures *figures)
{
	if (!read_billing(facts, label, result, figures))
		return false;
	result->is_fresh = facts->daemon_lives;
	return true;
}

static void judge_limit(const struct check_facts *facts, struct check_result *result, const char *name)
{
	struct figures figures;
	char title[RATE_LIMIT_LABEL_SIZE];
	rate_limit_title(name, title);
	if (!read_limits(facts, title, result, &figures))
		return;
	const struct rate_limit *limit = rate_limits_find(&figures.limits, name);
	const char *model = model_of_session(facts);
	if (limit && limit->model[0] && model[0] && !rate_limit_is_of_model(limit->model, model))
		take_lacking(facts, result, "it does not hold for this session's model");
	else if (limit)
		take_limit(facts, result, limit);
	else if (rate_limits_lacks(&figures.limits, name))
		take_lacking(facts, result, "this account has no such limit");
	else if (!rate_limit_is_of_account(name) && figures.limits.count > 0)
		take_lacking(facts, result, "the server names no such limit");
	else
		explain_unknown(facts, result, name);
}

/* Of all limits that hold for the session's model (all, without a session), the one that is used most. */
static void judge_all_limits(const struct check_facts *facts, struct check_result *result)
{
	struct figures figures;
	if (!read_limits(facts, "limits", result, &figures))
		return;
	rate_limits_keep_for_model(&figures.limits, model_of_session(facts));
	const struct rate_limit *most = NULL;
	for (size_t i = 0; i < figures.limits.count; i++)
		if (!most || figures.limits.all[i].used_percent > most->used_percent)
			most = &figures.limits.all[i];
	bool is_untold = figures.is_limited && strcmp(figures.limit_title, "usage limit") == 0;
	if (is_untold && (!most || most->used_percent < 100.)) {
		result->value = 100.;
		buf_append_str(&result->why, "a usage limit was hit");
		append_staleness(facts, result);
	} else if (most) {
		char title[RATE_LIMIT_LABEL_SIZE];
		rate_limit_title(most->name, title);
		buf_printf(&result->why, "%s ", title);
		take_limit(facts, result, most);
	} else {
		buf_append_str(&result->why, "unknown; Claude Code reports them only to swatch statusline");
	}
}

static void judge_context(const struct check_facts *facts, struct check_result *result)
{
	buf_append_str(&result->why, "context: ");
	result->is_fresh = facts->daemon_lives;
	if (!facts->session) {
		if (facts->no_session && (result->is_fresh || facts->stale_ok))
			result->value = 0;
		if (facts->session_id)
			buf_printf(&result->why, "nothing is known of session %s", facts->session_id);
		else
			buf_append_str(&result->why,
				       facts->no_session ? facts->no_session : "no session was given");
		append_staleness(facts, result);
		return;
	}
	struct json_object *context = json_get_object(facts->session, "context");
	double percent = json_get_double(context, "percentUsed", NAN);
	int64_t updated_ms = json_get_int(context, "updatedAt", 0);
	if (!isfinite(percent) || percent < 0 || updated_ms <= 0) {
		buf_printf(&result->why, "not known yet of session %s", facts->session_id);
		return;
	}
	result->as_of_ms = updated_ms;
	result->value = percent;
	append_amounts(result);
	buf_printf(&result->why, " in session %s", facts->session_id);
	append_staleness(facts, result);
}

void check_judge(const struct check_facts *facts, struct check_result *result)
{
	result->value = NAN;
	switch (result->kind) {
	case CHECK_BLOCK:
		judge_block(facts, result);
		break;
	case CHECK_TODAY:
		judge_today(facts, result);
		break;
	case CHECK_FIVE_HOUR:
		judge_limit(facts, result, RATE_LIMIT_FIVE_HOUR);
		break;
	case CHECK_SEVEN_DAY:
		judge_limit(facts, result, RATE_LIMIT_SEVEN_DAY);
		break;
	case CHECK_LIMIT:
		if (facts->limit_name && facts->limit_name[0])
			judge_limit(facts, result, facts->limit_name);
		else
			judge_all_limits(facts, result);
		break;
	default:
		judge_context(facts, result);
	}
	decide(facts, result);
}

void check_result_release(struct check_result *result)
{
	buf_release(&result->why);
}

enum check_state check_combine(const struct check_result *results, size_t count)
{
	enum check_state combined = CHECK_BELOW;
	for (size_t i = 0; i < count; i++) {
		if (results[i].state == CHECK_ABOVE)
			return CHECK_ABOVE;
		if (results[i].state == CHECK_UNKNOWN)
			combined = CHECK_UNKNOWN;
	}
	return combined;
}
