/*
 * run: runs a program and reads its output, from its start to its end.
 *
 * For: program/capture.h, which waits for the end, and the daemon's child.h, which lets libev wait. Both tell
 * a run what happened (there is output to read, the program was reaped, the deadline has passed); the run
 * decides what follows.
 *
 * A run is over when both pipes have ended and the program was reaped, in either order, with all that it had
 * started: its supervisor (supervise.h) ends only then. At its deadline, when it prints too much, and when
 * its output cannot be read, the program's group gets SIGTERM, and RUN_GRACE_MS later all of it SIGKILL. What
 * lies in the pipes at the deadline is read first: this process may have been stopped past it, and the
 * program may have answered in time.
 */
#ifndef SWATCH_PROGRAM_RUN_H
#define SWATCH_PROGRAM_RUN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "program/spawn.h"
#include "program/supervise.h"

#define RUN_GRACE_MS SUPERVISE_GRACE_MS
/* If it has not ended so long after SIGTERM, its supervisor does not work, and is killed. */
#define RUN_LAST_RESORT_MS (RUN_GRACE_MS + INT64_C(1500))
/* Somebody else may hold the pipes when it has ended. */
#define RUN_DRAIN_MS 500
/* A run keeps so much of the end of stderr. */
#define RUN_STDERR_TAIL_BYTES ((size_t)4096)

enum run_outcome {
	RUN_EXITED,        /* code: its exit status */
	RUN_SIGNALED,      /* code: the signal */
	RUN_TIMED_OUT,
	RUN_TOO_LONG,      /* it printed more than it may */
	RUN_NOT_HEARD,     /* its output could not be read or kept; code: errno, 0 when the reader has none */
	/* code: the errno of exec, fork, pipe or the search for the program; 0: `err` has the reason */
	RUN_NOT_STARTED,
	RUN_INTERRUPTED    /* capture.h: this process got the signal `code`, and has to end */
};

struct run {
	enum run_outcome outcome;
	int code;
	int64_t duration_ms;
	struct buf out;
	struct buf err;          /* its end */
	size_t max_output_bytes;
	/* For the caller, who waits: */
	pid_t pid;               /* of its supervisor; 0: it never started */
	int out_fd, err_fd;      /* -1: ended */
	int64_t deadline_ms;     /* monotonic: call run_pass_deadline() then; it moves with every call */
	bool reaped;
	/* Private: */
	bool stopped;            /* it got SIGTERM; outcome tells why */
	int64_t started_ms;
};

/*
 * Starts the program. Returns false when that failed: the run is then over. Call run_release() in every case.
 */
bool run_start(struct run *run, const struct spawn_plan *plan, int64_t timeout_ms, size_t max_output_bytes);

/* Sets a run that is over before it began, for example because there is no such program. */
void run_fail_start(struct run *run, int why);

/* The same, with a reason for people, which it takes over. */
void run_refuse_start(struct run *run, struct buf *reason);

/* Reads once from out_fd or err_fd, which is readable or has ended. */
void run_read(struct run *run, bool is_out);

/* Gives up out_fd or err_fd, which cannot be watched. */
void run_lose(struct run *run, bool is_out);

/* Reaps the program if it has ended; or takes the status that libev got. */
void run_try_reap(struct run *run);
void run_take_status(struct run *run, int wait_status);

/* Does what has to be done at the deadline. */
void run_pass_deadline(struct run *run);

/* Ends it early with this outcome, unless it has one already. */
void run_stop(struct run *run, enum run_outcome outcome, int code);

bool run_is_over(const struct run *run);

/* Kills and reaps the program, if it runs, closes what is open, and frees the memory. */
void run_release(struct run *run);

/* Whether its exit status is 0. */
bool run_is_good(const struct run *run);

/* Tells people how it ended, with the last line of its stderr: "exit status 2: no such option". */
void run_describe(const struct run *run, struct buf *out);

#endif
