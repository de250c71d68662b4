/*
 * statusline/input: reads what Claude Code writes to a statusline's stdin: one JSON object.
 *
 * For: statusline.c; check --stdin uses input_end alone. The writer may hold the pipe open for ever, write
 * late, write half, or write megabytes: reading ends with the object's last byte, at a limit of bytes, or at
 * a deadline, whichever comes first.
 */
#ifndef SWATCH_SWATCH_STATUSLINE_INPUT_H
#define SWATCH_SWATCH_STATUSLINE_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* Claude Code's object has about 2 KB. */
#define STATUSLINE_INPUT_MAX_BYTES ((size_t)1 << 20)
#define STATUSLINE_INPUT_TIMEOUT_MS INT64_C(150)

/* Finds the end of the first JSON object of a stream as its bytes come in. Zero it first. */
struct input_end {
	size_t depth;
	bool started, in_string, after_backslash;
	bool is_no_object;   /* the stream begins with something else: do not wait for more */
	bool found;
};

/* Takes the next bytes. Returns how many of them belong to the object: all, until `found`. */
size_t input_end_take(struct input_end *end, const char *bytes, size_t len);

/*
 * Reads the object from `fd`, or a part of it, with the blanks before it. Waits for the timeout at most, and
 * not for the end of the stream. Returns true when the object is whole.
 */
bool statusline_input_read(int fd, int64_t timeout_ms, struct buf *text);

#endif
