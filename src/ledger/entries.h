/*
 * ledger/entries: the table of entries by the hash of their message.id, and which of two records of a message
 * is better.
 *
 * For: ledger.c, which decides what goes in; crowd and order, which refer to entries by number.
 */
#ifndef SWATCH_LEDGER_ENTRIES_H
#define SWATCH_LEDGER_ENTRIES_H

#include "ledger/files.h"
#include "price/price.h"

struct ledger_entries {
	const struct ledger_files *files;
	struct ledger_entry *list;
	size_t count, cap;
	uint32_t *buckets;       /* by id_hash */
	size_t bucket_count;
	uint64_t secret;         /* of this process: nobody can write ids that all go into one bucket */
	struct strmap twins;     /* entry's number -> struct ledger_entry: see ledger_entries_twin() */
	struct strmap payers; /* entry's number -> the session that paid + 1: see ledger_entries_session() */
	struct strmap extras;    /* a record's place and id_hash -> see ledger_entries_extras() */
	struct strmap large;     /* a record's place -> struct price_tokens: see ledger_entries_large() */
};

void ledger_entries_init(struct ledger_entries *entries, const struct ledger_files *files);

/* The first entry in the bucket of an id_hash (the others: `next`); LEDGER_NONE when it is empty. */
uint32_t ledger_entries_first(const struct ledger_entries *entries, uint64_t id_hash);

/*
 * Whether of two records of a message `a` is the one to keep: no sidechain, then more tokens, then a known
 * speed, then the earlier path (ccusage compares whole strings) and position.
 */
bool ledger_entries_is_better(const struct ledger_entries *entries, const struct ledger_entry *a,
			      const struct ledger_entry *b);

/* Whether nothing but their places decides which of two is better. */
bool ledger_entries_is_same(const struct ledger_entry *a, const struct ledger_entry *b);

/* Makes room for so many more. Returns false when memory ran out. */
bool ledger_entries_reserve(struct ledger_entries *entries, size_t more);

/* Adds one; there is room. Returns its number. */
uint32_t ledger_entries_add(struct ledger_entries *entries, const struct ledger_entry *entry);

/*
 * Where ccusage loses the best record of an entry, the best of the rest is kept as its twin: that one ccusage
 * counts. NULL when it has none.
 */
struct ledger_entry *ledger_entries_twin(const struct ledger_entries *entries, uint32_t entry);

/* Sets an entry's twin. Returns false when memory ran out: nothing changed. */
bool ledger_entries_set_twin(struct ledger_entries *entries, uint32_t entry, const struct ledger_entry *twin);

void ledger_entries_drop_twin(struct ledger_entries *entries, uint32_t entry);

/*
 * The tokens in large requests of a message that was made of several (entry->in_parts), by the place of its
 * record; NULL when they are not kept.
 */
const struct price_tokens *ledger_entries_large(const struct ledger_entries *entries,
						const struct ledger_entry *entry);

/* Keeps them. Returns false when memory ran out. */
bool ledger_entries_set_large(struct ledger_entries *entries, const struct ledger_entry *entry,
			      const struct price_tokens *large);

/* What a message costs besides its tokens, by the record that it is kept from. */
struct price_extras ledger_entries_extras(const struct ledger_entries *entries,
					  const struct ledger_entry *entry);

/* Keeps it. Returns false when memory ran out. */
bool ledger_entries_set_extras(struct ledger_entries *entries, struct ledger_entry *entry,
			       const struct price_extras *extras);

/* The session that an entry belongs to: the one that paid, where the lines tell, or else its file's. */
uint32_t ledger_entries_session(const struct ledger_entries *entries, uint32_t entry);

/* Sets the session that paid; LEDGER_NONE: its file's. Returns false when memory ran out: nothing changed. */
bool ledger_entries_set_payer(struct ledger_entries *entries, uint32_t entry, uint32_t session);

void ledger_entries_release(struct ledger_entries *entries);

#endif
