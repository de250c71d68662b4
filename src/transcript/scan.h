/*
 * scan: one transcript line in, what it says out. In place: nothing is allocated, slices point into the line.
 *
 * For: swatchd's sessions (the facts) and the ledger (the usage record). FORMATS sections 2 and 3 say what counts.
 *
 * One walk over the line's top level and over its "message" gives both. A line that is not a JSON object says nothing.
 * Whether it makes a usage record goes by what ccusage 20.0.24 does when it is run on it, where the text of FORMATS
 * says less: a field of the wrong type, a field written twice and a time in another form than its own lose the record.
 */
#ifndef SWATCH_TRANSCRIPT_SCAN_H
#define SWATCH_TRANSCRIPT_SCAN_H

#include <stdbool.h>
#include <stdint.h>

#include "json/walk.h"
#include "price/price.h"

enum scan_type {
	SCAN_TYPE_NONE,        /* no "type" */
	SCAN_TYPE_USER,
	SCAN_TYPE_ASSISTANT,
	SCAN_TYPE_SYSTEM,
	SCAN_TYPE_OTHER        /* known, and without interest */,
	SCAN_TYPE_UNKNOWN      /* never seen before: the format has changed */
};

/* Why ccusage 20.0.24 counts a record otherwise than swatch (FORMATS section 3, F1 and F7). */
enum scan_fault {
	SCAN_FAULT_NULL = 1,   /* F1: one of its field names is null somewhere in the line */
	SCAN_FAULT_SPACE = 2,  /* F1: not written as "usage":{ to the byte */
	SCAN_FAULT_MODEL = 4   /* F7: a model that is newer than it (found by the ledger) */
};

enum scan_limit_kind {
	SCAN_LIMIT_UNTOLD,     /* not told: the old form of a marker */
	SCAN_LIMIT_FIVE_HOUR,
	SCAN_LIMIT_SEVEN_DAY,
	SCAN_LIMIT_OTHER       /* one of a single model, a spending limit, ... */
};

/* What a limit marker says (FORMATS section 2). */
struct scan_limit {
	bool present;
	bool old_form;               /* the one that ccusage 20.0.24 knows */
	int64_t resets_at_s;         /* 0: not told */
	enum scan_limit_kind kind;
};

/* A usage record: what one line adds to the accounts. */
struct scan_usage {
	bool present;
	bool refused;                /* it would be, but for a count that no model can reach: ccusage believes it */
	int64_t timestamp_ms;
	struct slice message_id;     /* as written, escapes included; data NULL: none */
	struct slice request_id;     /* likewise */
	struct slice model;          /* likewise */
	struct price_tokens tokens;
	bool sidechain;
	bool has_speed;
	bool fast;
	bool has_cost;
	double cost_usd;             /* costUSD as the line has it */
	unsigned faults;             /* enum scan_fault, or-ed */
	struct slice iterations;     /* usage.iterations: see scan_next_advisor(); data NULL: none */
	unsigned advisor;            /* 0: the message itself; n: its n-th advisor */
	struct scan_limit limit;     /* the message is a limit marker */
};

struct scan_facts {
	enum scan_type type;
	struct slice type_name;
	int64_t timestamp_ms;        /* 0: none, or not valid */
	struct slice session_id, cwd, git_branch, version, model;
	bool sidechain;
	/*
	 * Somebody's turn: a user or assistant line that is no sidechain and no meta line. So messageCount counts lines,
	 * tool results and each content block of an answer among them, as Claude Code writes them.
	 */
	bool is_message;
	bool is_prompt;              /* of these, a user's line that is no tool result and no summary: a person wrote */
	bool compact_boundary;
	bool has_context;            /* an assistant's usage was there */
	int64_t context_tokens;      /* input and cache tokens of it: what the next turn starts from */
	bool wrote_5m, wrote_1h;     /* cache writes by their life */
	struct slice preview;        /* the first text of the message, escapes as written; data NULL: none */
	struct scan_limit limit;     /* also when there is no usage record */
	bool has_cost_state;         /* a cost-state line: Claude Code's own total of the session so far */
	double cost_state_usd;
	struct slice model_usage;    /* its modelUsage, for cost_state_parse(); data NULL: none */
	struct scan_usage usage;
};

/* Is told each top-level field that was never seen before. */
typedef void scan_unknown_field(void *ctx, struct slice field);

/*
 * Reads one line. `unknown` may be NULL. Returns false when it is not a JSON object; *out is then all zero.
 * Cost: one pass over the line.
 */
bool scan_line(const char *line, size_t len, struct scan_facts *out, scan_unknown_field *unknown, void *ctx);

/* Whether a line can hold a usage record at all, without walking it: for lines of which nothing else is wanted. */
bool scan_may_have_usage(const char *line, size_t len);

/* Where a walk through a message's advisors stands; zeros before the first. */
struct scan_cursor {
	size_t at;          /* in the text of the iterations, behind the last one */
	unsigned number;    /* of that one */
};

/*
 * The advisors that a message asked (usage.iterations of type "advisor_message"): each is a record of its own, whose
 * tokens are not among the message's. Fills *out with the next one, false when there is none. One iteration that is not
 * well-formed takes all of them away, as in ccusage.
 */
bool scan_next_advisor(const struct scan_usage *line, struct scan_cursor *cursor, struct scan_usage *out);

/*
 * Writes a JSON string's content as text for people: escapes resolved, blanks and what printable.h calls unsafe as one
 * blank, at most `max_chars` characters and `size - 1` bytes, always valid UTF-8. Returns the length.
 */
size_t scan_unescape(struct slice s, char *out, size_t size, size_t max_chars);

#endif
