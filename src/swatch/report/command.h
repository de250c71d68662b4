/*
 * report/command: the work that all commands of reports share: parse, fetch, print.
 *
 * For: commands/reports.c.
 */
#ifndef SWATCH_SWATCH_REPORT_COMMAND_H
#define SWATCH_SWATCH_REPORT_COMMAND_H

#include "json/write.h"
#include "swatch/report/fetch.h"

/* Runs the command, whose name is that of a kind of report. Returns its exit status. */
int report_command_run(struct invocation *invocation, int argc, char **argv);

/* Writes the rows, and what they sum up to, as members of an object: what ccusage prints with --json. */
void report_write_members(struct jsonw *w, const struct report *report);

#endif
