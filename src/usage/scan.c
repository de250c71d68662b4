#include "usage/scan.h"

#include <string.h>

#include "base/clock.h"

/* A token count beyond this is no count: the largest context is a million. */
#define TOKENS_MAX INT64_C(4000000000)

static bool is_among(struct slice s, const char *const *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (slice_equals(s, list[i]))
			return true;
	return false;
}

#define IS_AMONG(s, list) is_among(s, list, sizeof(list) / sizeof((list)[0]))

/* Fields seen at the top level of lines up to Claude Code 2.1.284; another one is counted as schema drift. */
static const char *const known_fields[] = {
	"type", "uuid", "parentUuid", "timestamp", "sessionId", "version", "message", "cwd", "gitBranch", "isSidechain",
	"userType", "requestId", "slug", "toolUseResult", "sourceToolAssistantUUID", "data", "toolUseID",
	"parentToolUseID", "isMeta", "isCompactSummary", "isVisibleInTranscriptOnly", "isApiErrorMessage", "error",
	"apiErrorStatus", "quotaLimits", "costUSD", "durationMs", "snapshot", "messageId", "isSnapshotUpdate", "content",
	"level", "subtype", "compactMetadata", "logicalParentUuid", "operation", "summary", "leafUuid", "thinkingMetadata",
	"todos", "permissionMode", "agentId", "sourceToolUseID", "forkedFrom", "effort", "apiError", "retryInMs",
	"retryAttempt", "maxRetries", "cause", "hookCount", "hookInfos", "hookErrors", "preventedContinuation", "stopReason",
	"hasOutput", "planContent", "imagePasteIds", "teamName", "entrypoint", "promptId", "attachment", "mode", "aiTitle",
	"customTitle", "agentName", "lastPrompt", "prNumber", "prUrl", "prRepository", "totalCostUSD", "modelUsage",
	"totalDuration", "totalAPIDuration", "totalLinesAdded", "totalLinesRemoved", "startTime", "hasUnknownModelCost",
	"microcompactMetadata", "url", "sessionKind", "isAbortedMessage", "origin", "advisorModel", "attributionSkill",
};

static const char *const known_types[] = {
	"progress", "attachment", "summary", "queue-operation", "file-history-snapshot", "file-history-delta", "mode",
	"permission-mode", "ai-title", "custom-title", "agent-name", "last-prompt", "pr-link", "bridge-session", "atis-latch",
	"cost-state", "result", "started", "tag", "agent-color", "agent-setting", "worktree-state",
};

/* The names that make ccusage 20.0.24 lose a line when they are null anywhere in it (F1). */
static const char *const fatal_nulls[] = {
	"id", "cwd", "model", "speed", "costUSD", "version", "sessionId", "requestId", "isApiErrorMessage",
	"cache_read_input_tokens", "cache_creation_input_tokens",
};

/* What the walk collects before it is known whether it makes a record. */
struct scan_state {
	struct scan_facts *facts;
	scan_unknown_field *unknown;
	void *unknown_ctx;
	bool has_timestamp, has_message, is_meta, is_api_error, rate_limited;
	bool has_session_id, has_request_id, has_version, has_message_id, has_model;
	bool usage_good, has_input, has_output, has_breakdown, count_bad;
	int64_t flat_creation, status;
};

static void take_null(void *ctx, struct slice key)
{
	struct scan_state *state = ctx;
	if (IS_AMONG(key, fatal_nulls))
		state->facts->usage.faults |= SCAN_FAULT_NULL;
}

static void take_count(struct scan_state *state, const struct walk_item *item, int64_t *out, bool *has)
{
	int64_t count;
	if (item->kind == WALK_NULL)
		return;
	if (item->kind != WALK_NUMBER || !slice_to_count(item->text, &count) || count > TOKENS_MAX) {
		state->count_bad = true;
		return;
	}
	*out = count;
	if (has)
		*has = true;
}

static void walk_cache_creation(struct walk *w, struct scan_state *state)
{
	struct price_tokens *tokens = &state->facts->usage.tokens;
	struct walk_item item;
	struct slice key;
	bool first = true;
	if (!walk_enter(w, '{')) {
		walk_value(w, &item);
		return;
	}
	while (walk_next_key(w, &first, &key) && walk_value(w, &item)) {
		if (item.kind == WALK_NULL)
			take_null(state, key);
		if (slice_equals(key, "ephemeral_5m_input_tokens"))
			take_count(state, &item, &tokens->cache_creation_5m, &state->has_breakdown);
		else if (slice_equals(key, "ephemeral_1h_input_tokens"))
			take_count(state, &item, &tokens->cache_creation_1h, &state->has_breakdown);
	}
}

