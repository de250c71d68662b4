/*
 * report/command: the work that all commands of reports share: parse, fetch, print.
 *
 * For: commands/reports.c.
 */
#ifndef SWATCH_SWATCH_REPORT_COMMAND_H
#define SWATCH_SWATCH_REPORT_COMMAND_H

#include "swatch/report/fetch.h"

/* Runs the command, whose name is that of a kind of report. Returns its exit status. */
int report_command_run(struct invocation *invocation, int argc, char **argv);

/* Appends the whole report as ccusage prints it with --json; a newline at the end. */
void report_write_json(enum report_kind kind, const struct report_data *data, struct buf *out);

/* Drops the blocks that began more than three days before `now_ms`, as ccusage does; the active one stays. */
void report_keep_recent(struct report_data *data, int64_t now_ms);

#endif
