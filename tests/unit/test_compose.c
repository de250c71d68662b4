/* The fields of each cache file, for small made-up states; and what a reader can see change. */
#include "unit.h"

#include <math.h>

#include "base/clock.h"
#include "json/get.h"
#include "made_up.h"
#include "swatchd/publish/compose.h"

#define NOW INT64_C(1795435200000)   /* 2026-11-23T12:00:00Z */

static struct made_up m;
static struct session_transcript *part;
static struct session *session;
static struct json_object *file;
static uint64_t hash;

static int set_up(void **state)
{
	(void)state;
	made_up_begin(&m, NOW);
	part = made_up_transcript(&m, "s", false, NOW);
	session = part->session;
	session_exclude(&m.sessions, session, false);
	session->state = SESSION_ACTIVE;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	json_object_put(file);
	file = NULL;
	made_up_end(&m);
	return 0;
}

enum which { SESSION_FILE, LIST_FILE, BILLING_FILE };

/* Composes a file as of then. */
static void compose(enum which which, int64_t at_ms)
{
	AUTO_BUF text = BUF_INIT;
	struct billing_view view;
	billing_make_view(&m.billing, at_ms, &view);
	if (which == SESSION_FILE)
		hash = compose_session(session, &m.billing, &view, &text);
	else if (which == LIST_FILE)
		hash = compose_sessions(&m.sessions, &m.billing, &view, &text);
	else
		hash = compose_billing(&m.billing, &view, &text);
	assert_false(text.failed);
	assert_int_equal(text.data[text.len - 1], '\n');
	json_object_put(file);
	file = json_tokener_parse(text.data);
	assert_non_null(file);
}

/* The member at "a.b.0.c" is this, as JSON. */
static void expect(const char *path, const char *expected)
{
	struct json_object *at = file;
	char key[64];
	for (const char *next = path; *next;) {
		size_t len = strcspn(next, ".");
		snprintf(key, sizeof(key), "%.*s", (int)len, next);
		if (json_object_is_type(at, json_type_array))
			at = json_object_array_get_idx(at, strtoul(key, NULL, 10));
		else if (!json_object_object_get_ex(at, key, &at))
			fail_msg("%s is not there", path);
		next += len + (next[len] == '.');
	}
	const char *found =
		json_object_to_json_string_ext(at, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
	if (strcmp(found, expected) != 0)
		fail_msg("%s is %s, not %s", path, found, expected);
}

struct field {
	const char *path, *value;
};

static void expect_all(const struct field *fields, size_t count)
{
	for (size_t i = 0; i < count; i++)
		expect(fields[i].path, fields[i].value);
}
#define EXPECT_ALL(...) do { \
		const struct field fields[] = { __VA_ARGS__ }; \
		expect_all(fields, sizeof(fields) / sizeof(fields[0])); \
	} while (0)

/* ---- a session's file ---- */

