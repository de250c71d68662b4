/*
 * store/left_out: messages of the ledger's file that a reader leaves out of its sums, because it has read
 * newer versions of them.
 *
 * For: the reports without swatchd, which add what transcripts say beyond the file.
 */
#ifndef SWATCH_LEDGER_STORE_LEFT_OUT_H
#define SWATCH_LEDGER_STORE_LEFT_OUT_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include "ledger/store/batch.h"

struct store_left_out;

/* Returns NULL when memory ran out, or the file cannot be read. */
struct store_left_out *store_left_out_new(sqlite3 *db);

/* Leaves out what the file has of a message in a batch. Returns SQLITE_OK, or SQLite's result. */
int store_left_out_add(struct store_left_out *left_out, const struct store_message *message);

/* Whether nothing that counts is left out. NULL: nothing is. */
bool store_left_out_is_empty(const struct store_left_out *left_out);

/* Whether the message with this number in the file is left out. */
bool store_left_out_has(const struct store_left_out *left_out, int64_t id);

/* Where a message is summed up in table hour. */
struct store_hour_key {
	int64_t transcript, start, model, fast, payer;
};

/* Whether the sums of an hour have one in them. */
bool store_left_out_is_in(const struct store_left_out *left_out, const struct store_hour_key *hour);

/* May be NULL. */
void store_left_out_free(struct store_left_out *left_out);

#endif
