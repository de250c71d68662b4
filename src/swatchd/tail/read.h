/*
 * tail_read: one look at one transcript's file: what is new in it, line by line.
 *
 * For: tail.c alone, which decides when.
 */
#ifndef SWATCH_SWATCHD_TAIL_READ_H
#define SWATCH_SWATCHD_TAIL_READ_H

#include <sys/stat.h>

#include "swatchd/tail/internal.h"

enum tail_read_result {
	TAIL_READ_DONE,     /* every complete line has been handed on */
	TAIL_READ_MORE,     /* the budget is spent, there is more */
	TAIL_READ_GONE,     /* the file is gone, or no longer a regular one */
	TAIL_READ_FAILED    /* errno says why */
};

/* Hands on about `budget_bytes` of whole lines in batches; the last has `read_ended` unless this fails. */
enum tail_read_result tail_read_lines(struct tail *tail, struct transcript *t, size_t budget_bytes);

/* Goes on where somebody else has read to. */
void tail_read_adopt(struct transcript *t, const struct gather_file *file);

/* Keeps size and times of a look. */
void tail_read_note_stat(struct transcript *t, const struct stat *st);

/* True when the file changed since the last look, or was never read. */
bool tail_read_is_changed(const struct transcript *t, const struct stat *st);

#endif
