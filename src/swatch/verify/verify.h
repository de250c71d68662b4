/*
 * verify: swatch's reports beside ccusage's, and where they differ, the entries that make the difference.
 *
 * For: commands/verify.c, which lets ccusage answer (ccusage/ask.h). The parts:
 *   entries.c   which entries only one of the two counts, or counts at another price, and why
 *   rows.c      the rows of a report, side by side
 *   page.c      what a person reads; json.c: what a program reads
 *
 * How it knows: ccusage/reference.h makes of the transcripts what ccusage 20.0.24 makes of them, faults
 * included. From its entries come the rows that ccusage is expected to print. Where it prints these, to the
 * last token and to 1e-9 USD, the whole difference to swatch's rows lies in the entries that differ, and each
 * of these has its reason. Where it prints something else, the row is unexplained.
 */
#ifndef SWATCH_SWATCH_VERIFY_VERIFY_H
#define SWATCH_SWATCH_VERIFY_VERIFY_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "ccusage/ask.h"
#include "ccusage/differences.h"
#include "ccusage/reference.h"
#include "ledger/ledger.h"
#include "report/report.h"

/* An entry that differs. */
struct verify_entry {
	const struct reference_record *record;
	enum difference reason;
	bool ours, theirs;           /* who counts it; both: at another price, or in another session, or its limit */
	double our_usd, their_usd;
	size_t our_row, their_row;   /* where each counts it; VERIFY_NO_ROW: nowhere */
};

#define VERIFY_NO_ROW SIZE_MAX

struct verify_entries {
	struct verify_entry *list;   /* in the reference's order */
	size_t count, cap;
};

enum verify_state { VERIFY_EQUAL, VERIFY_EXPLAINED, VERIFY_UNEXPLAINED };

/* One row of a report. */
struct verify_row {
	char *key;                   /* what it is called: the block's start, a day, a week, a month, a session */
	struct json_object *ours, *theirs, *expected;  /* of one who has no such row: NULL */
	enum verify_state state;
	struct buf difference;       /* of an unexplained one: what is other than expected */
	size_t *entries;             /* numbers in the report's entries */
	size_t entry_count, entry_cap;
	int64_t our_start_ms, our_end_ms, their_start_ms, their_end_ms;  /* blocks: of the entries; 0: no such block */
};

struct verify_report {
	enum report_kind kind;
	bool is_compared;
	struct buf problem;          /* why it could not be */
	struct json_object *own[3];  /* what the rows' objects are parts of: swatch's, ccusage's, the expected ones */
	struct verify_row *rows;
	size_t row_count, row_cap;
	size_t equal, explained, unexplained;
	struct verify_entries entries;
};

/* The whole of it. */
struct verify {
	const char *command_path;    /* of ccusage */
	struct ccusage_version version;
	bool was_written;            /* transcripts were written while it was verified */
	struct reference *reference;
	struct ledger *ledger;       /* swatch's own accounts */
	/*
	 * Of each rule: ccusage's entries, also as a ledger, and swatch's entries by the reference's numbers.
	 */
	bool *kept[REFERENCE_RULES];
	struct ledger *expected[REFERENCE_RULES];
	double *our_usd;             /* NaN: swatch does not count the record */
	size_t strangers;            /* entries of swatch that the reference has not seen: the files changed */
	struct verify_report reports[REPORT_KINDS];
	size_t transcripts;
};

/* ---- entries.c ---- */

/* Fills kept, expected, our_usd and strangers. Returns false when memory ran out. */
bool verify_match(struct verify *verify);

/* The entries that differ by the report's rule. Returns false when memory ran out. */
bool verify_find_entries(const struct verify *verify, struct verify_report *report);

enum reference_rule verify_rule(enum report_kind kind);

/* The counts as a ledger can hold them: the rest of one that cannot be is added where the rows are judged. */
struct price_tokens verify_cut_tokens(const struct price_tokens *tokens);

/* The session and the project that a file's entries have in swatch's report. */
void verify_our_session(const struct reference_file *file, struct slice *session, struct slice *project);

/* ---- rows.c ---- */

/*
 * Sets the rows of all three side by side and judges each. `theirs` is ccusage's answer; the report keeps it.
 * Returns false with the reason in report->problem.
 */
bool verify_compare(const struct verify *verify, struct verify_report *report, struct json_object *theirs);

void verify_report_release(struct verify_report *report);

/* A row's cost and tokens; 0 for NULL. */
double verify_row_usd(const struct verify_report *report, struct json_object *row);
int64_t verify_row_tokens(struct json_object *row);

/* ---- page.c, json.c ---- */

size_t verify_unexplained(const struct verify *verify);

/* The local date and time of a record, "2026-11-23 14:02:07". */
#define VERIFY_STAMP_SIZE 32
void verify_stamp(int64_t at_ms, char out[VERIFY_STAMP_SIZE]);

/* Print to stdout. Return false when memory ran out. */
bool verify_print_page(const struct verify *verify);
bool verify_print_json(const struct verify *verify);

#endif
