/* Facts out of JSON: maps the members of the objects to facts. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cache/names.h"
#include "json/leaves.h"
#include "swatch/statusline/facts.h"

enum leaf_kind { LEAF_TEXT, LEAF_NUMBER, LEAF_TIME };

/* A member that goes into a fact as it is. */
struct leaf_rule {
	const char *path;
	enum leaf_kind kind;
	size_t at, size;   /* a text: its offset and size in struct statusline_facts; else the enum fact */
};

#define SIZE_OF(field) sizeof(((struct statusline_facts *)0)->field)
#define TEXT(path, field) { path, LEAF_TEXT, offsetof(struct statusline_facts, field), SIZE_OF(field) }
#define NUMBER(path, fact) { path, LEAF_NUMBER, FACT_##fact, 0 }
#define TIME(path, fact) { path, LEAF_TIME, FACT_##fact, 0 }

static const struct leaf_rule input_rules[] = {
	TEXT("session_id", session_id),
	TEXT("session_name", session_name),
	TEXT("version", version),
	TEXT("cwd", cwd),
	TEXT("workspace.current_dir", cwd),
	TEXT("workspace.project_dir", project_path),
	TEXT("workspace.git_worktree", worktree),
	TEXT("model", model),  /* a plain string in some versions */
	TEXT("model.id", model_id),
	TEXT("model.display_name", model),
	TEXT("output_style.name", style),
	TEXT("effort.level", effort),
	TEXT("vim.mode", vim),
	TEXT("agent.name", agent),
	TEXT("worktree.name", worktree),
	TEXT("worktree.branch", branch),
	TEXT("pr.review_state", pr_state),
	NUMBER("pr.number", PR),
	NUMBER("cost.total_cost_usd", CLAUDE_USD),
	NUMBER("cost.total_duration_ms", SESSION_TIME_MS),
	NUMBER("cost.total_api_duration_ms", API_TIME_MS),
	NUMBER("cost.total_lines_added", LINES_ADDED),
	NUMBER("cost.total_lines_removed", LINES_REMOVED),
	NUMBER("context_window.context_window_size", TOLD_SIZE),
	NUMBER("context_window.used_percentage", TOLD_PERCENT),
	NUMBER("context_window.remaining_percentage", TOLD_LEFT_PERCENT),
	TEXT("prompt_cache.ttl", cache_ttl),
	TIME("prompt_cache.expires_at", CACHE_EXPIRES_MS),
	NUMBER("prompt_cache.misses", CACHE_MISSES),
	NUMBER("prompt_cache.hit_ratio", CACHE_HIT_PERCENT),
	NUMBER("prompt_cache.recache_tokens_if_cold", RECACHE_TOKENS),
	{ NULL, LEAF_TEXT, 0, 0 },
};

static const struct leaf_rule billing_rules[] = {
	NUMBER("schema", SCHEMA),
	NUMBER("costToday", TODAY_USD),
	NUMBER("today.totalTokens", TODAY_TOKENS),
	NUMBER("today.unpriced", TODAY_UNPRICED),
	TEXT("today.date", today_date),
	TIME("lastFetched", FETCHED_MS),
	TIME("freshUntil", FRESH_UNTIL_MS),
	TEXT("source", source),
	NUMBER("block.costUSD", BLOCK_USD),
	NUMBER("block.totalTokens", BLOCK_TOKENS),
	TIME("block.startTime", BLOCK_START_MS),
	TIME("block.endTime", BLOCK_END_MS),
	TIME("block.actualEndTime", BLOCK_LAST_MS),
	NUMBER("block.burnRate.costPerHour", BURN_USD),
	NUMBER("block.burnRate.tokensPerMinute", TOKENS_PER_MINUTE),
	NUMBER("block.burnRate.tokensPerMinuteForIndicator", INDICATOR_TOKENS_PER_MINUTE),
	NUMBER("window.costUSD", WINDOW_USD),
	NUMBER("window.totalTokens", WINDOW_TOKENS),
	TEXT("usageLimit.kind", file_limit),
	TIME("usageLimit.resetsAt", LIMIT_RESETS_MS),
	{ NULL, LEAF_TEXT, 0, 0 },
};

