/*
 * run: one run of a program whose output is read, from its start to its end, whatever it does.
 *
 * For: base/capture.h, which waits for the end, and the daemon's child.h, which lets libev wait. Both tell a
 * run what happened (there is something to read, the program was reaped, the deadline has come); the run
 * decides what follows.
 *
 * A run is over when both pipes have ended and the program was reaped, in either order. At its deadline, when
 * it prints too much, and when its output cannot be read, its group gets SIGTERM, and RUN_GRACE_MS later
 * SIGKILL. Something that it started may hold the pipes after its end: then the group is killed RUN_DRAIN_MS
 * later, and the run is over all the same.
 */
#ifndef SWATCH_BASE_RUN_H
#define SWATCH_BASE_RUN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/spawn.h"

#define RUN_GRACE_MS 2000
#define RUN_DRAIN_MS 500
/* This much is kept of the end of stderr. */
#define RUN_STDERR_TAIL_BYTES ((size_t)4096)

enum run_outcome {
	RUN_EXITED,        /* code: its exit status */
	RUN_SIGNALED,      /* code: the signal */
	RUN_TIMED_OUT,
	RUN_TOO_LONG,      /* it printed more than it may */
	RUN_NOT_HEARD,     /* its output could not be read or kept; code: errno, or 0 when the reader has no errno */
	RUN_NOT_STARTED,   /* code: the errno of what failed: exec, fork, pipe or looking it up */
	RUN_INTERRUPTED    /* capture.h: this process got the signal `code`, and has to end */
};

struct run {
	enum run_outcome outcome;
	int code;
	int64_t duration_ms;
	struct buf out;
	struct buf err;          /* its end */
	size_t max_output_bytes;
	/* For those who wait: */
	pid_t pid;               /* of the program and its group; 0: it never started */
	int out_fd, err_fd;      /* -1: ended */
	int64_t deadline_ms;     /* monotonic: call run_pass_deadline() then; it moves with every call */
	bool reaped;
	/* Its own: */
	bool stopped;            /* SIGTERM was sent; outcome says why */
	int64_t started_ms;
};

/*
 * Starts the program. run_release() is due in every case. Returns false when it could not be started: then it
 * is over, and outcome and code say why.
 */
bool run_start(struct run *run, const struct spawn_plan *plan, int64_t timeout_ms, size_t max_output_bytes);

/* The run is over before it began, for example because there is no such program. */
void run_fail_start(struct run *run, int why);

/* Reads once from out_fd or err_fd, which has something to read or has ended. */
void run_read(struct run *run, bool is_out);

/* Gives up out_fd or err_fd, which cannot be watched. */
void run_lose(struct run *run, bool is_out);

/* Reaps the program if it has ended; or takes the status when libev has reaped it. */
void run_try_reap(struct run *run);
void run_take_status(struct run *run, int wait_status);

/* Does what is due at the deadline. */
void run_pass_deadline(struct run *run);

/* Ends it early, with this as its outcome, unless it has got one. */
void run_stop(struct run *run, enum run_outcome outcome, int code);

bool run_is_over(const struct run *run);

/* Kills and reaps the program, if it runs, closes what is open, and frees the memory. */
void run_release(struct run *run);

/* Whether it ended well: exit status 0. */
bool run_is_good(const struct run *run);

/* Appends for people how it ended, and its last words: "exit status 2: no such option". */
void run_describe(const struct run *run, struct buf *out);

#endif
