/*
 * sandbox: what the kernel denies swatchd, and all that it runs, from the end of its start on.
 *
 * For: main.c, which gives up new privileges, and daemon.c, which enters the sandbox before it reads
 * transcripts. A process has one sandbox, for good, and its children inherit it.
 *
 *   privileges always: set-user-ID bits and file capabilities do not count in anything that swatchd runs
 *   files      Landlock: writing, truncating, renaming and removing work only in the cache directory, the
 *              socket's, those for temporary files, and [sandbox] write. Reading and executing stay free:
 *              ccusage may be anywhere, and Claude Code's directories come and go, while a rule names one
 *   network    seccomp: only Unix sockets, and no io_uring, which could make others. Landlock: no TCP. The
 *              refresh command gets no Unix sockets either: a program behind one, such as the session bus,
 *              could do for it what it may not do itself. [sandbox] network = yes lifts all of this
 *
 * Each part does what the kernel can; with [sandbox] mode = required swatchd does not start without Landlock.
 */
#ifndef SWATCH_SWATCHD_SANDBOX_SANDBOX_H
#define SWATCH_SWATCHD_SANDBOX_SANDBOX_H

#include <stdbool.h>

#include "base/buf.h"
#include "config/config.h"
#include "json/write.h"

/* [sandbox] write counts up to so many directories. */
#define SANDBOX_WRITE_MAX 16

struct sandbox_rules {
	int mode;                  /* enum sandbox_mode of the config */
	bool network;              /* sockets as before */
	bool temporary;            /* /tmp, /var/tmp and $TMPDIR may be written to */
	const char *write;         /* comma list of paths, or NULL */
	const char *cache_path;
	int cache_fd;              /* the open cache directory */
	const char *socket_path;   /* NULL: no socket */
};

/* From now on no exec() gives this process or its children more rights. Logs a failure. */
void sandbox_forbid_privileges(void);

/* The kernel's version of Landlock; or 0 with errno: none, switched off, or a filter hides it. */
int sandbox_landlock_abi(void);

/*
 * Enters the sandbox, with `abi` from sandbox_landlock_abi() (0: errno says why), and logs what the
 * kernel denies from now on, or why not. Returns 0, or -1 with a message when mode = required fails.
 */
int sandbox_enter(const struct sandbox_rules *rules, int abi, struct buf *error);

/* Whether sockets are denied: a command that needs none at all then gets none (child.h). */
bool sandbox_denies_sockets(void);

/* A hint when `text`, a failed program's last words, looks as if the sandbox stopped it; else "". */
const char *sandbox_hint(const char *text);

/* Writes the "sandbox" object of the status answer into an open object. */
void sandbox_write_status(struct jsonw *w);

/* Frees what the status says about the sandbox, which stays in force. */
void sandbox_release(void);

#endif
