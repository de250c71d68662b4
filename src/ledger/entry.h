/*
 * ledger/entry: one message in the ledger, as small as it can be: there are a hundred thousand of them.
 *
 * For: the parts of the ledger.
 */
#ifndef SWATCH_LEDGER_ENTRY_H
#define SWATCH_LEDGER_ENTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Stands for the number of an entry that does not exist. */
#define LEDGER_NONE UINT32_MAX

/* A record's place: 24 bits of file, 40 bits of offset (a terabyte). */
#define LEDGER_OFFSET_BITS 40
#define LEDGER_FILES_MAX (1 << 24)

/*
 * The best record of a message.id and requestId. A hidden one is a sidechain copy of another entry: it is in
 * the table of entries, but not in the order of time and in no sum.
 */
struct ledger_entry {
	uint64_t id_hash;        /* of message.id; of place, time and tokens for a record without one */
	int64_t time_ms;
	uint64_t place;
	uint64_t first_place;    /* of the first line of its message and requestId: maybe another one */
	double cost_usd;
	double reference_usd;    /* what ccusage counts for it */
	uint32_t input, output, creation_5m, creation_1h, cache_read;
	uint32_t request_hash;   /* of requestId; 0 without one */
	uint32_t next;           /* in the same bucket of id_hash */
	uint8_t model : 6;       /* its number, below LEDGER_MODELS_MAX */
	uint8_t unsaved : 1;     /* in the list of struct ledger_unsaved */
	uint8_t settled : 1;     /* cost_usd is what it cost when it came, whatever the prices are now */
	bool sidechain : 1, has_speed : 1, unpriced : 1, hidden : 1;
	bool lost : 1;           /* ccusage loses its line */
	bool has_cost : 1, fast : 1;
	uint16_t other : 13;     /* its model's number among the others, or LEDGER_OTHERS_MAX */
	uint16_t in_parts : 1;   /* of several requests: see ledger_entries_large() */
	uint16_t has_extras : 1; /* see ledger_entries_extras() */
	uint16_t has_payer : 1; /* another session than its file's may have paid: see ledger_entries_session()
				 */
};

static inline uint64_t ledger_place(int file, int64_t offset)
{
	return (uint64_t)file << LEDGER_OFFSET_BITS | (uint64_t)offset;
}

/* Whether a place can be made of an offset. */
static inline bool ledger_offset_fits(int64_t offset)
{
	return offset >= 0 && offset >> LEDGER_OFFSET_BITS == 0;
}

static inline size_t ledger_place_file(uint64_t place)
{
	return (size_t)(place >> LEDGER_OFFSET_BITS);
}

static inline int64_t ledger_place_offset(uint64_t place)
{
	return (int64_t)(place & ((UINT64_C(1) << LEDGER_OFFSET_BITS) - 1));
}

static inline size_t ledger_file_of(const struct ledger_entry *entry)
{
	return ledger_place_file(entry->place);
}

#endif
