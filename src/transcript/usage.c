#include "transcript/usage.h"

#include "transcript/counts.h"

/* Whether ccusage takes its counts, however large they are. */
static bool is_readable(const struct scan_counts *counts)
{
	return !counts->bad && counts->has_input && counts->has_output;
}

static bool has_counts(const struct scan_counts *counts)
{
	return is_readable(counts) && !counts->absurd;
}

static bool is_advisor(const struct scan_counts *counts)
{
	return slice_equals(counts->type, "advisor_message");
}

/* ---- requests ---- */

static int64_t prompt_of(const struct price_tokens *t)
{
	return t->input + price_tokens_created(t) + t->cache_read;
}

static void add_request(struct scan_usage *usage, const struct price_tokens *tokens)
{
	price_tokens_add(&usage->tokens, tokens, 1);
	if (prompt_of(tokens) > PRICE_LARGE_REQUEST_TOKENS)
		price_tokens_add(&usage->large, tokens, 1);
}

static bool same_counts(const struct price_tokens *a, const struct price_tokens *b)
{
	return a->input == b->input && a->output == b->output && a->cache_read == b->cache_read
	       && price_tokens_created(a) == price_tokens_created(b);
}

/* What the iterations of a message come to. */
struct iterations {
	struct scan_usage messages;     /* its tokens and large: those of type "message" */
	unsigned message_count;
	struct scan_usage compactions;
	unsigned compaction_count, advisor_count;
	bool has_gap;                   /* one without counts, or that ccusage does not read */
	enum malformed malformed;
	int64_t context_tokens;         /* the prompt of the last one that is the message's own; -1: none */
};

static void look_at(struct iterations *all, const struct scan_counts *one)
{
	bool is_compaction = slice_equals(one->type, "compaction");
	all->has_gap = all->has_gap || !is_readable(one) || one->unread;
	if (!all->malformed)
		all->malformed = one->malformed;
	if (is_advisor(one) && is_readable(one))
		all->advisor_count += one->model.len > 0;
	if (is_advisor(one) || !has_counts(one))
		return;
	if (is_compaction) {
		all->compaction_count++;
		add_request(&all->compactions, &one->tokens);
		return;
	}
	all->context_tokens = prompt_of(&one->tokens);
	if (slice_equals(one->type, "message")) {
		all->message_count++;
		add_request(&all->messages, &one->tokens);
	}
}

static void look_at_iterations(struct slice text, struct iterations *all)
{
	struct scan_counts one;
	struct walk_item item;
	struct walk w;
	bool first = true;
	all->context_tokens = -1;
	if (!text.data)
		return;
	walk_init(&w, text.data, text.len);
	walk_enter(&w, '[');
	while (walk_next_item(&w, &first)) {
		if (scan_counts_walk(&w, &one)) {
			look_at(all, &one);
		} else {
			all->has_gap = true;
			walk_value(&w, &item);
		}
	}
}

/* pausedResponses [{usage {}}]: adds the requests before the one that the top level has. */
static void add_paused(struct slice text, struct scan_usage *usage)
{
	struct scan_counts counts;
	struct walk_item item;
	struct slice key;
	struct walk w;
	bool first = true;
	walk_init(&w, text.data, text.len);
	if (!text.data || !walk_enter(&w, '['))
		return;
	while (walk_next_item(&w, &first)) {
		bool first_key = true;
		if (!walk_enter_or_pass(&w, '{'))
			continue;
		while (walk_next_key(&w, &first_key, &key)) {
			if (!slice_equals(key, "usage") || !scan_counts_walk(&w, &counts)) {
				walk_value(&w, &item);
				continue;
			}
			if (!usage->malformed)
				usage->malformed = counts.malformed;
			if (has_counts(&counts)) {
				add_request(usage, &counts.tokens);
				usage->extras.web_searches += counts.extras.web_searches;
				usage->faults |= SCAN_FAULT_PAUSED;
			}
		}
	}
}

static void add_sums(struct scan_usage *usage, const struct scan_usage *more)
{
	price_tokens_add(&usage->tokens, &more->tokens, 1);
	price_tokens_add(&usage->large, &more->large, 1);
}

int64_t scan_add_requests(const struct scan_counts *counts, struct slice paused, struct scan_usage *usage)
{
	struct iterations all = { .message_count = 0 };
	usage->reference_tokens = counts->tokens;
	usage->reference_tokens.cache_creation_5m = counts->reference_5m;
	usage->reference_tokens.cache_creation_1h = counts->reference_1h;
	usage->extras = counts->extras;
	look_at_iterations(counts->iterations, &all);
	usage->hides_advisors = all.has_gap;
	usage->malformed = all.malformed;
	if (all.advisor_count > 0)
		usage->iterations = counts->iterations;
	if (counts->absurd) {
		usage->tokens = counts->tokens;
		return -1;
	}
	if (counts->reference_5m != counts->tokens.cache_creation_5m
	    || counts->reference_1h != counts->tokens.cache_creation_1h)
		usage->faults |= SCAN_FAULT_CREATION;
	bool by_iteration = all.message_count > 1 && same_counts(&all.messages.tokens, &counts->tokens);
	if (by_iteration) {
		usage->tokens = counts->tokens;
		usage->large = all.messages.large;
	} else {
		add_request(usage, &counts->tokens);
	}
	if (all.compaction_count > 0) {
		add_sums(usage, &all.compactions);
		usage->faults |= SCAN_FAULT_COMPACTION;
	}
	add_paused(paused, usage);
	usage->in_parts = by_iteration || (usage->faults & (SCAN_FAULT_COMPACTION | SCAN_FAULT_PAUSED));
	return all.context_tokens;
}

/* ---- advisors ---- */

bool scan_next_advisor(const struct scan_usage *line, struct scan_cursor *cursor, struct scan_usage *out)
{
	struct scan_counts counts;
	struct walk_item item;
	struct walk w;
	bool first = cursor->at == 0;
	if (!line->iterations.data)
		return false;
	walk_init(&w, line->iterations.data, line->iterations.len);
	if (first)
		walk_enter(&w, '[');
	else
		w.at += cursor->at;  /* not from the start again: a line has room for a million of them */
	while (walk_next_item(&w, &first)) {
		if (!scan_counts_walk(&w, &counts)) {
			walk_value(&w, &item);
			continue;
		}
		if (!is_advisor(&counts) || counts.model.len == 0 || !is_readable(&counts)
		    || (counts.absurd && !cursor->with_refused))
			continue;
		*out = *line;
		out->model = counts.model;
		out->tokens = out->large = out->reference_tokens = (struct price_tokens){ 0 };
		out->faults &= ~(unsigned)SCAN_FAULTS_TOKENS;
		out->iterations = counts.iterations = (struct slice){ NULL, 0 };
		scan_add_requests(&counts, counts.iterations, out);
		/* It ran where the message did. */
		out->extras.us_only = line->extras.us_only;
		out->extras.batch = line->extras.batch;
		out->faults |= line->hides_advisors ? SCAN_FAULT_HIDDEN : 0U;
		out->has_speed = counts.has_speed;
		out->fast = counts.fast;
		out->has_cost = false;
		out->cost_usd = 0.;
		/*
		 * Its number among the advisors: iterations of other kinds come between them as the message
		 * grows.
		 */
		out->advisor = counts.absurd ? SCAN_ADVISOR_REFUSED | ++cursor->refused : ++cursor->number;
		out->refused = out->refused || counts.absurd;
		cursor->at = (size_t)(w.at - line->iterations.data);
		return true;
	}
	return false;
}
