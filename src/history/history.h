/*
 * history: whole transcripts read into the ledger, on several threads: what is there before anything is
 * watched.
 *
 * For: swatchd at its start (with `notify`, from its loop), and the reports when no daemon runs
 * (history_read()). Threads read and scan; records reach the ledger on the caller's thread alone, through
 * history_take().
 */
#ifndef SWATCH_HISTORY_HISTORY_H
#define SWATCH_HISTORY_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "history/gather.h"
#include "ledger/ledger.h"
#include "transcript/data_dirs.h"

#define HISTORY_THREADS_MAX 16
#define HISTORY_BATCH_RECORDS 256
/* One that is met last keeps one thread busy while the others have nothing left to do. */
#define HISTORY_LARGE_BYTES (INT64_C(4) << 20)

/* One transcript to read. */
struct history_job {
	char *path;          /* malloc'd; history's from history_start() or history_add() on */
	int64_t modified_ns; /* of its last change; history never looks at it */
	int64_t size_bytes;  /* HISTORY_LARGE_BYTES or more: taken before the others; 0: in its turn */
	size_t root_len;     /* path + root_len: the path below projects/ */
	int64_t from;        /* lines before this byte are not read: one begins there */
	void *owner;         /* the caller's; history never looks at it */
};

/* Records of one transcript, in its order. */
struct history_batch {
	struct history_batch *next;
	size_t job;                       /* its number */
	size_t count;
	struct ledger_record records[HISTORY_BATCH_RECORDS];
	char names[8192];                 /* what the records' names point to */
	size_t names_len;
	bool ends;                        /* the transcript's last one: `file` is filled */
	struct gather_file file;
};

struct history;

/*
 * Starts the threads (0: one for each processor), which wait for history_add(). `notify` (may be NULL) is
 * called on a reading thread when batches wait. Returns NULL with errno.
 */
struct history *history_open(unsigned threads, void (*notify)(void *ctx), void *ctx);

/* One more job; its path is history's from here on, also when it fails. Returns false when memory ran out. */
bool history_add(struct history *history, const struct history_job *job);

/* There are no more. */
void history_close(struct history *history);

/*
 * All three: starts reading `count` jobs in their order on `threads` threads (0: one for each processor).
 * `jobs` is malloc'd and history's from here on, also when it fails. `notify` (may be NULL) is called on a
 * reading thread when batches wait. Returns NULL with errno.
 */
struct history *history_start(struct history_job *jobs, size_t count, unsigned threads,
			      void (*notify)(void *ctx), void *ctx);

/*
 * The next batch; with `wait`, waits for one. NULL when none is ready, or all were taken (history_is_done()).
 * Give it back with history_give_back() before long: there are only a few, and the threads wait for them.
 */
struct history_batch *history_take(struct history *history, bool wait);
void history_give_back(struct history *history, struct history_batch *batch);

/* True when no more jobs come and every job's last batch was taken. */
bool history_is_done(const struct history *history);

/* A job of the ones given. */
struct history_job *history_job_at(struct history *history, size_t job);

/* Stops the threads, wherever they are, and frees everything. */
void history_free(struct history *history);

/*
 * Finds the transcripts below the directories: regular *.jsonl files at any depth; symlinks inside are not
 * followed, and a directory that is reached twice counts once. Each is passed to `found` as it is met,
 * with a path that is good until found() returns; false from it ends the walk. Folders and files that
 * cannot be read are passed over; `error` names the first one. Returns 0, or -1 when memory ran out or
 * found() said false.
 */
int history_walk(const struct data_dirs *dirs, bool (*found)(void *ctx, const struct history_job *job),
		 void *ctx, struct buf *error);

/* Some of them. Zero it first. */
struct history_jobs {
	struct history_job *all;
	size_t count, cap;
};

/* Adds a copy of what a walk found. Returns false when memory ran out. */
bool history_jobs_add(struct history_jobs *jobs, const struct history_job *found);
void history_jobs_release(struct history_jobs *jobs);

/* The same as a list, newest first. Returns 0, or -1 with a message when memory ran out. */
int history_list(const struct data_dirs *dirs, struct history_job **jobs, size_t *count, struct buf *error);

struct history_stats {
	size_t files;
	size_t failed;             /* transcripts that could not be read; the first one is named in `error` */
	uint64_t bytes;
};

/* A transcript has this number in the ledger. */
void history_set_ledger_file(struct history_job *job, int file);

/* Names a transcript in the ledger as its path says. Returns false when memory ran out. */
bool history_name_file(struct ledger *ledger, struct history_job *job);

/*
 * Reads some transcripts into the ledger, as history_start() takes them. `owner` is NULL in each: it is named
 * in the ledger when its first record comes; or it was named before. The rest is as for history_read().
 */int history_read_jobs(struct ledger *ledger, struct history_job *jobs, size_t count, unsigned threads,
		      struct history_stats *stats, struct buf *error);

/*
 * Reads all transcripts below the directories into the ledger, on `threads` threads (0: one for each
 * processor). Returns 0, also when single transcripts could not be read; -1 with a message when memory or
 * threads ran out.
 */
int history_read(struct ledger *ledger, const struct data_dirs *dirs, unsigned threads,
		 struct history_stats *stats, struct buf *error);

#endif
