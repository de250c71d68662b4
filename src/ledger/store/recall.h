/*
 * store/recall: takes what transcripts said that are gone or were rewritten out of the ledger's file.
 *
 * For: store.c, when swatchd starts, and the reports that run without swatchd, which only read the file.
 */
#ifndef SWATCH_LEDGER_STORE_RECALL_H
#define SWATCH_LEDGER_STORE_RECALL_H

#include "ledger/store/known.h"

/*
 * Out of an open file; `path` names it in messages. Fills *known, which the caller releases in every case.
 * Call it before the transcripts are read: one that was moved then takes the place of the one that is gone.
 * Returns how many messages came, or -1 with the reason in `error`; what came before that stays.
 */
int64_t store_recall_from(sqlite3 *db, const char *path, const struct data_dirs *dirs, struct ledger *ledger,
			  struct store_known_list *known, struct buf *error);

/*
 * The same out of the user's file (store_default_path()), without changing anything. Returns 0 also when
 * there is no such file yet.
 */
int64_t store_recall_read_only(const struct data_dirs *dirs, struct ledger *ledger, struct buf *error);

#endif
