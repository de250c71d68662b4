/*
 * counts: the walk over a "usage" object.
 *
 * For: scan.c, for messages; usage.c, for advisors.
 */
#ifndef SWATCH_TRANSCRIPT_COUNTS_H
#define SWATCH_TRANSCRIPT_COUNTS_H

#include "json/walk.h"
#include "price/price.h"

struct scan_counts {
	bool bad;                    /* a field of the wrong type, or twice: no record */
	bool absurd;                 /* a count that cannot be */
	bool has_input, has_output, has_breakdown;
	int64_t flat_creation;
	struct price_tokens tokens;  /* cache_creation_5m holds the flat count where there is no breakdown */
	bool has_speed, fast;
	struct slice iterations;
	/* For an iteration. */
	struct slice type, model;
};

/*
 * Walks the next value in `w`, a "usage" object or one of its iterations. Returns false when it is not an
 * object.
 */
bool scan_counts_walk(struct walk *w, struct scan_counts *out);

/*
 * Which of `names` a key is, -1 when it is another one; a key that came before sets *twice. `seen` starts as
 * 0.
 */
#define SCAN_NAME(text) { text, sizeof(text) - 1 }
int scan_field(struct slice key, const struct slice *names, int count, unsigned *seen, bool *twice);

#endif
