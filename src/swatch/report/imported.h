/*
 * report/imported: the days that other programs counted (swatch import), for which the ledger's file has no
 * message. They are shown apart, and are in no sum.
 *
 * For: command.c, for daily, weekly and monthly.
 */
#ifndef SWATCH_SWATCH_REPORT_IMPORTED_H
#define SWATCH_SWATCH_REPORT_IMPORTED_H

#include "json/write.h"
#include "swatch/report/options.h"

/*
 * Puts the member "imported" into a report's JSON object; lines below the table. Without such
 * days, or without a file, both leave it as it is.
 */
void report_imported_add_json(const struct invocation *invocation, const struct report_request *request,
			      struct jsonw *w);
void report_imported_add_lines(const struct invocation *invocation, const struct report_request *request,
			       struct buf *out);

#endif
