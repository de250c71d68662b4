/*
 * ledger/unsaved: the entries that the ledger's file does not have as they are now.
 *
 * For: ledger.c and owners.c, which note what changes; kept.c, which hands it on. A transcript that the file
 * knows up to some offset is read again at the next start: what stands before that offset, and what becomes
 * of copies by it, is in the file already, because the result never depends on the order of reading.
 */
#ifndef SWATCH_LEDGER_UNSAVED_H
#define SWATCH_LEDGER_UNSAVED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger/entry.h"

struct ledger_unsaved {
	bool wanted; /* somebody saves */
	bool noting; /* the record that is being taken in is news for the file */
	bool missed; /* memory ran out: some changed entry is not in the list */
	uint32_t *list;
	size_t count, cap;
	size_t sorted; /* so many at the beginning are in order, the latest ones first */
};

/* Notes an entry's number. Returns false, and sets `missed`, when memory ran out. */
bool ledger_unsaved_add(struct ledger_unsaved *unsaved, uint32_t entry);

/*
 * Takes the last one off the list. Those that have gathered come in order of time: the file's table lies in
 * that order, and rows that come so fill its pages. Returns false when the list is empty.
 */
bool ledger_unsaved_take(struct ledger_unsaved *unsaved, const struct ledger_entry *entries, uint32_t *entry);

void ledger_unsaved_release(struct ledger_unsaved *unsaved);

#endif
