#include "ledger/cost_state.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* Less than this is rounding. */
#define NOTHING_USD 1e-6
#define COST_MAX_USD 1e6

/* ---- the line ---- */

static void take_model_field(struct cost_state_model *model, struct slice key, const struct walk_item *item)
{
	static const struct {
		const char *key;
		size_t place;
	} counts[] = {
		{ "inputTokens", offsetof(struct cost_state_model, input) },
		{ "outputTokens", offsetof(struct cost_state_model, output) },
		{ "cacheCreationInputTokens", offsetof(struct cost_state_model, cache_creation) },
		{ "cacheReadInputTokens", offsetof(struct cost_state_model, cache_read) },
		{ "webSearchRequests", offsetof(struct cost_state_model, web_searches) },
	};
	double usd;
	if (item->kind != WALK_NUMBER)
		return;
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		if (slice_equals(key, counts[i].key))
			(void)slice_to_count(item->text,
					     (int64_t *)(void *)((char *)model + counts[i].place));
	if (slice_equals(key, "costUSD") && slice_to_double(item->text, &usd) && usd >= 0.
	    && usd <= COST_MAX_USD)
		model->cost_usd = usd;
}

static bool take_model(struct walk *w, struct slice name, struct cost_state_model *model)
{
	struct walk_item item;
	struct slice key;
	bool first = true;
	memset(model, 0, sizeof(*model));
	scan_unescape(name, model->name, sizeof(model->name), COST_STATE_NAME_SIZE);
	if (!walk_enter_or_pass(w, '{'))
		return false;
	while (walk_next_member(w, &first, &key, &item))
		take_model_field(model, key, &item);
	return model->name[0] && !w->bad;
}

void cost_state_take(const struct scan_facts *facts, struct cost_state *out)
{
	struct cost_state_model model;
	struct slice name;
	struct walk w;
	bool first = true;
	out->total_usd = facts->cost_state_usd;
	out->model_count = 0;
	if (!facts->model_usage.data)
		return;
	walk_init(&w, facts->model_usage.data, facts->model_usage.len);
	if (!walk_enter(&w, '{'))
		return;
	while (out->model_count < COST_STATE_MODELS_MAX && walk_next_key(&w, &first, &name))
		if (take_model(&w, name, &model))
			out->models[out->model_count++] = model;
}

/* ---- the gap ---- */

/* How long a model's name is without what one side writes and the other does not: "[1m]", a date, "-fast". */
static size_t plain_length(const char *name)
{
	size_t len = strcspn(name, "[");
	if (len > 5 && memcmp(name + len - 5, "-fast", 5) == 0)
		len -= 5;
	if (len > 9 && name[len - 9] == '-') {
		size_t digits = 0;
		while (digits < 8 && isdigit((unsigned char)name[len - 1 - digits]))
			digits++;
		len -= digits == 8 ? 9 : 0;
	}
	return len;
}

static bool is_same_model(const char *a, const char *b)
{
	size_t len = plain_length(a);
	return len == plain_length(b) && memcmp(a, b, len) == 0;
}

/* Both sides of one model, however often each names it. */
struct sides {
	struct cost_state_model theirs, ours;
	size_t rows;               /* of ours */
	bool unpriced;
	bool has_extras;           /* ours have the fees of web searches in them */
};

static void add_theirs(struct cost_state_model *into, const struct cost_state_model *from)
{
	into->input += from->input;
	into->output += from->output;
	into->cache_creation += from->cache_creation;
	into->cache_read += from->cache_read;
	into->web_searches += from->web_searches;
	into->cost_usd += from->cost_usd;
}

static void add_ours(struct sides *sides, const struct ledger_model *row)
{
	const struct price_tokens *t = &row->sums.tokens;
	const struct cost_state_model model = {
		.input = t->input, .output = t->output, .cache_creation = price_tokens_created(t),
		.cache_read = t->cache_read, .cost_usd = row->sums.cost_usd,
	};
	add_theirs(&sides->ours, &model);
	sides->unpriced = sides->unpriced || row->unpriced;
	sides->rows++;
}

static void find_sides(const struct cost_state *state, const struct ledger_session *session, const char *name,
		       struct sides *out)
{
	memset(out, 0, sizeof(*out));
	out->has_extras = session->has_extras;
	for (size_t i = 0; i < state->model_count; i++)
		if (is_same_model(state->models[i].name, name))
			add_theirs(&out->theirs, &state->models[i]);
	for (size_t i = 0; i < session->model_count; i++)
		if (is_same_model(session->models[i].name, name))
			add_ours(out, &session->models[i]);
}

