/*
 * ruleset: rules of Landlock about files, TCP, signals and abstract sockets.
 *
 * For: sandbox.c, which restricts the daemon, and program.c, which gives each program that swatch runs a
 * domain of its own. A process in a domain cannot trace, read or write one outside it, whatever the rules
 * are; so a program cannot reach swatchd, whose child it is.
 */
#ifndef SWATCH_SANDBOX_RULESET_H
#define SWATCH_SANDBOX_RULESET_H

#include <stdbool.h>
#include <stddef.h>

/* [sandbox] write counts up to so many directories. */
#define RULESET_WRITE_MAX 16
/* The cache, the socket's directory, the ledger's, /tmp, /var/tmp, $TMPDIR, what is configured, and caches of
 * packages. */
#define RULESET_PLACES_MAX (6 + RULESET_WRITE_MAX + 16)

/* The first version of Landlock that knows of it; see landlock(7). */
#define RULESET_ABI_TRUNCATE 3
#define RULESET_ABI_TCP 4
#define RULESET_ABI_DEVICES 5
#define RULESET_ABI_SCOPES 6

struct ruleset_place {
	char *path;
	bool configured;   /* named by [sandbox] write */
	int why;           /* 0: may be written; else the errno of the failure to allow it */
};

struct ruleset_places {
	struct ruleset_place at[RULESET_PLACES_MAX];
	size_t count;
	/* What a failure was about, when it was not about Landlock; "": it was. */
	char why[256];
};

struct ruleset_plan {
	int abi;                   /* of the kernel; 1 and more */
	bool tcp;                  /* may connect by TCP */
	bool abstract;             /* may connect to abstract Unix sockets outside */
	bool temporary;            /* /tmp, /var/tmp and $TMPDIR may be written to */
	const char *write;         /* comma list of paths that may be, or NULL */
	char *const *packages;     /* more paths that may be, NULL-ended; or NULL. They need not exist */
	/* Of swatchd alone: */
	const char *cache_path;    /* NULL: neither the cache nor the socket */
	int cache_fd;
	const char *socket_path;   /* NULL: no socket */
	const char *ledger_path;   /* the ledger's file, beside which others come and go; NULL: none */
};

/*
 * Makes the rules. `places` gets the places that may be written to, and those of `write` that cannot be,
 * which it also logs; NULL: quietly. Returns a descriptor, or -1 with errno. ruleset_places_release() in any
 * case.
 */
int ruleset_make(const struct ruleset_plan *plan, struct ruleset_places *places);

/* Makes rules that only keep signals inside. Returns a descriptor; or -1 with errno, ENOSYS before ABI 6. */
int ruleset_make_scope(int abi);

/* Puts rules in force for this thread and all that it starts. Returns 0, or -1 with errno. Safe after fork.
 */
int ruleset_enter(int fd);

void ruleset_places_release(struct ruleset_places *places);

/* The kernel's version of Landlock; or 0 with errno: none, switched off, or a filter hides it. */
int ruleset_abi(void);

#endif
