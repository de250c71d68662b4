/*
 * store/schema: the tables of the ledger's file, and what their numbers mean.
 *
 * For: the parts of the store. The file is SQLite's, so that any program can ask it; swatch-history(1) has
 * the tables for people.
 */
#ifndef SWATCH_LEDGER_STORE_SCHEMA_H
#define SWATCH_LEDGER_STORE_SCHEMA_H

#include <stdint.h>

/* "swat" in ASCII: file(1) and we tell the file by it. */
#define STORE_APPLICATION_ID 0x73776174
/* Of the tables. A later version of swatch changes older tables step by step; an earlier one refuses. */
#define STORE_VERSION 3

/* Makes the tables in an empty file. */
extern const char store_schema[];

/* The part of them that version 2 had otherwise; its index, which is made fastest when all rows are there. */
extern const char store_schema_messages[];
extern const char store_schema_messages_index[];

/*
 * Finds a message by its key, ?1: the index has only half of it. Without the plus SQLite puts ?1 in the
 * place of the key everywhere, and sees no index that fits.
 */
#define STORE_KEY_IS_1 "key >> 32 = ?1 >> 32 AND +key = ?1"

/* In transcript.faults, beside the kinds of malformed lines: whether a line was too long to be read. */
#define STORE_SKIPPED_KEY "skipped"

/* message.flags: those of most messages are the smallest numbers, which take no room. */
enum store_flag {
	STORE_HAS_ID = 1,            /* message.key is of the message's own id, and not of its place */
	STORE_HAS_SPEED = 2,
	STORE_FAST = 4,
	STORE_HAS_COST = 8,          /* the line says what it cost */
	STORE_HIDDEN = 16,           /* a copy of another message: it does not count */
	STORE_UNPRICED = 32,         /* no price was known: nano_usd is 0 */
	STORE_SIDECHAIN = 64,
	STORE_LOST_BY_REFERENCE = 128,
	STORE_US_ONLY = 256,
	STORE_BATCH = 512,
	STORE_IN_PARTS = 1024,       /* of several requests: `large` has the tokens in large ones */
	STORE_HAS_CLAIMS = 2048,
	STORE_SUM = 4096,            /* of an hour's messages, which swatch import took from another file */
	STORE_FLAGS_ALL = 8191
};

/*
 * message.id has the message's time, in Unix milliseconds, above STORE_SLOT_BITS that tell apart those of one
 * millisecond: the table lies in order of time and needs no index for it. When a millisecond is full, a
 * message takes a later one, at most STORE_LATE_MAX_MS, and message.late says how much later. With more bits,
 * or after the year 2039, an id needs more than 6 bytes.
 */
#define STORE_SLOT_BITS 6
#define STORE_SLOTS (INT64_C(1) << STORE_SLOT_BITS)
#define STORE_LATE_MAX_MS INT64_C(65535)

static inline int64_t store_id_at(int64_t time_ms)
{
	return time_ms * STORE_SLOTS;
}

/* The time in an id; `late` is taken off it. */
static inline int64_t store_time_ms(int64_t id, int64_t late)
{
	/* A hostile file may have any numbers. */
	return (int64_t)((uint64_t)((id - (id & (STORE_SLOTS - 1))) / STORE_SLOTS) - (uint64_t)late);
}

/* A request's hash as the tables have it: SQLite needs 4 bytes for it with a sign, and 6 without. */
static inline int64_t store_request_number(uint32_t hash)
{
	return hash <= INT32_MAX ? (int64_t)hash : (int64_t)hash - (INT64_C(1) << 32);
}

#endif
