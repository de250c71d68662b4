#include "mkhome_lines.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"

/* Names of the compiled-in price table that ccusage 20 prices as well. */
static const char *const main_models[] = { "claude-opus-4-6",
					   "claude-opus-4-6",
					   "claude-opus-4-5-20251101",
					   "claude-opus-4-8",
					   "claude-sonnet-4-5-20250929",
					   "claude-sonnet-4-6",
					   "claude-opus-4-1-20250805",
					   "claude-sonnet-4-20250514" };
static const char *const agent_models[] = { "claude-haiku-4-5-20251001", "claude-haiku-4-5-20251001",
					    "claude-sonnet-4-5-20250929", "claude-opus-4-6" };

#define PICK(r, list) (list)[rng_below((r), sizeof(list) / sizeof((list)[0]))]

/*
 * Every part of a line ends in a comma, so that parts go together in any order; put_end() makes the last one
 * a brace.
 */
static void put_end(struct buf *out)
{
	if (out->len > 0)
		out->data[out->len - 1] = '}';
	buf_append_char(out, '\n');
}

static void put_envelope(struct story *s, struct buf *out)
{
	if (s->uuid[0])
		buf_printf(out, "\"parentUuid\":\"%s\",", s->uuid);
	else
		buf_append_str(out, "\"parentUuid\":null,");
	buf_printf(
		out,
		"\"isSidechain\":%s,\"userType\":\"external\",\"cwd\":\"%s\",\"sessionId\":\"%s\","
		"\"version\":\"%s\","
		"\"gitBranch\":\"%s\",",
		s->agent_id ? "true" : "false", s->cwd, s->session_id, s->version, s->branch);
	if (s->agent_id)
		buf_printf(out, "\"agentId\":\"%s\",", s->agent_id);
}

static void put_uuid(struct story *s, struct buf *out)
{
	buf_append_str(out, "\"uuid\":\"");
	size_t at = out->len;
	text_append_uuid(out, &s->text);
	if (!out->failed) {
		memcpy(s->uuid, out->data + at, sizeof(s->uuid) - 1);
		s->uuid[sizeof(s->uuid) - 1] = '\0';
	}
	buf_append_str(out, "\",");
}

static void put_time(struct story *s, struct buf *out)
{
	buf_printf(out, "\"timestamp\":\"%s\",", s->at);
}

static void put_text(struct story *s, struct buf *out, const char *key, size_t len)
{
	buf_printf(out, "\"%s\":\"", key);
	text_append(out, &s->text, len);
	buf_append_str(out, "\",");
}

static size_t at_most(int64_t len, size_t room)
{
	return (size_t)len < room ? (size_t)len : room;
}

/* ---- assistant ---- */

static void begin_message(struct story *s)
{
	struct rng *r = &s->messages;
	buf_clear(&s->message_id);
	buf_clear(&s->request_id);
	text_append_id(&s->message_id, r, "msg_01", 22);
	text_append_id(&s->request_id, r, "req_011", 21);
	if (rng_chance(r, 3))
		s->model = s->agent_id ? PICK(r, agent_models) : PICK(r, main_models);
	s->line_number = 0;
	for (s->lines_left = 1; s->lines_left < 10 && rng_chance(r, 50);)
		s->lines_left++;
	s->context_tokens += s->created_tokens;
	if (s->context_tokens > s->context_max_tokens)
		s->context_tokens = rng_between(r, 12000, 20000);
	s->created_tokens = rng_skewed(r, 80, 14000);
	s->input_tokens = rng_between(r, 1, 12);
	s->output_tokens = rng_skewed(r, 8, 9000);
	s->hour_cache = rng_chance(r, 30);
	s->fast = strcmp(s->model, "claude-opus-4-6") == 0 && rng_chance(r, 2);
}

/* The counts are the whole message's on each of its lines; only the output grows, and is final on the last.
 */
static void put_usage(struct story *s, struct buf *out)
{
	int64_t output = s->lines_left == 0 ? s->output_tokens : s->output_tokens * s->line_number / 12 + 1;
	buf_printf(out,
		   "\"usage\":{\"input_tokens\":%" PRId64 ",\"cache_creation_input_tokens\":%" PRId64
		   ",\"cache_read_input_tokens\":%" PRId64
		   ",\"cache_creation\":{\"ephemeral_5m_input_tokens\":%" PRId64
		   ",\"ephemeral_1h_input_tokens\":%" PRId64 "},\"output_tokens\":%" PRId64
		   ",\"service_tier\":\"standard\"",
		   s->input_tokens, s->created_tokens, s->context_tokens,
		   s->hour_cache ? 0 : s->created_tokens, s->hour_cache ? s->created_tokens : 0, output);
	buf_append_str(out, s->fast ? ",\"speed\":\"fast\"" : "");
	buf_append_str(out, ",\"inference_geo\":\"not_available\"},");
}

