/*
 * attacker: a program that tries every way out of the sandbox that we know, and reports what it could do.
 *
 * For: tests/integration/sandbox.bats, which lets swatch run it as ccusage or as the command of alerts.
 * attacker.c has its main(), the other files a list of ways each. A way is a function that returns true when
 * it got out; it is listed under the promise that it breaks (src/sandbox/promises.h).
 *
 * `attacker victim FILE DIRECTORY` is what it attacks: a process outside that has something of each kind. It
 * writes into FILE what the attacker needs to know, and one line more for each signal that reaches it.
 */
#ifndef SWATCH_TESTS_SANDBOX_ATTACKER_H
#define SWATCH_TESTS_SANDBOX_ATTACKER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct target {
	char name[24];           /* "victim", "swatchd", "supervisor" */
	pid_t pid;
};

struct attack {
	struct target targets[4];
	size_t target_count;
	char directory[512];     /* outside: with file, socket, datagrams, in it */
	char abstract[64];       /* the name of a socket that listens */
	int port;                /* of a TCP socket on 127.0.0.1 */
	int shm;                 /* the id of System V shared memory */
	unsigned long address;   /* of memory in the victim */
	bool is_alert;           /* Unix sockets with a path are allowed */
	int inherited;           /* descriptors that were open when it began, besides the first three */
};

struct way {
	const char *promise, *name;
	bool (*try)(const struct attack *attack);
	bool (*try_target)(const struct attack *attack, const struct target *target);  /* for each */
};

/* Each ends with a way without a name. */
extern const struct way ways_to_processes[], ways_to_signals[], ways_through_calls[], ways_through_sockets[],
	ways_to_files[], ways_to_memory[];

/* Runs `body` in a process of its own, because it may be killed. True when that ends with status 0. */
bool in_child(const struct attack *attack, bool (*body)(const struct attack *attack));

int be_victim(const char *file, const char *directory);

#endif
