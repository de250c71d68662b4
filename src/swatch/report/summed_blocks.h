/*
 * report/summed_blocks: 5-hour blocks, and the limits that were hit in them, of a report's entries.
 *
 * For: summed.c. The ledger's own blocks are made of its messages (ledger/blocks.c); the rules are the same
 * functions.
 */
#ifndef SWATCH_SWATCH_REPORT_SUMMED_BLOCKS_H
#define SWATCH_SWATCH_REPORT_SUMMED_BLOCKS_H

#include "ledger/limits.h"
#include "swatch/report/summing.h"

struct summed_blocks {
	struct ledger_block *list;
	size_t count, cap;
};

/* Limits that were hit; has_entry: its line is a message that counts. Their place is not set. */
struct summed_hits {
	struct ledger_marker *list; /* by time */
	size_t count, cap;
	bool failed; /* memory ran out, or the file cannot be read */
};

/*
 * Takes the hits that say when they reset: those that the file knows, and those of a ledger (may be NULL)
 * that has lines beyond it. All entries are there.
 */
void summed_hits_read(struct summed_hits *hits, const struct summing *summing, struct ledger *grown);

/*
 * Sorts the entries by time and makes the blocks. An entry that begins with an hour must be one message: the
 * hour may divide two blocks. Returns false when memory ran out.
 */
bool summed_blocks_make(struct summed_blocks *blocks, struct summing *summing,
			const struct summed_hits *hits);

/* The one that is active at `now_ms`: the last one that has begun, or none. Returns NULL without one. */
const struct ledger_block *summed_blocks_active(const struct summed_blocks *blocks, int64_t now_ms);

void summed_blocks_release(struct summed_blocks *blocks);
void summed_hits_release(struct summed_hits *hits);

#endif