static void put_tool_use(struct story *s, struct buf *out, size_t room)
{
	static const char *const tools[] = { "Bash", "Read", "Grep", "Glob", "Edit", "Write" };
	const char *tool = PICK(&s->text, tools);
	buf_append_str(out, "{\"type\":\"tool_use\",\"id\":\"");
	text_append_id(out, &s->text, "toolu_01", 22);
	buf_printf(out, "\",\"name\":\"%s\",\"input\":{", tool);
	if (tool[0] == 'E' || tool[0] == 'W') {
		buf_append_str(out, "\"file_path\":\"");
		for (int i = 0; i < 4; i++) {
			buf_append_char(out, '/');
			text_append_word(out, &s->text);
		}
		buf_append_str(out, "\",");
		put_text(s, out, "content", at_most(rng_skewed(&s->text, 80, 2500), room));
	} else {
		put_text(s, out, "command", at_most(rng_skewed(&s->text, 30, 300), room));
		put_text(s, out, "description", 30);
	}
	out->len--;
	buf_append_str(out, "},\"caller\":{\"type\":\"direct\"}}");
}

static void put_content(struct story *s, struct buf *out, size_t room)
{
	buf_append_str(out, "\"content\":[");
	if (s->line_number == 1 && rng_chance(&s->text, 20)) {
		buf_append_str(out, "{\"type\":\"thinking\",");
		put_text(s, out, "thinking", at_most(rng_skewed(&s->text, 60, 1500), room));
		buf_append_str(out, "\"signature\":\"");
		text_append_base64(out, &s->text, at_most(rng_skewed(&s->text, 200, 600), room));
		buf_append_str(out, "\"}");
	} else if (rng_chance(&s->text, 40)) {
		buf_append_str(out, "{\"type\":\"text\",");
		put_text(s, out, "text", at_most(rng_skewed(&s->text, 20, 800), room));
		out->data[out->len - 1] = '}';
	} else {
		put_tool_use(s, out, room);
	}
	buf_append_str(out, "],");
}

static void put_message(struct story *s, struct buf *out, size_t room)
{
	bool usage_first = rng_chance(&s->text, 10);
	buf_append_str(out, "\"message\":{");
	if (rng_chance(&s->text, 70))
		buf_printf(out, "\"model\":\"%s\",\"id\":\"%s\",\"type\":\"message\",\"role\":\"assistant\",",
			   s->model, buf_str(&s->message_id));
	else
		buf_printf(out, "\"id\":\"%s\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"%s\",",
			   buf_str(&s->message_id), s->model);
	if (usage_first)
		put_usage(s, out);
	put_content(s, out, room);
	buf_printf(out, "\"stop_reason\":%s,\"stop_sequence\":null,",
		   s->lines_left > 0 ? "null" : "\"end_turn\"");
	if (!usage_first)
		put_usage(s, out);
	out->data[out->len - 1] = '}';
	buf_append_char(out, ',');
}

static void put_request(struct story *s, struct buf *out)
{
	buf_printf(out, "\"requestId\":\"%s\",", buf_str(&s->request_id));
}

static void add_assistant(struct story *s, struct buf *out, size_t room)
{
	uint64_t order = rng_below(&s->text, 100);
	s->lines_left--;
	s->line_number++;
	buf_append_char(out, '{');
	if (order < 70) {
		put_envelope(s, out);
		put_message(s, out, room);
		put_request(s, out);
		buf_append_str(out, "\"type\":\"assistant\",");
		put_uuid(s, out);
		put_time(s, out);
	} else if (order < 85) {
		buf_append_str(out, "\"type\":\"assistant\",");
		put_time(s, out);
		put_envelope(s, out);
		put_request(s, out);
		put_uuid(s, out);
		put_message(s, out, room);
	} else {
		put_message(s, out, room);
		put_request(s, out);
		put_envelope(s, out);
		put_uuid(s, out);
		buf_append_str(out, "\"type\":\"assistant\",");
		put_time(s, out);
	}
	put_end(out);
	s->progress_left = (unsigned)rng_below(&s->text, 9);
	s->users_left = rng_chance(&s->text, 67);
}

/* ---- progress ---- */

/* A whole message of an agent's, which has its own ids: counted by mistake, no duplicate would hide it. */
static void put_agent_message(struct story *s, struct buf *out, size_t room)
{
	struct story agent = *s;
	agent.message_id = agent.request_id = (struct buf)BUF_INIT;
	agent.messages.state = rng_next(&agent.text);
	begin_message(&agent);
	buf_append_str(out, "\"type\":\"assistant\",");
	put_time(&agent, out);
	put_message(&agent, out, room);
	put_request(&agent, out);
	out->data[out->len - 1] = '}';
	buf_append_char(out, ',');
	s->text = agent.text;
	story_end(&agent);
}

