/*
 * readings: what each session's statusline told last of each limit, to tell a new answer of the server from
 * an old one that an idle terminal shows again.
 *
 * For: account_limits.c. A terminal knows its own last reading only. Within a window a lower percentage is
 * true when the server said it later than the higher one (an upgrade, extra usage), and old when a terminal
 * merely repeats it.
 *
 * A table of fixed size, by hash: a reading that loses its place to another one counts as the first of its
 * session.
 */
#ifndef SWATCH_SWATCHD_BILLING_READINGS_H
#define SWATCH_SWATCHD_BILLING_READINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "limits/limits.h"

#define READINGS_MAX 1024

struct reading {
	uint64_t whose;          /* hash of the session and the limit; 0: free */
	double used_percent;
	int64_t resets_ms;
	int64_t said_ms;         /* when the server said so, as far as is known */
};

struct readings {
	struct reading all[READINGS_MAX];
};

/*
 * Takes in what a session told at `now_ms`, whose last answer was at `answered_ms` (0: not known). Returns
 * when the server said so; *fell: the session itself told a higher percentage of the same window before.
 */
int64_t readings_take(struct readings *readings, const struct rate_limit *told, int64_t answered_ms,
		      int64_t now_ms, bool *fell);

#endif
