/*
 * report_fetch: a report's rows, from the daemon when one runs, otherwise worked out here from the transcripts.
 *
 * For: report_command.c and cmd-pricing.c. Both ways give the same rows: JSON objects, as ccusage prints them.
 *
 * Calling sequence: report_fetch(); look at the rows; report_data_release() in every case.
 */
#ifndef SWATCH_SWATCH_REPORT_FETCH_H
#define SWATCH_SWATCH_REPORT_FETCH_H

#include <stdbool.h>
#include <stddef.h>

#include "swatch/cli/command.h"
#include "swatch/report/options.h"

struct report_data {
	char **rows;             /* each one a JSON object as text */
	size_t row_count, row_cap;
	char *totals;            /* likewise; NULL: the report has none */
	char **unpriced;         /* models */
	size_t unpriced_count, unpriced_cap;
	bool failed;             /* memory ran out */
};

/*
 * Gets the rows that `request` asks for. What stands in the way is said on stderr; an answer of the daemon that does
 * not come, or makes no sense, only leads to the transcripts being read here. Returns SWATCH_OK, or the exit status.
 */
int report_fetch(const struct invocation *invocation, const struct report_request *request, struct report_data *data);

/* Names the unpriced models on stderr, in one line, when there are any. */
void report_say_unpriced(const struct report_data *data);

void report_data_release(struct report_data *data);

/* ---- for the two sources ---- */

/* Adds a row, or an unpriced model: the text is copied. */
void report_data_add_row(struct report_data *data, const char *json, size_t len);
void report_data_add_unpriced(struct report_data *data, const char *model);

#endif
