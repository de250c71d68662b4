/*
 * ccusage/ask: runs ccusage, waits for it, and reads its answer.
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
#include "config/config.h"
#include "report/report.h"

struct ccusage_ask {
	const struct ccusage_command *command;   /* whose program was found */
	const char *timezone;        /* for reports; NULL: ccusage's own */
	const struct config *config; /* for the timeout, the limit of memory, and the sandbox */
	/* Set by every call: */
	int interrupted;             /* the signal that this process got meanwhile; 0: none */
	bool has_failed;             /* it did not end well; false after a failure: its answer is bad */
	int64_t duration_ms;
};

struct ccusage_version {
	char text[64];               /* "20.0.24"; "": it does not tell */
	bool is_reference;           /* CCUSAGE_REFERENCE_VERSION */
	bool is_older;               /* before 20: with other rules, and only blocks to compare */
};

/* Asks its version. Returns false with a message when it does not run. */
bool ccusage_ask_version(struct ccusage_ask *ask, struct ccusage_version *version, struct buf *error);

/* Runs a report. Returns its JSON object, which the caller puts; NULL with a message. */
struct json_object *ccusage_ask_report(struct ccusage_ask *ask, enum report_kind kind, struct buf *error);

/*
 * Runs the command as the daemon does. Returns false with a message when the daemon could not use the answer.
 */
bool ccusage_ask_refresh(struct ccusage_ask *ask, struct buf *error);

/* The name of the list in a report's object: "blocks", "daily", ... */
const char *ccusage_list_name(enum report_kind kind);

#endif
