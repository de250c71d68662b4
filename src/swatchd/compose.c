#include "swatchd/compose.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/jsonw.h"
#include "base/paths.h"

/* A file that is being composed. What is written between volatile_begin() and volatile_end() is left out of the hash. */
struct composer {
	struct jsonw w;
	struct buf *out;
	uint64_t hash;
	size_t hashed_to;
};

static void composer_init(struct composer *c, struct buf *out)
{
	jsonw_init(&c->w, out);
	c->out = out;
	c->hash = 0;
	c->hashed_to = out->len;
}

static void volatile_begin(struct composer *c)
{
	if (c->out->failed)
		return;
	c->hash = c->hash * 31 + strmap_hash(buf_str(c->out) + c->hashed_to, c->out->len - c->hashed_to);
}

static void volatile_end(struct composer *c)
{
	c->hashed_to = c->out->len;
}

static uint64_t composer_finish(struct composer *c)
{
	volatile_begin(c);
	buf_append_char(c->out, '\n');
	return c->hash;
}

static void put_optional_ms(struct jsonw *w, const char *key, int64_t at_ms)
{
	if (at_ms > 0)
		jsonw_put_int(w, key, at_ms);
	else
		jsonw_put_null(w, key);
}

static void put_age(struct composer *c, const char *key, int64_t since_ms, int64_t now_ms)
{
	char age[CLOCK_AGE_SIZE];
	clock_format_age(now_ms - since_ms, age);
	volatile_begin(c);
	jsonw_put_string(&c->w, key, since_ms > 0 ? age : NULL);
	volatile_end(c);
}

static void put_volatile_int(struct composer *c, const char *key, int64_t value)
{
	volatile_begin(c);
	jsonw_put_int(&c->w, key, value);
	volatile_end(c);
}

/* ---- billing ---- */

/* The fields that existing statuslines read; the same in billing-shared.json and in each session's file. */
static void put_billing_fields(struct composer *c, const struct billing_view *view)
{
	struct jsonw *w = &c->w;
	const struct billing_block *block = &view->block;
	char reset[8] = "";
	if (block->present) {
		int64_t minute = block->end_ms / CLOCK_MINUTE_MS % (24 * 60);
		snprintf(reset, sizeof(reset), "%02d:%02d", (int)(minute / 60), (int)(minute % 60));
	}
	jsonw_put_double(w, "costToday", view->today_usd);
	jsonw_put_double(w, "burnRatePerHour", isnan(block->cost_per_hour_usd) ? 0. : block->cost_per_hour_usd);
	volatile_begin(c);
	jsonw_put_double(w, "budgetRemaining", floor(view->minutes_left));
	jsonw_put_double(w, "budgetPercentUsed", round(view->percent_used * 100.) / 100.);
	volatile_end(c);
	jsonw_put_string(w, "resetTime", block->present ? reset : NULL);
	jsonw_put_int(w, "totalTokens", block->total_tokens);
	jsonw_put_double(w, "tokensPerMinute", block->tokens_per_minute);
	jsonw_put_bool(w, "isFresh", view->is_fresh);
	jsonw_put_int(w, "lastFetched", view->last_fetched_ms);
}

static void put_time(struct jsonw *w, const char *key, int64_t at_ms)
{
	char text[CLOCK_RFC3339_SIZE];
	clock_format_rfc3339(at_ms, text);
	jsonw_put_string(w, key, text);
}

static void put_projection(struct composer *c, const struct billing_block *block, int64_t now_ms)
{
	struct jsonw *w = &c->w;
	volatile_begin(c);
	jsonw_key(w, "projection");
	if (isnan(block->cost_per_hour_usd)) {
		jsonw_null(w);
	} else {
		double minutes = (double)(block->end_ms - now_ms) / 60000.;
		minutes = minutes > 0. ? minutes : 0.;
		jsonw_begin_object(w);
		jsonw_put_double(w, "totalTokens", round((double)block->total_tokens + block->tokens_per_minute * minutes));
		jsonw_put_double(w, "totalCost",
				 round((block->cost_usd + block->cost_per_hour_usd / 60. * minutes) * 100.) / 100.);
		jsonw_put_double(w, "remainingMinutes", round(minutes));
		jsonw_end_object(w);
	}
	volatile_end(c);
}