static void a_session_that_worked(void **state)
{
	(void)state;
	made_up_answer(&m, part, "1", NOW - CLOCK_HOUR_MS, 1000, 40000, "first");
	made_up_answer(&m, part, "2", NOW - 2 * CLOCK_MINUTE_MS, 50000, 40000, "second");
	compose(SESSION_FILE, NOW);
	EXPECT_ALL({ "sessionId", "\"s\"" }, { "projectPath", "\"/home/u/project\"" },
		   { "transcriptPath", "\"/p/0/s.jsonl\"" }, { "gatheredAt", "1795435200000" },
		   { "firstSeen", "1795435200000" }, { "schema", "1" }, { "state", "\"active\"" },
		   { "health.status", "\"healthy\"" }, { "health.issues", "[]" },
		   { "transcript.exists", "true" }, { "transcript.sizeBytes", "102" },
		   { "transcript.isSynced", "true" }, { "transcript.lastModified", "1795435200000" },
		   { "transcript.lastModifiedAgo", "\"0s\"" }, { "transcript.messageCount", "2" },
		   { "transcript.lastMessagePreview", "\"second\"" },
		   { "transcript.firstMessageTime", "1795431600000" },
		   { "transcript.lastMessageTime", "1795435080000" },
		   { "transcript.lastMessageAgo", "\"2m\"" }, { "transcript.cacheWarmth", "\"warm\"" },
		   { "git.branch", "\"main\"" }, { "git.dirty", "null" },
		   { "git.lastChecked", "1795435080000" }, { "alerts.transcriptStale", "false" },
		   { "alerts.dataLossRisk", "false" }, { "alerts.secretsDetected", "null" },
		   { "alerts.secretTypes", "[]" });
	EXPECT_ALL({ "model.value", "\"Opus4.6\"" }, { "model.id", "\"claude-opus-4-6\"" },
		   { "model.confidence", "100" }, { "model.updatedAt", "1795435080000" },
		   { "context.tokensUsed", "50000" }, { "context.tokensLeft", "150000" },
		   { "context.percentUsed", "25" }, { "context.windowSize", "200000" },
		   { "context.nearCompaction", "false" }, { "context.updatedAt", "1795435080000" });
	/* $25 a million tokens out, $0.50 a million read. */
	EXPECT_ALL({ "billing.sessionCost", "2.0255" }, { "billing.sessionTokens", "131000" },
		   { "billing.claudeCostUSD", "null" }, { "billing.toldCostUSD", "null" },
		   { "billing.costToday", "2.0255" }, { "billing.isFresh", "true" },
		   { "billing.resetTime", "\"16:00\"" },
		   { "tokens", "{\"input\":0,\"output\":80000,\"cacheCreation\":0,\"cacheRead\":51000}" },
		   { "models.0.model", "\"claude-opus-4-6\"" }, { "models.0.costUSD", "2.0255" },
		   { "models.0.unpriced", "false" }, { "subagents.count", "0" }, { "claudeCost", "null" });
	/* Writing the context anew would cost $6.25 a million. */
	EXPECT_ALL({ "promptCache.ttl", "\"5m\"" }, { "promptCache.expiresAt", "1795435380000" },
		   { "promptCache.tokens", "50000" }, { "promptCache.coldCostUSD", "0.3125" },
		   { "promptCache.price.write5m", "6.25" }, { "promptCache.price.write1h", "10" });
}

static void a_session_of_which_nothing_is_known(void **state)
{
	(void)state;
	part->file->known = false;
	part->file->offset = 0;
	session->state = SESSION_IDLE;
	session->live_processes = 2;
	compose(SESSION_FILE, NOW);
	EXPECT_ALL({ "liveProcesses", "2" }, { "projectPath", "null" },
		   { "state", "\"idle\"" }, { "health.status", "\"unknown\"" },
		   { "transcript.isSynced", "false" }, { "transcript.messageCount", "0" },
		   { "transcript.lastMessageTime", "null" }, { "transcript.cacheWarmth", "\"unknown\"" },
		   { "model.value", "null" }, { "model.confidence", "0" }, { "context.tokensUsed", "null" },
		   { "context.tokensLeft", "null" }, { "context.percentUsed", "null" },
		   { "context.windowSource", "\"guess\"" }, { "context.updatedAt", "null" },
		   { "git.branch", "null" }, { "git.lastChecked", "null" }, { "promptCache", "null" },
		   { "alerts.transcriptStale", "true" }, { "models", "[]" });
}

static void a_context_of_which_nothing_is_left_is_known(void **state)
{
	(void)state;
	made_up_answer(&m, part, "1", NOW, 1000, 1, "x");
	made_up_line(&m, part,
		     "{\"type\":\"system\",\"subtype\":\"compact_boundary\","
		     "\"timestamp\":\"2026-11-23T12:00:00Z\","
		     "\"compactMetadata\":{\"trigger\":\"manual\",\"preTokens\":1000,\"postTokens\":0}}");
	compose(SESSION_FILE, NOW);
	EXPECT_ALL({ "context.tokensUsed", "0" }, { "context.tokensLeft", "200000" },
		   { "context.percentUsed", "0" });
}

