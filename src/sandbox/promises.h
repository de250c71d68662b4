/*
 * promises: what the sandbox promises of swatchd and of the programs that it runs, and which of it this
 * kernel keeps. SECURITY.md has the same list, with what enforces each.
 *
 * For: sandbox.c, which tells people, and program.c, which refuses to run programs with mode = required.
 */
#ifndef SWATCH_SANDBOX_PROMISES_H
#define SWATCH_SANDBOX_PROMISES_H

#include <stdbool.h>

#include "base/buf.h"
#include "json/write.h"

enum promise {
	PROMISE_PRIVILEGES, PROMISE_FILES, PROMISE_TRUNCATING, PROMISE_DEVICES, PROMISE_NETWORK,
	PROMISE_SERVICES, PROMISE_ABSTRACT, PROMISE_PROCESSES, PROMISE_SIGNALS, PROMISE_CALLS, PROMISE_MEMORY,
	PROMISE_COUNT
};

/* What is in force. */
struct promise_facts {
	bool is_off;              /* [sandbox] mode = off: only the first one is promised */
	bool no_new_privileges;
	bool filter;              /* of system calls */
	int landlock;             /* its version; 0: none */
	bool network, packages;   /* [sandbox] network, package_runner */
};

/* Appends what is promised and not kept: "signals to other processes, ..."; nothing when all is kept. */
void promise_list_missing(const struct promise_facts *facts, struct buf *out);

/* Writes "promises", with a name and a state for each, and "notDenied", into an open object. */
void promise_write(const struct promise_facts *facts, struct jsonw *w);

#endif
