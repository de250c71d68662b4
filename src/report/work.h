/*
 * report/work: one report being made: which entries are in it, how they are ordered, how rows are written.
 *
 * For: groups.c and blocks.c, which make the rows; report.c, which starts them.
 */
#ifndef SWATCH_REPORT_WORK_H
#define SWATCH_REPORT_WORK_H

#include "json/write.h"
#include "base/clock.h"
#include "report/options.h"
#include "report/source.h"

struct report_work {
	struct ledger *ledger;   /* for its own source; NULL with another */
	struct report_source source;
	const struct report_options *options;
	struct report *out;
	uint32_t *ranks;         /* of each transcript in the order of paths, in which ccusage reads */
	uint64_t unpriced_seen;  /* bit n: model n is named already */
	/* The local day of the last entry looked at. */
	struct clock_day day;
	bool failed;             /* memory ran out */
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

/* Names a model as unpriced. */
void report_note_unpriced(struct report_work *work, unsigned model, const char *name);

/* Sorts them by name, once all are there. */
void report_sort_unpriced(struct report_work *work);

/* Starts a row in out->rows, and ends it. */
void report_begin_row(struct report_work *work, struct jsonw *w);
void report_end_row(struct report_work *work, struct jsonw *w);

/* Writes a time as ccusage does, "2026-11-23T10:00:00.000Z". */
void report_write_time(struct jsonw *w, const char *key, int64_t at_ms);

/*
 * Writes a cost in whole nano-dollars, as the ledger's file keeps it: the order in which costs were summed up
 * must not show.
 */
void report_write_usd(struct jsonw *w, const char *key, double usd);

#endif