static void put_block(struct composer *c, const struct billing_block *block, int64_t now_ms)
{
	struct jsonw *w = &c->w;
	jsonw_key(w, "block");
	if (!block->present) {
		jsonw_null(w);
		return;
	}
	jsonw_begin_object(w);
	put_time(w, "id", block->start_ms);
	put_time(w, "startTime", block->start_ms);
	put_time(w, "endTime", block->end_ms);
	put_time(w, "actualEndTime", block->last_ms);
	jsonw_put_bool(w, "isActive", true);
	jsonw_put_bool(w, "isGap", false);
	jsonw_put_int(w, "entries", (int64_t)block->entries);
	jsonw_key(w, "tokenCounts");
	jsonw_begin_object(w);
	jsonw_put_int(w, "inputTokens", block->input_tokens);
	jsonw_put_int(w, "outputTokens", block->output_tokens);
	jsonw_put_int(w, "cacheCreationInputTokens", block->cache_creation_tokens);
	jsonw_put_int(w, "cacheReadInputTokens", block->cache_read_tokens);
	jsonw_end_object(w);
	jsonw_put_int(w, "totalTokens", block->total_tokens);
	jsonw_put_double(w, "costUSD", block->cost_usd);
	jsonw_key(w, "models");
	jsonw_begin_array(w);
	for (size_t i = 0; i < block->model_count; i++)
		jsonw_string(w, block->models[i]);
	jsonw_end_array(w);
	jsonw_key(w, "burnRate");
	if (isnan(block->cost_per_hour_usd)) {
		jsonw_null(w);
	} else {
		jsonw_begin_object(w);
		jsonw_put_double(w, "tokensPerMinute", block->tokens_per_minute);
		jsonw_put_double(w, "tokensPerMinuteForIndicator", block->indicator_tokens_per_minute);
		jsonw_put_double(w, "costPerHour", block->cost_per_hour_usd);
		jsonw_end_object(w);
	}
	put_projection(c, block, now_ms);
	if (block->limit_reset_ms > 0)
		put_time(w, "usageLimitResetTime", block->limit_reset_ms);
	else
		jsonw_put_null(w, "usageLimitResetTime");
	jsonw_end_object(w);
}

static void put_ccusage(struct jsonw *w, const struct billing *billing)
{
	jsonw_key(w, "ccusage");
	if (!billing->answered && !billing->error[0]) {
		jsonw_null(w);  /* never tried, or off */
		return;
	}
	jsonw_begin_object(w);
	put_optional_ms(w, "lastFetched", billing->answered_at_ms);
	jsonw_put_int(w, "durationMs", billing->duration_ms);
	jsonw_put_int(w, "exitStatus", billing->exit_status);
	jsonw_put_double(w, "costUSD", !billing->answered ? NAN : billing->answer.cost_usd);
	jsonw_put_double(w, "driftUSD", billing->drift_usd);
	jsonw_put_string(w, "error", billing->error[0] ? billing->error : NULL);
	jsonw_put_int(w, "failures", billing->failures);
	put_optional_ms(w, "nextAttempt", billing->next_attempt_ms);
	jsonw_end_object(w);
}

uint64_t compose_billing(const struct billing *billing, const struct billing_view *view, struct buf *out)
{
	struct composer c;
	composer_init(&c, out);
	struct jsonw *w = &c.w;
	const char *names[BILLING_UNPRICED_MAX];
	jsonw_begin_object(w);
	put_billing_fields(&c, view);
	jsonw_put_int(w, "schema", CACHE_SCHEMA);
	jsonw_put_string(w, "writer", CACHE_WRITER);
	jsonw_put_string(w, "source", view->is_ccusage ? "ccusage" : "native");
	jsonw_put_string(w, "sourceReason", billing->reason[0] ? billing->reason : NULL);
	jsonw_put_int(w, "freshUntil", view->fresh_until_ms);
	put_block(&c, &view->block, view->at_ms);
	jsonw_key(w, "today");
	jsonw_begin_object(w);
	jsonw_put_string(w, "date", view->today);
	jsonw_put_double(w, "costUSD", view->today_usd);
	jsonw_put_int(w, "totalTokens", view->today_tokens);
	jsonw_end_object(w);
	jsonw_key(w, "unpricedModels");
	jsonw_begin_array(w);
	size_t count = billing_unpriced(billing, names);
	for (size_t i = 0; i < count; i++)
		jsonw_string(w, names[i]);
	jsonw_end_array(w);
	put_ccusage(w, billing);
	jsonw_end_object(w);
	return composer_finish(&c);
}

