/*
 * report_scan: a report's rows worked out in this process, from the transcripts.
 *
 * For: report_fetch.c.
 */
#ifndef SWATCH_SWATCH_REPORT_SCAN_H
#define SWATCH_SWATCH_REPORT_SCAN_H

#include "swatch/report/fetch.h"

/*
 * Reads all transcripts and adds the rows, the totals and the unpriced models. What could not be read is said on
 * stderr. Returns SWATCH_OK, or the exit status.
 */
int report_scan(const struct invocation *invocation, const struct report_request *request, struct report_data *data);

#endif
