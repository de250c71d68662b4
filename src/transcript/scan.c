#include "transcript/scan.h"

#include "base/array.h"
#include "base/clock.h"
#include "transcript/find.h"
#include "transcript/names.h"
#include "transcript/internal.h"

#define COUNT_OF(list) ((int)ARRAY_COUNT(list))

/* The names that make ccusage 20.0.24 lose a line when they are null anywhere in it. */
static const struct slice fatal_nulls[] = {
	SCAN_NAME("id"), SCAN_NAME("cwd"), SCAN_NAME("model"), SCAN_NAME("speed"), SCAN_NAME("costUSD"),
	SCAN_NAME("version"), SCAN_NAME("sessionId"), SCAN_NAME("requestId"), SCAN_NAME("isApiErrorMessage"),
	SCAN_NAME("cache_read_input_tokens"), SCAN_NAME("cache_creation_input_tokens"),
};

bool scan_null_is_fatal(struct slice key)
{
	unsigned seen = 0;
	bool twice;
	return scan_field(key, fatal_nulls, COUNT_OF(fatal_nulls), &seen, &twice) >= 0;
}

static void take_null(void *ctx, struct slice key)
{
	struct scan_state *state = ctx;
	if (scan_null_is_fatal(key))
		state->facts->usage.faults |= SCAN_FAULT_NULL;
}

/* ---- the message ---- */

/* A content block: its text when it is the first of type "text"; whether it is a tool's result. */
static void walk_content_block(struct walk *w, struct scan_state *state)
{
	struct walk_item item;
	struct slice key, text = { NULL, 0 };
	bool first = true, is_text = false;
	if (!walk_enter_or_pass(w, '{'))
		return;
	while (walk_next_member(w, &first, &key, &item)) {
		if (item.kind != WALK_STRING)
			continue;
		if (slice_equals(key, "type")) {
			is_text = slice_equals(item.text, "text");
			state->is_tool_result |= slice_equals(item.text, "tool_result");
		} else if (slice_equals(key, "text")) {
			text = item.text;
		}
	}
	if (is_text && text.data && !state->facts->preview.data)
		state->facts->preview = text;
}

static void walk_content(struct walk *w, struct scan_state *state)
{
	struct walk_item item;
	bool first = true;
	if (walk_peek(w) == WALK_STRING) {
		if (walk_value(w, &item) && !state->facts->preview.data)
			state->facts->preview = item.text;
	} else if (walk_enter(w, '[')) {
		while (walk_next_item(w, &first))
			walk_content_block(w, state);
	} else if (walk_value(w, &item) && item.kind == WALK_NULL) {
		take_null(state, (struct slice){ "content", strlen("content") });
	}
}

/*
 * A string of the record: an empty or broken one spoils the record. A value of another type is the same as no
 * string, and so is null; ccusage loses the line.
 */
static void take_text(struct scan_state *state, struct slice key, const struct walk_item *item,
		      struct slice *out)
{
	if (item->kind == WALK_NULL)
		take_null(state, key);
	else if (item->kind != WALK_STRING)
		state->unread = true;
	else if (item->text.len == 0 || !slice_is_text(item->text))
		state->bad = true;
	if (item->kind == WALK_STRING)
		*out = item->text;
}

/* `escaped`: the key is written with escapes, but ccusage knows the lines that count by their bytes. */
static void walk_usage(struct walk *w, struct scan_state *state, bool escaped)
{
	struct walk_item item;
	state->plain_key = !escaped && w->at < w->end && w->at[-2] == '"' && w->at[0] == '{';
	state->has_usage = scan_counts_walk(w, &state->counts);
	if (!state->has_usage && walk_value(w, &item))
		state->bad = true;
}

enum message_field { USAGE, ID, MODEL };

