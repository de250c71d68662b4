/*
 * report/scan: a report's rows worked out in this process, from the transcripts and the ledger's file.
 *
 * For: fetch.c, when no daemon runs, or is not to be asked.
 */
#ifndef SWATCH_SWATCH_REPORT_SCAN_H
#define SWATCH_SWATCH_REPORT_SCAN_H

#include "swatch/report/data.h"
#include "swatch/report/options.h"

/*
 * Reads all transcripts, and unless the request is live_only what the file remembers of deleted ones; adds
 * the rows, the totals and the unpriced models. Prints on stderr what it cannot read. Returns SWATCH_OK, or
 * the exit status.
 */
int report_scan(const struct invocation *invocation, const struct report_request *request,
		struct report_data *data);

/* Adds what a report has: rows, totals, unpriced models. */
void report_take_rows(const struct report *report, struct report_data *data);

#endif
