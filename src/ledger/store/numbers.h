/*
 * store/numbers: the numbers that stand for names in the ledger's file: of sessions, models, branches, hosts
 * and profiles.
 *
 * For: write.c and facts_write.c, within their transaction. A new name gets a number.
 */
#ifndef SWATCH_LEDGER_STORE_NUMBERS_H
#define SWATCH_LEDGER_STORE_NUMBERS_H

#include <sqlite3.h>
#include <stddef.h>
#include <stdint.h>

#include "base/strmap.h"

enum store_name {
	STORE_NAME_SESSION,
	STORE_NAME_MODEL,
	STORE_NAME_BRANCH,
	STORE_NAME_HOST,
	STORE_NAMES
};

#define STORE_HOST_SIZE 65

struct store_numbers {
	sqlite3 *db;
	sqlite3_stmt *find[STORE_NAMES], *add[STORE_NAMES];
	sqlite3_stmt *find_profile, *add_profile;
	struct strmap known[STORE_NAMES]; /* name -> number, of the present transaction */
	char host[STORE_HOST_SIZE];
};

/* Prepares the statements. Returns SQLITE_OK, or SQLite's result; release in every case. */
int store_numbers_open(sqlite3 *db, struct store_numbers *numbers);

/* A new transaction begins: what numbers the last one gave may not hold. */
void store_numbers_forget(struct store_numbers *numbers);

/* The number of a name; 0 for "" and NULL. Returns SQLITE_OK, or SQLite's result. */
int store_numbers_find(struct store_numbers *numbers, enum store_name kind, const char *name,
		       int64_t *number);

/*
 * The number of a profile of a machine, `host` (NULL: this one): `root` is its projects/ directory, of which
 * `root_len` bytes count; a slash at its end does not. A new one is labelled with the name of the directory
 * above it
 * (".claude-work").
 */
int store_numbers_find_profile(struct store_numbers *numbers, const char *host, const char *root,
			       size_t root_len, int64_t *number);

/* The name of this machine, as the file has it. */
void store_numbers_find_host(char out[STORE_HOST_SIZE]);

void store_numbers_release(struct store_numbers *numbers);

#endif
