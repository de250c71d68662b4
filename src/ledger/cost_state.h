/*
 * cost_state: Claude Code's own total of a session, from the `cost-state` lines of its transcript, and why it
 * differs from the ledger's.
 *
 * For: swatchd's session files, as a second auditor. Pure.
 *
 * The total includes requests that have no line in any transcript (helper models, agents) and may lag behind
 * the last message; the ledger includes copied lines. So a gap is usual, and cost_gap_explain() finds how
 * much of it is known.
 */
#ifndef SWATCH_LEDGER_COST_STATE_H
#define SWATCH_LEDGER_COST_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger/ledger.h"
#include "transcript/scan.h"

/* Further models of one line are left out. */
#define COST_STATE_MODELS_MAX 16
#define COST_STATE_NAME_SIZE 96

struct cost_state_model {
	char name[COST_STATE_NAME_SIZE];
	int64_t input, output, cache_creation, cache_read;
	int64_t web_searches;
	double cost_usd;
};

struct cost_state {
	double total_usd;
	size_t model_count;
	struct cost_state_model models[COST_STATE_MODELS_MAX];
};

/*
 * Reads a line's facts (facts->has_cost_state). A model that is not well-formed is passed over, and a broken
 * number counts as 0: their cost shows up as unexplained.
 */
void cost_state_take(const struct scan_facts *facts, struct cost_state *out);

enum cost_gap_kind {
	COST_GAP_HELPER_MODEL,     /* no line of this model at all */
	COST_GAP_UNPRICED_MODEL,   /* its lines are there, but swatch has no price for it */
	COST_GAP_WEB_SEARCH,       /* fees for searches, which swatch leaves out without [billing] extras */
	COST_GAP_MISSING_LINES,    /* Claude Code counted requests that have no line: agents, helpers */
	COST_GAP_MISSING_FINALS,   /* the same requests, but the last line with the whole output is missing */
	COST_GAP_LATER_MESSAGES,   /* written after the total: the next one will hold them */
	COST_GAP_NOT_IN_TOTAL,     /* requests that the total lacks: a resumed or copied history */
	COST_GAP_PRICE             /* the same tokens at another price */
};
#define COST_GAP_KINDS 8

struct cost_gap_reason {
	enum cost_gap_kind kind;
	const char *model;         /* points into the cost_state or the ledger_session */
	double usd;                /* its part of the gap; negative: the ledger has more */
};

/* A model can have two reasons. */
#define COST_GAP_REASONS_MAX (2 * COST_STATE_MODELS_MAX + LEDGER_MODELS_MAX)

struct cost_gap {
	double gap_usd;            /* Claude Code's total less the ledger's cost */
	double unexplained_usd;    /* what is left of it */
	size_t reason_count;
	struct cost_gap_reason reasons[COST_GAP_REASONS_MAX];
};

/* `later_messages`: the transcript has usage after the line with that state. */
void cost_gap_explain(const struct cost_state *state, const struct ledger_session *session,
		      bool later_messages, struct cost_gap *out);

/* The name of a reason in the session files: "helper-model". */
const char *cost_gap_kind_name(enum cost_gap_kind kind);

#endif
