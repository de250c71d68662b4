/*
 * report: what the ledger holds as rows: blocks, days, weeks, months, sessions, as ccusage 20.0.24 prints them.
 *
 * For: swatchd (op "report") and `swatch blocks|daily|weekly|monthly|sessions` without a daemon. Pure: no clock, no
 * files, no loop.
 *
 * A row is a JSON object with the keys of ccusage's row, sorted as its are: of `ccusage blocks --json --offline`, and of
 * `ccusage claude daily|weekly|monthly|session --json --offline`. The figures equal its own where none of its faults
 * (FORMATS section 3) strikes; where one does, all reports here go by the rule of its blocks and agree with each other.
 *
 * Calling sequence: fill struct report_options; report_make(); look at the rows; report_release() in every case.
 */
#ifndef SWATCH_REPORT_REPORT_H
#define SWATCH_REPORT_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "ledger/ledger.h"

enum report_kind { REPORT_BLOCKS, REPORT_DAILY, REPORT_WEEKLY, REPORT_MONTHLY, REPORT_SESSIONS };
#define REPORT_KINDS 5

#define REPORT_PROJECT_SIZE 1024

struct report_options {
	enum report_kind kind;
	bool active;                    /* blocks: the active one only */
	char since[9], until[9];        /* local dates, YYYYMMDD, both included; "" for none */
	char timezone[64];              /* a name of the tz database; "" is the process's zone */
	char project[REPORT_PROJECT_SIZE];  /* the folder below projects/; "" for all. Blocks know no projects. */
	int64_t now_ms;                 /* says which block is active; blocks only */
};

struct report {
	struct buf rows;                /* the rows, each a JSON object and a '\n' */
	size_t row_count;
	struct buf totals;              /* a JSON object; empty for blocks, and where there is no row */
	size_t unpriced_count;          /* models in the rows that have no price: their tokens count as 0 USD */
	const char *unpriced[LEDGER_MODELS_MAX];  /* they live as long as the ledger */
};

/* "blocks", "daily", "weekly", "monthly", "sessions": the word for a kind, and the key its rows have in ccusage's JSON. */
const char *report_kind_name(enum report_kind kind);

/* The kind of that name. Returns false, and leaves *out, when there is none. */
bool report_kind_find(const char *name, enum report_kind *out);

/*
 * Makes the report. The process's time zone is changed meanwhile when `options` names one, and is as before afterwards:
 * one thread only. Returns 0; -1 with a message for people in `error` when the zone or a date is none, or memory ran out.
 * Cost: some milliseconds for 100,000 entries. *out is to be released in either case.
 */
int report_make(struct ledger *ledger, const struct report_options *options, struct report *out, struct buf *error);

void report_release(struct report *report);

#endif