static const struct leaf_rule session_rules[] = {
	NUMBER("schema", SCHEMA),
	TEXT("sessionId", file_session_id),
	TEXT("model.value", file_model),
	TEXT("model.id", file_model_id),
	NUMBER("context.tokensUsed", FILE_TOKENS),
	NUMBER("context.windowSize", FILE_SIZE),
	NUMBER("context.toldWindowSize", FILE_TOLD_SIZE),
	NUMBER("context.percentUsed", FILE_PERCENT),
	TEXT("git.branch", file_branch),
	NUMBER("billing.sessionCost", SWATCH_USD),
	NUMBER("billing.toldCostUSD", FILE_CLAUDE_USD),
	NUMBER("billing.sessionTokens", SESSION_TOKENS),
	NUMBER("billing.sessionBurnRate", SESSION_BURN_USD),
	NUMBER("subagents.count", SUBAGENTS),
	NUMBER("subagents.costUSD", SUBAGENTS_USD),
	TEXT("transcript.cacheWarmth", file_cache),
	TEXT("promptCache.ttl", file_cache_ttl),
	TIME("promptCache.expiresAt", FILE_CACHE_EXPIRES_MS),
	NUMBER("promptCache.tokens", FILE_CACHE_TOKENS),
	NUMBER("promptCache.price.write5m", WRITE_5M_USD),
	NUMBER("promptCache.price.write1h", WRITE_1H_USD),
	NUMBER("promptCache.price.fastFactor", WRITE_FAST_FACTOR),
	NUMBER("promptCache.price.above.tokens", ABOVE_TOKENS),
	NUMBER("promptCache.price.above.write5m", ABOVE_5M_USD),
	NUMBER("promptCache.price.above.write1h", ABOVE_1H_USD),
	{ NULL, LEAF_TEXT, 0, 0 },
};

struct reading {
	struct statusline_facts *facts;
	struct rate_limits *limits;   /* gets the limits */
	const struct leaf_rule *rules;
	void (*other)(struct reading *reading, const char *path, const struct walk_item *item);
	struct rate_limit limit;      /* the one whose members the walk is passing */
	bool usage_is_whole;          /* no part of context_window.current_usage is missing or null */
};

static void take_by_rule(struct statusline_facts *facts, const struct leaf_rule *rule,
			 const struct walk_item *item)
{
	double number;
	int64_t at_ms;
	switch (rule->kind) {
	case LEAF_TEXT:
		json_leaf_text(item, (char *)facts + rule->at, rule->size);
		break;
	case LEAF_NUMBER:
		if (json_leaf_number(item, &number))
			facts->number[rule->at] = number;
		break;
	case LEAF_TIME:
		if (json_leaf_time(item, &at_ms))
			facts->number[rule->at] = (double)at_ms;
		break;
	}
}

static void take_leaf(void *ctx, const char *path, const struct walk_item *item)
{
	struct reading *reading = ctx;
	for (const struct leaf_rule *rule = reading->rules; rule->path; rule++) {
		if (rule->path[0] == path[0] && strcmp(rule->path, path) == 0) {
			take_by_rule(reading->facts, rule, item);
			return;
		}
	}
	reading->other(reading, path, item);
}

/* ---- limits: objects whose names we do not know beforehand ---- */

/* We cannot pass on a percentage without its reset, but show it when we know nothing better. */
static void note_percent(struct statusline_facts *facts, const struct rate_limit *limit)
{
	if (limit->resets_ms != 0 || !(limit->used_percent >= 0. && limit->used_percent <= 100.))
		return;
	if (strcmp(limit->name, RATE_LIMIT_FIVE_HOUR) == 0)
		facts->number[FACT_TOLD_5H_PERCENT] = limit->used_percent;
	else if (strcmp(limit->name, RATE_LIMIT_SEVEN_DAY) == 0)
		facts->number[FACT_TOLD_7D_PERCENT] = limit->used_percent;
}

static void merge_limit(struct reading *reading)
{
	const struct rate_limit *limit = &reading->limit;
	int64_t now_ms = reading->facts->now_ms;
	if (limit->name[0] && limit->was_hit && (limit->resets_ms == 0 || limit->resets_ms > now_ms))
		rate_limits_take_hit(reading->limits, limit, now_ms);
	else if (!rate_limits_merge(reading->limits, limit, now_ms)
		 && reading->limits == &reading->facts->told_limits)
		note_percent(reading->facts, limit);
	reading->limit.name[0] = '\0';
}

/* null: the server names no such limit. */
static void take_lacking(struct rate_limits *limits, const char *name)
{
	if (strcmp(name, RATE_LIMIT_FIVE_HOUR) == 0)
		limits->lacks_five_hour = true;
	else if (strcmp(name, RATE_LIMIT_SEVEN_DAY) == 0)
		limits->lacks_seven_day = true;
}

/* What only our file says of a limit. */
static void take_own_member(struct rate_limit *limit, const char *member, const struct walk_item *item)
{
	char source[16];
	if (strcmp(member, "observedAt") == 0)
		(void)json_leaf_time(item, &limit->observed_ms);
	else if (strcmp(member, "model") == 0 && item->kind == WALK_STRING)
		json_leaf_text(item, limit->model, sizeof(limit->model));
	else if (strcmp(member, "source") == 0)
		limit->was_hit = json_leaf_text(item, source, sizeof(source))
			      && strcmp(source, "transcript") == 0;
}