/* A model that charges large messages more. */
static void the_price_of_a_large_context_is_shown_beside(void **state)
{
	(void)state;
	made_up_line(&m, part,
		     "{\"type\":\"assistant\",\"timestamp\":\"2026-11-23T11:59:00Z\","
		     "\"requestId\":\"r\","
		     "\"message\":{\"id\":\"m\",\"model\":\"claude-sonnet-4-5\","
		     "\"usage\":{\"input_tokens\":7,\"output_tokens\":1,\"cache_read_input_tokens\":1000}}}");
	compose(SESSION_FILE, NOW);
	EXPECT_ALL({ "promptCache.price",
		     "{\"write5m\":3.75,\"write1h\":6,\"fastFactor\":1,"
		     "\"above\":{\"tokens\":200000,\"wholeRequest\":false,\"write5m\":7.5,\"write1h\":12}}" },
		   { "git.branch", "null" });
}

static void the_window_is_told_named_or_seen(void **state)
{
	(void)state;
	made_up_answer(&m, part, "1", NOW, 200000, 1, "x");
	compose(SESSION_FILE, NOW);
	expect("context.windowSize", "200000");
	expect("context.windowSource", "\"model\"");
	expect("context.percentUsed", "100");
	expect("context.tokensLeft", "0");
	made_up_answer(&m, part, "2", NOW, 200001, 1, "x");
	compose(SESSION_FILE, NOW);
	expect("context.windowSize", "1000000");
	expect("context.windowSource", "\"guess\"");
	/* It was told, but more is in it. */
	session_note_tick(session, 200000, NAN);
	compose(SESSION_FILE, NOW);
	expect("context.windowSize", "1000000");
	expect("context.toldWindowSize", "200000");
	made_up_line(&m, part,
		     "{\"type\":\"assistant\",\"message\":{\"id\":\"m\",\"model\":\"claude-opus-4-6[1m]\","
		     "\"usage\":{\"input_tokens\":1000,\"output_tokens\":1}}}");
	compose(SESSION_FILE, NOW);
	expect("context.windowSize", "1000000");
	expect("context.percentUsed", "0.1");
	expect("context.windowSource", "\"model\"");
	session_note_tick(session, 500000, NAN);
	compose(SESSION_FILE, NOW);
	expect("context.windowSize", "500000");
	expect("context.windowSource", "\"told\"");
}

