/*
 * report/scan: a report's rows worked out in this process, from the transcripts and the ledger's file.
 *
 * For: fetch.c, when no daemon runs, or is not to be asked.
 */
#ifndef SWATCH_SWATCH_REPORT_SCAN_H
#define SWATCH_SWATCH_REPORT_SCAN_H

#include "report/report.h"
#include "swatch/report/options.h"

/*
 * Reads all transcripts, and unless the request is live_only what the file remembers of deleted ones.
 * Prints on stderr what it cannot read. Returns SWATCH_OK, or the exit status.
 */
int report_scan(const struct invocation *invocation, const struct report_request *request,
		struct report *report);

#endif