static void walk_usage(struct walk *w, struct scan_state *state)
{
	struct scan_usage *usage = &state->facts->usage;
	struct walk_item item;
	struct slice key;
	bool first = true;
	if (!walk_enter(w, '{')) {
		walk_value(w, &item);
		return;
	}
	while (walk_next_key(w, &first, &key)) {
		if (slice_equals(key, "cache_creation")) {
			walk_cache_creation(w, state);
			continue;
		}
		if (!walk_value(w, &item))
			return;
		if (item.kind == WALK_NULL)
			take_null(state, key);
		if (slice_equals(key, "input_tokens"))
			take_count(state, &item, &usage->tokens.input, &state->has_input);
		else if (slice_equals(key, "output_tokens"))
			take_count(state, &item, &usage->tokens.output, &state->has_output);
		else if (slice_equals(key, "cache_creation_input_tokens"))
			take_count(state, &item, &state->flat_creation, NULL);
		else if (slice_equals(key, "cache_read_input_tokens"))
			take_count(state, &item, &usage->tokens.cache_read, NULL);
		else if (slice_equals(key, "speed") && item.kind == WALK_STRING) {
			usage->has_speed = true;
			usage->fast = slice_equals(item.text, "fast");
		}
	}
	state->usage_good = state->has_input && state->has_output && !state->count_bad;
}

/* A content block's text, of the first block of type "text". */
static void walk_content_block(struct walk *w, struct scan_state *state)
{
	struct walk_item item, text = { WALK_NONE, { NULL, 0 } };
	struct slice key;
	bool first = true, is_text = false;
	if (!walk_enter(w, '{')) {
		walk_value(w, &item);
		return;
	}
	while (walk_next_key(w, &first, &key) && walk_value(w, &item)) {
		if (item.kind == WALK_NULL)
			take_null(state, key);
		if (slice_equals(key, "type"))
			is_text = item.kind == WALK_STRING && slice_equals(item.text, "text");
		else if (slice_equals(key, "text") && item.kind == WALK_STRING)
			text = item;
	}
	if (is_text && text.text.data && !state->facts->preview.data)
		state->facts->preview = text.text;
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
	} else {
		walk_value(w, &item);
	}
}

static void walk_message(struct walk *w, struct scan_state *state)
{
	struct walk_item item;
	struct slice key;
	bool first = true;
	if (!walk_enter(w, '{')) {
		walk_value(w, &item);
		return;
	}
	state->has_message = true;
	while (walk_next_key(w, &first, &key)) {
		if (slice_equals(key, "usage")) {
			walk_usage(w, state);
			continue;
		}
		if (slice_equals(key, "content")) {
			walk_content(w, state);
			continue;
		}
		if (!walk_value(w, &item))
			return;
		if (item.kind == WALK_NULL)
			take_null(state, key);
		if (slice_equals(key, "id") && item.kind == WALK_STRING) {
			state->facts->usage.message_id = item.text;
			state->has_message_id = true;
		} else if (slice_equals(key, "model") && item.kind == WALK_STRING) {
			state->facts->model = state->facts->usage.model = item.text;
			state->has_model = true;
		}
	}
}

static void walk_quota(struct walk *w, struct scan_state *state)
{
	struct scan_limit *limit = &state->facts->limit;
	struct walk_item item;
	struct slice key;
	bool first = true;
	if (!walk_enter(w, '{')) {
		walk_value(w, &item);
		return;
	}
	while (walk_next_key(w, &first, &key) && walk_value(w, &item)) {
		if (item.kind == WALK_NULL)
			take_null(state, key);
		if (slice_equals(key, "resetsAt") && item.kind == WALK_NUMBER)
			(void)slice_to_count(item.text, &limit->resets_at_s);
		else if (slice_equals(key, "rateLimitType") && item.kind == WALK_STRING)
			limit->kind = item.text;
	}
}

static enum scan_type type_of(struct slice name)
{
	if (slice_equals(name, "user"))
		return SCAN_TYPE_USER;
	if (slice_equals(name, "assistant"))
		return SCAN_TYPE_ASSISTANT;
	if (slice_equals(name, "system"))
		return SCAN_TYPE_SYSTEM;
	return IS_AMONG(name, known_types) ? SCAN_TYPE_OTHER : SCAN_TYPE_UNKNOWN;
}

