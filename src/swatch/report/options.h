/*
 * report/options: turns a report's command line into a request.
 *
 * For: command.c; fetch, scan and table, which read the request.
 */
#ifndef SWATCH_SWATCH_REPORT_OPTIONS_H
#define SWATCH_SWATCH_REPORT_OPTIONS_H

#include <stdbool.h>

#include "report/report.h"
#include "swatch/cli/command.h"

struct report_request {
	struct report_options options;
	bool json;
	bool breakdown;      /* rows for each model */
	bool recent;         /* blocks of the last three days, and the active one */
	unsigned threads;    /* of the scan when no daemon runs; 0: one for each processor */
	bool live_only;      /* only the transcripts that are on disk: no daemon, no ledger's file */
	bool zone_is_nameless;   /* a daemon would not understand it (TZ=CET-1CEST): options.timezone is "" */
};

/* The options and the usage of daily, weekly, monthly and sessions. */
#define REPORT_USAGE \
	"[--json] [--since DATE] [--until DATE] [--timezone ZONE] [--project NAME] [--breakdown] " \
	"[--live-only] [--threads N]"
extern const struct command_option report_command_options[];

/* Those of blocks. */
#define REPORT_BLOCKS_USAGE "[--active] [--recent] [--json] [--timezone ZONE] [--live-only] [--threads N]"
extern const struct command_option report_blocks_options[];

/*
 * Reads the command's options. The zone of --timezone, else that of [billing] timezone, becomes the
 * process's. Returns false when the command must end with *status, because it printed its help or an error.
 */
bool report_request_parse(struct invocation *invocation, int argc, char **argv, enum report_kind kind,
			  struct report_request *request, int *status);

/*
 * Reads a day: "20261123", "2026-11-23", "today", "yesterday", or "7d" (so many days before today), in the
 * process's time zone at `now_ms`. Returns false, and leaves *out alone, when it is not a day.
 */
bool report_parse_day(const char *text, int64_t now_ms, char out[9]);

/* Reads a number of threads, "1" to "16". Returns false when it is not one. */
bool report_parse_threads(const char *text, unsigned *out);

#endif
