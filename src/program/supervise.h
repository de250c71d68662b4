/*
 * supervise: the process between swatch and a program whose output it reads. It ends everything that the
 * program leaves behind, wherever that has gone: into sessions of its own, to other parents, into the
 * background.
 *
 * For: spawn.c alone, in the process that it has forked. Only calls that are safe after fork are used.
 *
 * The process is a subreaper: whatever of the program's descendants loses its parent becomes its child. When
 * the program ends, what is left of them has SUPERVISE_LEFTOVER_MS to end, too, and is then killed; only when
 * nothing is left, this process ends, with the program's status. SIGTERM is for the program's group, which
 * has SUPERVISE_GRACE_MS to heed it; SUPERVISE_END_SIGNAL, and the death of the parent, end all of them at
 * once. With a limit of memory, it looks every SUPERVISE_TICK_MS at what all of them use together, shared
 * memory included, and ends them above it: a limit of the kernel's (RLIMIT_DATA) counts neither. RLIMIT_AS
 * would count shared memory, but node, bun and deno reserve far more addresses than they use, and a shell or
 * a version manager's shim may start one of these.
 */
#ifndef SWATCH_PROGRAM_SUPERVISE_H
#define SWATCH_PROGRAM_SUPERVISE_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define SUPERVISE_GRACE_MS 2000
#define SUPERVISE_LEFTOVER_MS 500
#define SUPERVISE_TICK_MS 250
#define SUPERVISE_END_SIGNAL SIGUSR1

struct supervision {
	pid_t parent;                /* who started this process */
	pid_t program;               /* the leader of its group; a child of this process */
	/* The kernel lets this process signal only what it has started, so that kill(-1) reaches just that.
	 */
	bool reaches_own_only;
	int64_t memory_limit_bytes;  /* of all of them together; 0: none */
};

/* Blocks the signals that supervise() waits for. Call it before the program is forked. */
void supervise_block_signals(void);

/*
 * Waits for the program's end, and ends with its status. stderr is the program's, for one line when the limit
 * is passed; every other descriptor should be closed.
 */
_Noreturn void supervise(const struct supervision *supervision);

/* ---- in swatch itself ---- */

#define SUPERVISE_CHILDREN_MAX 64

struct supervise_children {
	pid_t at[SUPERVISE_CHILDREN_MAX];
	size_t count;
	bool are_more;               /* than are listed */
};

/* Lists the children of this process, for example those of the shell that it was before its exec(). */
void supervise_list_children(struct supervise_children *children);

/*
 * Kills children of this process that are not in `kept`. They are there when a program managed to kill its
 * supervisor. Returns how many were not dead yet.
 */
size_t supervise_end_orphans(const pid_t *kept, size_t count);

#endif
