/*
 * projection: what a 5-hour window comes to at its end when spending goes on at the rate of now.
 *
 * For: everything that shows a projection: the reports, the daemon's files, the statusline, top. All of them
 * show what ccusage shows for the same figures. Pure.
 */
#ifndef SWATCH_LEDGER_PROJECTION_H
#define SWATCH_LEDGER_PROJECTION_H

#include <stdbool.h>
#include <stdint.h>

/* The window so far. */
struct projection_basis {
	int64_t end_ms;
	double usd, tokens;              /* used so far */
	double usd_per_hour;             /* NaN when there is no rate yet */
	double tokens_per_minute;        /* likewise */
};

struct projection {
	int64_t remaining_minutes;
	double usd;                      /* rounded to the cent; NaN without a rate */
	double tokens;                   /* a whole number; NaN without a rate */
};

/*
 * Rounds as ccusage does: the time that is left to whole minutes first, also for what they will cost. Returns
 * false when there is no rate in US dollars: *out has the minutes, and NaN for the cost.
 */
bool projection_make(const struct projection_basis *basis, int64_t now_ms, struct projection *out);

#endif