static void models_of_a_million_say_so_by_their_name(void **state)
{
	(void)state;
	static const struct { const char *model, *window, *source, *percent;
	} cases[] = {
		{ "claude-opus-5-5", "1000000", "\"model\"", "17.5" },
		{ "claude-haiku-4-5", "200000", "\"model\"", "87.5" },
		{ "us.anthropic.claude-sonnet-5-5-v1:0", "1000000", "\"model\"", "17.5" },
		{ "gpt-9", "200000", "\"guess\"", "87.5" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char line[256];
		snprintf(line, sizeof(line),
			 "{\"type\":\"assistant\",\"message\":{\"id\":\"m%zu\",\"model\":\"%s\",\"usage\":"
			 "{\"input_tokens\":175000,\"output_tokens\":1}}}",
			 i, cases[i].model);
		made_up_line(&m, part, line);
		compose(SESSION_FILE, NOW);
		expect("context.windowSize", cases[i].window);
		expect("context.windowSource", cases[i].source);
		expect("context.percentUsed", cases[i].percent);
	}
}

static void health_names_what_is_wrong(void **state)
{
	(void)state;
	made_up_answer(&m, part, "1", NOW, 159800, 1, "x");
	compose(SESSION_FILE, NOW);
	expect("health.status", "\"healthy\"");
	made_up_answer(&m, part, "2", NOW, 160000, 1, "x");
	compose(SESSION_FILE, NOW);
	expect("health",
	       "{\"status\":\"warning\",\"lastUpdate\":1795435200000,"
	       "\"issues\":[\"the context window is nearly full\"]}");
	expect("context.nearCompaction", "true");
	made_up_answer(&m, part, "3", NOW, 190000, 1, "x");
	compose(SESSION_FILE, NOW);
	expect("health.status", "\"critical\"");
	made_up_answer(&m, part, "4", NOW, 1, 1, "x");
	part->file->has_skipped = true;
	compose(SESSION_FILE, NOW);
	expect("health.status", "\"warning\"");
	expect("health.issues", "[\"lines over 64 MiB were skipped\"]");
	part->file->failing = true;
	compose(SESSION_FILE, NOW);
	expect("health.status", "\"critical\"");
	expect("health.issues.1", "\"the transcript cannot be read\"");
	sessions_close_transcript(part);
	compose(SESSION_FILE, NOW);
	expect("health.status", "\"critical\"");
	expect("health.issues", "[\"the transcript vanished while the session was active\"]");
	expect("alerts.dataLossRisk", "true");
	expect("transcript.exists", "false");
	compose(LIST_FILE, NOW);
	expect("alerts.sessionsAtRisk", "[\"s\"]");
}

static void a_model_name_is_short_where_it_is_known(void **state)
{
	(void)state;
	static const char *const names[][2] = {
		{ "claude-opus-4-6", "\"Opus4.6\"" },
		{ "claude-3-5-sonnet-20241022", "\"Sonnet3.5\"" },
		{ "claude-haiku-4-5-20251001", "\"Haiku4.5\"" },
		{ "claude-opus-4-20250514", "\"Opus4\"" },
		{ "us.anthropic.claude-sonnet-4-5-v1:0", NULL },
		{ "gpt-9", "\"gpt-9\"" },
		{ "claude-x", "\"claude-x\"" },
		{ "claude-sonnet-4-6[1m]", "\"Sonnet4.6\"" },
	};
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char line[256];
		snprintf(line, sizeof(line),
			 "{\"type\":\"assistant\",\"message\":{\"id\":\"m%zu\",\"model\":\"%s\",\"usage\":"
			 "{\"input_tokens\":1,\"output_tokens\":1}}}",
			 i, names[i][0]);
		made_up_line(&m, part, line);
		compose(SESSION_FILE, NOW);
		if (names[i][1])
			expect("model.value", names[i][1]);
	}
}

static void subagents_and_claude_codes_own_total(void **state)
{
	(void)state;
	struct session_transcript *agent = made_up_transcript(&m, "s", true, NOW);
	made_up_answer(&m, part, "1", NOW, 0, 40000, "x");
	made_up_answer(&m, agent, "2", NOW, 0, 4000, "x");
	made_up_line(&m, part,
		     "{\"type\":\"cost-state\",\"totalCostUSD\":1.5,\"modelUsage\":{"
		     "\"claude-opus-4-6\":{\"inputTokens\":0,\"outputTokens\":44000,\"costUSD\":1.1},"
		     "\"claude-haiku-4-5\":{\"inputTokens\":9,\"outputTokens\":1,\"costUSD\":0.3},"
		     "\"claude-sonnet-4-5\":{\"inputTokens\":9,\"outputTokens\":1,\"costUSD\":0.1}}}");
	session_note_tick(session, 0, 1.75);
	compose(SESSION_FILE, NOW);
	EXPECT_ALL({ "billing.sessionCost", "1.1" }, { "subagents", "{\"count\":1,\"costUSD\":0.1}" },
		   { "claudeCost.totalUSD", "1.5" }, { "claudeCost.gapUSD", "0.4" },
		   { "claudeCost.reasons.0.model", "\"claude-haiku-4-5\"" },
		   { "claudeCost.reasons.0.costUSD", "0.3" },
		   { "claudeCost.reasons.1.model", "\"claude-sonnet-4-5\"" },
		   { "billing.claudeCostUSD", "1.5" }, { "billing.toldCostUSD", "1.75" });
}