static void walk_message(struct walk *w, struct scan_state *state)
{
	static const struct slice names[] = {
		[USAGE] = SCAN_NAME("usage"), [ID] = SCAN_NAME("id"), [MODEL] = SCAN_NAME("model"),
	};
	struct walk_item item;
	struct slice key;
	unsigned seen = 0;
	bool first = true;
	/* Of two messages the last one counts. */
	state->has_usage = false;
	state->paused = state->facts->usage.message_id = state->facts->model = (struct slice){ NULL, 0 };
	if (!walk_enter(w, '{')) {
		state->bad = true;
		walk_value(w, &item);
		return;
	}
	while (walk_next_key(w, &first, &key)) {
		int field = scan_field(key, names, COUNT_OF(names), &seen, &state->unread);
		if (field == USAGE) {
			walk_usage(w, state, key.data == w->key);
		} else if (slice_equals(key, "content")) {
			walk_content(w, state);
		} else {
			if (!walk_value(w, &item))
				return;
			if (field == ID)
				take_text(state, key, &item, &state->facts->usage.message_id);
			else if (field == MODEL)
				take_text(state, key, &item, &state->facts->model);
			else if (item.kind == WALK_NULL)
				take_null(state, key);
			else if (item.kind == WALK_ARRAY && slice_equals(key, "pausedResponses"))
				state->paused = item.text;
		}
	}
}

static void walk_quota(struct walk *w, struct scan_state *state)
{
	struct scan_limit *limit = &state->facts->limit;
	struct walk_item item;
	struct slice key;
	bool first = true;
	if (!walk_enter_or_pass(w, '{'))
		return;
	while (walk_next_member(w, &first, &key, &item)) {
		if (item.kind == WALK_NUMBER && slice_equals(key, "resetsAt"))
			(void)slice_to_count(item.text, &limit->resets_at_s);
		else if (item.kind == WALK_STRING && slice_equals(key, "rateLimitType"))
			limit->name = item.text;
		else if (item.kind == WALK_STRING && slice_equals(key, "status"))
			state->quota_allows = !slice_equals(item.text, "rejected");
	}
}

/* The context that a compaction leaves. */
static void walk_compaction(struct walk *w, struct scan_state *state)
{
	struct walk_item item;
	struct slice key;
	bool first = true;
	if (!walk_enter_or_pass(w, '{'))
		return;
	while (walk_next_member(w, &first, &key, &item)) {
		if (item.kind == WALK_NUMBER && slice_equals(key, "postTokens")
		    && (!slice_to_count(item.text, &state->facts->compacted_tokens)
			|| state->facts->compacted_tokens > SCAN_TOKENS_MAX))
			state->facts->compacted_tokens = -1;
	}
}

/* forkedFrom {sessionId}: the session that the line was copied from. */
static void take_fork(struct scan_state *state, struct slice object)
{
	struct walk_item item;
	struct slice key;
	struct walk w;
	bool first = true;
	walk_init(&w, object.data, object.len);
	walk_enter(&w, '{');
	while (walk_next_member(&w, &first, &key, &item))
		if (item.kind == WALK_STRING && slice_equals(key, "sessionId"))
			state->forked_session = item.text;
}

/* ---- the top level ---- */

static enum scan_type type_of(struct slice name)
{
	if (slice_equals(name, "user"))
		return SCAN_TYPE_USER;
	if (slice_equals(name, "assistant"))
		return SCAN_TYPE_ASSISTANT;
	if (slice_equals(name, "system"))
		return SCAN_TYPE_SYSTEM;
	return scan_type_is_known(name) ? SCAN_TYPE_OTHER : SCAN_TYPE_UNKNOWN;
}

/* The forms that ccusage reads: "2026-02-11T20:36:47" with ".925" or nothing, then "Z" or "+02:00". */
static bool is_usage_time(const char *text, size_t len)
{
	size_t zone = 19;
	if (len < 20 || text[10] != 'T' || text[17] == '6')
		return false;
	if (text[zone] == '.')
		zone += 4;
	return zone < len && (text[zone] == 'Z' || text[zone] == '+' || text[zone] == '-');
}