static void add_reason(struct cost_gap *gap, enum cost_gap_kind kind, const char *model, double usd)
{
	if (fabs(usd) < NOTHING_USD || gap->reason_count == COST_GAP_REASONS_MAX)
		return;
	gap->reasons[gap->reason_count++] = (struct cost_gap_reason){ kind, model, usd };
	gap->unexplained_usd -= usd;
}

static enum cost_gap_kind kind_of(const struct sides *sides, double usd, bool later_messages)
{
	const struct cost_state_model *theirs = &sides->theirs, *ours = &sides->ours;
	if (sides->rows == 0)
		return COST_GAP_HELPER_MODEL;
	if (sides->unpriced)
		return COST_GAP_UNPRICED_MODEL;
	bool more_input = theirs->input > ours->input || theirs->cache_creation > ours->cache_creation
			  || theirs->cache_read > ours->cache_read;
	bool less = theirs->input < ours->input || theirs->output < ours->output
		    || theirs->cache_creation < ours->cache_creation || theirs->cache_read < ours->cache_read;
	if (usd > 0.)
		return more_input ? COST_GAP_MISSING_LINES
				  : theirs->output > ours->output ? COST_GAP_MISSING_FINALS : COST_GAP_PRICE;
	return !less ? COST_GAP_PRICE : later_messages ? COST_GAP_LATER_MESSAGES : COST_GAP_NOT_IN_TOTAL;
}

static void explain_model(struct cost_gap *gap, const struct sides *sides, const char *name,
			  bool later_messages)
{
	double usd = sides->theirs.cost_usd - sides->ours.cost_usd;
	if (sides->rows > 0 && !sides->unpriced && !sides->has_extras) {
		double searches_usd = PRICE_WEB_SEARCH_USD * (double)sides->theirs.web_searches;
		if (searches_usd <= sides->theirs.cost_usd) {
			add_reason(gap, COST_GAP_WEB_SEARCH, name, searches_usd);
			usd -= searches_usd;
		}
	}
	add_reason(gap, kind_of(sides, usd, later_messages), name, usd);
}

/* Whether an earlier name is of the same model, which is explained then. */
static bool is_done(const struct cost_state *state, size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (is_same_model(state->models[i].name, state->models[index].name))
			return true;
	return false;
}

/* The same for a model that the ledger alone has. */
static bool is_done_or_theirs(const struct cost_state *state, const struct ledger_session *session,
			      size_t index)
{
	const char *name = session->models[index].name;
	for (size_t i = 0; i < state->model_count; i++)
		if (is_same_model(state->models[i].name, name))
			return true;
	for (size_t i = 0; i < index; i++)
		if (is_same_model(session->models[i].name, name))
			return true;
	return false;
}

void cost_gap_explain(const struct cost_state *state, const struct ledger_session *session,
		      bool later_messages, struct cost_gap *out)
{
	struct sides sides;
	memset(out, 0, sizeof(*out));
	out->gap_usd = out->unexplained_usd = state->total_usd - session->sums.cost_usd;
	if (state->model_count == 0)
		return;
	for (size_t i = 0; i < state->model_count; i++) {
		if (is_done(state, i))
			continue;
		find_sides(state, session, state->models[i].name, &sides);
		explain_model(out, &sides, state->models[i].name, later_messages);
	}
	for (size_t i = 0; i < session->model_count; i++) {
		if (is_done_or_theirs(state, session, i))
			continue;
		find_sides(state, session, session->models[i].name, &sides);
		explain_model(out, &sides, session->models[i].name, later_messages);
	}
	if (fabs(out->unexplained_usd) < NOTHING_USD)
		out->unexplained_usd = 0.;
}

const char *cost_gap_kind_name(enum cost_gap_kind kind)
{
	static const char *const names[COST_GAP_KINDS] = {
		[COST_GAP_HELPER_MODEL] = "helper-model",
		[COST_GAP_UNPRICED_MODEL] = "unpriced-model",
		[COST_GAP_WEB_SEARCH] = "web-search",
		[COST_GAP_MISSING_LINES] = "missing-lines",
		[COST_GAP_MISSING_FINALS] = "missing-finals",
		[COST_GAP_LATER_MESSAGES] = "later-messages",
		[COST_GAP_NOT_IN_TOTAL] = "not-in-total",
		[COST_GAP_PRICE] = "price",
	};
	return names[kind];
}
