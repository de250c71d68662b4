/*
 * tail: reads the new complete lines of transcripts, from where it last stopped.
 *
 * For: daemon.c, which feeds it what watch reports and passes its lines on to the sessions and the ledger.
 *
 * A transcript that is reported is read `delay` later, once, however often it is reported meanwhile; those that the
 * first walk finds wait in a backlog and are read newest first: the ones whose lines are wanted a few megabytes a turn,
 * so that the loop keeps answering; of the others only the usage, on threads. No descriptor is kept open between two reads.
 *
 * A line counts when its newline is there. A file that shrank, that is another inode, or whose last bytes before
 * the offset are no longer what they were, is read again from its start (after the `reset` callback).
 * A line over TAIL_MAX_LINE_BYTES is skipped and counted.
 */
#ifndef SWATCH_SWATCHD_TAIL_TAIL_H
#define SWATCH_SWATCHD_TAIL_TAIL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <ev.h>

#include "base/buf.h"
#include "base/strmap.h"
#include "history/history.h"
#include "json/write.h"

#define TAIL_MAX_LINE_BYTES TRANSCRIPT_MAX_LINE_BYTES
/* Bytes read a turn of the loop: about 5 ms of work. */
#define TAIL_TURN_BYTES ((size_t)4 << 20)
/* And no further transcript after so long. */
#define TAIL_TURN_MS 5
/* How much before the offset is remembered, to see that a file was rewritten in place. */
#define TAIL_MARK_BYTES TRANSCRIPT_MARK_BYTES
/* What could not be read is tried again when it changes, and after these spans, the first one doubling. */
#define TAIL_RETRY_FIRST_MS INT64_C(5000)
#define TAIL_RETRY_MAX_MS INT64_C(600000)

struct transcript {
	const char *path;        /* the map's */
	size_t root_len;         /* path + root_len: relative to its projects/ directory */
	dev_t dev;
	ino_t ino;
	int64_t offset;          /* start of the first line not yet passed on */
	int64_t searched;        /* bytes after offset known to hold no newline */
	int64_t size_bytes;      /* as of the last look */
	int64_t modified_ms;     /* as of the last look */
	int64_t modified_ns;     /* the rest of it, for comparison */
	uint64_t mark;           /* hash of the bytes before offset */
	size_t mark_len;
	int64_t due_mono_ms;     /* when queued */
	bool queued;
	bool in_backlog;
	bool in_history;         /* a thread reads it */
	bool noted;              /* and it was reported meanwhile */
	bool restart;            /* and is to be read again from its start */
	bool known;              /* dev, ino and offset mean something */
	bool polled;
	bool skipping;           /* inside a line that is too long */
	bool has_skipped;        /* a line of it was too long */
	bool failing;            /* the last read failed, and that was said */
	bool missed;             /* something of it could not be kept: it is read again from its start */
	void *owner;             /* the receiver's */
	struct transcript *next, *previous;   /* in the queue */
	size_t history_job;      /* the thread's number for it, while in_history */
};

struct tail_callbacks {
	/* A new transcript is known. Returns its owner; NULL: it is forgotten, with errno ENOMEM, or 0: not wanted. */
	void *(*opened)(void *ctx, struct transcript *transcript);
	/* One complete line, without its newline, that starts at `offset`. Good until the callback returns. */
	void (*line)(void *ctx, struct transcript *transcript, int64_t offset, const char *line, size_t len);
	/* Whether each line of a transcript of the backlog is wanted; otherwise its usage records are enough. */
	bool (*wants_lines)(void *ctx, struct transcript *transcript);
	/* Some of its usage records, in its order. They are good until the callback returns. */
	void (*records)(void *ctx, struct transcript *transcript, const struct ledger_record *records, size_t count);
	/* All that was told about this transcript is void: its lines come again from the start. */
	void (*reset)(void *ctx, struct transcript *transcript);
	/* A read has ended: `lines` new ones; size_bytes and modified_ms are current, `offset` says what is read. */
	void (*advanced)(void *ctx, struct transcript *transcript, uint64_t lines);
	/* The file is gone; the transcript is freed after this. */
	void (*gone)(void *ctx, struct transcript *transcript);
	/* The reads of one turn of the loop are done; others may wait already, on a busy machine always. */
	void (*turn_ended)(void *ctx);
	/* Nothing waits any more. Comes after the last `advanced`. */
	void (*caught_up)(void *ctx);
};

