/*
 * audit: why ccusage's answer for the active block is not what the ledger has for it.
 *
 * For: daemon/refresh.c, when billing_wants_reasons() says that an answer differs and the reasons are not
 * known yet. A thread reads the transcripts that changed since the block began, counts them as ccusage does
 * (ccusage/compare.h), and names each difference, so that only what is left is a drift. The loop goes on
 * meanwhile.
 */
#ifndef SWATCH_SWATCHD_BILLING_AUDIT_H
#define SWATCH_SWATCHD_BILLING_AUDIT_H

#include <stdbool.h>
#include <stdint.h>

#include <ev.h>

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

/* audit_start() copies what it needs of it. */
struct audit_question {
	/* One without a block is held against the ledger's block at `now_ms`. */
	const struct billing_block *answer;
	int64_t started_ms;          /* ccusage's run */
	int64_t now_ms;
	const char *paths;           /* where the transcripts are: as for data_dirs_find() */
};

typedef void audit_done(void *ctx, const struct audit_found *found);

struct audit;

/*
 * Starts an audit of the ledger's entries, which are copied in turns of the loop. `done` is called from it
 * when the audit has ended, after a log message when nothing could be found out; the audit is freed by then.
 * The ledger has to stay as long. Returns NULL when memory ran out.
 */
struct audit *audit_start(struct ev_loop *loop, struct ledger *ledger, const struct audit_question *question,
			  audit_done *done, void *ctx);

/* Ends an audit that is under way, without a call of `done`. `audit` may be NULL. */
void audit_stop(struct audit *audit);

#endif
