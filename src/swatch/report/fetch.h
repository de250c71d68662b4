/*
 * report/fetch: a report's rows, out of the ledger's file and what is beyond it; without a file from the
 * daemon when one runs, otherwise worked out here from the transcripts.
 *
 * For: command.c and swatch pricing. All ways give the same rows.
 *
 * Calling sequence: report_fetch(); look at the rows; report_release() in every case.
 */
#ifndef SWATCH_SWATCH_REPORT_FETCH_H
#define SWATCH_SWATCH_REPORT_FETCH_H

#include "report/report.h"
#include "swatch/report/imported.h"

/*
 * Gets the rows that `request` asks for. Reads the transcripts here when the daemon's answer does not
 * arrive or makes no sense. `imported` is read on the way, if that is possible. Prints errors on stderr.
 * Returns SWATCH_OK, or the exit status.
 */
int report_fetch(const struct invocation *invocation, const struct report_request *request,
		 struct report *report, struct report_imported *imported);

#endif
