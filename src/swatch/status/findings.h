/*
 * status/findings: what is wrong by the daemon's answer to "status", and what to do about it.
 *
 * For: `swatch status`, on its page and in --json, and `swatch doctor`. Both say the same of the same thing, because the
 * judgement and its words are here alone. Programs go by the reason; the words are for people.
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
	FINDING_TRANSCRIPTS_UNREADABLE,
	FINDING_REFRESH_FAILS,
	FINDING_WATCH_LIMIT,        /* folders are polled because of inotify's limit */
	FINDING_POLLED,             /* folders are polled for another reason */
	FINDING_UNPRICED_MODELS,
	FINDING_BAD_PRICING,
	FINDING_ALERT_FAILS,
	FINDING_OTHER_VERSION,
	FINDING_COUNT
};

struct finding {
	bool found;
	bool is_bad;                /* something does not work, or a figure is wrong; else worth knowing */
	struct buf what, remedy;    /* `remedy` is empty when there is nothing to do */
	const char *sysctl;         /* of FINDING_WATCH_LIMIT: which one to raise; points into the answer; may be NULL */
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
