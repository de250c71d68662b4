/*
 * report/summed: a report's rows out of the sums in the ledger's file, without opening a transcript.
 *
 * For: fetch.c. Good only when the file has all that is on disk; otherwise somebody has to read transcripts.
 */
#ifndef SWATCH_SWATCH_REPORT_SUMMED_H
#define SWATCH_SWATCH_REPORT_SUMMED_H

#include "swatch/report/data.h"
#include "swatch/report/options.h"

/*
 * Adds the rows, the totals and the unpriced models. Changes nothing and waits for nobody. Returns false,
 * with nothing added, when the file cannot answer: it is turned off or missing, some transcript grew or is
 * new, or the report is of blocks.
 */
bool report_from_sums(const struct invocation *invocation, const struct report_request *request,
		      struct report_data *data);

#endif
