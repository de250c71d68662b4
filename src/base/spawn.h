/*
 * spawn: starts a program whose output is read, in a process group of its own.
 *
 * For: the daemon's child.c (ccusage, alert commands) and the commands' capture.c. No shell: an argument vector.
 *
 * The program gets /dev/null as stdin, pipes for stdout and stderr, the signal settings of a fresh process, NO_COLOR=1, and
 * no other descriptor. The kernel kills it when this process dies. (Only it: a process that it started itself lives
 * until it writes into the closed pipe, or ends.)
 */
#ifndef SWATCH_BASE_SPAWN_H
#define SWATCH_BASE_SPAWN_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"

struct spawn_plan {
	const char *path;              /* it is not looked up: argv_find_program() does that */
	char *const *argv;
	char *const *environment;      /* of spawn_environment() */
	const sigset_t *blocked;       /* signals that stay blocked in it; NULL: none */
	int niceness;                  /* 0: as this process */
	int64_t memory_limit_bytes;    /* of its data; 0: none */
	/* Takes rights away in the new process. Only calls that are safe after fork; -1 with errno: it is not started. */
	int (*confine)(void);
};

struct spawned {
	pid_t pid;                     /* of the program, and of its group */
	int out_fd, err_fd;            /* the caller closes them */
};

/* Starts it. Returns 0 when it runs, else the errno of what failed, the exec included; then nothing is left of it. */
int spawn_start(const struct spawn_plan *plan, struct spawned *spawned);

/*
 * The environment of this process, without the variables in `hidden` (names with their "=", NULL-ended), and with those of
 * `more` ("NAME=value", NULL-ended; NULL: none) in addition or in their place. The caller frees the vector; the strings
 * stay whose they are. NULL when memory ran out.
 */
char **spawn_environment(const char *const *hidden, char *const *more);

/* How a program ended that has ended by itself, for people: "exit status 2", "killed by signal 9 (Killed)". */
void spawn_describe_status(bool signaled, int code, struct buf *out);

/* Appends ": " and the last line that a program printed, which mostly says it; nothing when it printed none. */
void spawn_describe_last_line(const char *text, size_t len, struct buf *out);

#endif
