/*
 * child: runs one command beside the loop, in its sandbox, and ends it whatever it does (see program/run.h).
 *
 * For: refresh, which runs ccusage, and alert_run. No shell: an argument vector. The command runs with
 * niceness 10 and without the service manager's variables.
 */
#ifndef SWATCH_SWATCHD_REFRESH_CHILD_H
#define SWATCH_SWATCHD_REFRESH_CHILD_H

#include <ev.h>
#include <stdbool.h>
#include <stdint.h>

#include "program/run.h"
#include "sandbox/sandbox.h"

#define CHILD_MAX_OUTPUT_BYTES ((size_t)16 << 20)

/* The run is the child's: it is gone when the callback returns. */
typedef void child_done(void *ctx, const struct run *run);

struct child;

struct child_command {
	char *const *argv;           /* argv[0] is looked up on PATH */
	char *const *environment;    /* "NAME=value", added to what is inherited, or in its place; or NULL */
	int64_t timeout_ms;
	int64_t memory_limit_bytes;  /* 0: none */
	size_t max_output_bytes;     /* 0: CHILD_MAX_OUTPUT_BYTES */
	enum sandbox_program kind;   /* what it is denied */
};

/*
 * Starts a command, and keeps nothing of the arguments. Calls `done` once, from the loop, unless child_stop()
 * comes first; a command that cannot be started is a result like any other. The loop must be libev's default
 * loop, because only that one reaps. Returns NULL when memory ran out.
 */
struct child *child_start(struct ev_loop *loop, const struct child_command *command, child_done *done,
			  void *ctx);

/* Kills the group, reaps the child and frees it, without a callback. Takes a moment at most. */
void child_stop(struct child *child);

/*
 * Appends for people how a run of `words` ended, and sandbox_hint(): "exit status 2: no such option; it ran
 * in ...".
 */
void child_describe(const struct run *run, enum sandbox_program kind, char *const *words, struct buf *out);

#endif
