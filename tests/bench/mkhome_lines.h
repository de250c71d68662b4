/*
 * mkhome_lines: the lines of one transcript, one after the other, as Claude Code writes them.
 *
 * For: mkhome. A story is one session's (or one subagent's) transcript: messages on one or more lines, each
 * followed by what its tools reported (progress) and answered (user). The mix, by lines and by bytes, is that
 * of real ones.
 *
 * Calling sequence: fill in the first part, story_begin(), story_add_line() until the file is nearly as large
 * as it should be, story_add_last_line().
 */
#ifndef SWATCH_BENCH_MKHOME_LINES_H
#define SWATCH_BENCH_MKHOME_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "mkhome_text.h"

enum line_kind { LINE_PROGRESS, LINE_ASSISTANT, LINE_USER, LINE_REST, LINE_KINDS };

/* How many lines and bytes of each kind were written. */
struct line_counts {
	uint64_t lines[LINE_KINDS], bytes[LINE_KINDS];
};

struct story {
	/* the caller's: strings stay his */
	const char *session_id, *agent_id;   /* agent_id NULL: a main transcript */
	const char *cwd, *branch, *version;
	struct rng text;                     /* for everything but the next */
	struct rng messages; /* ids, models and counts: the same seed repeats the same messages */
	size_t image_max_bytes;              /* 0: no pasted images */
	struct line_counts *counts;

	/* its own */
	const char *model;
	char uuid[37];                       /* of the line before */
	char at[32];                         /* the line's time, as text */
	struct buf message_id, request_id;
	unsigned lines_left, line_number, progress_left, users_left;
	int64_t context_tokens, context_max_tokens, created_tokens, input_tokens, output_tokens;
	bool hour_cache, fast;
};

void story_begin(struct story *s);

/* Appends the next line, of the time `at_ms`; its texts are cut to about `room` bytes. */
void story_add_line(struct story *s, struct buf *out, int64_t at_ms, size_t room);

/* Appends an assistant's line that ends the story. */
void story_add_last_line(struct story *s, struct buf *out, int64_t at_ms);

void story_end(struct story *s);

#endif
