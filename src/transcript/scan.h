/*
 * scan: reads one transcript line. In place: nothing is allocated, slices point into the line.
 *
 * For: swatchd's sessions (the facts), the ledger and the reference (the usage record).
 *
 * One walk over the line's top level and over its "message" gives both. A line that is not a JSON object says
 * nothing; whole records in it do (struct scan_reader). What ccusage 20.0.24 makes of a record was found out
 * by running it on lines of all kinds: usage.faults says why it counts another one, or none.
 */
#ifndef SWATCH_TRANSCRIPT_SCAN_H
#define SWATCH_TRANSCRIPT_SCAN_H

#include "transcript/text.h"
#include "transcript/usage.h"

enum scan_type {
	SCAN_TYPE_NONE,        /* no "type" */
	SCAN_TYPE_USER,
	SCAN_TYPE_ASSISTANT,
	SCAN_TYPE_SYSTEM,
	SCAN_TYPE_OTHER,       /* known, and of no interest */
	SCAN_TYPE_UNKNOWN      /* never seen before: the format has changed */
};

struct scan_facts {
	enum scan_type type;
	struct slice type_name;
	int64_t timestamp_ms;        /* 0 when it is missing or not valid */
	struct slice session_id, cwd, git_branch, version, model;
	bool sidechain;
	/*
	 * A user or assistant line that is neither a sidechain nor a meta line. So messageCount counts lines,
	 * as Claude Code writes them: also tool results, and each content block of an answer.
	 */
	bool is_message;
	bool is_prompt;              /* a person wrote it: no tool result and no summary */
	bool compact_boundary;
	int64_t compacted_tokens;    /* the context after it; -1 when the line does not say */
	bool has_context;            /* it has an assistant's usage */
	int64_t context_tokens; /* the last request's input and cache tokens: what the next turn starts from
				 */
	bool wrote_5m, wrote_1h;     /* cache writes by their life */
	bool asked_5m, asked_1h;     /* the life that the request asked for, also where it wrote nothing */
	struct slice preview;        /* the first text of the message, as written; data NULL without one */
	struct scan_limit limit;     /* also without a usage record */
	bool has_cost_state;         /* a cost-state line: Claude Code's own total of the session so far */
	double cost_state_usd;
	struct slice model_usage;    /* its modelUsage, for cost_state_take(); data NULL without one */
	struct scan_usage usage;
	enum malformed malformed; /* of the first impossible count: no record, or a part of it is missing */
};

/*
 * Called with each top-level field that no version of Claude Code up to now has written (a few of them a
 * line), but not for lines whose type is known and of no interest: what is new there changes no figure.
 */
typedef void scan_unknown_field(void *ctx, struct slice field);

/*
 * Reads one line. `unknown` may be NULL. Returns false when it is not a JSON object; *out is then all zero.
 * Cost: one pass over the line.
 */
bool scan_line(const char *line, size_t len, struct scan_facts *out, scan_unknown_field *unknown, void *ctx);

/* Whether ccusage 20.0.24 loses a line that has a null of this name in it, at whatever depth. */
bool scan_null_is_fatal(struct slice key);

/*
 * The records of a line that may be damaged: one that was cut off with the next one behind it, two without a
 * newline between them, runs of NUL bytes, a byte order mark. Set line and len (and unknown and ctx), and the
 * rest to 0.
 */
struct scan_reader {
	const char *line;
	size_t len;
	scan_unknown_field *unknown;
	void *ctx;
	size_t start;                /* of the record that was found last, in the line */
	size_t next;                 /* where the search goes on */
	size_t walked;               /* bytes that the search has cost */
	bool is_damaged;             /* the line is not one JSON object, and nothing else */
};

/*
 * Fills *out from the next whole record; returns false when there are no more. The usual line costs no more
 * than with scan_line(), a damaged one at most some 20 walks over it.
 */
bool scan_next_record(struct scan_reader *reader, struct scan_facts *out);

/*
 * Whether a line can hold a usage record at all, without walking it: for lines of which nothing else is
 * wanted.
 */
bool scan_may_have_usage(const char *line, size_t len);

#endif