static void a_model_without_a_price_costs_nothing_that_is_known(void **state)
{
	(void)state;
	made_up_line(
		&m, part,
		"{\"type\":\"assistant\",\"timestamp\":\"2026-11-23T12:00:00Z\",\"requestId\":\"r\","
		"\"message\":"
		"{\"id\":\"m\",\"model\":\"gpt-9\",\"usage\":{\"input_tokens\":7,\"output_tokens\":1,"
		"\"cache_read_input_tokens\":5}}}");
	compose(SESSION_FILE, NOW);
	EXPECT_ALL({ "models.0.costUSD", "null" }, { "models.0.unpriced", "true" },
		   { "promptCache.coldCostUSD", "null" }, { "promptCache.price", "null" });
	compose(BILLING_FILE, NOW);
	EXPECT_ALL({ "unpricedModels", "[\"gpt-9\"]" }, { "today.unpriced", "1" }, { "today.costUSD", "0" });
}

/* ---- all sessions ---- */

static void what_a_session_waits_for_is_told(void **state)
{
	(void)state;
	const struct session_status waits = { .doing = SESSION_WAITING,
					      .since_ms = NOW - 5,
					      .waiting_for = "dialog open" };
	compose(SESSION_FILE, NOW);
	EXPECT_ALL({ "status", "null" }, { "statusSince", "null" }, { "waitingFor", "null" });
	assert_true(session_note_status(session, &waits));
	assert_false(session_note_status(session, &waits));
	compose(SESSION_FILE, NOW);
	EXPECT_ALL({ "status", "\"waiting\"" }, { "statusSince", "1795435199995" },
		   { "waitingFor", "\"dialog open\"" });
	compose(LIST_FILE, NOW);
	EXPECT_ALL({ "waitingSessions", "1" }, { "sessions.0.status", "\"waiting\"" },
		   { "sessions.0.waitingFor", "\"dialog open\"" }, { "alerts.sessionsWaiting", "[\"s\"]" });
	const struct session_status works = { .doing = SESSION_BUSY, .since_ms = NOW };
	assert_true(session_note_status(session, &works));
	compose(LIST_FILE, NOW);
	EXPECT_ALL({ "waitingSessions", "0" }, { "sessions.0.status", "\"busy\"" },
		   { "sessions.0.waitingFor", "null" }, { "alerts.sessionsWaiting", "[]" });
}

static void the_list_is_sorted_and_counts(void **state)
{
	(void)state;
	struct session_transcript *old = made_up_transcript(&m, "old", false, NOW - CLOCK_HOUR_MS);
	struct session_transcript *full = made_up_transcript(&m, "full", false, NOW - CLOCK_HOUR_MS + 1);
	made_up_transcript(&m, "hidden", false, NOW);
	session_exclude(&m.sessions, old->session, false);
	session_exclude(&m.sessions, full->session, false);
	made_up_answer(&m, full, "1", NOW, 180000, 1000, "x");
	compose(LIST_FILE, NOW);
	EXPECT_ALL({ "lastUpdated", "1795435200000" }, { "activeSessions", "2" }, { "totalSessions", "3" },
		   { "sessions.0.sessionId", "\"s\"" }, { "sessions.1.sessionId", "\"full\"" },
		   { "sessions.2.sessionId", "\"old\"" }, { "sessions.1.shortName", "\"project\"" },
		   { "sessions.1.model", "\"Opus4.6\"" }, { "sessions.1.health", "\"warning\"" },
		   { "sessions.1.state", "\"idle\"" }, { "sessions.0.state", "\"active\"" },
		   { "sessions.0.shortName", "null" }, { "sessions.1.lastActivity", "1795431600001" },
		   { "sessions.1.transcriptSynced", "true" },
		   { "alerts.sessionsNearCompaction", "[\"full\"]" }, { "alerts.sessionsAtRisk", "[]" },
		   { "alerts.sessionsWithSecrets", "[]" }, { "global.totalCostToday", "0.115" },
		   { "global.burnRatePerHour", "0" }, { "global.budgetRemaining", "300" });
}

