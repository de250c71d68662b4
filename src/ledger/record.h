/*
 * ledger/record: a usage record as the ledger takes it: with hashes for the ids, so that it outlives the
 * line.
 *
 * For: ledger and gather. Pure, and safe on any thread.
 */
#ifndef SWATCH_LEDGER_RECORD_H
#define SWATCH_LEDGER_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "transcript/scan.h"

struct ledger_record {
	int64_t time_ms;
	int64_t offset;              /* where its line begins */
	struct price_tokens tokens;
	struct price_tokens reference_tokens;  /* what ccusage counts, when has_reference_tokens */
	struct price_tokens large;   /* when in_parts, as in struct scan_usage */
	double cost_usd;             /* costUSD, when has_cost; with is_settled what it cost when it came */
	struct price_extras extras;
	uint64_t id_hash;            /* of message.id, when has_id */
	uint32_t request_hash;       /* of requestId; 0 without one */
	unsigned advisor;            /* as in struct scan_usage */
	int64_t limit_resets_ms;     /* of a limit marker that says it; else 0 */
	/* As written; these still point to the caller's memory. */
	struct slice model;
	struct slice limit_name;     /* of a limit marker; data NULL when it does not say */
	struct slice payer;          /* the id of the session that paid; data NULL: its transcript's */
	struct slice branch;         /* of Git; data NULL: not known */
	bool payer_is_told;          /* as in struct scan_usage */
	bool is_settled;             /* it comes out of the ledger's file, with its cost */
	bool has_id, has_cost, has_speed, fast, sidechain;
	bool in_parts, has_reference_tokens;
	bool lost_by_reference;      /* ccusage loses its line */
	bool is_limit;               /* a limit marker */
	bool limit_is_old_form;      /* the one that ccusage knows */
};

/* The ledger's file keeps whole nano-dollars. */
#define LEDGER_NANO_USD 1e-9
#define LEDGER_NANO_IN_USD 1e9

/*
 * Whether lists leave the record's model out: it has no name, or the message is one that Claude Code wrote
 * itself. ccusage does list an advisor of that name.
 */
bool ledger_model_is_silent(struct slice model, unsigned advisor);

/* When a limit is over, in Unix ms; 0 when the marker does not say, or says something absurd. */
int64_t ledger_limit_resets_ms(const struct scan_limit *limit);

/* Makes the record of a message, or of an advisor (scan_next_advisor()), whose line begins at `offset`. */
void ledger_record_make(const struct scan_usage *usage, int64_t offset, struct ledger_record *out);

#endif