/* What an agent does, one level down: nothing of that counts here. */
static void put_agent_progress(struct story *s, struct buf *out, size_t room)
{
	buf_append_str(out, "\"data\":{\"message\":{");
	if (rng_chance(&s->text, 50)) {
		put_agent_message(s, out, room);
	} else {
		buf_append_str(
			out,
			"\"type\":\"user\",\"message\":{\"role\":\"user\",\"content\":[{\"type\":\"text\",");
		put_text(s, out, "text", at_most(rng_skewed(&s->text, 200, 3000), room));
		out->data[out->len - 1] = '}';
		buf_append_str(out, "]},");
		put_time(s, out);
		out->data[out->len - 1] = '}';
		buf_append_char(out, ',');
	}
	buf_append_str(out, "\"normalizedMessages\":[],\"type\":\"agent_progress\",");
	put_text(s, out, "prompt", at_most(150, room));
	buf_printf(out, "\"agentId\":\"a%06" PRIx64 "\"},", rng_below(&s->text, 0xffffff));
}

static void put_progress_data(struct story *s, struct buf *out, size_t room)
{
	uint64_t kind = rng_below(&s->text, 100);
	if (kind < 6) {
		put_agent_progress(s, out, room);
	} else if (kind < 20) {
		buf_append_str(out, "\"data\":{\"type\":\"bash_progress\",");
		put_text(s, out, "output", at_most(rng_skewed(&s->text, 20, 200), room));
		put_text(s, out, "fullOutput", at_most(rng_skewed(&s->text, 20, 300), room));
		buf_printf(out, "\"elapsedTimeSeconds\":%" PRIu64 ",\"totalLines\":1,\"timeoutMs\":120000},",
			   rng_below(&s->text, 120));
	} else {
		buf_append_str(
			out,
			"\"data\":{\"type\":\"hook_progress\",\"hookEvent\":\"PostToolUse\","
			"\"hookName\":\"PostToolUse:Bash\","
			"\"command\":\"/home/u/.claude/hooks/");
		text_append(out, &s->text, 110);
		buf_append_str(out, "\"},");
	}
}

static void add_progress(struct story *s, struct buf *out, size_t room)
{
	s->progress_left--;
	buf_append_char(out, '{');
	put_envelope(s, out);
	buf_append_str(out, "\"type\":\"progress\",");
	put_progress_data(s, out, room);
	buf_append_str(out, "\"toolUseID\":\"");
	text_append_id(out, &s->text, "toolu_01", 22);
	buf_append_str(out, "\",\"parentToolUseID\":\"");
	text_append_id(out, &s->text, "toolu_01", 22);
	buf_append_str(out, "\",");
	put_uuid(s, out);
	put_time(s, out);
	put_end(out);
}

/* ---- user and the rest ---- */

static void put_image(struct story *s, struct buf *out, size_t room)
{
	buf_append_str(
		out,
		"\"message\":{\"role\":\"user\",\"content\":[{\"type\":\"image\","
		"\"source\":{\"type\":\"base64\","
		"\"media_type\":\"image/png\",\"data\":\"");
	text_append_base64(out, &s->text,
			   at_most(rng_skewed(&s->text, 60000, (int64_t)s->image_max_bytes), room));
	buf_append_str(out, "\"}}]},");
}

static void put_prompt(struct story *s, struct buf *out, size_t room)
{
	buf_append_str(out, "\"message\":{\"role\":\"user\",\"content\":\"");
	text_append(out, &s->text, at_most(rng_skewed(&s->text, 20, 4000), room));
	/* what a person may paste: a line of a transcript, with everything that counts, inside a string */
	if (rng_chance(&s->text, 25))
		buf_printf(
			out,
			" {\\\"type\\\":\\\"assistant\\\",\\\"timestamp\\\":\\\"%s\\\","
			"\\\"message\\\":{\\\"id\\\":\\\"msg_x\\\","
			"\\\"usage\\\":{\\\"input_tokens\\\":7,\\\"output_tokens\\\":9}}} ",
			s->at);
	buf_append_str(out, "\"},\"thinkingMetadata\":{\"maxThinkingTokens\":31999},\"todos\":[],"
			    "\"permissionMode\":\"default\",");
}

static void put_tool_result(struct story *s, struct buf *out, size_t room)
{
	size_t len = at_most(rng_skewed(&s->text, 60, 17500), room);
	buf_append_str(out, "\"message\":{\"role\":\"user\",\"content\":[{\"tool_use_id\":\"");
	text_append_id(out, &s->text, "toolu_01", 22);
	buf_append_str(out, "\",\"type\":\"tool_result\",");
	put_text(s, out, "content", len);
	buf_append_str(out, "\"is_error\":false}]},");
	if (rng_chance(&s->text, 60)) {
		buf_append_str(out, "\"toolUseResult\":{");
		put_text(s, out, "stdout", len);
		buf_append_str(out, "\"stderr\":\"\",\"interrupted\":false,\"isImage\":false},");
	}
}

