/*
 * child: runs one command, and ends it whatever it does.
 *
 * For: refresh, which runs ccusage, and alert_run. No shell: an argument vector.
 *
 * The child is started as spawn.h says, with niceness 10 and without the service manager's variables. It is killed (TERM to
 * its group, KILL CHILD_GRACE_MS later) at its deadline and when it prints too much.
 * A run is over when its output has ended and it was reaped, in either order. A grandchild may hold the pipe: the
 * output is drained for CHILD_DRAIN_MS after the exit, then the group is killed and the run is over all the same.
 */
#ifndef SWATCH_SWATCHD_REFRESH_CHILD_H
#define SWATCH_SWATCHD_REFRESH_CHILD_H

#include <ev.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

#define CHILD_MAX_OUTPUT_BYTES ((size_t)16 << 20)
#define CHILD_STDERR_TAIL_BYTES ((size_t)2048)
#define CHILD_GRACE_MS 2000
#define CHILD_DRAIN_MS 500

enum child_outcome {
	CHILD_EXITED,        /* code: its exit status */
	CHILD_SIGNALED,      /* code: the signal */
	CHILD_TIMED_OUT,
	CHILD_TOO_LONG,      /* it printed more than it may */
	CHILD_NOT_HEARD,     /* its output could not be read or kept; code: errno, 0 when libev could not watch the pipe */
	CHILD_NOT_STARTED    /* code: errno of the exec, fork or pipe that failed */
};

struct child_result {
	enum child_outcome outcome;
	int code;
	int64_t duration_ms;
	const char *out;         /* what it printed; good until the callback returns */
	size_t out_len;
	const char *err_tail;    /* the end of what it printed on stderr, a string */
	size_t max_output_bytes;
};

typedef void child_done(void *ctx, const struct child_result *result);

struct child;

struct child_command {
	char *const *argv;           /* argv[0] is looked up on PATH */
	char *const *environment;    /* "NAME=value" in addition to what is inherited, or in its place; NULL: none */
	int64_t timeout_ms;
	int64_t memory_limit_bytes;  /* 0: none */
	size_t max_output_bytes;     /* 0: CHILD_MAX_OUTPUT_BYTES */
	bool no_sockets;             /* it cannot make any (sandbox_sockets.h) */
};

/*
 * Starts a command; all of it may be freed after the return. `done` is called once, from the loop, unless child_stop()
 * comes first; a command that cannot be started is a result like any other. The loop must be libev's default loop,
 * because only that one reaps. Returns NULL when memory ran out.
 */
struct child *child_start(struct ev_loop *loop, const struct child_command *command, child_done *done, void *ctx);

/* Kills the group, reaps the child and frees it, without a callback. At most a moment: KILL cannot be refused. */
void child_stop(struct child *child);

/* Says for people how a run ended: "exit status 2: last line of stderr". */
void child_describe(const struct child_result *result, struct buf *out);

#endif
