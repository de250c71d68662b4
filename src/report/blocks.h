/*
 * report/blocks: 5-hour blocks, and the gaps between them.
 *
 * For: report.c.
 */
#ifndef SWATCH_REPORT_BLOCKS_H
#define SWATCH_REPORT_BLOCKS_H

#include "report/work.h"

/* Adds the rows. work->failed is set when memory ran out. */
void report_make_blocks(struct report_work *work);

#endif
