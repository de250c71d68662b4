/*
 * fault-inject: what the shim's files share. fault-inject.c chooses which call fails; each of the others has
 * a wrapper for each call of its kind. The program that loads the shim sees none of this.
 */
#ifndef SWATCH_FAULTS_FAULT_INJECT_H
#define SWATCH_FAULTS_FAULT_INJECT_H

#include <dlfcn.h>
#include <stdbool.h>
#include <stddef.h>

#include "faults.h"

#pragma GCC visibility push(hidden)

extern struct faults *faults;           /* NULL: this is not the program under test */
extern bool is_forked_child;
extern _Thread_local bool inside;       /* the shim's own calls are nobody's */
/* libev wakes itself up by it; no errno of write(2) fits that one, because its counter never fills up. */
extern int own_eventfd;

/* Whether this call is to fail; errno is set then. `path` may be NULL. */
bool fails(enum fault_kind kind, const char *call, const char *path);

/* The same for what moves bytes: a short one gets *len halved, and is made. */
bool fails_or_is_short(enum fault_kind kind, const char *call, size_t *len);

#pragma GCC visibility pop

/* The next library's function of that name. */
#define REAL(result, name, parameters) \
	static result(*real) parameters; /* NOLINT(bugprone-macro-parentheses): a type */ \
	if (!real) { \
		bool was_inside = inside; \
		inside = true; \
		*(void **)&real = dlsym(RTLD_NEXT, #name); \
		inside = was_inside; \
	}

#endif
