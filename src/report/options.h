/*
 * report/options: what a report is asked for, and what it answers with.
 *
 * For: report.h and the files that make a report.
 */
#ifndef SWATCH_REPORT_OPTIONS_H
#define SWATCH_REPORT_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "ledger/ledger.h"

enum report_kind { REPORT_BLOCKS, REPORT_DAILY, REPORT_WEEKLY, REPORT_MONTHLY, REPORT_SESSIONS };
#define REPORT_KINDS 5

#define REPORT_PROJECT_SIZE 1024
#define REPORT_DAY_SIZE 16
#define REPORT_HIDDEN_SIZE 18

struct report_options {
	enum report_kind kind;
	bool active;                    /* blocks: the active one only */
	char since[9], until[9];        /* local dates, YYYYMMDD, both included; "" for none */
	char timezone[64];              /* a name of the tz database; "" is the process's zone */
	char project[REPORT_PROJECT_SIZE];  /* the folder below projects/; "" for all; not for blocks */
	char hidden[REPORT_HIDDEN_SIZE];    /* what stands for it in the ledger's file; "": nothing does */
	bool no_projects;               /* all sessions belong to one project, which has no name */
	int64_t now_ms;                 /* says which block is active; blocks only */
};

struct report {
	struct buf rows;                /* the rows, each a JSON object and a '\n' */
	size_t row_count;
	struct buf totals;              /* a JSON object; empty for blocks, and where there is no row */
	size_t unpriced_count;          /* models in the rows without a price: their tokens count as 0 USD */
	const char *unpriced[LEDGER_MODELS_MAX];  /* they live as long as the ledger */
	/* With since or until: the local day of the first message there is, "2026-11-23"; "" without any. */
	char first_day[REPORT_DAY_SIZE];
};

#endif