struct tail_stats {
	uint64_t lines;
	uint64_t bytes;
	uint64_t skipped_lines;
	uint64_t resets;
	uint64_t failed;         /* reads that the system refused */
};

struct tail {
	struct ev_loop *loop;
	struct tail_callbacks callbacks;
	void *ctx;
	int64_t delay_ms;
	ev_timer timer;
	ev_idle backlog_turn;
	struct strmap by_path;   /* -> struct transcript */
	struct transcript *queue_head, *queue_tail;   /* reported, in order of their due times */
	struct transcript **backlog;                  /* sorted oldest first: the end is next */
	size_t backlog_len, backlog_cap;
	bool backlog_sorted;
	bool backlog_held;
	/* tail_history: what threads read, newest first. */
	struct history *history; /* NULL: nothing */
	ev_async history_came;
	size_t history_count, history_left;   /* transcripts, and those not read to their end */
	size_t history_first;                 /* the first one of these */
	char *chunk;             /* the read buffer; grows with a long line, and shrinks again */
	size_t chunk_cap;
	ev_timer retry;          /* runs while a transcript is failing or missed */
	int64_t retry_ms;        /* its next span, which doubles */
	struct tail_stats stats;
};

/* Returns 0, or -1 when memory ran out. */
int tail_init(struct tail *tail, struct ev_loop *loop, int64_t delay_ms, const struct tail_callbacks *callbacks,
	      void *ctx);

void tail_set_delay(struct tail *tail, int64_t delay_ms);

/*
 * `path` may be new or may have grown. A new one goes to the backlog while `first_walk`, else it is read after the
 * delay like any other. What is not a regular file is passed over. Returns false when memory ran out for a new one, which
 * is then not known: after a message.
 */
bool tail_note(struct tail *tail, const char *path, size_t root_len, bool polled, bool first_walk);

/* Something of the transcript's lines or records could not be kept (no memory): all of it is read again, later. */
void tail_note_missed(struct tail *tail, struct transcript *transcript);

/* `path`, or everything below `directory`, is gone. A file that stands there after all is noted as changed. */
void tail_note_gone(struct tail *tail, const char *path);
void tail_note_tree_gone(struct tail *tail, const char *directory);

/* Looks at every known transcript (or those that are polled): which have changed, which are gone. */
void tail_recheck(struct tail *tail, bool polled_only);

/* Reads a transcript again from its start: its owner wants lines that it let pass before. */
void tail_reread(struct tail *tail, struct transcript *transcript);

/* Reads everything that waits, now, delay or not, and tries again what failed. */
void tail_flush(struct tail *tail);

/* While held, the backlog only collects (the first walk is under way). */
void tail_hold_backlog(struct tail *tail);

/*
 * Starts to read the backlog: the transcripts whose lines are wanted on the loop, the others on threads; of both, the
 * newest first.
 */
void tail_release_backlog(struct tail *tail);

/*
 * What was written since this time has been read, apart from what is queued: the newest transcript of the backlog was
 * modified then. 0: all has.
 */
int64_t tail_unread_ms(struct tail *tail);

/* Transcripts known, and those of them that wait to be read. */
size_t tail_count(const struct tail *tail);
size_t tail_pending(const struct tail *tail);

/* Writes the "tail" object's counters into an open object. */
void tail_write_status(const struct tail *tail, struct jsonw *w);

/* Frees everything; calls `gone` for no one. */
void tail_release(struct tail *tail);

#endif
