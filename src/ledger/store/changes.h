/*
 * store/changes: what a transaction adds to rows of sums, and takes out of them, gathered by row.
 *
 * For: rollup.c and days.c.
 */
#ifndef SWATCH_LEDGER_STORE_CHANGES_H
#define SWATCH_LEDGER_STORE_CHANGES_H

#include <stddef.h>

#include "base/strmap.h"
#include "ledger/store/sums.h"

#define STORE_CHANGE_KEYS 5

struct store_change {
	int64_t key[STORE_CHANGE_KEYS];
	bool is_uncertain;           /* only its messages can tell what the row is */
	struct store_sums added, removed;
};

struct store_changes {
	struct store_change *list;
	size_t count, cap;
	struct strmap by_key;        /* -> index + 1 */
	size_t last;                 /* index + 1 of the one that was found last */
};

/* The change of a row, which is added if need be. Returns NULL when memory ran out. */
struct store_change *store_changes_find(struct store_changes *changes,
					const int64_t key[STORE_CHANGE_KEYS]);

/* Notes a message that goes. */
void store_change_remove(struct store_change *change, const struct store_row *row);

/*
 * Makes the row's new sums of the old ones, which are all 0 without a row. Returns false when only its
 * messages can tell. Places are the caller's.
 */
bool store_change_make(const struct store_change *change, const struct store_sums *old,
		       struct store_sums *sums);

/* Forgets all. */
void store_changes_clear(struct store_changes *changes);

void store_changes_release(struct store_changes *changes);

#endif
