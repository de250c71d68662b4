/*
 * report/scan: a report's rows worked out in this process, from the transcripts.
 *
 * For: fetch.c, when no daemon runs.
 */
#ifndef SWATCH_SWATCH_REPORT_SCAN_H
#define SWATCH_SWATCH_REPORT_SCAN_H

#include "swatch/report/data.h"
#include "swatch/report/options.h"

/*
 * Reads all transcripts and adds the rows, the totals and the unpriced models. Prints on stderr which
 * transcripts it cannot read. Returns SWATCH_OK, or the exit status.
 */
int report_scan(const struct invocation *invocation, const struct report_request *request,
		struct report_data *data);

#endif