static void add_user(struct story *s, struct buf *out, size_t room)
{
	s->users_left--;
	buf_append_char(out, '{');
	put_envelope(s, out);
	buf_append_str(out, "\"type\":\"user\",");
	if (s->image_max_bytes > 0 && rng_chance(&s->text, .25))
		put_image(s, out, room);
	else if (s->line_number == 0 || rng_chance(&s->text, 6))
		put_prompt(s, out, room);
	else
		put_tool_result(s, out, room);
	put_uuid(s, out);
	put_time(s, out);
	put_end(out);
}

static void put_snapshot(struct story *s, struct buf *out)
{
	buf_append_str(out, "{\"type\":\"file-history-snapshot\",\"messageId\":\"");
	text_append_uuid(out, &s->text);
	buf_append_str(out, "\",\"snapshot\":{\"trackedFileBackups\":{");
	uint64_t files = rng_below(&s->text, 8);
	for (uint64_t i = 0; i < files; i++) {
		buf_printf(out, "%s\"src/file-%" PRIu64 ".c\":{\"backupFileName\":\"", i ? "," : "", i);
		text_append_id(out, &s->text, "", 16);
		buf_append_str(out, "@v1\",\"version\":1}");
	}
	buf_printf(out, "},\"timestamp\":\"%s\"},\"isSnapshotUpdate\":false,", s->at);
}

static void add_rest(struct story *s, struct buf *out)
{
	uint64_t kind = rng_below(&s->text, 100);
	if (kind < 65) {
		put_snapshot(s, out);
	} else if (kind < 85) {
		buf_append_char(out, '{');
		put_envelope(s, out);
		buf_append_str(
			out,
			"\"type\":\"system\",\"subtype\":\"stop_hook_summary\",\"hookCount\":2,"
			"\"hookErrors\":[],"
			"\"preventedContinuation\":false,\"level\":\"suggestion\",");
		put_time(s, out);
		put_uuid(s, out);
	} else if (kind < 98) {
		buf_append_str(out, "{\"type\":\"queue-operation\",\"operation\":\"enqueue\",");
		put_time(s, out);
		put_text(s, out, "content", 120);
		buf_printf(out, "\"sessionId\":\"%s\",", s->session_id);
	} else {
		buf_append_str(out, "{\"type\":\"summary\",");
		put_text(s, out, "summary", 60);
		buf_printf(out, "\"leafUuid\":\"%s\",", s->uuid);
	}
	put_end(out);
}

/* ---- the story ---- */

void story_begin(struct story *s)
{
	s->model = s->agent_id ? PICK(&s->messages, agent_models) : PICK(&s->messages, main_models);
	s->uuid[0] = '\0';
	s->lines_left = s->line_number = s->progress_left = 0;
	s->users_left = 1;
	s->context_tokens = rng_between(&s->messages, 12000, 20000);
	s->context_max_tokens = rng_chance(&s->messages, 8) ? 420000 : 165000;
	s->created_tokens = 0;
}

static void count(struct story *s, enum line_kind kind, size_t bytes)
{
	s->counts->lines[kind]++;
	s->counts->bytes[kind] += bytes;
}

void story_add_line(struct story *s, struct buf *out, int64_t at_ms, size_t room)
{
	size_t before = out->len;
	enum line_kind kind = LINE_ASSISTANT;
	clock_format_rfc3339(at_ms, s->at);
	if (s->progress_left > 0) {
		kind = LINE_PROGRESS;
		add_progress(s, out, room);
	} else if (s->users_left > 0) {
		kind = LINE_USER;
		add_user(s, out, room);
	} else if (s->lines_left == 0 && s->line_number > 0 && rng_chance(&s->text, 18)) {
		kind = LINE_REST;
		add_rest(s, out);
	} else {
		if (s->lines_left == 0)
			begin_message(s);
		add_assistant(s, out, room);
	}
	count(s, kind, out->len - before);
}

void story_add_last_line(struct story *s, struct buf *out, int64_t at_ms)
{
	size_t before = out->len;
	clock_format_rfc3339(at_ms, s->at);
	if (s->lines_left == 0)
		begin_message(s);
	s->lines_left = 1;
	add_assistant(s, out, 600);
	count(s, LINE_ASSISTANT, out->len - before);
}

void story_end(struct story *s)
{
	buf_release(&s->message_id);
	buf_release(&s->request_id);
}
