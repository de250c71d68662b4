/*
 * report/summed: a report's rows out of the sums in the ledger's file, and of what transcripts say beyond it.
 *
 * For: fetch.c. No transcript is opened that is as swatchd read it.
 */
#ifndef SWATCH_SWATCH_REPORT_SUMMED_H
#define SWATCH_SWATCH_REPORT_SUMMED_H

#include "report/report.h"
#include "swatch/report/imported.h"

/*
 * Adds the rows, the totals and the unpriced models. Changes nothing and waits for nobody. `is_whole`: the
 * file has all that transcripts say, and none is looked at. Returns false, with nothing added, when the file
 * cannot answer: it is turned off, missing or damaged, or it has messages whose price became known since.
 */
bool report_from_sums(const struct invocation *invocation, const struct report_request *request,
		      bool is_whole, struct report *report, struct report_imported *imported);

#endif
