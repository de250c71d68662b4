#include "ledger/claims.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"

uint32_t ledger_claims_first(const struct ledger_claims *claims, uint32_t entry)
{
	return (uint32_t)(uintptr_t)strmap_get_len(&claims->by_entry, (const char *)&entry, sizeof(entry))
	     - 1;
}

int ledger_claims_add(struct ledger_claims *claims, struct ledger_sessions *sessions,
		       const struct ledger_claim *claim)
{
	uint32_t number = (uint32_t)claims->count, last = LEDGER_NONE, entry = claim->entry;
	size_t known = 0;
	for (uint32_t at = ledger_claims_first(claims, entry); at != LEDGER_NONE;
	     at = claims->list[at].next) {
		struct ledger_claim *other = &claims->list[at];
		if (other->from == claim->from && other->to == claim->to) {
			bool is_news = claim->told && !other->told;
			other->told = other->told || claim->told;
			return is_news;
		}
		last = at;
		known++;
	}
	if (known >= LEDGER_CLAIMS_MAX || number == LEDGER_NONE - 1)
		return 0;
	if (!array_reserve(&claims->list, &claims->cap, claims->count + 1, sizeof(*claims->list)))
		return -1;
	if (last == LEDGER_NONE
	    && !strmap_put_len(&claims->by_entry, (const char *)&entry, sizeof(entry),
			       (void *)((uintptr_t)number + 1)))
		return -1;
	claims->list[number] = *claim;
	claims->list[number].next = LEDGER_NONE;
	claims->list[number].next_to = ledger_sessions_link_claim(sessions, claim->to, number);
	if (last != LEDGER_NONE)
		claims->list[last].next = number;
	claims->count++;
	return 1;
}

static bool holds(const struct ledger_sessions *sessions, const struct ledger_claim *claim)
{
	return claim->told || sessions->list[claim->to].has_file;
}

/* Whether some claim says that this session did not pay. */
static bool denies(const struct ledger_claims *claims, const struct ledger_sessions *sessions, uint32_t first,
		   uint32_t session)
{
	for (uint32_t at = first; at != LEDGER_NONE; at = claims->list[at].next)
		if (claims->list[at].from == session && holds(sessions, &claims->list[at]))
			return true;
	return false;
}

uint32_t ledger_claims_payer(const struct ledger_claims *claims, const struct ledger_sessions *sessions,
			     uint32_t entry)
{
	uint32_t first = ledger_claims_first(claims, entry), payer = LEDGER_NONE;
	for (uint32_t at = first; at != LEDGER_NONE; at = claims->list[at].next) {
		uint32_t to = claims->list[at].to;
		if (!holds(sessions, &claims->list[at]) || denies(claims, sessions, first, to))
			continue;
		/* Lines that contradict each other: any rule will do that does not hang on their order. */
		if (payer == LEDGER_NONE || strcmp(sessions->list[to].id, sessions->list[payer].id) < 0)
			payer = to;
	}
	return payer;
}

void ledger_claims_release(struct ledger_claims *claims)
{
	strmap_release(&claims->by_entry);
	free(claims->list);
}