/* ---- one session ---- */

void compose_model_name(const char *model, char *out, size_t size)
{
	static const char *const families[] = { "opus", "sonnet", "haiku", "fable", "mythos", "instant" };
	const char *start = strstr(model, "claude-");
	const char *family = NULL;
	char version[16] = "";
	size_t len = 0;
	for (size_t i = 0; start && i < sizeof(families) / sizeof(families[0]); i++)
		if (strstr(start, families[i]))
			family = families[i];
	if (!family) {
		snprintf(out, size, "%s", model);
		return;
	}
	/* One- and two-digit numbers make the version; eight digits are a date. */
	for (const char *at = start + strlen("claude-"); *at && *at != '[';) {
		size_t digits = strspn(at, "0123456789");
		if ((digits == 1 || digits == 2) && (at[-1] == '-' || at[-1] == '.') && len + digits + 1 < sizeof(version)) {
			len += (size_t)snprintf(version + len, sizeof(version) - len, "%s%.*s", len ? "." : "", (int)digits, at);
		}
		at += digits ? digits : 1;
	}
	snprintf(out, size, "%c%s%s", toupper((unsigned char)family[0]), family + 1, version);
}

struct context {
	bool known;
	int64_t tokens, window;
	double percent;
};

static void find_context(const struct session *session, const struct session_transcript *part, struct context *out)
{
	memset(out, 0, sizeof(*out));
	out->window = COMPOSE_WINDOW_TOKENS;
	if (session->window_tokens > 0)
		out->window = session->window_tokens;
	else if (part && ((part->model && strstr(part->model, "[1m]")) || part->context_tokens > COMPOSE_WINDOW_TOKENS))
		out->window = COMPOSE_LARGE_WINDOW_TOKENS;
	if (!part || part->context_tokens < 0)
		return;
	out->known = true;
	out->tokens = part->context_tokens;
	out->percent = round((double)out->tokens / (double)out->window * 1000.) / 10.;
}

static const char *find_health(const struct session *session, const struct session_transcript *part,
			       const struct context *context, const char *issues[4], size_t *count)
{
	const char *status = "healthy";
	*count = 0;
	if (part && part->file->has_skipped) {
		issues[(*count)++] = "lines over 64 MiB were skipped";
		status = "warning";
	}
	if (context->known && context->percent >= COMPOSE_NEAR_COMPACTION_PERCENT) {
		issues[(*count)++] = "the context window is nearly full";
		status = context->percent >= COMPOSE_CRITICAL_PERCENT ? "critical" : "warning";
	}
	if (session->vanished_active && !part) {
		issues[(*count)++] = "the transcript vanished while the session was active";
		status = "critical";
	}
	if (part && part->file->failing) {
		issues[(*count)++] = "the transcript cannot be read";
		status = "critical";
	}
	return *count == 0 && (!part || !part->file->known) ? "unknown" : status;
}

static bool is_synced(const struct session_transcript *part)
{
	return part && part->file->known && part->file->offset >= part->file->size_bytes;
}

static void put_transcript(struct composer *c, const struct session_transcript *part, int64_t now_ms)
{
	struct jsonw *w = &c->w;
	jsonw_key(w, "transcript");
	jsonw_begin_object(w);
	jsonw_put_bool(w, "exists", part != NULL);
	jsonw_put_int(w, "sizeBytes", part ? part->file->size_bytes : 0);
	put_optional_ms(w, "lastModified", part ? part->file->modified_ms : 0);
	put_age(c, "lastModifiedAgo", part ? part->file->modified_ms : 0, now_ms);
	jsonw_put_int(w, "messageCount", part ? (int64_t)part->messages : 0);
	put_optional_ms(w, "lastMessageTime", part ? part->last_message_ms : 0);
	jsonw_put_string(w, "lastMessagePreview", part ? part->preview : NULL);
	put_age(c, "lastMessageAgo", part ? part->last_message_ms : 0, now_ms);
	const char *warmth = "unknown";
	if (part && part->cache_written_ms > 0) {
		int64_t life_ms = part->cache_is_1h ? CLOCK_HOUR_MS : 5 * CLOCK_MINUTE_MS;
		warmth = now_ms < part->cache_written_ms + life_ms ? "warm" : "cold";
	}
	jsonw_put_string(w, "cacheWarmth", warmth);
	jsonw_put_bool(w, "isSynced", is_synced(part));
	jsonw_end_object(w);
}

