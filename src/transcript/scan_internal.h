/*
 * scan_internal: what scan.c (a line), scan_counts.c (its "usage") and scan_names.c (what is known) share.
 */
#ifndef SWATCH_TRANSCRIPT_SCAN_INTERNAL_H
#define SWATCH_TRANSCRIPT_SCAN_INTERNAL_H

#include "transcript/scan.h"

/* What the walk over a "usage" object found. */
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

/* Walks a "usage" object, or one of its iterations, that comes next in `w`; false when the next value is no object. */
bool scan_counts_walk(struct walk *w, struct scan_counts *out);

/* Which of `names` a key is, -1 for none; a key that was there before sets *twice. `seen` starts 0. */
#define SCAN_NAME(text) { text, sizeof(text) - 1 }
int scan_field(struct slice key, const struct slice *names, int count, unsigned *seen, bool *twice);

/* Whether a line's "type" and a top-level field are known (Claude Code up to 2.1.284). */
bool scan_type_is_known(struct slice name);
bool scan_field_is_known(struct slice name);

#endif
