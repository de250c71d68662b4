/*
 * sandbox: what the kernel denies swatchd, and all that it runs, from the end of its start on.
 *
 * For: main.c, which says that nothing gains privileges, and daemon.c, which enters the sandbox before the
 * first transcript is read. A process has one sandbox, for good: what is inherited by children cannot be
 * taken off.
 *
 *   no new privileges   always: no set-user-ID program and no file capability counts in anything that swatchd runs
 *   files               Landlock: nothing is made, written, truncated, renamed or removed outside of the cache
 *                       directory, the socket's, the directories for temporary files, and [sandbox] write. Reading and
 *                       execution are as before: ccusage is a program of any language from any place, and directories
 *                       of Claude Code come and go, while a rule is about the directory that was there
 *   network             seccomp: no sockets but Unix ones, and no io_uring, that could make them. Landlock: no TCP.
 *                       The refresh command gets no Unix sockets either: whoever listens on one, such as the session
 *                       bus, could be asked to do for it what it may not. Not with [sandbox] network = yes, which is for
 *                       alert commands
 *
 * Each part is best effort by what the kernel has; [sandbox] mode = required refuses to go on without
 * Landlock.
 */
#ifndef SWATCH_SWATCHD_SANDBOX_SANDBOX_H
#define SWATCH_SWATCHD_SANDBOX_SANDBOX_H

#include <stdbool.h>

#include "base/buf.h"
#include "config/config.h"
#include "json/write.h"

/* Directories of [sandbox] write that count. */
#define SANDBOX_WRITE_MAX 16

struct sandbox_rules {
	int mode;                  /* enum sandbox_mode of the config */
	bool network;              /* sockets as before */
	bool temporary;            /* /tmp, /var/tmp and $TMPDIR may be written to */
	const char *write;         /* comma list of paths, or NULL */
	const char *cache_path;
	int cache_fd;              /* the open cache directory */
	const char *socket_path;   /* NULL: there is none */
};

/*
 * Makes it so that no exec() gives this process or its children more rights than they have. Logs a failure.
 */
void sandbox_forbid_privileges(void);

/*
 * The version of Landlock that this kernel has, 1 or more. 0 and errno when it has none, it is not switched
 * on, or somebody else's filter hides it.
 */
int sandbox_landlock_abi(void);

/*
 * Enters the sandbox, of which `abi` is what sandbox_landlock_abi() said (0: errno says why), and logs what
 * is denied from now on, or why not. Returns 0, or -1 with a message when mode = required cannot be done.
 */
int sandbox_enter(const struct sandbox_rules *rules, int abi, struct buf *error);

/* Whether sockets are denied: a command that needs none at all then gets none (child.h). */
bool sandbox_denies_sockets(void);

/*
 * The end of a message about a program that failed, of which `text` are the last words: which setting to look
 * at, when they look as if it had met the sandbox, else "".
 */
const char *sandbox_hint(const char *text);

/* Writes the "sandbox" object of the status answer into an open object. */
void sandbox_write_status(struct jsonw *w);

/* Frees what the status says about the sandbox, which stays in force. */
void sandbox_release(void);

#endif
