/*
 * The content of a session's file.
 */
#include "swatchd/publish/compose.h"

#include <math.h>
#include <string.h>

#include "price/names.h"
#include "swatchd/publish/compose_internal.h"

void compose_find_context(const struct session *session, const struct session_transcript *part,
			  const struct ledger *ledger, struct compose_context *out)
{
	const char *model = part ? part->model : NULL;
	int64_t used = part && part->context_tokens >= 0 ? part->context_tokens : 0;
	memset(out, 0, sizeof(*out));
	out->window = context_window_find(session_window_told(session), model,
					  ledger_window_tokens(ledger, model), used);
	if (!part || part->context_tokens < 0)
		return;
	out->known = true;
	out->tokens = used;
	out->percent = round((double)used / (double)out->window.tokens * 1000.) / 10.;
}

const char *composer_find_health(const struct session *session, const struct session_transcript *part,
				 const struct compose_context *context,
				 const char *issues[COMPOSER_ISSUES_MAX], size_t *count)
{
	const char *status = "healthy";
	*count = 0;
	if (part && part->file->has_skipped) {
		issues[(*count)++] = "lines over 64 MiB were skipped";
		status = "warning";
	}
	if (session->secrets.count > 0) {
		issues[(*count)++] = "the transcript holds a token or key";
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

bool compose_is_near_compaction(const struct session *session, const struct ledger *ledger)
{
	struct compose_context context;
	compose_find_context(session, session_main(session), ledger, &context);
	return context.percent >= COMPOSE_NEAR_COMPACTION_PERCENT;
}

bool compose_is_synced(const struct session_transcript *part)
{
	return part && part->file->known && !part->file->restart
	       && part->file->offset >= part->file->size_bytes;
}

static void put_transcript(struct composer *c, const struct session_transcript *part,
			   const struct ledger_session *figures, int64_t now_ms)
{
	struct jsonw *w = &c->w;
	jsonw_key_object(w, "transcript");
	jsonw_put_bool(w, "exists", part != NULL);
	jsonw_put_int(w, "sizeBytes", part ? part->file->size_bytes : 0);
	jsonw_put_int_or_null(w, "lastModified", part ? part->file->modified_ms : 0);
	composer_put_age(c, "lastModifiedAgo", part ? part->file->modified_ms : 0, now_ms);
	jsonw_put_int(w, "messageCount", part ? (int64_t)part->messages : 0);
	jsonw_put_int_or_null(w, "firstMessageTime", figures->first_ms);
	jsonw_put_int_or_null(w, "lastMessageTime", part ? part->last_message_ms : 0);
	jsonw_put_string(w, "lastMessagePreview", part ? part->preview : NULL);
	composer_put_age(c, "lastMessageAgo", part ? part->last_message_ms : 0, now_ms);
	const char *warmth = "unknown";
	int64_t cold_ms = session_cache_cold_ms(part);
	if (cold_ms > 0)
		warmth = now_ms < cold_ms ? "warm" : "cold";
	jsonw_put_string(w, "cacheWarmth", warmth);
	jsonw_put_bool(w, "isSynced", compose_is_synced(part));
	jsonw_end_object(w);
}

static void put_model(struct jsonw *w, const struct session_transcript *part)
{
	char name[SESSION_NAME_MAX];
	jsonw_key_object(w, "model");
	if (part && part->model)
		model_name_title(part->model, name, sizeof(name));
	jsonw_put_string(w, "value", part && part->model ? name : NULL);
	jsonw_put_string(w, "id", part ? part->model : NULL);
	jsonw_put_string(w, "source", "transcript");
	jsonw_put_int(w, "confidence", part && part->model ? 100 : 0);
	jsonw_put_int_or_null(w, "updatedAt", part ? part->model_at_ms : 0);
	jsonw_end_object(w);
}

static void put_count_or_null(struct jsonw *w, const char *key, bool known, int64_t count)
{
	if (known)
		jsonw_put_int(w, key, count);
	else
		jsonw_put_null(w, key);
}

static void put_context(struct jsonw *w, const struct session *session, const struct session_transcript *part,
			const struct compose_context *context)
{
	bool known = context->known;
	jsonw_key_object(w, "context");
	put_count_or_null(w, "tokensUsed", known, context->tokens);
	put_count_or_null(w, "tokensLeft", known, context->window.tokens - context->tokens);
	jsonw_put_amount(w, "percentUsed", known ? context->percent : NAN);
	jsonw_put_int(w, "windowSize", context->window.tokens);
	jsonw_put_string(w, "windowSource", window_source_name(context->window.source));
	put_count_or_null(w, "toldWindowSize", session->told_window > 0, session->told_window);
	jsonw_put_bool(w, "nearCompaction", context->percent >= COMPOSE_NEAR_COMPACTION_PERCENT);
	jsonw_put_int_or_null(w, "updatedAt", part ? part->context_at_ms : 0);
	jsonw_end_object(w);
}

/* The price of cache writes in USD for a million tokens, for readers that know newer token counts. */
static void put_write_rates(struct jsonw *w, const struct price_rates *rates, double factor)
{
	jsonw_put_amount(w, "write5m", rates->cache_creation * factor * 1e6);
	jsonw_put_amount(w, "write1h", rates->input * 2. * factor * 1e6);
}

static void put_write_price(struct jsonw *w, const struct price *price, double factor)
{
	jsonw_key_object(w, "price");
	put_write_rates(w, &price->base, factor);
	jsonw_put_amount(w, "fastFactor", price->fast_factor);
	if (price->threshold_tokens > 0) {
		jsonw_key_object(w, "above");
		jsonw_put_int(w, "tokens", price->threshold_tokens);
		jsonw_put_bool(w, "wholeRequest", price->whole_request);
		put_write_rates(w, &price->above, factor);
		jsonw_end_object(w);
	}
	jsonw_end_object(w);
}

/* The prompt cache as the transcript shows it, and the cost of writing it again when it has gone cold. */
static void put_prompt_cache(struct jsonw *w, const struct session_transcript *part,
			     const struct ledger *ledger)
{
	int64_t life_ms = session_cache_life_ms(part), tokens = part ? part->context_tokens : -1;
	double factor = 1., cold_usd = NAN;
	const struct price *price = part && part->model ? ledger_price(ledger, part->model, &factor) : NULL;
	if (!jsonw_key_object_or_null(w, "promptCache", life_ms > 0))
		return;
	if (price && tokens >= 0) {
		const struct price_tokens written = { .cache_creation_5m = part->cache_is_1h ? 0 : tokens,
						      .cache_creation_1h = part->cache_is_1h ? tokens : 0 };
		cold_usd = price_cost_usd(price, factor, &written, PRICE_NOW, false);
	}
	jsonw_put_string(w, "ttl", part->cache_is_1h ? "1h" : "5m");
	jsonw_put_int(w, "expiresAt", session_cache_cold_ms(part));
	put_count_or_null(w, "tokens", tokens >= 0, tokens);
	jsonw_put_amount(w, "coldCostUSD", cold_usd);
	if (price)
		put_write_price(w, price, factor);
	else
		jsonw_put_null(w, "price");
	jsonw_end_object(w);
}

static void put_tokens(struct jsonw *w, const struct price_tokens *tokens)
{
	jsonw_put_int(w, "input", tokens->input);
	jsonw_put_int(w, "output", tokens->output);
	jsonw_put_int(w, "cacheCreation", price_tokens_created(tokens));
	jsonw_put_int(w, "cacheRead", tokens->cache_read);
}

static void put_figures(struct composer *c, const struct ledger_session *figures)
{
	struct jsonw *w = &c->w;
	jsonw_key_object(w, "tokens");
	put_tokens(w, &figures->sums.tokens);
	jsonw_end_object(w);
	jsonw_key_array(w, "models");
	for (size_t i = 0; i < figures->model_count; i++) {
		const struct ledger_model *model = &figures->models[i];
		jsonw_begin_object(w);
		jsonw_put_string(w, "model", model->name);
		/* Some of its lines may carry a cost of their own. */
		bool unknown = model->unpriced && model->sums.cost_usd <= 0.;
		jsonw_put_amount(w, "costUSD", unknown ? NAN : model->sums.cost_usd);
		jsonw_put_bool(w, "unpriced", model->unpriced);
		put_tokens(w, &model->sums.tokens);
		jsonw_end_object(w);
	}
	jsonw_end_array(w);
	jsonw_key_object(w, "subagents");
	jsonw_put_int(w, "count", (int64_t)figures->subagents);
	jsonw_put_amount(w, "costUSD", figures->subagents_usd);
	jsonw_end_object(w);
}

/* Claude Code's own total, and what explains the difference from ours. */
static void put_claude_cost(struct jsonw *w, const struct session_transcript *part,
			    const struct ledger_session *figures)
{
	struct cost_gap gap;
	if (!jsonw_key_object_or_null(w, "claudeCost", part && part->cost_state))
		return;
	cost_gap_explain(part->cost_state, figures, part->cost_state_is_behind, &gap);
	jsonw_put_amount(w, "totalUSD", part->cost_state->total_usd);
	jsonw_put_amount(w, "gapUSD", gap.gap_usd);
	jsonw_put_amount(w, "unexplainedUSD", gap.unexplained_usd);
	jsonw_key_array(w, "reasons");
	for (size_t i = 0; i < gap.reason_count; i++) {
		jsonw_begin_object(w);
		jsonw_put_string(w, "reason", cost_gap_kind_name(gap.reasons[i].kind));
		jsonw_put_string(w, "model", gap.reasons[i].model);
		jsonw_put_amount(w, "costUSD", gap.reasons[i].usd);
		jsonw_end_object(w);
	}
	jsonw_end_array(w);
	jsonw_end_object(w);
}

static void put_session_billing(struct composer *c, const struct session *session,
				const struct session_transcript *part, const struct ledger_session *figures,
				const struct billing_view *view)
{
	struct jsonw *w = &c->w;
	jsonw_key_object(w, "billing");
	/* A copy for convenience: its changes alone are no reason to write the file. */
	composer_volatile_begin(c);
	composer_put_billing_fields(c, view, view->is_fresh && !session->file.outdated);
	composer_volatile_end(c);
	jsonw_put_amount(w, "sessionCost", figures->sums.cost_usd);
	jsonw_put_int(w, "sessionTokens", price_tokens_total(&figures->sums.tokens));
	jsonw_put_amount(w, "sessionBurnRate", figures->block_usd_per_hour);
	jsonw_put_amount(w, "claudeCostUSD", part && part->cost_state ? part->cost_state->total_usd : NAN);
	jsonw_put_amount(w, "toldCostUSD", session->told ? session->told_usd : NAN);
	jsonw_end_object(w);
}

static void put_alerts(struct jsonw *w, const struct session *session, const struct session_transcript *part)
{
	jsonw_key_object(w, "alerts");
	session_secrets_write(&session->secrets, session->looks_for_secrets, w);
	jsonw_put_bool(w, "transcriptStale", !compose_is_synced(part));
	jsonw_put_bool(w, "dataLossRisk", session->vanished_active && !part);
	jsonw_end_object(w);
}

static void put_health(struct composer *c, const char *status, const char *const *issues, size_t count,
		       int64_t now_ms)
{
	struct jsonw *w = &c->w;
	jsonw_key_object(w, "health");
	jsonw_put_string(w, "status", status);
	composer_put_volatile_int(c, "lastUpdate", now_ms);
	jsonw_key_array(w, "issues");
	for (size_t i = 0; i < count; i++)
		jsonw_string(w, issues[i]);
	jsonw_end_array(w);
	jsonw_end_object(w);
}

/* The transcript names the branch; swatch runs no git, so it does not know the rest. */
static void put_git(struct jsonw *w, const struct session_transcript *part)
{
	jsonw_key_object(w, "git");
	jsonw_put_string(w, "branch", part ? part->branch : NULL);
	jsonw_put_null(w, "ahead");
	jsonw_put_null(w, "behind");
	jsonw_put_null(w, "dirty");
	jsonw_put_int_or_null(w, "lastChecked", part && part->branch ? part->last_message_ms : 0);
	jsonw_end_object(w);
}

/* What the state follows from; the next start takes it back (session_restore()). */
static void put_activity(struct jsonw *w, const struct session *session)
{
	jsonw_put_int_or_null(w, "lastActivity", session->last_activity_ms);
	jsonw_put_int(w, "liveProcesses", session->live_processes);
	jsonw_put_int_or_null(w, "processEndedAt", session->process_ended_ms);
}

/* What Claude Code says that the session's process is doing. */
void composer_put_status(struct jsonw *w, const struct session *session)
{
	const struct session_status *status = session_status(session);
	bool waits = status->doing == SESSION_WAITING;
	jsonw_put_string(w, "status", session_doing_name(status->doing));
	jsonw_put_int_or_null(w, "statusSince", status->since_ms);
	jsonw_put_string(w, "waitingFor", waits ? status->waiting_for : NULL);
}

uint64_t compose_session(const struct session *session, const struct billing *billing,
			 const struct billing_view *view, struct buf *out)
{
	const struct session_transcript *part = session_main(session);
	const char *issues[COMPOSER_ISSUES_MAX];
	size_t issue_count;
	struct compose_context context;
	struct ledger_session figures;
	struct composer c;
	compose_find_context(session, part, billing->ledger, &context);
	ledger_session(billing->ledger, session->id, view->at_ms, &figures);
	const char *status = composer_find_health(session, part, &context, issues, &issue_count);
	composer_init(&c, out);
	struct jsonw *w = &c.w;
	jsonw_begin_object(w);
	jsonw_put_string(w, "sessionId", session->id);
	jsonw_put_string(w, "projectPath", part ? part->cwd : NULL);
	jsonw_put_string(w, "transcriptPath", part ? part->file->path : NULL);
	composer_put_volatile_int(&c, "gatheredAt", view->at_ms);
	jsonw_put_int(w, "firstSeen", session->first_seen_ms);
	jsonw_put_int(w, "schema", CACHE_SCHEMA);
	jsonw_put_string(w, "writer", CACHE_WRITER);
	jsonw_put_string(w, "state", session->state == SESSION_ACTIVE ? "active" : "idle");
	put_activity(w, session);
	composer_put_status(w, session);
	put_health(&c, status, issues, issue_count, view->at_ms);
	put_transcript(&c, part, &figures, view->at_ms);
	put_model(w, part);
	put_context(w, session, part, &context);
	put_git(w, part);
	put_prompt_cache(w, part, billing->ledger);
	put_session_billing(&c, session, part, &figures, view);
	put_alerts(w, session, part);
	put_figures(&c, &figures);
	put_claude_cost(w, part, &figures);
	session_resume_write(part, w);
	jsonw_end_object(w);
	return composer_finish(&c);
}