static void take_string(struct scan_state *state, struct slice key, struct slice text)
{
	struct scan_facts *facts = state->facts;
	if (slice_equals(key, "type")) {
		facts->type = type_of(text);
		facts->type_name = text;
	} else if (slice_equals(key, "timestamp")) {
		state->has_timestamp = clock_parse_rfc3339(text.data, text.len, &facts->timestamp_ms);
	} else if (slice_equals(key, "sessionId")) {
		facts->session_id = text;
		state->has_session_id = true;
	} else if (slice_equals(key, "requestId")) {
		facts->usage.request_id = text;
		state->has_request_id = true;
	} else if (slice_equals(key, "version")) {
		facts->version = text;
		state->has_version = true;
	} else if (slice_equals(key, "cwd")) {
		facts->cwd = text;
	} else if (slice_equals(key, "gitBranch")) {
		facts->git_branch = text;
	} else if (slice_equals(key, "subtype")) {
		facts->compact_boundary = slice_equals(text, "compact_boundary");
	} else if (slice_equals(key, "error")) {
		state->rate_limited = slice_equals(text, "rate_limit");
	}
}

static void take_field(struct scan_state *state, struct slice key, const struct walk_item *item)
{
	struct scan_usage *usage = &state->facts->usage;
	if (item->kind == WALK_NULL) {
		take_null(state, key);
	} else if (item->kind == WALK_STRING) {
		take_string(state, key, item->text);
	} else if (item->kind == WALK_TRUE) {
		if (slice_equals(key, "isSidechain"))
			usage->sidechain = state->facts->sidechain = true;
		else if (slice_equals(key, "isMeta"))
			state->is_meta = true;
		else if (slice_equals(key, "isApiErrorMessage"))
			state->is_api_error = true;
	} else if (item->kind == WALK_NUMBER) {
		if (slice_equals(key, "costUSD"))
			usage->has_cost = slice_to_double(item->text, &usage->cost_usd) && usage->cost_usd >= 0.
					  && usage->cost_usd <= 1e6;
		else if (slice_equals(key, "apiErrorStatus"))
			(void)slice_to_count(item->text, &state->status);
	}
}

