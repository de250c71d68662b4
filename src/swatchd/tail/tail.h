/*
 * tail: reads the new complete lines of transcripts, from where it last stopped.
 *
 * For: daemon.c, which feeds it what watch reports, and daemon/lines.c, which takes its batches.
 *
 * tail reads a reported transcript once, `delay` after the first report, however many more reports come
 * meanwhile. The transcripts that the first walk finds wait in a backlog and are read newest first: those
 * whose lines are wanted a few megabytes a turn, so that the loop keeps answering; of the others only the
 * usage, on threads. No descriptor stays open between two reads.
 *
 * A line counts when its newline is there. tail reads a file again from its start when it shrank, became
 * another inode, or has other bytes before the offset than were read there. It skips and counts a line over
 * TAIL_MAX_LINE_BYTES.
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
/* How many bytes one turn of the loop reads: about 5 ms of work. */
#define TAIL_TURN_BYTES ((size_t)4 << 20)
/* After so long a turn begins no further transcript. */
#define TAIL_TURN_MS 5
/* How many bytes before the offset tail remembers, to notice that a file was rewritten in place. */
#define TAIL_MARK_BYTES TRANSCRIPT_MARK_BYTES
/* tail retries a failed read when the file changes, and after these spans; the first one doubles. */
#define TAIL_RETRY_FIRST_MS INT64_C(5000)
#define TAIL_RETRY_MAX_MS INT64_C(600000)

_Static_assert(TAIL_MARK_BYTES <= UINT16_MAX, "it fits mark_len");

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
	uint64_t mark;           /* hash of the mark_len bytes before offset */
	int64_t due_mono_ms;     /* when queued */
	uint16_t mark_len;       /* TAIL_MARK_BYTES at most */
	bool queued;
	bool in_backlog;
	bool in_history;         /* a thread reads it */
	bool noted;              /* and watch reported it meanwhile */
	bool restart;            /* it is read again from its start at the next look */
	bool known;              /* dev, ino and offset mean something */
	bool behind;             /* resumed, and maybe not the same file as then: it waits for a look */
	bool polled;
	bool skipping;           /* inside a line that is too long */
	bool has_skipped;        /* a line of it was too long */
	bool failing;            /* the last read failed, and the log says so */
	bool missed;             /* the receiver lost a part of it: it will be read again from its start */
	void *owner;             /* the receiver's */
	struct transcript *next, *previous;   /* in the queue */
	size_t history_job;      /* the thread's number for it, while in_history */
};

/* How far a transcript was read, and how to tell later that it is still the same. */
struct tail_place {
	dev_t dev;
	ino_t ino;
	int64_t size_bytes;      /* as of that look */
	int64_t modified_ns;     /* Unix time, as of that look */
	int64_t offset;          /* start of the first line not yet passed on */
	uint64_t mark;           /* hash of the mark_len bytes before it, TAIL_MARK_BYTES at most */
	size_t mark_len;
	bool has_skipped;        /* a line before it was too long */
};

/* When the transcript changed last, as of the last look: Unix time in nanoseconds. */
int64_t tail_modified_ns(const struct transcript *transcript);

/* One complete line, without its newline. */
struct tail_line {
	const char *text;
	size_t len;
	int64_t offset;          /* in the transcript, of its first byte */
};

/*
 * What tail hands on, in one call. The lines, or records, are in the transcript's order and good until the
 * call returns. A read of a large transcript makes several batches; the last one has `read_ended`.
 */
struct tail_batch {
	struct transcript *transcript;   /* NULL: nothing was read, the batch only ends the turn */
	bool restarted;          /* forget this transcript's earlier lines: it has others now */
	bool again;              /* tail_reread(): the same lines come again */
	const struct tail_line *lines;
	size_t line_count;
	const struct ledger_record *records;   /* instead of lines, where wants_lines() said no */
	size_t record_count;
	const struct malformed_lines *malformed;   /* with read_ended, of the records' lines; or NULL */
	bool read_ended;         /* offset, size_bytes and modified_ms of the transcript are current */
	uint64_t lines_read;     /* with read_ended: by this whole read, empty and skipped lines included */
	bool gone;               /* the file is gone; the transcript is freed after this batch */
	bool turn_ended;         /* the reads of one turn of the loop are done; others may wait already */
	bool caught_up;          /* nothing waits any more */
};

