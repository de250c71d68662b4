/*
 * internal: what the walk over a line has collected, before anything says whether it makes a record.
 *
 * For: scan.c, which fills it, and finish.c, which draws the conclusions.
 */
#ifndef SWATCH_TRANSCRIPT_INTERNAL_H
#define SWATCH_TRANSCRIPT_INTERNAL_H

#include "transcript/counts.h"
#include "transcript/scan.h"

/* So many unknown fields of a line are reported; the type, which may come last, decides whether any is. */
#define UNKNOWN_FIELDS_MAX 16

struct scan_state {
	struct scan_facts *facts;
	scan_unknown_field *unknown;
	struct slice unknown_fields[UNKNOWN_FIELDS_MAX];
	size_t unknown_count;
	bool unread;                 /* something in a form that ccusage does not read */
	bool unread_error_mark;      /* isApiErrorMessage is */
	bool bad;                    /* something that makes no record */
	bool has_timestamp, has_message;
	bool is_meta, is_summary, is_api_error, is_tool_result;
	bool has_error, rate_limited;    /* "error", and that it is "rate_limit" */
	bool quota_allows;               /* quotaLimits has a status other than "rejected": only a warning */
	struct scan_counts counts;
	struct slice paused;         /* message.pausedResponses */
	struct slice request_session, forked_session;
	bool has_usage;
	bool plain_key;              /* written as "usage":{ to the byte */
	int64_t status;
	double total_cost_usd;
	bool has_total_cost;
};

/* Sets the facts, of the usage record as well, that hang on several fields of the line. */
void scan_finish(struct scan_state *state, const char *line, size_t len);

#endif