static void take_time(struct scan_state *state, const struct walk_item *item)
{
	char text[64];
	size_t len;
	if (item->kind != WALK_STRING || !slice_to_text(item->text, text, sizeof(text), &len))
		return;
	state->has_timestamp = clock_parse_rfc3339(text, len, &state->facts->timestamp_ms);
	state->unread = state->unread || (state->has_timestamp && !is_usage_time(text, len));
}

/* *unread: it is neither true nor false. */
static void take_bool(struct scan_state *state, struct slice key, const struct walk_item *item, bool *out,
		      bool *unread)
{
	if (item->kind == WALK_NULL)
		take_null(state, key);
	else if (item->kind != WALK_TRUE && item->kind != WALK_FALSE)
		*unread = true;
	*out = item->kind == WALK_TRUE;
}

static void take_cost(struct scan_state *state, struct slice key, const struct walk_item *item)
{
	struct scan_usage *usage = &state->facts->usage;
	if (item->kind == WALK_NULL)
		take_null(state, key);
	else if (item->kind != WALK_NUMBER || !slice_to_double(item->text, &usage->cost_usd))
		state->unread = true;
	else /* an absurd cost is not believed, nor a cost of nothing: tokens times price stand in for them */
		usage->has_cost = usage->cost_usd > 0. && usage->cost_usd <= 1e6;
	usage->has_other_cost = item->kind == WALK_NUMBER && !usage->has_cost;
}

/* The fields that ccusage reads; the order of its names below. */
enum top_field { TIMESTAMP, SESSION_ID, REQUEST_ID, VERSION, COST, SIDECHAIN, API_ERROR, MESSAGE };

/* Fields that are facts and nothing more: one of the wrong type is passed over. */
static void take_fact(struct scan_state *state, struct slice key, const struct walk_item *item)
{
	struct scan_facts *facts = state->facts;
	bool is_string = item->kind == WALK_STRING;
	if (item->kind == WALK_NULL) {
		take_null(state, key);
	} else if (is_string && slice_equals(key, "type")) {
		facts->type = type_of(item->text);
		facts->type_name = item->text;
	} else if (is_string && slice_equals(key, "cwd")) {
		facts->cwd = item->text;
	} else if (is_string && slice_equals(key, "gitBranch")) {
		facts->git_branch = item->text;
	} else if (is_string && slice_equals(key, "subtype")) {
		facts->compact_boundary = slice_equals(item->text, "compact_boundary");
	} else if (is_string && slice_equals(key, "error")) {
		state->has_error = true;
		state->rate_limited = slice_equals(item->text, "rate_limit");
	} else if (is_string && slice_equals(key, "promptCacheRequested")) {
		facts->asked_5m = slice_equals(item->text, "5m");
		facts->asked_1h = slice_equals(item->text, "1h");
	} else if (item->kind == WALK_TRUE && slice_equals(key, "isMeta")) {
		state->is_meta = true;
	} else if (item->kind == WALK_TRUE && slice_equals(key, "isCompactSummary")) {
		state->is_summary = true;
	} else if (item->kind == WALK_NUMBER && slice_equals(key, "apiErrorStatus")) {
		(void)slice_to_count(item->text, &state->status);
	} else if (item->kind == WALK_NUMBER && slice_equals(key, "totalCostUSD")) {
		state->has_total_cost = slice_to_double(item->text, &state->total_cost_usd);
	} else if (item->kind == WALK_OBJECT && slice_equals(key, "modelUsage")) {
		facts->model_usage = item->text;
	} else if (is_string && slice_equals(key, "requestSessionId")) {
		state->request_session = item->text;
	} else if (item->kind == WALK_OBJECT && slice_equals(key, "forkedFrom")) {
		take_fork(state, item->text);
	}
}

/* N.N.N, with anything after it. */
static bool is_version(struct slice v)
{
	size_t i = 0;
	for (int part = 0; part < 3; part++) {
		size_t start = i;
		while (i < v.len && v.data[i] >= '0' && v.data[i] <= '9')
			i++;
		if (i == start)
			return false;
		if (part < 2 && (i >= v.len || v.data[i++] != '.'))
			return false;
	}
	return true;
}

