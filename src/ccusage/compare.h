/*
 * compare: swatch's entries beside those that ccusage counts, record by record, and why they differ.
 *
 * For: `swatch verify`, and the daemon's audit of each answer of ccusage. A difference has the same name in
 * both.
 *
 * Calling sequence: compare_begin(); compare_find() for each report; compare_release().
 */
#ifndef SWATCH_CCUSAGE_COMPARE_H
#define SWATCH_CCUSAGE_COMPARE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"
#include "ccusage/differences.h"
#include "ccusage/reference.h"
#include "ledger/ledger.h"
#include "report/report.h"

/* An entry that differs. */
struct compare_entry {
	const struct reference_record *record;
	enum difference reason;
	bool ours, theirs;           /* who counts it; both: with another price, session or limit */
	double our_usd, their_usd;
	size_t our_row, their_row;   /* the caller's */
};

struct compare_entries {
	struct compare_entry *list;  /* in the reference's order; the caller frees it */
	size_t count, cap;
};

/* What swatch makes of a record. */
struct compare_ours {
	double usd;                  /* NaN: swatch does not count it */
	bool has_extras;             /* with fees or surcharges */
	/* Where it counts; they point into the ledger. */
	const char *session_id;
	const char *home;
	size_t home_root_len;        /* as in struct ledger_entry_view */
};

/* Swatch's entries. */
struct compare_source {
	/*
	 * Fills in entry `index`; false past the last one. Of a view, compare looks at the path, the offset,
	 * the tokens, cost_usd and has_extras; in a report of sessions also at the session and its home.
	 */
	bool (*entry_at)(void *ctx, size_t index, struct ledger_entry_view *out);
	/* Is called for each entry that the reference lacks; may be NULL. */
	void (*stranger)(void *ctx, const struct ledger_entry_view *entry);
	void *ctx;
};

struct compare {
	const struct reference *reference;
	bool *kept[REFERENCE_RULES]; /* by rule: which records ccusage counts */
	struct compare_ours *ours;   /* by record */
	size_t strangers;            /* entries of swatch that the reference lacks */
};

/*
 * Takes the reference's records and swatch's entries together. The reference, and what the entries point to,
 * stay the caller's, and live until compare_release(). Returns false when memory ran out.
 */
bool compare_begin(struct compare *compare, const struct reference *reference,
		   const struct compare_source *source);

void compare_release(struct compare *compare);

/* The entries that differ in a report. Returns false when memory ran out. */
bool compare_find(const struct compare *compare, enum report_kind kind, struct compare_entries *entries);

/* The rule by which ccusage makes a report. */
enum reference_rule compare_rule(enum report_kind kind);

/* Finds the session and the project that a record has in swatch's report. Returns false when swatch does not
 * count it. */
bool compare_our_session(const struct compare *compare, const struct reference_record *record,
			 struct slice *session, struct slice *project);

#endif
