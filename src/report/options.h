/*
 * report/options: what a report is asked for.
 *
 * For: report.h and the files that make a report.
 */
#ifndef SWATCH_REPORT_OPTIONS_H
#define SWATCH_REPORT_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum report_kind { REPORT_BLOCKS, REPORT_DAILY, REPORT_WEEKLY, REPORT_MONTHLY, REPORT_SESSIONS };
#define REPORT_KINDS 5

#define REPORT_PROJECT_SIZE 1024
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

#endif
