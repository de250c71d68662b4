/*
 * sandbox: what the kernel denies swatchd, from the end of its start on, and every program that swatch runs.
 *
 * For: swatchd's start.c, which gives up new privileges, and daemon.c, which enters the sandbox before it
 * reads transcripts; refresh/child.c and ccusage/run.c, through which all programs are run. A process has one
 * sandbox, for good, and its children inherit it; each program gets more of it (program.h).
 *
 *   privileges always: set-user-ID bits and file capabilities do not count in anything that swatchd runs
 *   files      Landlock: writing, truncating, renaming and removing work only in the cache directory, the
 *              socket's, the ledger's, those for temporary files, and [sandbox] write; for programs only in
 *              the latter two.
 *              Reading and executing stay free: ccusage may be anywhere, and Claude Code's directories come
 *              and go, while a rule names one
 *   processes  Landlock: programs cannot trace, read or signal what they have not started, swatchd included
 *   network    seccomp: only Unix sockets; Landlock: no TCP. A refresh gets no Unix sockets either: a program
 *              behind one, such as the session bus, could do for it what it may not do itself. [sandbox]
 *              network = yes lifts that, and package_runner = yes the first part, for a refresh
 *   the rest   seccomp: filter.h
 *
 * Each part does what the kernel can. With [sandbox] mode = required swatchd does not start without Landlock,
 * and no program runs as long as anything is missing.
 */
#ifndef SWATCH_SANDBOX_SANDBOX_H
#define SWATCH_SANDBOX_SANDBOX_H

#include <stdbool.h>

#include "base/buf.h"
#include "program/spawn.h"
#include "config/config.h"
#include "json/write.h"

enum sandbox_program { SANDBOX_REFRESH, SANDBOX_ALERT, SANDBOX_PROGRAMS };

struct sandbox_rules {
	int mode;                  /* enum sandbox_mode of the config */
	bool network;              /* Internet and Unix sockets for programs */
	bool packages;             /* what a package runner needs, for a refresh */
	bool temporary;            /* /tmp, /var/tmp and $TMPDIR may be written to */
	const char *write;         /* comma list of paths, or NULL */
	const char *command;       /* [ccusage] command, with `packages` */
	/* Of swatchd alone: */
	const char *cache_path;
	int cache_fd;              /* the open cache directory */
	const char *socket_path;   /* NULL: no socket */
	const char *ledger_path;   /* NULL: no ledger's file */
};

/* The rules of the settings, without swatchd's own. */
struct sandbox_rules sandbox_rules_of(const struct config *config);

/*
 * From now on no exec() gives this process or its children more rights, and nobody else reads its memory or
 * takes its descriptors, nor does the kernel dump them. Logs a failure.
 */
void sandbox_forbid_privileges(void);

/* The kernel's version of Landlock; or 0 with errno: none, switched off, or a filter hides it. */
int sandbox_landlock_abi(void);

/*
 * Enters the sandbox, with `abi` from sandbox_landlock_abi() (0: errno says why), prepares that of programs,
 * and logs what the kernel denies from now on, or why not. Returns 0, or -1 with a message when mode =
 * required and there is no Landlock.
 */
int sandbox_enter(const struct sandbox_rules *rules, int abi, struct buf *error);

/* For the commands, which stay outside: prepares the sandbox of programs alone. Logs nothing. */
void sandbox_prepare(const struct sandbox_rules *rules);

/*
 * What takes its rights from a program (spawn.h). Returns false with the reason when it may not run, because
 * mode = required and the kernel cannot keep all promises. Before sandbox_enter() and sandbox_prepare()
 * nothing but new privileges is denied.
 */
bool sandbox_confine(enum sandbox_program kind, struct spawn_confinement *confinement, struct buf *refusal);

/*
 * A hint about the sandbox for people, when a program failed in it: about the part that its command, or
 * `text`, its last words, points at. "" when there is no sandbox.
 */
const char *sandbox_hint(enum sandbox_program kind, char *const *words, const char *text);

/* Writes the "sandbox" object of the status answer into an open object. */
void sandbox_write_status(struct jsonw *w);

/* Frees what is known of the sandbox, which stays in force. Call it at the end of the process. */
void sandbox_release(void);

#endif
