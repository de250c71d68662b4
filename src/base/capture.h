/*
 * capture: runs a program to its end and takes what it prints, whatever it does.
 *
 * For: verify, which runs ccusage. No shell: an argument vector.
 *
 * The program is started as spawn.h says. Its group is killed (TERM, then KILL a moment later) at its deadline, when it
 * prints too much, and when this process is interrupted.
 */
#ifndef SWATCH_BASE_CAPTURE_H
#define SWATCH_BASE_CAPTURE_H

#include <stdint.h>

#include "base/buf.h"

/* Thousands of sessions with all their models; not what a program prints that went astray. */
#define CAPTURE_MAX_OUTPUT_BYTES ((size_t)256 << 20)
#define CAPTURE_STDERR_TAIL_BYTES ((size_t)4096)

enum capture_outcome {
	CAPTURE_EXITED,        /* code: its exit status */
	CAPTURE_SIGNALED,      /* code: the signal */
	CAPTURE_TIMED_OUT,
	CAPTURE_TOO_LONG,
	CAPTURE_NOT_HEARD,     /* code: errno; its output could not be read or kept */
	CAPTURE_NOT_STARTED,   /* code: the errno of what failed */
	CAPTURE_INTERRUPTED    /* code: the signal that this process got: it is to end */
};

struct capture {
	enum capture_outcome outcome;
	int code;
	int64_t duration_ms;
	struct buf out;
	struct buf err;        /* the end of its stderr */
};

/* Runs `path` with `argv`. capture_release() in every case. */
void capture_run(const char *path, char *const argv[], int64_t timeout_ms, struct capture *capture);

/* Says for people how a run ended: "exit status 2: last line of stderr". */
void capture_describe(const struct capture *capture, struct buf *out);

void capture_release(struct capture *capture);

#endif
