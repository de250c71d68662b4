/*
 * setup: connects swatch with everything around it, and takes that back.
 *
 * For: commands/setup.c. The steps, each of which shows what it is going to do, asks, does it, and records
 * it:
 *   claude.c        finds Claude Code's directories
 *   ccusage.c       writes ccusage and the node that it needs into swatch.conf, as absolute paths
 *   statusline.c    sets statusLine in settings.json
 *   service.c       installs the user's service; unit.c: its files
 *   autostart.c     sets [daemon] autostart where there is no systemd, or the service cannot start
 *   undo.c          takes all of it back
 *
 *   talk.c          rows, questions, failures
 *   record.c        setup.json: what setup has done
 *   config.c        sets and records one setting of swatch.conf
 *   person_file.c   replaces files; json/edit.c and config/edit.c make edits that keep every other byte
 *
 * setup records a change before it makes it. So it never makes a change without a record; undoing one that it
 * did not make finds nothing to undo.
 */
#ifndef SWATCH_SWATCH_SETUP_SETUP_H
#define SWATCH_SWATCH_SETUP_SETUP_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/buf.h"
#include "config/edit.h"
#include "swatch/cli/command.h"
#include "swatch/setup/record.h"
#include "swatch/ui/page.h"

#define SETUP_CLAUDE_MAX 32
#define SETUP_NO_DAEMON "the program swatchd is not beside this one, in " SWATCH_BINDIR " or on PATH"

struct setup {
	struct invocation *invocation;     /* config, cache_dir and socket_path are filled */
	bool assume_yes, dry_run;
	bool can_ask;                      /* stdin is a terminal */
	char *config_path;                 /* of swatch.conf */
	char *claude[SETUP_CLAUDE_MAX];    /* Claude Code's directories, the homes of settings.json */
	size_t claude_count;
	struct setup_record record;
	struct setup_change replaced;      /* the change that setup_begin() replaced in the record */
	size_t begun;                      /* the index of the change that it put there */
	struct page page;
	bool expects_daemon;               /* setup started one, or found one */
	bool failed;
	size_t changes;                    /* so many it has shown */
	size_t declined;
	int interrupted;                   /* the signal that this process got; 0: none */
};

/* ---- the steps, in their order ---- */

void setup_claude(struct setup *setup);
void setup_ccusage(struct setup *setup);
void setup_statusline(struct setup *setup);
/* Without a systemd that answers, this is setup_autostart(). */
void setup_service(struct setup *setup);
void setup_autostart(struct setup *setup);

void setup_undo(struct setup *setup);

/* ---- talking: talk.c ---- */

/* Adds a row; adds an item, a line of its own, to the row. */
void setup_row(struct setup *setup, const char *label);
void setup_item(struct setup *setup, enum page_style style, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Prints the rows so far. setup_agree(), setup_done() and setup_fail() do it, too. */
void setup_flush(struct setup *setup);

/*
 * Asks whether to do what the rows say. Returns false also with --dry-run, and when there is nobody to ask.
 * `default_yes`: the meaning of an empty answer.
 */
bool setup_agree(struct setup *setup, bool default_yes);

/* Add an item that tells how it went. setup_fail() makes the exit status 1. */
void setup_done(struct setup *setup, const char *format, ...) __attribute__((format(printf, 2, 3)));
void setup_fail(struct setup *setup, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* ---- recording: talk.c ---- */

/*
 * Records a change, whose texts the record then owns; it replaces an older change of the same thing. Returns
 * false after setup_fail(): then do not make the change.
 */
bool setup_begin(struct setup *setup, struct setup_change *change);

/* Ends what setup_begin() began. Without `made`, the record is again as it was before. */
void setup_end(struct setup *setup, bool made);

/* Makes the missing directories above `path` and records each. Returns false after setup_fail(). */
bool setup_make_parents(struct setup *setup, const char *path);

/* ---- shared by the steps ---- */

/*
 * Sets a key of swatch.conf and records that. Reads the new file as swatchd does before it replaces the old
 * one, then has a running daemon reload it. Returns false after setup_fail().
 */
bool setup_set_config(struct setup *setup, const char *section, const char *key, const char *const *words);

/*
 * Tells whether swatch.conf has the key, and whether its setting is the recorded one. Returns false after
 * setup_fail(), when the file cannot be read.
 */
bool setup_look_config(struct setup *setup, const char *section, const char *key, bool *has, bool *ours);

/* Has a running daemon read its config again. */
void setup_tell_daemon(const struct setup *setup);

#define SETUP_VERSION_SIZE 64

/* Returns the pid of the daemon that listens or has the lock; 0: none runs. `version` may be NULL. */
pid_t setup_find_daemon(const struct setup *setup, char version[SETUP_VERSION_SIZE]);

/* Ends a daemon and waits until it has released the lock. Returns false after 10 seconds. */
bool setup_end_daemon(const struct setup *setup, pid_t pid);

/* Waits for a daemon to listen. Returns its pid, or 0 after 15 seconds. */
pid_t setup_await_daemon(const struct setup *setup);

/* Shortens the home directory to "~". Four results are good at a time. */
const char *setup_path(const char *path);

/* ---- unit.c ---- */

/* Writes the shipped unit file with this swatchd in it. Returns false when memory ran out. */
bool setup_unit_write(const char *daemon_path, struct buf *out);

/*
 * Writes what the service has to know besides its unit: this process's environment, and where the cache and
 * the ledger are, if one is elsewhere than the unit has it. Writes nothing when neither is needed.
 */
void setup_unit_write_extra(const char *cache_dir, struct buf *out);

/* Whether a file's first line says that swatch setup wrote it. */
bool setup_unit_is_ours(const char *text);

#endif
