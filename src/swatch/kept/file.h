/*
 * kept/file: the ledger's file as the commands see it: they only read it, also while swatchd writes.
 *
 * For: swatch history, backup, export and doctor.
 */
#ifndef SWATCH_SWATCH_KEPT_FILE_H
#define SWATCH_SWATCH_KEPT_FILE_H

#include "ledger/store/census.h"
#include "ledger/store/database.h"
#include "ledger/store/facts_read.h"
#include "ledger/store/folders.h"

struct kept_file {
	char *path;          /* NULL: no home directory */
	sqlite3 *db;         /* NULL unless it is STORE_OPENED */
	struct store_folders folders;
};

/*
 * Opens the user's file. Release it in every case. `error` says why not, unless it is STORE_OPENED or
 * STORE_MISSING.
 */
enum store_opened kept_file_open(struct kept_file *file, struct buf *error);

/*
 * The same for a command that cannot do without. Returns SWATCH_OK, or the exit status after an error
 * message.
 */
int kept_file_need(struct kept_file *file);

/* Counts what is in it. Returns false with the reason. */
bool kept_file_count(const struct kept_file *file, struct store_census *out, struct buf *error);

/* The same for what is in it besides messages. */
bool kept_file_count_facts(const struct kept_file *file, struct store_facts_counts *out, struct buf *error);

/*
 * Whether all of a transcript is in it, as large as it is now; `path` is the real one, without links, and
 * `root_len` the length of its projects/ directory, slash included. False also when nobody can tell.
 */
bool kept_file_has(struct kept_file *file, const char *path, size_t root_len, int64_t bytes);

/* The bytes that a file and its log take; 0 when it is missing. */
int64_t kept_file_bytes(const char *path);

void kept_file_release(struct kept_file *file);

#endif