static void put_model(struct jsonw *w, const struct session_transcript *part)
{
	char name[SESSION_NAME_MAX];
	jsonw_key(w, "model");
	jsonw_begin_object(w);
	if (part && part->model)
		compose_model_name(part->model, name, sizeof(name));
	jsonw_put_string(w, "value", part && part->model ? name : NULL);
	jsonw_put_string(w, "id", part ? part->model : NULL);
	jsonw_put_string(w, "source", "transcript");
	jsonw_put_int(w, "confidence", part && part->model ? 100 : 0);
	put_optional_ms(w, "updatedAt", part ? part->model_at_ms : 0);
	jsonw_end_object(w);
}

static void put_context(struct jsonw *w, const struct session_transcript *part, const struct context *context)
{
	jsonw_key(w, "context");
	jsonw_begin_object(w);
	jsonw_put_int(w, "tokensUsed", context->tokens);
	jsonw_put_int(w, "tokensLeft", context->tokens < context->window ? context->window - context->tokens : 0);
	jsonw_put_double(w, "percentUsed", context->percent);
	jsonw_put_int(w, "windowSize", context->window);
	jsonw_put_bool(w, "nearCompaction", context->percent >= COMPOSE_NEAR_COMPACTION_PERCENT);
	put_optional_ms(w, "updatedAt", part ? part->context_at_ms : 0);
	jsonw_end_object(w);
}

static void put_tokens(struct jsonw *w, const struct price_tokens *tokens)
{
	jsonw_put_int(w, "input", tokens->input);
	jsonw_put_int(w, "output", tokens->output);
	jsonw_put_int(w, "cacheCreation", tokens->cache_creation_5m + tokens->cache_creation_1h);
	jsonw_put_int(w, "cacheRead", tokens->cache_read);
}

static int64_t total_tokens(const struct price_tokens *t)
{
	return t->input + t->output + t->cache_creation_5m + t->cache_creation_1h + t->cache_read;
}

static void put_figures(struct composer *c, const struct ledger_session *figures)
{
	struct jsonw *w = &c->w;
	jsonw_key(w, "tokens");
	jsonw_begin_object(w);
	put_tokens(w, &figures->sums.tokens);
	jsonw_end_object(w);
	jsonw_key(w, "models");
	jsonw_begin_array(w);
	for (size_t i = 0; i < figures->model_count; i++) {
		const struct ledger_model *model = &figures->models[i];
		jsonw_begin_object(w);
		jsonw_put_string(w, "model", model->name);
		jsonw_put_double(w, "costUSD", model->unpriced ? NAN : model->sums.cost_usd);
		put_tokens(w, &model->sums.tokens);
		jsonw_end_object(w);
	}
	jsonw_end_array(w);
	jsonw_key(w, "subagents");
	jsonw_begin_object(w);
	jsonw_put_int(w, "count", (int64_t)figures->subagents);
	jsonw_put_double(w, "costUSD", figures->subagents_usd);
	jsonw_end_object(w);
}

static void put_session_billing(struct composer *c, const struct ledger_session *figures,
				const struct billing_view *view)
{
	struct jsonw *w = &c->w;
	jsonw_key(w, "billing");
	jsonw_begin_object(w);
	/* A copy for convenience: it alone is no reason to write the file, but for its going stale. */
	volatile_begin(c);
	put_billing_fields(c, view);
	volatile_end(c);
	jsonw_put_double(w, "sessionCost", figures->sums.cost_usd);
	jsonw_put_int(w, "sessionTokens", total_tokens(&figures->sums.tokens));
	jsonw_put_double(w, "sessionBurnRate", figures->block_usd_per_hour);
	jsonw_end_object(w);
}

