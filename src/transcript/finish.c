/*
 * What a line comes to: a message, a usage record, a limit that was hit.
 */
#include "base/array.h"
#include "transcript/path.h"
#include "transcript/internal.h"

/*
 * The old form of a limit marker: "Claude AI usage limit reached|1760000000", with any words around it, as in
 * ccusage.
 */
static void take_old_limit(struct scan_facts *facts)
{
	static const char words[] = "Claude AI usage limit reached";
	struct slice text = facts->preview;
	if (!text.data || !memmem(text.data, text.len, words, sizeof(words) - 1))
		return;
	const char *end = text.data + text.len;
	facts->limit.present = facts->limit.old_form = true;
	for (const char *bar = text.data;
	     facts->limit.resets_at_s == 0 && (bar = memchr(bar, '|', (size_t)(end - bar)));) {
		struct slice number = { ++bar, 0 };
		while (number.data + number.len < end && number.data[number.len] >= '0'
		       && number.data[number.len] <= '9')
			number.len++;
		(void)slice_to_count(number, &facts->limit.resets_at_s);
	}
}

/*
 * Claude Code 1.0.x marks every error of the API alike and has no field that tells a limit, so here the text
 * has to: "5-hour limit reached", "Weekly limit reached", "Spending cap reached", "You've hit your limit".
 */
static bool reads_like_limit(struct slice text)
{
	static const char *const words[] = { "limit reached", "cap reached", "hit your " };
	for (size_t i = 0; text.data && i < ARRAY_COUNT(words); i++)
		if (memmem(text.data, text.len, words[i], strlen(words[i])))
			return true;
	return false;
}

/* Whether the line says that a limit was hit. 529 is the servers' overload, not the account's limit. */
static void take_limit(struct scan_state *state)
{
	struct scan_limit *limit = &state->facts->limit;
	if (!state->is_api_error)
		return;
	if (state->has_error || state->status > 0)
		limit->present = (state->rate_limited || state->status == 429) && state->status != 529
				 && !state->quota_allows;
	else
		limit->present = reads_like_limit(state->facts->preview);
	take_old_limit(state->facts);
}

/* More than an entry of the ledger has room for. */
static bool is_beyond(const struct price_tokens *t)
{
	return t->input > SCAN_TOKENS_MAX || t->output > SCAN_TOKENS_MAX
	    || t->cache_creation_5m > SCAN_TOKENS_MAX || t->cache_creation_1h > SCAN_TOKENS_MAX
	    || t->cache_read > SCAN_TOKENS_MAX;
}

static bool is_session_id(struct slice id)
{
	return id.data && transcript_session_id_is_valid(id.data, id.len);
}

static void set_payer(const struct scan_state *state, struct scan_usage *usage)
{
	const struct slice told = is_session_id(state->request_session) ? state->request_session
									: state->forked_session;
	usage->payer_is_told = is_session_id(told);
	usage->payer = usage->payer_is_told ? told : state->facts->session_id;
	if (!is_session_id(usage->payer))
		usage->payer = (struct slice){ NULL, 0 };
}

static void finish_usage(struct scan_state *state, const char *line, size_t len)
{
	struct scan_facts *facts = state->facts;
	struct scan_usage *usage = &facts->usage;
	const struct scan_counts *counts = &state->counts;
	usage->has_speed = counts->has_speed;
	usage->fast = counts->fast;
	usage->model = facts->model;
	usage->sidechain = facts->sidechain;
	usage->timestamp_ms = facts->timestamp_ms;
	usage->limit = facts->limit;
	usage->branch = facts->git_branch;
	set_payer(state, usage);
	bool is_record = state->has_usage && counts->has_input && counts->has_output && !counts->bad
		      && !state->bad && state->has_timestamp;
	bool is_absurd = counts->absurd || is_beyond(&usage->tokens);
	if (state->has_usage)
		facts->malformed = counts->malformed ? counts->malformed : usage->malformed;
	if (is_record && is_absurd && !facts->malformed)
		facts->malformed = MALFORMED_TOO_LARGE;   /* the sum of its requests */
	usage->refused = is_record && is_absurd;
	usage->present = is_record && !is_absurd;
	if (state->unread || counts->unread)
		usage->faults |= SCAN_FAULT_FORM;
	if (state->unread_error_mark)
		usage->faults |= SCAN_FAULT_ERROR_MARK;
	/* One elsewhere in the line is as good to ccusage. */
	if ((usage->present || usage->refused) && !state->plain_key
	    && !memmem(line, len, "\"usage\":{", strlen("\"usage\":{")))
		usage->faults |= SCAN_FAULT_SPACE;
}

void scan_finish(struct scan_state *state, const char *line, size_t len)
{
	struct scan_facts *facts = state->facts;
	const struct scan_counts *counts = &state->counts;
	if (!state->has_timestamp)
		facts->timestamp_ms = 0;
	facts->is_message = (facts->type == SCAN_TYPE_USER || facts->type == SCAN_TYPE_ASSISTANT)
			    && !facts->sidechain && !state->is_meta && state->has_message;
	facts->is_prompt = facts->is_message && facts->type == SCAN_TYPE_USER && !state->is_tool_result
			   && !state->is_summary;
	take_limit(state);
	facts->has_cost_state = state->has_total_cost && slice_equals(facts->type_name, "cost-state")
				&& state->total_cost_usd >= 0. && state->total_cost_usd <= 1e6;
	facts->cost_state_usd = facts->has_cost_state ? state->total_cost_usd : 0.;
	if (!facts->has_cost_state)
		facts->model_usage = (struct slice){ NULL, 0 };
	bool has_counts = state->has_usage && !counts->bad && counts->has_input && counts->has_output;
	int64_t context_tokens = has_counts ? scan_add_requests(counts, state->paused, &facts->usage) : -1;
	if (has_counts && !counts->absurd) {
		const struct price_tokens *t = &counts->tokens;
		facts->wrote_5m = t->cache_creation_5m > 0;
		facts->wrote_1h = t->cache_creation_1h > 0;
		facts->has_context =
			facts->type == SCAN_TYPE_ASSISTANT && !slice_equals(facts->model, "<synthetic>");
		if (facts->has_context)
			facts->context_tokens = context_tokens >= 0
						      ? context_tokens
						      : t->input + price_tokens_created(t) + t->cache_read;
	}
	finish_usage(state, line, len);
}
