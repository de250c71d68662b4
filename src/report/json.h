/*
 * report/json: a report's rows as ccusage prints them: JSON objects whose keys are sorted.
 *
 * For: the daemon's answer, `--json`, and verify, which write; a report out of the daemon's answer, which
 * reads.
 */
#ifndef SWATCH_REPORT_JSON_H
#define SWATCH_REPORT_JSON_H

#include <json-c/json.h>

#include "json/write.h"
#include "report/rows.h"

void report_write_row(struct jsonw *w, enum report_kind kind, const struct report_row *row);

/* What the rows sum up to; not for blocks. */
void report_write_totals(struct jsonw *w, const struct report *report);

/*
 * The same read again. Whoever wrote it: what is missing, or of another type, is as in an empty row.
 * report->failed is set when memory ran out.
 */
void report_read_row(struct report *report, struct json_object *object);
void report_read_totals(struct report *report, struct json_object *object);

#endif