static void put_alerts(struct jsonw *w, const struct session *session, const struct session_transcript *part)
{
	jsonw_key(w, "alerts");
	jsonw_begin_object(w);
	/* Nobody looks for secrets here: not "none found". */
	jsonw_put_null(w, "secretsDetected");
	jsonw_key(w, "secretTypes");
	jsonw_begin_array(w);
	jsonw_end_array(w);
	jsonw_put_bool(w, "transcriptStale", !is_synced(part));
	jsonw_put_bool(w, "dataLossRisk", session->vanished_active && !part);
	jsonw_end_object(w);
}

static void put_health(struct composer *c, const char *status, const char *const *issues, size_t count, int64_t now_ms)
{
	struct jsonw *w = &c->w;
	jsonw_key(w, "health");
	jsonw_begin_object(w);
	jsonw_put_string(w, "status", status);
	put_volatile_int(c, "lastUpdate", now_ms);
	jsonw_key(w, "issues");
	jsonw_begin_array(w);
	for (size_t i = 0; i < count; i++)
		jsonw_string(w, issues[i]);
	jsonw_end_array(w);
	jsonw_end_object(w);
}

/* The branch is the transcript's own word; swatch runs no git, so the rest is not known. */
static void put_git(struct jsonw *w, const struct session_transcript *part)
{
	jsonw_key(w, "git");
	jsonw_begin_object(w);
	jsonw_put_string(w, "branch", part ? part->branch : NULL);
	jsonw_put_null(w, "ahead");
	jsonw_put_null(w, "behind");
	jsonw_put_null(w, "dirty");
	put_optional_ms(w, "lastChecked", part && part->branch ? part->last_message_ms : 0);
	jsonw_end_object(w);
}

uint64_t compose_session(const struct session *session, const struct billing *billing,
			 const struct billing_view *view, struct buf *out)
{
	const struct session_transcript *part = session_main(session);
	const char *issues[4];
	size_t issue_count;
	struct context context;
	struct ledger_session figures;
	struct composer c;
	find_context(session, part, &context);
	ledger_session(billing->ledger, session->id, view->at_ms, &figures);
	const char *status = find_health(session, part, &context, issues, &issue_count);
	composer_init(&c, out);
	struct jsonw *w = &c.w;
	jsonw_begin_object(w);
	jsonw_put_string(w, "sessionId", session->id);
	jsonw_put_string(w, "projectPath", part ? part->cwd : NULL);
	jsonw_put_string(w, "transcriptPath", part ? part->file->path : NULL);
	put_volatile_int(&c, "gatheredAt", view->at_ms);
	jsonw_put_int(w, "firstSeen", session->first_seen_ms);
	jsonw_put_int(w, "schema", CACHE_SCHEMA);
	jsonw_put_string(w, "writer", CACHE_WRITER);
	jsonw_put_string(w, "state", session->state == SESSION_ACTIVE ? "active" : "idle");
	put_health(&c, status, issues, issue_count, view->at_ms);
	put_transcript(&c, part, view->at_ms);
	put_model(w, part);
	put_context(w, part, &context);
	put_git(w, part);
	put_session_billing(&c, &figures, view);
	put_alerts(w, session, part);
	put_figures(&c, &figures);
	jsonw_end_object(w);
	return composer_finish(&c);
}

/* ---- all sessions ---- */

static int compare_activity(const void *a, const void *b)
{
	const struct session *left = *(struct session *const *)a, *right = *(struct session *const *)b;
	if (left->last_activity_ms != right->last_activity_ms)
		return left->last_activity_ms > right->last_activity_ms ? -1 : 1;
	return strcmp(left->id, right->id);
}

/* The sessions that have a file, sorted. The caller frees; NULL when memory ran out. */
static struct session **listed_sessions(const struct sessions *sessions, size_t *count)
{
	struct session **list = calloc(sessions_count(sessions) + 1, sizeof(struct session *));
	size_t cursor = 0;
	struct session *session;
	*count = 0;
	while (list && (session = sessions_each(sessions, &cursor)))
		if (!session->excluded)
			list[(*count)++] = session;
	if (list)
		qsort(list, *count, sizeof(struct session *), compare_activity);
	return list;
}

