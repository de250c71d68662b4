/*
 * program: what is denied a program that swatch runs: ccusage, and the command of alerts. Each run has a
 * domain of Landlock of its own, below that of the process that runs it, and a filter of system calls.
 *
 * For: sandbox.c, which prepares it.
 */
#ifndef SWATCH_SANDBOX_PROGRAM_H
#define SWATCH_SANDBOX_PROGRAM_H

#include "program/spawn.h"
#include "sandbox/filter.h"
#include "sandbox/ruleset.h"

struct program {
	bool is_confined;           /* false: [sandbox] mode = off; there are no new privileges then either */
	int ruleset_fd, scope_fd;   /* -1: this kernel has no such rules */
	bool has_filter;
	struct filter filter;
};

#define PROGRAM_NONE { .ruleset_fd = -1, .scope_fd = -1 }

/* Prepares for programs. `rules` NULL: no Landlock. Returns 0, or -1 with errno when its rules fail. */
int program_prepare(struct program *program, const struct ruleset_plan *rules, bool has_filter,
		    enum filter_sockets sockets);

/* Tells spawn.h about it; the program stays the caller's. */
struct spawn_confinement program_confinement(const struct program *program);

void program_release(struct program *program);

/* Tries in a process of its own whether rules can be put in force. Returns 0 or an errno. */
int program_try_rules(int abi);

#endif
