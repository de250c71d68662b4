/*
 * ledger/claims: which session paid for a message that stands in several sessions' transcripts, as their
 * lines say.
 *
 * For: ledger.c. A fork copies its parent's lines into a transcript of its own, and these say who paid: the
 * parent. A fork's fork may name the fork, so claims are followed to the session that names no other. Hardly
 * any message has a claim; those without one belong to the session of the transcript that the entry is kept
 * from.
 */
#ifndef SWATCH_LEDGER_CLAIMS_H
#define SWATCH_LEDGER_CLAIMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/strmap.h"
#include "ledger/figures.h"
#include "ledger/sessions.h"

/* A line in a transcript of session `from` says that session `to` paid. */
struct ledger_claim {
	uint32_t entry;
	uint32_t from, to;       /* numbers of sessions */
	bool told;               /* by a field for that; otherwise it counts only if `to` has a transcript */
	uint32_t next;           /* of the same entry; LEDGER_NONE at the end */
	uint32_t next_to;        /* of the same `to` */
};

struct ledger_claims {
	struct ledger_claim *list;
	size_t count, cap;
	struct strmap by_entry;  /* entry's number -> number of its first claim + 1 */
};

/* Adds a claim, unless it is known. Returns 1 when it is news, 0 when not, -1 when memory ran out. */
int ledger_claims_add(struct ledger_claims *claims, struct ledger_sessions *sessions,
		       const struct ledger_claim *claim);

/* The number of an entry's first claim; LEDGER_NONE when it has none. */
uint32_t ledger_claims_first(const struct ledger_claims *claims, uint32_t entry);

/* Who paid for an entry, by all that is known now; LEDGER_NONE when no claim holds. */
uint32_t ledger_claims_payer(const struct ledger_claims *claims, const struct ledger_sessions *sessions,
			     uint32_t entry);

void ledger_claims_release(struct ledger_claims *claims);

#endif