static void walk_top_level(struct walk *w, struct scan_state *state)
{
	struct walk_item item;
	struct slice key;
	bool first = true;
	while (walk_next_key(w, &first, &key)) {
		if (slice_equals(key, "message")) {
			walk_message(w, state);
		} else if (slice_equals(key, "quotaLimits")) {
			walk_quota(w, state);
		} else {
			if (!walk_value(w, &item))
				return;
			take_field(state, key, &item);
			if (state->unknown && !IS_AMONG(key, known_fields))
				state->unknown(state->unknown_ctx, key);
		}
		if (w->bad)
			return;
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

/* Whether what was collected makes a usage record: FORMATS section 3, "A line counts if". */
static bool is_record(const struct scan_state *state)
{
	const struct scan_usage *usage = &state->facts->usage;
	return state->usage_good && state->has_timestamp && state->has_message
	       && !(state->has_session_id && state->facts->session_id.len == 0)
	       && !(state->has_request_id && usage->request_id.len == 0)
	       && !(state->has_message_id && usage->message_id.len == 0)
	       && !(state->has_model && usage->model.len == 0)
	       && !(state->has_version && !is_version(state->facts->version));
}

/* The old form of a limit marker: "Claude AI usage limit reached|1760000000". */
static void take_old_limit(struct scan_facts *facts)
{
	static const char words[] = "Claude AI usage limit reached|";
	size_t len = sizeof(words) - 1;
	struct slice text = facts->preview;
	if (!text.data || text.len <= len || memcmp(text.data, words, len) != 0)
		return;
	facts->limit.present = true;
	struct slice number = { text.data + len, 0 };
	while (len + number.len < text.len && number.data[number.len] >= '0' && number.data[number.len] <= '9')
		number.len++;
	(void)slice_to_count(number, &facts->limit.resets_at_s);
}

static void finish(struct scan_state *state, const char *line, size_t len)
{
	struct scan_facts *facts = state->facts;
	struct scan_usage *usage = &facts->usage;
	if (!state->has_timestamp)
		facts->timestamp_ms = 0;
	facts->is_message = (facts->type == SCAN_TYPE_USER || facts->type == SCAN_TYPE_ASSISTANT) && !facts->sidechain
			    && !state->is_meta && state->has_message;
	if (state->is_api_error && state->rate_limited && state->status != 529)
		facts->limit.present = true;
	else if (state->is_api_error)
		take_old_limit(facts);
	facts->wrote_5m = usage->tokens.cache_creation_5m > 0;
	facts->wrote_1h = usage->tokens.cache_creation_1h > 0;
	if (!state->has_breakdown) {
		usage->tokens.cache_creation_5m = state->flat_creation;
		facts->wrote_5m = state->flat_creation > 0;
	}
	if (state->usage_good && facts->type == SCAN_TYPE_ASSISTANT && !slice_equals(facts->model, "<synthetic>")) {
		facts->has_context = true;
		facts->context_tokens = usage->tokens.input + usage->tokens.cache_creation_5m
					+ usage->tokens.cache_creation_1h + usage->tokens.cache_read;
	}
	usage->present = is_record(state);
	usage->timestamp_ms = facts->timestamp_ms;
	if (usage->present && !memmem(line, len, "\"usage\":{", strlen("\"usage\":{")))
		usage->faults |= SCAN_FAULT_SPACE;
}

bool scan_line(const char *line, size_t len, struct scan_facts *out, scan_unknown_field *unknown, void *ctx)
{
	struct scan_state state = { .facts = out, .unknown = unknown, .unknown_ctx = ctx };
	struct walk w;
	memset(out, 0, sizeof(*out));
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
	finish(&state, line, len);
	return true;
}

bool scan_may_have_usage(const char *line, size_t len)
{
	return memmem(line, len, "\"usage\"", strlen("\"usage\"")) != NULL;
}

/* ---- text for people ---- */

static unsigned hex_value(const char *s)
{
	unsigned value = 0;
	for (int i = 0; i < 4; i++) {
		char c = s[i];
		value = value * 16 + (unsigned)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
	}
	return value;
}

static size_t put_utf8(unsigned code, char out[4])
{
	if (code < 0x80) {
		out[0] = (char)code;
		return 1;
	}
	if (code < 0x800) {
		out[0] = (char)(0xC0 | (code >> 6));
		out[1] = (char)(0x80 | (code & 0x3F));
		return 2;
	}
	if (code < 0x10000) {
		out[0] = (char)(0xE0 | (code >> 12));
		out[1] = (char)(0x80 | ((code >> 6) & 0x3F));
		out[2] = (char)(0x80 | (code & 0x3F));
		return 3;
	}
	out[0] = (char)(0xF0 | (code >> 18));
	out[1] = (char)(0x80 | ((code >> 12) & 0x3F));
	out[2] = (char)(0x80 | ((code >> 6) & 0x3F));
	out[3] = (char)(0x80 | (code & 0x3F));
	return 4;
}

/* Takes one escape at *at; returns its character. The walk has seen that it is well-formed. */
static unsigned take_escape(struct slice s, size_t *at)
{
	char c = s.data[*at + 1];
	if (c != 'u') {
		*at += 2;
		return c == 'n' || c == 'r' || c == 't' || c == 'b' || c == 'f' ? ' ' : (unsigned char)c;
	}
	unsigned code = hex_value(s.data + *at + 2);
	*at += 6;
	if (code >= 0xD800 && code < 0xDC00 && *at + 6 <= s.len && s.data[*at] == '\\' && s.data[*at + 1] == 'u') {
		unsigned low = hex_value(s.data + *at + 2);
		if (low >= 0xDC00 && low < 0xE000) {
			*at += 6;
			return 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
		}
	}
	return code >= 0xD800 && code < 0xE000 ? 0xFFFD : code;
}

/* Takes one character written as it is; bytes that are no UTF-8 become U+FFFD. */
static unsigned take_plain(struct slice s, size_t *at)
{
	const unsigned char *p = (const unsigned char *)s.data + *at;
	size_t left = s.len - *at;
	size_t need = p[0] < 0x80 ? 1 : p[0] >= 0xC2 && p[0] < 0xE0 ? 2 : (p[0] & 0xF0) == 0xE0 ? 3
		      : p[0] >= 0xF0 && p[0] < 0xF5 ? 4 : 0;
	unsigned code = need == 1 ? p[0] : need == 2 ? p[0] & 0x1Fu : need == 3 ? p[0] & 0x0Fu : p[0] & 0x07u;
	bool good = need > 0 && need <= left;
	for (size_t i = 1; good && i < need; i++) {
		good = (p[i] & 0xC0) == 0x80;
		code = (code << 6) | (p[i] & 0x3Fu);
	}
	if (!good || (code >= 0xD800 && code < 0xE000) || code > 0x10FFFF || (need == 3 && code < 0x800)
	    || (need == 4 && code < 0x10000)) {
		(*at)++;
		return 0xFFFD;
	}
	*at += need;
	return code;
}

size_t scan_unescape(struct slice s, char *out, size_t size, size_t max_chars)
{
	size_t len = 0, at = 0;
	bool blank = true;  /* leading blanks go */
	while (s.data && at < s.len && max_chars > 0) {
		unsigned code = s.data[at] == '\\' ? take_escape(s, &at) : take_plain(s, &at);
		/* C0, DEL and C1 would steer a terminal. */
		if (code <= 0x20 || (code >= 0x7F && code < 0xA0))
			code = ' ';
		if (code == ' ' && blank)
			continue;
		blank = code == ' ';
		char bytes[4];
		size_t count = put_utf8(code, bytes);
		if (len + count >= size)
			break;
		memcpy(out + len, bytes, count);
		len += count;
		max_chars--;
	}
	if (len > 0 && out[len - 1] == ' ')
		len--;
	if (size > 0)
		out[len] = '\0';
	return len;
}
