/*
 * store: the ledger's file, which remembers what transcripts said after Claude Code has deleted them.
 *
 * For: daemon/keep.c alone: swatchd is the only one that writes it. One thread of the store's own writes, so
 * that no disk holds up the loop: a batch at a time, in one transaction. What a power cut takes, the offsets
 * of the transcripts lose with it, and is read again.
 */
#ifndef SWATCH_LEDGER_STORE_STORE_H
#define SWATCH_LEDGER_STORE_STORE_H

#include "config/settings.h"
#include "ledger/store/batch.h"
#include "ledger/store/known.h"

struct store;

/* What the store is like at a moment. */
struct store_status {
	bool is_failing;             /* the last batch could not be written; it waits for store_retry() */
	char why[320]; /* "cannot write PATH: ..." while it fails, or why it has no new backup */
	uint64_t batches, messages;  /* written since the start */
	int64_t written_ms;          /* the last commit; 0: none yet */
	bool is_damaged;             /* a damaged file is being replaced now */
	unsigned replaced;           /* how often a damaged file was replaced since the start */
	char notice[512];            /* the last time, for people */
};

/*
 * Opens the file at `path`, and makes it when it is missing. A damaged one is moved aside, to PATH.damaged,
 * and the newest sound backup takes its place; `notice` then gets a sentence for people. Returns NULL with
 * the reason in `error`.
 */
struct store *store_open(const char *path, struct buf *notice, struct buf *error);

/*
 * Deletes what is older than `keep_ms` (0: nothing) from now on, once a day, with what is written then;
 * before store_start() also at once. Returns how many messages went, or -1 with the reason.
 */
int64_t store_set_keep(struct store *store, int64_t keep_ms, struct buf *error);

/*
 * Before store_start(): makes the file keep names of projects as [ledger] projects says, and each file that
 * takes its place. `notice` gets a sentence for people when they changed, or when former names could not be
 * wiped. Returns false with the reason when the file does not keep them so: nothing may be written then.
 */
bool store_set_projects(struct store *store, enum ledger_projects mode, struct buf *notice,
			struct buf *error);

/*
 * Before store_start(): gives a price to what had none when it came, where one is known now (`extras`: with
 * what [billing] extras adds). Returns how many messages that were, or -1 with the reason.
 */
int64_t store_price(struct store *store, const struct price_book *book, bool extras, struct buf *error);

/*
 * Before store_start(): which transcripts are known, and what the lost ones said, into the ledger. Returns
 * how many messages that were, or -1 with the reason.
 */
int64_t store_recall(struct store *store, const struct data_dirs *dirs, struct ledger *ledger,
		     struct store_known_list *known, struct buf *error);

/* Before store_start(): the open file, for what else is read at the start. */
sqlite3 *store_database(struct store *store);

/* Before store_start(): a value of the table meta, which the caller frees; NULL when it has none. */
char *store_read_meta(struct store *store, const char *key);

/*
 * Starts the thread. Before it does anything else, it looks whether the file hangs together: at store_look(),
 * or when the first batch comes. It calls `done` on itself after each batch, and when it replaced a damaged
 * file: then everything has to be given again. Returns 0, or an errno.
 */
int store_start(struct store *store, void (*done)(void *ctx), void *ctx);

/* Looks at the file now: all of it is read, so the caller first does what is urgent. */
void store_look(struct store *store);

/* Whether a batch can be given: none is being written, and none failed. */
bool store_is_free(struct store *store);

/* Writes a batch, which is the store's from here on. Call it only while store_is_free(). */
void store_give(struct store *store, struct store_batch *batch);

/* Waits until the batch that was given is written, or has failed. */
void store_wait(struct store *store);

/* Tries the failed batch again. */
void store_retry(struct store *store);

/*
 * The caller knows that the file was replaced so often (status.replaced): what it gives from now on is made
 * for the new one. What it gave before is dropped.
 */
void store_accept_replaced(struct store *store, unsigned replaced);

void store_get_status(struct store *store, struct store_status *out);

/* Waits until the last batch is written or has failed, ends the thread and closes the file. May be NULL. */
void store_close(struct store *store);

#endif
