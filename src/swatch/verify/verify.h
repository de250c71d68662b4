/*
 * verify: compares swatch's reports with ccusage's, and finds the entries that make the difference.
 *
 * For: commands/verify.c, which runs ccusage (ccusage/ask.h). The parts:
 *   expected.c  what ccusage is expected to count; ccusage/compare.h says which entries differ, and why
 *   rows.c      the rows of a report, side by side
 *   page.c      the result for people; json.c: the result for programs
 *
 * How it knows: ccusage/reference.h counts the transcripts as ccusage 20.0.24 does, faults included. Its
 * entries give the rows that we expect ccusage to print. If ccusage prints these, to the last token and to
 * 1e-9 USD, the whole difference to swatch's rows lies in the entries that differ, and each of these has its
 * reason. Any other row is unexplained.
 */
#ifndef SWATCH_SWATCH_VERIFY_VERIFY_H
#define SWATCH_SWATCH_VERIFY_VERIFY_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "ccusage/ask.h"
#include "ccusage/compare.h"
#include "ledger/ledger.h"
#include "report/report.h"

/* An entry's our_row and their_row: where each side counts it; VERIFY_NO_ROW: nowhere. */
#define VERIFY_NO_ROW SIZE_MAX

enum verify_state { VERIFY_EQUAL, VERIFY_EXPLAINED, VERIFY_UNEXPLAINED };

/* One row of a report. */
struct verify_row {
	char *key;                   /* its name: a block's start, a day, a week, a month, a session */
	struct json_object *ours, *theirs, *expected;  /* NULL: that side has no such row */
	enum verify_state state;
	enum difference
		reason; /* of a row that differs as a whole; DIFFERENCE_UNKNOWN: its entries have theirs */
	struct buf difference;       /* of an unexplained row: what was not expected */
	size_t *entries;             /* numbers in the report's entries */
	size_t entry_count, entry_cap;
	/* Blocks: the first and the last entry; 0: that side has no such block. */
	int64_t our_start_ms, our_end_ms, their_start_ms, their_end_ms;
};

struct verify_report {
	enum report_kind kind;
	bool is_compared;
	struct buf problem;          /* why it could not be compared */
	struct json_object *own[3];  /* swatch's, ccusage's and the expected rows; the rows point into them */
	struct verify_row *rows;
	size_t row_count, row_cap;
	size_t equal, explained, unexplained;
	struct compare_entries entries;
};

struct verify {
	const char *command_path;    /* of ccusage */
	struct ccusage_version version;
	bool was_written;            /* sessions wrote transcripts meanwhile */
	struct reference *reference;
	struct ledger *ledger;       /* swatch's own accounts */
	struct compare compare;
	struct ledger *expected[REFERENCE_RULES];  /* by rule: what ccusage counts */
	struct verify_report reports[REPORT_KINDS];
	size_t transcripts;
};

/* ---- expected.c ---- */

/* Fills compare and expected. Returns false when memory ran out. */
bool verify_match(struct verify *verify);

/* Cuts the counts to what a ledger can hold; rows.c adds the rest where it compares sums. */
struct price_tokens verify_cut_tokens(const struct price_tokens *tokens);

/* ---- rows.c ---- */

/*
 * Sets the rows of all three side by side and judges each. `theirs` is ccusage's answer; the report owns it
 * from now on. Returns false with the reason in report->problem.
 */
bool verify_compare(const struct verify *verify, struct verify_report *report, struct json_object *theirs);

void verify_report_release(struct verify_report *report);

/* ---- page.c, json.c ---- */

size_t verify_unexplained(const struct verify *verify);

/* Print to stdout. Return false when memory ran out. */
bool verify_print_page(const struct verify *verify);
bool verify_print_json(const struct verify *verify);

#endif
