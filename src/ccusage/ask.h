/*
 * ccusage_ask: runs ccusage, waits for it, and reads its answer.
 *
 * For: doctor and verify. (The daemon does not wait: swatchd/refresh.)
 */
#ifndef SWATCH_CCUSAGE_ASK_H
#define SWATCH_CCUSAGE_ASK_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "ccusage/command.h"
#include "report/report.h"

struct ccusage_ask {
	const struct ccusage_command *command;   /* whose program was found */
	const char *timezone;        /* for reports; NULL: ccusage's own */
	int64_t timeout_ms;
	/* What came of it: */
	int interrupted;             /* the signal that this process got meanwhile; 0: none */
	bool has_failed;             /* it did not run to a good end; false: it did, but its answer is no good */
	int64_t duration_ms;
};

struct ccusage_version {
	char text[64];               /* "20.0.24"; "" when it does not say */
	bool is_reference;           /* CCUSAGE_REFERENCE_VERSION */
	bool is_older;               /* before 20: it has blocks to compare, and other rules */
};

/* Asks its version. Returns false with the reason in `error` when it cannot be run. */
bool ccusage_ask_version(struct ccusage_ask *ask, struct ccusage_version *version, struct buf *error);

/* Runs a report. Returns its JSON object, which the caller puts; NULL with the reason in `error`. */
struct json_object *ccusage_ask_report(struct ccusage_ask *ask, enum report_kind kind, struct buf *error);

/*
 * Runs the command as the daemon does. Returns false with the reason in `error` unless the daemon can use the
 * answer.
 */
bool ccusage_ask_refresh(struct ccusage_ask *ask, struct buf *error);

/* The list that a report's object holds: "blocks", "daily", ... */
const char *ccusage_list_name(enum report_kind kind);

#endif
