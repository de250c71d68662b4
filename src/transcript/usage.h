/*
 * usage: what one transcript line adds to the accounts, and the advisors in it.
 *
 * For: scan, which fills it; the ledger and the reference.
 */
#ifndef SWATCH_TRANSCRIPT_USAGE_H
#define SWATCH_TRANSCRIPT_USAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "json/walk.h"
#include "price/price.h"
#include "transcript/malformed.h"

/* Why ccusage 20.0.24 does not count a record that swatch counts. */
enum scan_fault {
	SCAN_FAULT_NULL = 1,  /* one of certain field names is null somewhere in the line */
	SCAN_FAULT_SPACE = 2, /* not written as "usage":{ to the byte */
	SCAN_FAULT_MODEL = 4, /* a model that is newer than ccusage (found by the ledger) */
	SCAN_FAULT_FORM = 8,  /* a number, time, version or repeated field in a form that it does not read */
	SCAN_FAULT_DAMAGE = 16, /* a whole record on a damaged line */
	SCAN_FAULT_HIDDEN = 32, /* an advisor beside an iteration without counts that ccusage reads */
	/* ccusage counts these, but with other tokens: see reference_tokens. */
	SCAN_FAULT_CREATION = 64,    /* the parts of the cache writes do not add up to their sum */
	SCAN_FAULT_COMPACTION = 128, /* an iteration of a compaction, which the top level leaves out */
	SCAN_FAULT_PAUSED = 256,     /* responses that paused before the one that the top level has */
	/* isApiErrorMessage is neither true nor false, or there twice: only `claude daily` counts the line.
	 */
	SCAN_FAULT_ERROR_MARK = 512
};

/* Why ccusage loses a record, in its blocks at least. */
#define SCAN_FAULTS_LOST \
	(SCAN_FAULT_NULL | SCAN_FAULT_SPACE | SCAN_FAULT_FORM | SCAN_FAULT_DAMAGE | SCAN_FAULT_HIDDEN \
	 | SCAN_FAULT_ERROR_MARK)
/* Why ccusage counts other tokens for a record. */
#define SCAN_FAULTS_TOKENS (SCAN_FAULT_CREATION | SCAN_FAULT_COMPACTION | SCAN_FAULT_PAUSED)

/* A line that says that a usage limit was hit. */
struct scan_limit {
	bool present;
	bool old_form;               /* the one that ccusage 20.0.24 knows */
	int64_t resets_at_s;         /* 0 when it does not say, as up to Claude Code 2.1.150 */
	struct slice name;           /* "seven_day_opus", as written; data NULL when it does not say */
};

/* A usage record: what one line adds to the accounts. */
struct scan_usage {
	bool present;
	bool refused;                /* not present: a count that no model can reach; ccusage believes it */
	int64_t timestamp_ms;
	struct slice message_id;     /* as written, escapes included; data NULL without one */
	struct slice request_id;     /* likewise */
	struct slice model;          /* likewise */
	/*
	 * The session that paid for it, as the line says; data NULL when it does not, or no session can have
	 * that id. `payer_is_told`: by requestSessionId or forkedFrom, and not only by the line's own
	 * sessionId.
	 */
	struct slice payer;
	bool payer_is_told;
	struct slice branch;         /* gitBranch as written; data NULL without one */
	struct price_tokens tokens;  /* of all its requests */
	struct price_tokens reference_tokens;  /* what ccusage counts, with one of SCAN_FAULTS_TOKENS */
	/* It was made of several requests, each with a price by its own size; `large`: the tokens of the
	 * large ones. */
	bool in_parts;
	struct price_tokens large;
	struct price_extras extras;  /* of all its requests */
	bool sidechain;
	bool has_speed;
	bool fast;
	bool has_cost;
	bool has_other_cost;         /* a costUSD that swatch does not go by, and ccusage does */
	double cost_usd;             /* costUSD as the line has it, where it has one */
	unsigned faults;             /* enum scan_fault, or-ed */
	struct slice iterations; /* usage.iterations, for scan_next_advisor(); data NULL without an advisor */
	bool hides_advisors;         /* to ccusage, by an iteration without its counts */
	enum malformed malformed;    /* an impossible count in one of its requests or advisors */
	unsigned advisor;            /* 0: the message itself; n: its n-th advisor */
	struct scan_limit limit;     /* the message is a limit marker */
};

/* How far a walk through a message's advisors has come. Zero it first. */
struct scan_cursor {
	size_t at;          /* in the text of the iterations, behind the last one */
	unsigned number;    /* of that one */
	unsigned refused;   /* how many had counts that no model can reach */
	bool with_refused;  /* the caller wants those, too, as the reference does: ccusage counts them */
};

/* Advisors with counts that no model can reach have numbers of their own: the others keep theirs. */
#define SCAN_ADVISOR_REFUSED 0x8000U

/*
 * The advisors that a message asked (usage.iterations of type "advisor_message"): each is a record of its
 * own, whose tokens are not among the message's. Fills *out with the next one; returns false when there are
 * no more. Those with `refused` set come only if the cursor says so.
 */
bool scan_next_advisor(const struct scan_usage *line, struct scan_cursor *cursor, struct scan_usage *out);

struct scan_counts;

/*
 * For finish.c: what the iterations and the paused responses of a message, whose top level is `counts`, add
 * to the record. Sets the members from tokens to large, iterations, and faults. Returns the prompt of the
 * last iteration, which is the context, or -1 when the message has no iteration.
 */
int64_t scan_add_requests(const struct scan_counts *counts, struct slice paused, struct scan_usage *usage);

#endif
