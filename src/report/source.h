/*
 * report/source: what blocks, days, weeks, months and sessions are made of: messages, or sums of some
 * messages.
 *
 * For: report.h, whose callers may bring a source of their own; groups.c and blocks.c, which take from it.
 */
#ifndef SWATCH_REPORT_SOURCE_H
#define SWATCH_REPORT_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger/figures.h"

/* One message; or several of one session, project and model, and of one local day (for blocks: one block). */
struct report_entry {
	int64_t first_ms, last_ms;	      /* the same for one message */
	uint64_t messages, unpriced_messages; /* how many it is, and of these without a price */
	struct price_tokens tokens;
	double cost_usd;
	unsigned model;		/* a number below LEDGER_MODELS_MAX */
	const char *model_name; /* it lives as long as the report, as all texts here */
	bool model_silent;	/* left out of lists of models */
	bool unpriced;		/* some of it has no price */
	/* The place of the first line: its transcript's number in the order of paths, and the offset. */
	uint32_t rank;
	int64_t offset;
	unsigned session; /* that paid: a number */
	const char *session_id;
	const char *home;     /* the path of a transcript of the project */
	size_t home_root_len; /* home + home_root_len: the path below projects/ */
};

struct report_source {
	/* Entry `index`, for blocks in order of first_ms, else in any. Returns false past the last one. */
	bool (*entry_at)(void *ctx, size_t index, struct report_entry *out);
	/*
	 * For blocks alone: the index of the first entry that is not before a time, the blocks in their order
	 * (false past the last one), and the one that is active (false without one).
	 */
	size_t (*entries_before)(void *ctx, int64_t time_ms);
	bool (*block_at)(void *ctx, size_t index, struct ledger_block *out);
	bool (*active_block)(void *ctx, int64_t now_ms, struct ledger_block *out);
	void *ctx;
};

#endif