struct tail_callbacks {
	/* A new transcript. Returns its owner; or NULL with errno ENOMEM, or 0 when it is not wanted. */
	void *(*opened)(void *ctx, struct transcript *transcript);
	/* Whether each line of a transcript in the backlog is wanted, and not only its usage records. */
	bool (*wants_lines)(void *ctx, const struct transcript *transcript);
	void (*batch)(void *ctx, const struct tail_batch *batch);
};

struct tail;

/* Returns NULL when memory ran out. Free it with tail_free(). */
struct tail *tail_new(struct ev_loop *loop, int64_t delay_ms, const struct tail_callbacks *callbacks,
		      void *ctx);

void tail_set_delay(struct tail *tail, int64_t delay_ms);

/*
 * `path` may be new or may have grown. A new one goes to the backlog while `first_walk`, else tail reads it
 * after the delay. Ignores anything but a regular file. Returns false, after a log message, when memory
 * ran out for a new one; tail does not know it then.
 */
bool tail_note(struct tail *tail, const char *path, size_t root_len, bool polled, bool first_walk);

/*
 * Where the transcript stands, for a later run. Returns false when that run could not tell whether it is
 * still the same: nothing was read yet, some of it was missed, or it has no mark.
 */
bool tail_get_place(const struct transcript *transcript, struct tail_place *out);

/*
 * An earlier run has read the transcript up to `place`: tail begins there, and does not open a file that is
 * as it was then. One that is not is read from there, or, with `restarted`, from its start when it holds
 * other bytes before that place. Call it in opened(), for the transcript that has come.
 */
void tail_resume(struct transcript *transcript, const struct tail_place *place);

/* The receiver had no memory for a line or record of the transcript: tail reads all of it again, later. */
void tail_note_missed(struct tail *tail, struct transcript *transcript);

/* `path`, or everything below `directory`, is gone; tail looks, and notes a file at `path` as changed. */
void tail_note_gone(struct tail *tail, const char *path);
void tail_note_tree_gone(struct tail *tail, const char *directory);

/* Looks which of all known (or of the polled) transcripts have changed or are gone. */
void tail_recheck(struct tail *tail, bool polled_only);

/*
 * Reads a transcript again from its start: its owner wants lines that it let pass before. Until then its
 * offset stays: the bytes before it tell whether it is still the same.
 */
void tail_reread(struct tail *tail, struct transcript *transcript);

/*
 * Lets the threads that read the first walk's transcripts wait, or go on; tail_flush() takes what they have
 * in any case.
 */
void tail_hold_history(struct tail *tail, bool held);

/* Reads everything that waits, without the delay, and retries failed reads. */
void tail_flush(struct tail *tail);

/* Collects the backlog without reading it, while the first walk is under way. */
void tail_hold_backlog(struct tail *tail);

/*
 * Starts to read the backlog: the transcripts whose lines are wanted on the loop, the others on threads; of
 * both, the newest first.
 */
void tail_release_backlog(struct tail *tail);

/*
 * When the newest transcript of the backlog was modified: tail has read everything that was written since,
 * but for what is queued. 0: the backlog is empty.
 */
int64_t tail_unread_ms(struct tail *tail);

/* True while the backlog holds transcripts whose lines are wanted. */
bool tail_has_backlog(const struct tail *tail);

/* Transcripts known, those of them that wait to be read, and the bytes read so far. */
size_t tail_count(const struct tail *tail);
size_t tail_pending(const struct tail *tail);
uint64_t tail_bytes_read(const struct tail *tail);

/* Writes the "tail" object's counters into an open object. */
void tail_write_status(const struct tail *tail, struct jsonw *w);

/* Frees everything, without a batch for anyone. `tail` may be NULL. */
void tail_free(struct tail *tail);

#endif
