/*
 * report/imported: the days that other programs counted (swatch import), for which the ledger's file has no
 * message. They are shown apart, and are in no sum.
 *
 * For: command.c, for daily, weekly and monthly.
 */
#ifndef SWATCH_SWATCH_REPORT_IMPORTED_H
#define SWATCH_SWATCH_REPORT_IMPORTED_H

#include <sqlite3.h>

#include "json/write.h"
#include "swatch/report/options.h"

struct report_imported {
	bool is_read;
	struct report_imported_day *days;
	size_t count, cap;
};

/* Reads what the request asks for, out of a file that is open. */
void report_imported_read(struct report_imported *imported, const struct report_request *request,
			  sqlite3 *db);

/* The same out of the ledger's file, unless that was done already. */
void report_imported_find(struct report_imported *imported, const struct invocation *invocation,
			  const struct report_request *request);

/* Puts the member "imported" into a report's JSON object; lines below the table. Without days nothing. */
void report_imported_add_json(const struct report_imported *imported, struct jsonw *w);
void report_imported_add_lines(const struct report_imported *imported, struct buf *out);

void report_imported_release(struct report_imported *imported);

#endif
