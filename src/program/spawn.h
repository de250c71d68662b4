/*
 * spawn: the one way in which swatch starts a program. No shell: an argument vector.
 *
 * For: program/run.h (a program whose output is read: ccusage, systemctl, alert commands) and
 * swatch/cli/program.h (a program that takes over the terminal, or goes on by itself).
 */
#ifndef SWATCH_PROGRAM_SPAWN_H
#define SWATCH_PROGRAM_SPAWN_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum spawn_kind {
	/*
	 * The caller reads its output. It gets /dev/null as stdin, pipes for stdout and stderr, default
	 * signals, and a session of its own, so that it has no terminal. A process between the caller and it
	 * (supervise.h) ends all that it leaves behind, and all of it when this process dies.
	 */
	SPAWN_READ,
	/*
	 * It shares the terminal, the signal settings and the process group. When this process dies, it gets
	 * SIGTERM.
	 */
	SPAWN_ON_TERMINAL,
	/*
	 * It goes on by itself, as nobody's child: with a session of its own, in "/", with default signals,
	 * and with /dev/null for stdin, stdout and, unless there is a log, stderr.
	 */
	SPAWN_DETACHED
};

/*
 * What takes rights away from a program. Both are called in new processes, with only calls that are safe
 * after fork. sandbox/program.h makes them.
 */
struct spawn_confinement {
	/*
	 * In the supervisor. Returns true when the kernel from now on lets it signal only what it starts. May
	 * be NULL.
	 */
	bool (*enclose)(const void *ctx);
	/* In the program's own process, right before the exec. Returns -1 with errno to prevent that. */
	int (*confine)(const void *ctx);
	const void *ctx;
};

struct spawn_plan {
	enum spawn_kind kind;
	const char *path;              /* as argv_find_program() returns it */
	char *const *argv;
	char *const *environment;      /* NULL: as this process's */
	const sigset_t *blocked;       /* signals that stay blocked in it; NULL: none */
	int niceness;                  /* 0: as this process */
	/* SPAWN_READ, of its data, and of all processes that it has started with it; 0: none */
	int64_t memory_limit_bytes;
	const int *log_fd;             /* SPAWN_DETACHED: where its stderr goes; NULL: nowhere */
	const struct spawn_confinement *confinement;  /* SPAWN_READ; NULL: none */
};

struct spawned {
	/* SPAWN_READ: of the supervisor, which ends with the program's status; SPAWN_DETACHED: 0 */
	pid_t pid;
	int out_fd, err_fd;            /* SPAWN_READ: the caller closes them; else -1 */
};

/*
 * Starts it. Returns 0 when it runs; else the errno of what failed, the exec included, and nothing is left of
 * it.
 */
int spawn_start(const struct spawn_plan *plan, struct spawned *spawned);

/*
 * Makes an environment: this process's without the variables in `hidden` (names with their "=", NULL-ended),
 * plus those of `more` ("NAME=value", NULL-ended; NULL: none) and NO_COLOR=1, which replace older ones. The
 * caller frees the vector, but not its strings. Returns NULL when memory ran out.
 */
char **spawn_environment(const char *const *hidden, char *const *more);

#endif
