/*
 * report/groups: days, weeks, months and sessions: the entries summed up by a key.
 *
 * For: report.c.
 */
#ifndef SWATCH_REPORT_GROUPS_H
#define SWATCH_REPORT_GROUPS_H

#include "report/work.h"

/* Adds the rows, and the totals. work->failed is set when memory ran out. */
void report_make_groups(struct report_work *work);

#endif