/* Of more sessions than are listed, those of which "alerts" has something to say are in it all the same. */
static void of_many_sessions_the_last_active_are_listed(void **state)
{
	(void)state;
	struct session *waits = sessions_add(&m.sessions, "old-and-waiting");
	assert_true(session_note_status(waits, &(struct session_status){ .doing = SESSION_WAITING }));
	waits->last_activity_ms = NOW - CLOCK_DAY_MS;
	session_exclude(&m.sessions, waits, false);
	for (int i = 0; i < COMPOSE_LISTED_MAX + 20; i++) {
		char id[16];
		snprintf(id, sizeof(id), "n%03d", i);
		struct session *one = sessions_add(&m.sessions, id);
		session_exclude(&m.sessions, one, false);
		/* The last ones are as old as each other: their names decide. */
		one->last_activity_ms = i < 290 ? NOW - 1000 - i : NOW - CLOCK_HOUR_MS;
	}
	compose(LIST_FILE, NOW);
	EXPECT_ALL({ "activeSessions", "291" }, { "totalSessions", "322" }, { "waitingSessions", "1" },
		   { "sessions.0.sessionId", "\"s\"" }, { "sessions.1.sessionId", "\"n000\"" },
		   { "sessions.290.sessionId", "\"n289\"" }, { "sessions.291.sessionId", "\"n290\"" },
		   { "sessions.299.sessionId", "\"n298\"" },
		   { "alerts.sessionsWaiting", "[\"old-and-waiting\"]" });
	size_t length;
	(void)json_get_array(file, "sessions", &length);
	assert_int_equal(length, COMPOSE_LISTED_MAX);
}

/* The list takes what the session's file has, unless that is to be written again. */
static void a_session_near_its_compaction_is_found_out_once(void **state)
{
	(void)state;
	made_up_answer(&m, part, "1", NOW, 180000, 1000, "x");
	compose(LIST_FILE, NOW);
	EXPECT_ALL({ "alerts.sessionsNearCompaction", "[\"s\"]" });
	session->file.exists = true;
	compose(LIST_FILE, NOW);
	EXPECT_ALL({ "alerts.sessionsNearCompaction", "[]" });
	session->file.dirty = true;
	compose(LIST_FILE, NOW);
	EXPECT_ALL({ "alerts.sessionsNearCompaction", "[\"s\"]" });
}

/* ---- the shared figures ---- */

static void without_a_block_there_is_little(void **state)
{
	(void)state;
	compose(BILLING_FILE, NOW);
	EXPECT_ALL({ "costToday", "0" }, { "burnRatePerHour", "0" }, { "budgetRemaining", "0" },
		   { "budgetPercentUsed", "0" }, { "resetTime", "null" }, { "totalTokens", "0" },
		   { "tokensPerMinute", "null" }, { "isFresh", "true" }, { "schema", "1" },
		   { "source", "\"native\"" }, { "sourceReason", "null" }, { "block", "null" },
		   { "native", "null" }, { "ccusage", "null" }, { "usageLimit", "null" },
		   { "rateLimits", "{}" }, { "window", "null" }, { "unpricedModels", "[]" },
		   { "today.date", "\"2026-11-23\"" }, { "lastFetched", "1795435200000" },
		   { "freshUntil", "1795478400000" });
}

