/*
 * tail/internal: the state that the files of this folder share: tail.c has the timers and decides when to
 * read, queue.c has the transcripts that wait, read.c reads one of them, history.c has those that threads
 * read.
 *
 * For: these files, and tests/fuzz/fuzz_tail.c; everyone else includes tail.h.
 */
#ifndef SWATCH_SWATCHD_TAIL_INTERNAL_H
#define SWATCH_SWATCHD_TAIL_INTERNAL_H

#include "swatchd/tail/tail.h"

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
	/* history.c: the transcripts that threads read, newest first. */
	struct history *history; /* NULL: nothing */
	ev_async history_came;
	size_t history_count, history_left;   /* transcripts, and those not read to their end */
	size_t history_first;                 /* the first one of these */
	bool history_held;                    /* the threads wait: nothing is taken from them */
	char *chunk;             /* the read buffer; grows with a long line, and shrinks again */
	size_t chunk_cap;
	ev_timer retry;          /* runs while a transcript is failing or missed */
	int64_t retry_ms;        /* its next span, which doubles */
	struct tail_stats stats;
};

#endif
