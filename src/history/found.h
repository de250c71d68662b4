/*
 * history/found: the transcripts that are on disk, listed on a thread of its own while the caller does
 * other work.
 *
 * For: reports, which read the ledger's file meanwhile (swatch/report/summed.c), and then compare the two
 * (grown.c).
 *
 * Calling sequence: history_found_start(); history_found_wait(); history_found_next() until it returns false;
 * history_found_release() in every case once it has started.
 */
#ifndef SWATCH_HISTORY_FOUND_H
#define SWATCH_HISTORY_FOUND_H

#include <pthread.h>

#include "history/history.h"

struct history_found {
	const struct data_dirs *dirs;
	pthread_t thread;
	bool is_running;
	bool is_whole;       /* false: memory ran out */
	struct buf list;     /* of all that was found, one behind the other */
	struct buf unlisted; /* what cannot be read, as history_walk() names it */
};

/*
 * `dirs` stays until the release. With `here` it lists them before it returns, as it does without a thread.
 */
void history_found_start(struct history_found *found, const struct data_dirs *dirs, bool here);

/* Returns false when memory ran out. */
bool history_found_wait(struct history_found *found);

/* The next one after *at, which is 0 at first; its path is good until the release. False after the last. */
bool history_found_next(const struct history_found *found, size_t *at, struct history_job *job);

void history_found_release(struct history_found *found);

#endif