static void a_block_has_its_rate_and_its_end(void **state)
{
	(void)state;
	made_up_answer(&m, part, "1", NOW - CLOCK_HOUR_MS, 0, 40000, "x");
	compose(BILLING_FILE, NOW);
	EXPECT_ALL({ "block.burnRate", "null" }, { "block.projection", "null" });
	made_up_answer(&m, part, "2", NOW - 30 * CLOCK_MINUTE_MS, 0, 40000, "x");
	compose(BILLING_FILE, NOW);
	EXPECT_ALL({ "costToday", "2" }, { "burnRatePerHour", "4" }, { "budgetRemaining", "240" },
		   { "budgetPercentUsed", "20" }, { "resetTime", "\"16:00\"" }, { "totalTokens", "80000" },
		   { "block.startTime", "\"2026-11-23T11:00:00.000Z\"" },
		   { "block.endTime", "\"2026-11-23T16:00:00.000Z\"" },
		   { "block.actualEndTime", "\"2026-11-23T11:30:00.000Z\"" }, { "block.isActive", "true" },
		   { "block.entries", "2" }, { "block.tokenCounts.outputTokens", "80000" },
		   { "block.costUSD", "2" }, { "block.models", "[\"claude-opus-4-6\"]" },
		   { "block.burnRate.costPerHour", "4" }, { "block.projection.remainingMinutes", "240" },
		   { "block.projection.totalCost", "18" }, { "block.usageLimitResetTime", "null" },
		   { "native.costUSD", "2" }, { "native.totalTokens", "80000" },
		   { "native.burnRatePerHour", "4" }, { "today.costUSD", "2" },
		   { "today.totalTokens", "80000" });
}

static void what_ccusage_said_is_shown_beside(void **state)
{
	(void)state;
	made_up_answer(&m, part, "1", NOW, 0, 40000, "x");
	struct billing_block answer = { .present = true,
					.start_ms = NOW,
					.end_ms = NOW + LEDGER_BLOCK_MS,
					.cost_usd = 2.5,
					.cost_per_hour_usd = NAN,
					.tokens_per_minute = NAN };
	billing_note_start(&m.billing, NOW);
	billing_note_answer(&m.billing, &answer, 123, NULL, NOW + 5);
	compose(BILLING_FILE, NOW + 10);
	EXPECT_ALL({ "source", "\"native\"" }, { "block.costUSD", "1" },
		   { "ccusage.lastFetched", "1795435200005" }, { "ccusage.durationMs", "123" },
		   { "ccusage.costUSD", "2.5" }, { "ccusage.nativeUSD", "1" }, { "ccusage.driftUSD", "1.5" },
		   { "ccusage.differenceUSD", "1.5" }, { "ccusage.reasons", "[\"unknown\"]" },
		   { "ccusage.error", "null" }, { "ccusage.failures", "0" },
		   { "ccusage.nextAttempt", "null" });
	billing_note_failure(&m.billing, "it hung", 1, 3, NOW + 5000);
	compose(BILLING_FILE, NOW + 10);
	EXPECT_ALL({ "ccusage.error", "\"it hung\"" }, { "ccusage.exitStatus", "1" },
		   { "ccusage.failures", "3" }, { "ccusage.nextAttempt", "1795435205000" },
		   { "ccusage.costUSD", "2.5" });
	m.config.billing_source = BILLING_CCUSAGE;
	compose(BILLING_FILE, NOW + 10);
	EXPECT_ALL({ "source", "\"ccusage\"" }, { "block.costUSD", "2.5" }, { "native.costUSD", "1" },
		   { "isFresh", "false" });
}

static void the_accounts_limits_stand_as_they_were_told(void **state)
{
	(void)state;
	AUTO_JSON *limits =
		json_tokener_parse("{\"five_hour\":{\"used_percentage\":40.5,\"resets_at\":1795438800},"
				   "\"seven_day\":{\"used_percentage\":\"7\",\"resets_at\":1795521600}}");
	made_up_answer(&m, part, "1", NOW, 0, 40000, "x");
	assert_true(billing_take_tick(&m.billing, limits, "s", NOW));
	compose(BILLING_FILE, NOW);
	EXPECT_ALL({ "rateLimits.fiveHour.usedPercentage", "40.5" },
		   { "rateLimits.fiveHour.resetsAt", "1795438800000" },
		   { "rateLimits.fiveHour.sessionId", "\"s\"" },
		   { "rateLimits.fiveHour.source", "\"statusline\"" },
		   { "rateLimits.sevenDay.usedPercentage", "7" },
		   { "window.startTime", "\"2026-11-23T08:00:00.000Z\"" },
		   { "window.resetsAt", "1795438800000" }, { "window.costUSD", "1" },
		   { "window.totalTokens", "40000" });
	compose(BILLING_FILE, NOW + CLOCK_HOUR_MS);
	EXPECT_ALL({ "window", "null" }, { "rateLimits.sevenDay.observedAt", "1795435200000" },
		   { "weeklyBudgetPercentUsed", "7" }, { "weeklyBudgetRemaining", "23" },
		   { "weeklyResetDay", "\"Tue\"" });
	/* The week is over. */
	compose(BILLING_FILE, INT64_C(1795521600000));
	EXPECT_ALL({ "weeklyBudgetRemaining", "null" }, { "weeklyResetDay", "null" });
}

