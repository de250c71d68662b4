/*
 * report_internal: what report.c (the asking), report_groups.c (days, weeks, months, sessions) and report_blocks.c share.
 */
#ifndef SWATCH_REPORT_INTERNAL_H
#define SWATCH_REPORT_INTERNAL_H

#include "json/write.h"
#include "report/report.h"

/* One report being made. */
struct report_work {
	struct ledger *ledger;
	const struct report_options *options;
	struct report *out;
	uint32_t *ranks;         /* of each transcript, in the order of their paths: ccusage reads them so */
	uint64_t unpriced_seen;  /* bit n: model n is named already */
	/* The local day of the last entry looked at. */
	int64_t day_start_ms, day_end_ms;
	char day[16];            /* "2026-11-23" */
	bool failed;             /* memory ran out */
};

/* Where a message stands among all: by its transcript's path, then by its first line. */
struct report_place {
	int64_t day_ms;          /* weeks and months: by its day before all, because ccusage sums them up of days; else 0 */
	uint32_t rank;
	int64_t offset;
};

struct report_place report_place_of(const struct report_work *work, const struct ledger_entry_view *entry);
bool report_place_is_before(struct report_place a, struct report_place b);

/* Whether an entry's day and project are asked for. Looks its day up: work->day. */
bool report_wants_entry(struct report_work *work, const struct ledger_entry_view *entry);

/* The folder of the project that a transcript is of; "" for one that lies in projects/ itself. Not ended by a NUL. */
struct slice report_project_of(const struct ledger_entry_view *entry);

/* Names an entry's model as unpriced when it is. */
void report_note_unpriced(struct report_work *work, const struct ledger_entry_view *entry);

/* By name, when all are named. */
void report_sort_unpriced(struct report_work *work);

/* Starts a row in out->rows, and ends it. */
void report_begin_row(struct report_work *work, struct jsonw *w);
void report_end_row(struct report_work *work, struct jsonw *w);

/* The two kinds of rows. */
void report_make_groups(struct report_work *work);
void report_make_blocks(struct report_work *work);

#endif
