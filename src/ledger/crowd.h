/*
 * ledger/crowd: entries of one message.id with more requests than anybody makes.
 *
 * For: ledger.c. A message has one requestId, a copy of it a second one, so the entries of a message.id are
 * looked through one after the other. But a transcript that repeats one id a hundred thousand times must not
 * hold the program up: from LEDGER_CROWD_MIN entries on they are kept in two sorted lists, in which each is
 * found in O(log n).
 */
#ifndef SWATCH_LEDGER_CROWD_H
#define SWATCH_LEDGER_CROWD_H

#include "ledger/entries.h"

/* Entries of one id_hash that are looked through one by one. */
#define LEDGER_CROWD_MIN 16

struct ledger_crowd;

struct ledger_crowds {
	const struct ledger_entries *entries;
	struct strmap by_id;     /* id_hash -> struct ledger_crowd */
};

void ledger_crowds_init(struct ledger_crowds *crowds, const struct ledger_entries *entries);

/* The crowd of an id_hash; NULL when it has none. */
struct ledger_crowd *ledger_crowds_find(const struct ledger_crowds *crowds, uint64_t id_hash);

/*
 * Makes a crowd of the entries that have this id_hash, with room for another one. Returns NULL when memory
 * ran out.
 */
struct ledger_crowd *ledger_crowds_make(struct ledger_crowds *crowds, uint64_t id_hash);

/* Makes room for one more. Returns false when memory ran out. */
bool ledger_crowd_reserve(struct ledger_crowd *crowd);

/* Takes in an entry; there is room. O(log n), but for moving the numbers behind it. */
void ledger_crowd_add(struct ledger_crowd *crowd, uint32_t entry);

/* Returns the entry of a request, or LEDGER_NONE when the request has no entry yet. */
uint32_t ledger_crowd_find(const struct ledger_crowd *crowd, uint32_t request_hash);

/* Call them before an entry's time or rank changes, and after it. */
void ledger_crowd_take_out(struct ledger_crowd *crowd, uint32_t entry);
void ledger_crowd_put_back(struct ledger_crowd *crowd, uint32_t entry);

/* Fills in the best entry of a time and the one after it. Returns how many there are, up to two. */
size_t ledger_crowd_best(const struct ledger_crowd *crowd, int64_t time_ms, uint32_t best[2]);

void ledger_crowds_release(struct ledger_crowds *crowds);

#endif
