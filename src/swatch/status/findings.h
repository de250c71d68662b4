/*
 * status/findings: finds in the daemon's answer to "status" what is wrong, and says what to do about it.
 *
 * For: `swatch status`, on its page and in --json, and `swatch doctor`, so that both judge alike and say the
 * same. The words are for people; programs read the reason.
 */
#ifndef SWATCH_SWATCH_STATUS_FINDINGS_H
#define SWATCH_SWATCH_STATUS_FINDINGS_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* In the order in which they are shown. swatch-status(1) lists their names. */
enum finding_reason {
	FINDING_NO_TRANSCRIPTS,
	FINDING_CACHE_UNWRITABLE,
	FINDING_LEDGER_UNWRITABLE,
	FINDING_TRANSCRIPTS_UNREADABLE,
	FINDING_REFRESH_FAILS,
	FINDING_WATCH_LIMIT,        /* folders are polled because of inotify's limit */
	FINDING_POLLED,             /* folders are polled for another reason */
	FINDING_MALFORMED_COUNTS,   /* lines whose tokens cannot be counted */
	FINDING_UNPRICED_MODELS,
	FINDING_BAD_PRICING,
	FINDING_ALERT_FAILS,
	FINDING_SECRETS,
	FINDING_SANDBOX,            /* the kernel cannot keep a promise of SECURITY.md */
	FINDING_OTHER_VERSION,
	FINDING_COUNT
};

struct finding {
	bool found;
	bool is_bad;                /* something does not work, or a figure is wrong; else a note */
	struct buf what, remedy;    /* `remedy` may be empty */
	const char *sysctl; /* FINDING_WATCH_LIMIT: which one to raise; may be NULL; points into the answer */
};

struct findings {
	struct finding by_reason[FINDING_COUNT];
};

/* Judges an answer, which must outlive the findings. The caller frees them with findings_release(). */
void findings_read(struct findings *findings, struct json_object *answer, int64_t now_ms);

void findings_release(struct findings *findings);

/* The name of a reason for programs, such as "watch-limit". */
const char *finding_name(enum finding_reason reason);

/* Adds the findings to the answer, as the array "problems". Returns false when memory ran out. */
bool findings_add_to_json(const struct findings *findings, struct json_object *answer);

#endif