/* ---- the hash ---- */

static uint64_t hash_of(enum which which, int64_t at_ms)
{
	compose(which, at_ms);
	return hash;
}

static void time_that_passes_is_no_change(void **state)
{
	(void)state;
	struct session_transcript *other = made_up_transcript(&m, "other", false, NOW);
	made_up_answer(&m, part, "1", NOW - CLOCK_MINUTE_MS, 1000, 100, "x");
	uint64_t of_session = hash_of(SESSION_FILE, NOW), of_list = hash_of(LIST_FILE, NOW);
	assert_true(hash_of(SESSION_FILE, NOW + CLOCK_MINUTE_MS) == of_session);
	assert_true(hash_of(LIST_FILE, NOW + CLOCK_MINUTE_MS) == of_list);
	/* Nor that another session costs something: the copies follow by themselves. */
	made_up_answer(&m, other, "2", NOW, 1000, 100, "x");
	assert_true(hash_of(SESSION_FILE, NOW) == of_session);
	assert_true(hash_of(LIST_FILE, NOW) != of_list);
	/* A cache that goes cold is one, and so is what the session does. */
	assert_true(hash_of(SESSION_FILE, NOW + 4 * CLOCK_MINUTE_MS) != of_session);
	made_up_answer(&m, part, "1", NOW - CLOCK_MINUTE_MS, 1000, 100, "y");
	assert_true(hash_of(SESSION_FILE, NOW) != of_session);
}

/* The hash leaves out the projection, which goes on with the time, and nothing behind it. */
static void a_limit_is_news_beside_a_projection(void **state)
{
	(void)state;
	AUTO_JSON *limits =
		json_tokener_parse("{\"five_hour\":{\"used_percentage\":40.5,\"resets_at\":1795438800}}");
	made_up_answer(&m, part, "1", NOW - CLOCK_HOUR_MS, 0, 40000, "x");
	made_up_answer(&m, part, "2", NOW - 30 * CLOCK_MINUTE_MS, 0, 40000, "x");
	uint64_t before = hash_of(BILLING_FILE, NOW);
	assert_true(billing_take_tick(&m.billing, limits, "s", NOW));
	assert_true(hash_of(BILLING_FILE, NOW) != before);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_session_that_worked),
		TEST(a_session_of_which_nothing_is_known),
		TEST(a_context_of_which_nothing_is_left_is_known),
		TEST(the_price_of_a_large_context_is_shown_beside),
		TEST(the_window_is_told_named_or_seen),
		TEST(models_of_a_million_say_so_by_their_name),
		TEST(health_names_what_is_wrong),
		TEST(a_model_name_is_short_where_it_is_known),
		TEST(subagents_and_claude_codes_own_total),
		TEST(a_model_without_a_price_costs_nothing_that_is_known),
		TEST(what_a_session_waits_for_is_told),
		TEST(the_list_is_sorted_and_counts),
		TEST(of_many_sessions_the_last_active_are_listed),
		TEST(a_session_near_its_compaction_is_found_out_once),
		TEST(without_a_block_there_is_little),
		TEST(a_block_has_its_rate_and_its_end),
		TEST(what_ccusage_said_is_shown_beside),
		TEST(the_accounts_limits_stand_as_they_were_told),
		TEST(time_that_passes_is_no_change),
		TEST(a_limit_is_news_beside_a_projection),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
