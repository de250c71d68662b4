/*
 * counts: the walk over a "usage" object.
 *
 * For: scan.c, for messages; usage.c, for advisors.
 */
#ifndef SWATCH_TRANSCRIPT_COUNTS_H
#define SWATCH_TRANSCRIPT_COUNTS_H

#include "json/walk.h"
#include "price/price.h"
#include "transcript/malformed.h"

/* A token count beyond this is not believed: the largest context is a million. It fits into 32 bits. */
#define SCAN_TOKENS_MAX INT64_C(4000000000)
/* No message searches the web that often. */
#define SCAN_WEB_SEARCHES_MAX 100000
/* Stands for all counts beyond 2^53. */
#define SCAN_TOKENS_HUGE (INT64_C(1) << 54)

struct scan_counts {
	bool bad;                    /* a field of the wrong type: no record */
	enum malformed malformed;    /* of the first impossible count */
	bool absurd;                 /* a count that cannot be */
	bool unread;                 /* written so that ccusage does not read it: "1e2", or a field twice */
	bool has_input, has_output, has_breakdown, has_flat;
	int64_t flat_creation;
	/* The flat count says how many cache writes there are, and the breakdown how many of these for 1
	 * hour. */
	struct price_tokens tokens;
	int64_t reference_5m, reference_1h;  /* ccusage takes the breakdown where there is one */
	bool has_speed, fast;
	struct price_extras extras;
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
