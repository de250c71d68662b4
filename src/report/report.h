/*
 * report: what the ledger holds as rows: blocks, days, weeks, months, sessions, as ccusage 20.0.24 prints
 * them.
 *
 * For: swatchd (op "report") and `swatch blocks|daily|weekly|monthly|sessions` without a daemon. Pure: no
 * clock, no files, no loop.
 *
 * A row stands for one of `ccusage blocks --json --offline`, or of `ccusage claude
 * daily|weekly|monthly|session --json --offline`. The figures equal its own where none of its faults
 * strikes (swatch-verify(1) lists them); where one does, all reports here go by the rule of its blocks,
 * and agree.
 *
 * Calling sequence: fill struct report_options; report_make(); look at the rows; report_release() in every
 * case.
 */
#ifndef SWATCH_REPORT_REPORT_H
#define SWATCH_REPORT_REPORT_H

#include "base/buf.h"
#include "ledger/ledger.h"
#include "report/rows.h"
#include "report/source.h"

/*
 * "blocks", "daily", "weekly", "monthly", "sessions": the word for a kind, and the key its rows have in
 * ccusage's JSON.
 */
const char *report_kind_name(enum report_kind kind);

/* Finds the kind of that name. Returns false, and leaves *out alone, when no kind has it. */
bool report_kind_find(const char *name, enum report_kind *out);

/*
 * Makes the report. The process's time zone is changed meanwhile when `options` names one, and is as before
 * afterwards: one thread only. Returns 0; -1 with a message in `error` when the zone or a date is wrong, or
 * when memory ran out. Cost: some milliseconds for 100,000 entries. Release *out in either case.
 */
int report_make(struct ledger *ledger, const struct report_options *options, struct report *out,
		struct buf *error);

/*
 * The same of what a source has. Each of its entries must lie in one day of the zone that is asked for, and
 * for blocks in one block.
 */
int report_make_of(const struct report_source *source, const struct report_options *options,
		   struct report *out, struct buf *error);

#endif
