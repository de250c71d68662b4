#include "transcript/usage.h"

#include "transcript/counts.h"

/* Whether every iteration has its counts. */
static bool all_good(struct slice iterations)
{
	struct scan_counts counts;
	struct walk w;
	bool first = true;
	walk_init(&w, iterations.data, iterations.len);
	walk_enter(&w, '[');
	while (walk_next_item(&w, &first))
		if (!scan_counts_walk(&w, &counts) || counts.bad || counts.absurd || !counts.has_input
		    || !counts.has_output)
			return false;
	return true;
}

bool scan_next_advisor(const struct scan_usage *line, struct scan_cursor *cursor, struct scan_usage *out)
{
	struct scan_counts counts;
	struct walk w;
	bool first = cursor->at == 0;
	if (!line->iterations.data || (first && !all_good(line->iterations)))
		return false;
	walk_init(&w, line->iterations.data, line->iterations.len);
	if (first)
		walk_enter(&w, '[');
	else
		w.at += cursor->at;  /* not from the start again: a line has room for a million of them */
	while (walk_next_item(&w, &first) && scan_counts_walk(&w, &counts)) {
		if (!slice_equals(counts.type, "advisor_message") || counts.model.len == 0)
			continue;
		*out = *line;
		out->model = counts.model;
		out->tokens = counts.tokens;
		out->has_speed = counts.has_speed;
		out->fast = counts.fast;
		out->has_cost = false;
		out->cost_usd = 0.;
		out->iterations = (struct slice){ NULL, 0 };
		/*
		 * Its number among the advisors: iterations of other kinds come between them as the message
		 * grows.
		 */
		out->advisor = ++cursor->number;
		cursor->at = (size_t)(w.at - line->iterations.data);
		return true;
	}
	return false;
}