/* Usage is usage, whatever wrote it; ccusage wants N.N.N. */
static void take_version(struct scan_state *state, struct slice key, const struct walk_item *item)
{
	if (item->kind == WALK_NULL)
		take_null(state, key);
	else if (item->kind != WALK_STRING || !is_version(item->text) || !slice_is_text(item->text))
		state->unread = true;
	if (item->kind == WALK_STRING)
		state->facts->version = item->text;
}

static void take_field(struct scan_state *state, int field, struct slice key, const struct walk_item *item)
{
	struct scan_facts *facts = state->facts;
	switch (field) {
	case TIMESTAMP:
		take_time(state, item);
		break;
	case SESSION_ID:
		take_text(state, key, item, &facts->session_id);
		break;
	case REQUEST_ID:
		take_text(state, key, item, &facts->usage.request_id);
		break;
	case VERSION:
		take_version(state, key, item);
		break;
	case COST:
		take_cost(state, key, item);
		break;
	case SIDECHAIN:
		take_bool(state, key, item, &facts->sidechain, &state->unread);
		break;
	case API_ERROR:
		take_bool(state, key, item, &state->is_api_error, &state->unread_error_mark);
		break;
	default:
		take_fact(state, key, item);
	}
}

static void walk_top_level(struct walk *w, struct scan_state *state)
{
	static const struct slice names[] = {
		[TIMESTAMP] = SCAN_NAME("timestamp"), [SESSION_ID] = SCAN_NAME("sessionId"),
		[REQUEST_ID] = SCAN_NAME("requestId"), [VERSION] = SCAN_NAME("version"),
		[COST] = SCAN_NAME("costUSD"), [SIDECHAIN] = SCAN_NAME("isSidechain"),
		[API_ERROR] = SCAN_NAME("isApiErrorMessage"), [MESSAGE] = SCAN_NAME("message"),
	};
	struct walk_item item;
	struct slice key;
	unsigned seen = 0;
	bool first = true;
	while (walk_next_key(w, &first, &key)) {
		bool twice = false;
		int field = scan_field(key, names, COUNT_OF(names), &seen, &twice);
		if (twice)
			*(field == API_ERROR ? &state->unread_error_mark : &state->unread) = true;
		if (field == MESSAGE) {
			state->has_message = true;
			walk_message(w, state);
		} else if (field < 0 && slice_equals(key, "quotaLimits")) {
			walk_quota(w, state);
		} else if (field < 0 && slice_equals(key, "compactMetadata")) {
			walk_compaction(w, state);
		} else {
			if (field < 0 && state->unknown && state->unknown_count < UNKNOWN_FIELDS_MAX
			    && !scan_field_is_known(key))
				state->unknown_fields[state->unknown_count++] = key;
			if (!walk_value(w, &item))
				return;
			take_field(state, field, key, &item);
		}
	}
}

bool scan_line(const char *line, size_t len, struct scan_facts *out, scan_unknown_field *unknown, void *ctx)
{
	struct scan_state state = { .facts = out, .unknown = unknown };
	struct walk w;
	memset(out, 0, sizeof(*out));
	out->compacted_tokens = -1;
	walk_init(&w, line, len);
	w.null_seen = take_null;
	w.ctx = &state;
	if (walk_enter(&w, '{'))
		walk_top_level(&w, &state);
	else
		w.bad = true;
	if (!walk_at_end(&w)) {
		memset(out, 0, sizeof(*out));
		return false;
	}
	scan_finish(&state, line, len);
	for (size_t i = 0; i < state.unknown_count && out->type != SCAN_TYPE_OTHER; i++)
		unknown(ctx, state.unknown_fields[i]);
	return true;
}

bool scan_may_have_usage(const char *line, size_t len)
{
	const char *hit = scan_find_usage(line, line + len);
	return hit && scan_hit_may_count(line, hit, line + len);
}