static void put_listed(struct composer *c, const struct session *session, int64_t now_ms)
{
	const struct session_transcript *part = session_main(session);
	const char *issues[4];
	size_t issue_count;
	struct context context;
	char name[SESSION_NAME_MAX];
	struct jsonw *w = &c->w;
	find_context(session, part, &context);
	jsonw_begin_object(w);
	jsonw_put_string(w, "sessionId", session->id);
	jsonw_put_string(w, "projectPath", part ? part->cwd : NULL);
	jsonw_put_string(w, "shortName", part && part->cwd ? paths_basename(part->cwd) : NULL);
	jsonw_put_string(w, "health", find_health(session, part, &context, issues, &issue_count));
	jsonw_put_string(w, "state", session->state == SESSION_ACTIVE ? "active" : "idle");
	jsonw_put_int(w, "lastActivity", session->last_activity_ms);
	put_age(c, "lastActivityAgo", session->last_activity_ms, now_ms);
	if (part && part->model)
		compose_model_name(part->model, name, sizeof(name));
	jsonw_put_string(w, "model", part && part->model ? name : NULL);
	jsonw_put_bool(w, "transcriptSynced", is_synced(part));
	jsonw_end_object(w);
}

static void put_ids(struct jsonw *w, const char *key, struct session *const *list, size_t count,
		    bool (*wanted)(const struct session *))
{
	jsonw_key(w, key);
	jsonw_begin_array(w);
	for (size_t i = 0; i < count; i++)
		if (wanted(list[i]))
			jsonw_string(w, list[i]->id);
	jsonw_end_array(w);
}

static bool is_at_risk(const struct session *session)
{
	return session->vanished_active && !session_main(session);
}

static bool is_near_compaction(const struct session *session)
{
	struct context context;
	find_context(session, session_main(session), &context);
	return context.percent >= COMPOSE_NEAR_COMPACTION_PERCENT;
}

uint64_t compose_sessions(const struct sessions *sessions, const struct billing_view *view, struct buf *out)
{
	size_t count;
	struct composer c;
	struct session **list = listed_sessions(sessions, &count);
	int64_t active = 0;
	if (!list) {
		out->failed = true;
		return 0;
	}
	composer_init(&c, out);
	struct jsonw *w = &c.w;
	for (size_t i = 0; i < count; i++)
		active += view->at_ms - list[i]->last_activity_ms < COMPOSE_ACTIVE_SPAN_MS;
	jsonw_begin_object(w);
	put_volatile_int(&c, "lastUpdated", view->at_ms);
	jsonw_put_int(w, "activeSessions", active);
	jsonw_put_int(w, "totalSessions", (int64_t)count);
	jsonw_put_int(w, "schema", CACHE_SCHEMA);
	jsonw_put_string(w, "writer", CACHE_WRITER);
	jsonw_key(w, "sessions");
	jsonw_begin_array(w);
	for (size_t i = 0; i < count; i++)
		put_listed(&c, list[i], view->at_ms);
	jsonw_end_array(w);
	jsonw_key(w, "global");
	jsonw_begin_object(w);
	jsonw_put_double(w, "totalCostToday", view->today_usd);
	jsonw_put_double(w, "burnRatePerHour",
			 isnan(view->block.cost_per_hour_usd) ? 0. : view->block.cost_per_hour_usd);
	volatile_begin(&c);
	jsonw_put_double(w, "budgetRemaining", floor(view->minutes_left));
	volatile_end(&c);
	jsonw_end_object(w);
	jsonw_key(w, "alerts");
	jsonw_begin_object(w);
	jsonw_key(w, "sessionsWithSecrets");  /* not looked for, see put_alerts() */
	jsonw_begin_array(w);
	jsonw_end_array(w);
	put_ids(w, "sessionsAtRisk", list, count, is_at_risk);
	put_ids(w, "sessionsNearCompaction", list, count, is_near_compaction);
	jsonw_end_object(w);
	jsonw_end_object(w);
	free(list);
	return composer_finish(&c);
}
