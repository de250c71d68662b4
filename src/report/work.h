/*
 * report/work: one report being made: which entries are in it, how they are ordered.
 *
 * For: groups.c and blocks.c, which make the rows; report.c, which starts them.
 */
#ifndef SWATCH_REPORT_WORK_H
#define SWATCH_REPORT_WORK_H

#include "base/clock.h"
#include "base/slice.h"
#include "ledger/ledger.h"
#include "report/rows.h"
#include "report/source.h"

struct report_work {
	struct ledger *ledger;   /* for its own source; NULL with another */
	struct report_source source;
	const struct report_options *options;
	struct report *out;
	uint32_t *ranks;         /* of each transcript in the order of paths, in which ccusage reads */
	/* The local day of the last entry looked at. */
	struct clock_day day;
};

/* Where a message stands among all: by its transcript's path, then by its first line. */
struct report_place {
	int64_t day_ms;          /* weeks and months: the day, since ccusage makes them of days; else 0 */
	uint32_t rank;
	int64_t offset;
};

/*
 * Starts the work, on a ledger, or on a source of the caller's. The first one returns false when memory ran
 * out; report_work_release() in every case.
 */
bool report_work_init(struct report_work *work, struct ledger *ledger, const struct report_options *options,
		      struct report *out);
void report_work_init_source(struct report_work *work, const struct report_source *source,
			     const struct report_options *options, struct report *out);

void report_work_release(struct report_work *work);

struct report_place report_place_of(const struct report_work *work, const struct report_entry *entry);

/* Returns less than 0, 0 or more than 0. */
int report_place_compare(struct report_place a, struct report_place b);

/* Whether the report covers an entry's day and project. Looks its day up: work->day. */
bool report_wants_entry(struct report_work *work, const struct report_entry *entry);

/*
 * The folder of a project by the path of a transcript below projects/, not ended by a NUL; "" for a
 * transcript in projects/ itself, and where no projects are known.
 */
struct slice report_project_of(const struct report_work *work, const char *relative);

#endif
