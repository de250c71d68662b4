/*
 * report_command: what the reports' commands do, all alike: parse, fetch, print.
 *
 * For: cmd-blocks.c, cmd-daily.c, cmd-weekly.c, cmd-monthly.c, cmd-sessions.c.
 */
#ifndef SWATCH_SWATCH_REPORT_COMMAND_H
#define SWATCH_SWATCH_REPORT_COMMAND_H

#include "swatch/report/fetch.h"

/* Runs the command of that kind. Returns its exit status. */
int report_command_run(struct invocation *invocation, int argc, char **argv, enum report_kind kind);

/* Appends the whole report as ccusage prints it with --json; a newline at the end. */
void report_write_json(enum report_kind kind, const struct report_data *data, struct buf *out);

/* Leaves the blocks out that began more than three days before `now_ms`, as ccusage does; the active one stays. */
void report_keep_recent(struct report_data *data, int64_t now_ms);

#endif
