/*
 * store/archive: answers the ledger out of its file, so that memory holds only what is alive.
 *
 * For: daemon/recall.c, which opens it before the sandbox closes; the reports without swatchd. The daemon's
 * has a connection of its own, on the loop's thread, that cannot write: each answer is what the last commit
 * left.
 */
#ifndef SWATCH_LEDGER_STORE_ARCHIVE_H
#define SWATCH_LEDGER_STORE_ARCHIVE_H

#include <sqlite3.h>

#include "base/buf.h"
#include "ledger/archive.h"
#include "ledger/store/known.h"
#include "ledger/store/roots.h"

struct store_archive;

/* For ledger_set_archive(), with the archive as ctx. */
extern const struct ledger_archive_calls store_archive_calls;

/*
 * Opens the file at `path`. The caller keeps `roots` and `known` as long as the archive. Returns NULL with
 * the reason in `error`.
 */
struct store_archive *store_archive_open(const char *path, struct store_roots *roots,
					 struct store_known_list *known, struct buf *error);

/*
 * The same on a connection of the caller's, who closes it after the archive. Returns SQLITE_OK with *out, or
 * SQLite's result.
 */
int store_archive_open_on(sqlite3 *db, struct store_roots *roots, struct store_known_list *known,
			  struct store_archive **out);

/*
 * Hands to the ledger what is alive at `now_ms`: the messages of the last days (a silence before them says
 * where their first block begins), and what each model sums up to. Returns SQLITE_OK, or SQLite's result.
 */
int store_archive_load(struct store_archive *archive, struct ledger *ledger, int64_t now_ms);

/*
 * The same in two steps, of which the first takes as long as the messages from `after_ms` on need: only those
 * are in the ledger then (and the rest of their first block). Messages may come in between.
 */
int store_archive_load_newest(struct store_archive *archive, struct ledger *ledger, int64_t now_ms,
			      int64_t after_ms);
int store_archive_load_rest(struct store_archive *archive, struct ledger *ledger, int64_t now_ms);

/* Whether the last load handed over every message that the file had: then the ledger has let none go. */
bool store_archive_is_whole(const struct store_archive *archive);

/*
 * Finds the ledger's number of a transcript by its number in the file, `id`; *file is -1 when it lies in none
 * of our directories. Returns SQLITE_OK, or SQLite's result.
 */
int store_archive_find_file(struct store_archive *archive, struct ledger *ledger, int64_t id, int *file);

/* Its connection, for other questions between two of the ledger's. */
sqlite3 *store_archive_database(const struct store_archive *archive);

/* May be NULL. */
void store_archive_close(struct store_archive *archive);

#endif
