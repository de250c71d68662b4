/*
 * store/tombs: what swatch purge took out of the ledger's file, so that no transcript brings it back.
 *
 * For: purge.c, which adds tombstones; write.c, which writes nothing that they name; recall.c and the daemon,
 * whose ledger takes nothing in that they name.
 *
 * A tombstone holds hashes and times, and no name. Messages are named one by one, because a copy of one may
 * stand in the transcript of another session; a project and a session also as a whole, up to the moment when
 * somebody purged them: swatchd keeps later messages again.
 */
#ifndef SWATCH_LEDGER_STORE_TOMBS_H
#define SWATCH_LEDGER_STORE_TOMBS_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger/ledger.h"
#include "ledger/store/batch.h"

/* tombstone.kind */
enum store_tomb_kind {
	STORE_TOMB_BEFORE = 1,	/* all messages before a moment; value 0 */
	STORE_TOMB_PROJECT = 2, /* those of a project before it; value: a hash of its folder */
	STORE_TOMB_SESSION = 3, /* those that a session paid before it; value: a hash of its id */
	STORE_TOMB_MESSAGE = 4, /* all lines of a message; value: its key */
	STORE_TOMB_REQUEST = 5	/* those of one request only: another one of the message still counts */
};

/* So many are read at most: 128 MB. */
#define STORE_TOMBS_MAX ((size_t)8 << 20)

struct store_tomb_rule {
	uint64_t value;
	int64_t before_ms; /* 0: whenever it was */
};

struct store_tomb_rules {
	struct store_tomb_rule *all; /* in order of value */
	size_t count, cap;
};

/* All tombstones of a file. Zero-initialised it is an empty graveyard. */
struct store_tombs {
	int64_t before_ms; /* 0: none of the kind */
	struct store_tomb_rules projects, sessions, messages, requests;
};

/* Reads all of them; `tombs` is empty before. Returns SQLITE_OK, or SQLite's result; release in every case.
 */
int store_tombs_read(sqlite3 *db, struct store_tombs *tombs);

/* Whether the message that `question` names was purged. */
bool store_tombs_bury(const struct store_tombs *tombs, const struct ledger_question *question);

/*
 * Takes what was purged out of a batch, and with it the transcripts of a purged project or session that have
 * nothing else to say: their paths are names, too.
 */
void store_tombs_bury_in(const struct store_tombs *tombs, struct store_batch *batch);

/* Makes the ledger pass over what was purged. Reads the tombstones; without any nothing is asked. Returns
 * SQLITE_OK, or SQLite's result. */
int store_tombs_guard(sqlite3 *db, struct ledger *ledger);

struct store_tomb {
	enum store_tomb_kind kind;
	uint64_t value;
	int64_t before_ms; /* 0: all messages, whenever they were */
	int64_t at_ms;	   /* now */
};

/* Adds a tombstone, or moves its moment to a later one. Returns SQLITE_OK, or SQLite's result. */
int store_tombs_add(sqlite3 *db, const struct store_tomb *tomb);

/* The value for a project's folder or a session's id, and for a request of a message. */
uint64_t store_tombs_value(const char *name, size_t len);
uint64_t store_tombs_request(uint64_t key, uint32_t request);

void store_tombs_release(struct store_tombs *tombs);

#endif
