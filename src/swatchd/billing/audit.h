/*
 * audit: why ccusage's answer for the active block is not what the ledger has for it.
 *
 * For: daemon/refresh.c, when billing_wants_reasons() says that an answer differs and the reasons are not
 * known yet. It reads the transcripts that changed since the block began, counts them as ccusage does
 * (ccusage/compare.h), and names each difference, so that only what is left is a drift.
 */
#ifndef SWATCH_SWATCHD_BILLING_AUDIT_H
#define SWATCH_SWATCHD_BILLING_AUDIT_H

#include <stdbool.h>
#include <stdint.h>

#include "ccusage/block.h"
#include "ccusage/differences.h"
#include "ledger/ledger.h"
#include "transcript/data_dirs.h"

/* A set of differences: a bit for each. */
typedef uint32_t audit_reasons;
_Static_assert(DIFFERENCES <= 32, "audit_reasons is too small");

#define AUDIT_REASON(difference) ((audit_reasons)1 << (difference))

struct audit_found {
	bool is_known;               /* the transcripts could be read */
	double before_usd;           /* what ccusage counts of the lines up to the start of its run */
	double after_usd;            /* and of all lines */
	bool is_open;                /* ccusage may have a price that cannot be foreseen for some of them */
	audit_reasons reasons;
};

/*
 * Fills *found for an answer of ccusage, which was started at `started_ms`. An answer without a block is held
 * against the ledger's block at `now_ms`.
 */
void audit_explain(struct ledger *ledger, const struct data_dirs *dirs, const struct billing_block *answer,
		   int64_t started_ms, int64_t now_ms, struct audit_found *found);

#endif