/* Claude Code and our files spell the members in two ways. */
static bool is_either(const char *member, const char *one, const char *other)
{
	return strcmp(member, one) == 0 || strcmp(member, other) == 0;
}

/* `path` is "five_hour" at the start of a limit, "five_hour.resets_at" inside it. */
static void take_limit(struct reading *reading, const char *path, const struct walk_item *item)
{
	char name[RATE_LIMIT_NAME_SIZE];
	const char *dot = strchr(path, '.');
	if (!dot) {
		merge_limit(reading);
		if (!rate_limit_name(path, strlen(path), name))
			return;
		if (item->kind == WALK_NULL)
			take_lacking(reading->limits, name);
		else
			rate_limit_init(&reading->limit, name);
		return;
	}
	struct rate_limit *limit = &reading->limit;
	if (is_either(dot + 1, "used_percentage", "usedPercentage"))
		(void)json_leaf_number(item, &limit->used_percent);
	else if (is_either(dot + 1, "resets_at", "resetsAt"))
		(void)json_leaf_time(item, &limit->resets_ms);
	else if (is_either(dot + 1, "used_usd", "usedUSD"))
		(void)json_leaf_number(item, &limit->used_usd);
	else if (is_either(dot + 1, "limit_usd", "limitUSD"))
		(void)json_leaf_number(item, &limit->limit_usd);
	else if (reading->limits != &reading->facts->told_limits)
		take_own_member(limit, dot + 1, item);
}

/* ---- the three objects ---- */

static const char *after(const char *path, const char *prefix)
{
	size_t len = strlen(prefix);
	return strncmp(path, prefix, len) == 0 ? path + len : NULL;
}

/*
 * Sums up the input of the last request; its output is not part of the context. When a count is cut off or
 * null, the sum is unknown: a part of it would look like a smaller context.
 */
static void take_usage(struct reading *reading, const char *member, const struct walk_item *item)
{
	double *sum = &reading->facts->number[FACT_CURRENT_TOKENS], tokens;
	bool counts = strcmp(member, "input_tokens") == 0
		      || is_either(member, "cache_creation_input_tokens", "cache_read_input_tokens");
	if (!counts || !reading->usage_is_whole)
		return;
	reading->usage_is_whole = json_leaf_number(item, &tokens);
	if (!reading->usage_is_whole)
		*sum = NAN;
	else
		*sum = isnan(*sum) ? tokens : *sum + tokens;
}

static void take_other_input(struct reading *reading, const char *path, const struct walk_item *item)
{
	struct statusline_facts *facts = reading->facts;
	const char *rest;
	bool flag;
	if (strcmp(path, "rate_limits") == 0) {
		if (item->kind == WALK_OBJECT && item->text.len <= FACT_LIMITS_MAX_BYTES)
			facts->limits_json = item->text;
	} else if ((rest = after(path, "rate_limits."))) {
		take_limit(reading, rest, item);
	} else if (strcmp(path, "context_window.current_usage") == 0) {
		/* The walk reports only whole objects, and those before their members. */
		reading->usage_is_whole = item->kind == WALK_OBJECT;
	} else if ((rest = after(path, "context_window.current_usage."))) {
		take_usage(reading, rest, item);
	} else if (strcmp(path, "fast_mode") == 0) {
		if (json_leaf_flag(item, &flag) && flag)
			snprintf(facts->fast, sizeof(facts->fast), "fast");
	} else if (strcmp(path, "thinking.enabled") == 0) {
		if (json_leaf_flag(item, &flag) && flag)
			snprintf(facts->thinking, sizeof(facts->thinking), "thinking");
	} else if (strcmp(path, "prompt_cache.warm") == 0) {
		facts->has_warm = json_leaf_flag(item, &facts->is_warm);
	}
}

/* Takes a list of names as "one, two". */
static void take_names(const struct walk_item *item, char *out, size_t size)
{
	struct walk walk;
	struct walk_item name;
	bool first = true;
	size_t len = 0;
	walk_init(&walk, item->text.data, item->text.len);
	if (item->kind != WALK_ARRAY || !walk_enter(&walk, '['))
		return;
	while (walk_next_item(&walk, &first) && walk_value(&walk, &name)) {
		char text[FACT_TEXT_SIZE];
		if (!json_leaf_text(&name, text, sizeof(text)) || len + strlen(text) + 3 > size)
			continue;
		len += (size_t)snprintf(out + len, size - len, "%s%s", len ? ", " : "", text);
	}
}

