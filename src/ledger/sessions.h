/*
 * ledger/sessions: the sessions by number, their sums by model, and their part in the active block.
 *
 * For: ledger.c.
 */
#ifndef SWATCH_LEDGER_SESSIONS_H
#define SWATCH_LEDGER_SESSIONS_H

#include "base/strmap.h"
#include "json/walk.h"
#include "ledger/order.h"
#include "ledger/sums.h"

/* A session's part in the active block. */
struct ledger_block_part {
	int64_t block_ms;        /* the time of that block's first entry; 0 when the part is not known */
	int64_t next_ms;         /* that of the first entry behind it, as in ledger_blocks_next_ms() */
	int64_t first_ms, last_ms;
	double usd;
};

struct ledger_session_row {
	const char *id;          /* the key in by_id */
	struct ledger_sums *by_model;
	size_t by_model_len;     /* as long as the highest model number needs */
	double subagents_usd;
	uint64_t subagents;      /* transcripts of subagents with entries that count */
	int64_t first_ms, last_ms;
	struct ledger_block_part part;  /* kept up to date once it was asked for */
	bool changed;            /* in the list of ledger_sessions_next_changed() */
	uint32_t next_changed;   /* its number + 1; 0 at the end */
	bool has_base;           /* what is archived of it is in its sums */
	bool lacks_base;         /* they changed without it: they are too small until all is let go */
	bool has_file;           /* some transcript is named after it */
	uint32_t home;           /* the one that names its project: its number + 1; 0 without one */
	uint32_t claims;         /* the first claim that it paid: its number + 1; 0 without one */
};

struct ledger_sessions {
	struct strmap by_id;     /* -> number + 1 */
	struct ledger_session_row *list;
	size_t count, cap;
	uint32_t changed;        /* the first one that changed: its number + 1; 0 without one */
};

/* The number of a session; -1 when it has none yet. */
int ledger_sessions_find(const struct ledger_sessions *sessions, const char *session_id);

/* The number of a session, which is given one. Returns -1 when memory ran out. */
int ledger_sessions_add(struct ledger_sessions *sessions, const char *session_id);

/* The same by an id of at most TRANSCRIPT_SESSION_ID_MAX bytes. */
int ledger_sessions_add_len(struct ledger_sessions *sessions, struct slice id);

/* Makes room for sums of a model. Returns false when memory ran out. */
bool ledger_sessions_reserve(struct ledger_sessions *sessions, uint32_t session, size_t model);

/* Adds a claim to those that the session paid. Returns the one that was the first of them, or LEDGER_NONE. */
uint32_t ledger_sessions_link_claim(struct ledger_sessions *sessions, uint32_t session, uint32_t claim);

/* The session had a record of that time. */
void ledger_sessions_note_time(struct ledger_sessions *sessions, uint32_t session, int64_t time_ms);

/*
 * Adds an entry to the session's sums (`sign` 1), or takes it out again (-1); there is room. `stays`: it is
 * taken out for another entry of the same session and time, or it is that other one.
 */
void ledger_sessions_account(struct ledger_sessions *sessions, uint32_t session,
			     const struct ledger_entry *entry, int sign, bool stays);

/* The same for the part of subagents: money, and transcripts that came (1) or went (-1) with it. */
void ledger_sessions_account_subagent(struct ledger_sessions *sessions, uint32_t session, double usd,
				      int transcripts);

void ledger_sessions_forget_sums(struct ledger_sessions *sessions);

/* The claims are freed: their numbers mean nothing any more. */
void ledger_sessions_forget_claims(struct ledger_sessions *sessions);

/* The id of a session that changed since it was last named here; NULL when no more did. */
const char *ledger_sessions_next_changed(struct ledger_sessions *sessions);

/*
 * What a session costs an hour in a block, the first entry behind which is of `next_ms`: its cost there over
 * its own time there; NaN when that time is 0. O(entries of the block) the first time.
 */
double ledger_sessions_usd_per_hour(struct ledger_sessions *sessions, uint32_t session,
				    const struct ledger_order *order, const struct ledger_range *block,
				    int64_t next_ms);

void ledger_sessions_release(struct ledger_sessions *sessions);

#endif