static void take_other_billing(struct reading *reading, const char *path, const struct walk_item *item)
{
	struct statusline_facts *facts = reading->facts;
	const char *rest;
	if ((rest = after(path, "rateLimits.")))
		take_limit(reading, rest, item);
	else if (strcmp(path, "usageLimit") == 0)
		facts->file_is_limited = item->kind == WALK_OBJECT;
	else if (strcmp(path, "isFresh") == 0)
		(void)json_leaf_flag(item, &facts->says_fresh);
	else if (strcmp(path, "unpricedModels") == 0)
		take_names(item, facts->unpriced_models, sizeof(facts->unpriced_models));
}

static void take_other_session(struct reading *reading, const char *path, const struct walk_item *item)
{
	if (strcmp(path, "promptCache.price.above.wholeRequest") == 0)
		(void)json_leaf_flag(item, &reading->facts->above_is_whole);
}

void facts_take_input(struct statusline_facts *facts, const char *text, size_t len)
{
	struct reading reading = { .facts = facts, .limits = &facts->told_limits, .rules = input_rules,
				   .other = take_other_input };
	json_leaves_walk(text, len, take_leaf, &reading);
	merge_limit(&reading);
}

/* One of the sessions. */
struct listed {
	char status[16], name[FACT_TEXT_SIZE], waiting_for[FACT_TEXT_SIZE];
};

static void take_listed_leaf(void *ctx, const char *path, const struct walk_item *item)
{
	struct listed *listed = ctx;
	if (strcmp(path, "status") == 0)
		json_leaf_text(item, listed->status, sizeof(listed->status));
	else if (strcmp(path, "shortName") == 0)
		json_leaf_text(item, listed->name, sizeof(listed->name));
	else if (strcmp(path, "waitingFor") == 0)
		json_leaf_text(item, listed->waiting_for, sizeof(listed->waiting_for));
}

/* The examples for bars put the list into JSON. */
static void mask_quotes(char *text)
{
	for (; *text; text++)
		if (*text == '"' || *text == '\\')
			*text = '\'';
}

static void take_waiting(struct reading *reading, const char *path, const struct walk_item *item)
{
	char *out = reading->facts->waiting_list;
	size_t len = 0, size = sizeof(reading->facts->waiting_list);
	struct walk walk;
	struct walk_item session;
	bool first = true;
	if (strcmp(path, "sessions") != 0 || item->kind != WALK_ARRAY)
		return;
	walk_init(&walk, item->text.data, item->text.len);
	walk_enter(&walk, '[');
	while (walk_next_item(&walk, &first) && walk_value(&walk, &session)) {
		struct listed listed = { .status = "" };
		if (session.kind != WALK_OBJECT
		    || !json_leaves_walk(session.text.data, session.text.len, take_listed_leaf, &listed)
		    || strcmp(listed.status, "waiting") != 0
		    || len + strlen(listed.name) + strlen(listed.waiting_for) + 8 > size)
			continue;
		mask_quotes(listed.name);
		mask_quotes(listed.waiting_for);
		len += (size_t)snprintf(out + len, size - len, "%s%s%s%s", len ? ", " : "",
					listed.name[0] ? listed.name : "?", listed.waiting_for[0] ? ": " : "",
					listed.waiting_for);
	}
}

/*
 * Reads a cache file into a copy of the facts, so that a bad file, or one of a newer schema, changes nothing.
 */
static bool take_file(struct statusline_facts *facts, const struct reading *kind, const char *text,
		      size_t len)
{
	struct statusline_facts draft = *facts;
	struct reading reading = *kind;
	reading.facts = &draft;
	reading.limits = &draft.limits;
	draft.number[FACT_SCHEMA] = NAN;
	if (!json_leaves_walk(text, len, take_leaf, &reading))
		return false;
	merge_limit(&reading);
	if (draft.number[FACT_SCHEMA] > CACHE_SCHEMA) {
		facts->newer_schema = true;
		return false;
	}
	*facts = draft;
	return true;
}

void facts_take_billing(struct statusline_facts *facts, const char *text, size_t len)
{
	const struct reading kind = { .rules = billing_rules, .other = take_other_billing };
	facts->has_billing = take_file(facts, &kind, text, len);
}

void facts_take_sessions(struct statusline_facts *facts, const char *text, size_t len)
{
	static const struct leaf_rule rules[] = {
		NUMBER("schema", SCHEMA), NUMBER("waitingSessions", WAITING), { NULL, LEAF_TEXT, 0, 0 },
	};
	const struct reading kind = { .rules = rules, .other = take_waiting };
	(void)take_file(facts, &kind, text, len);
}

void facts_take_session(struct statusline_facts *facts, const char *text, size_t len)
{
	struct statusline_facts before = *facts;
	const struct reading kind = { .rules = session_rules, .other = take_other_session };
	bool good = take_file(facts, &kind, text, len);
	/* Somebody copied another session's file to this name. */
	if (good && facts->file_session_id[0] && strcmp(facts->file_session_id, facts->session_id) != 0) {
		*facts = before;
		good = false;
	}
	facts->has_session = good;
}
