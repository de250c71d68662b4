/*
 * setup: connects swatch with everything around it, and takes that back.
 *
 * For: cmd-setup.c. The parts, each of which shows what it is going to do, asks, does it, and records it:
 *   setup_claude.c       where Claude Code keeps its things
 *   setup_ccusage.c      ccusage, with the node that it needs, as absolute paths into swatch.conf
 *   setup_service.c      the user's service; setup_unit.c: the files that it takes
 *   setup_autostart.c    where there is no systemd
 *   setup_statusline.c   statusLine in settings.json
 *   setup_undo.c         all of it back
 *
 *   setup_talk.c         rows, questions, failures
 *   setup_record.c       setup.json: what was done
 *   setup_config.c       one setting of swatch.conf, set and recorded
 *   person_file.c        files replaced whole or not at all; json/edit.c and config/edit.c: edits that keep every other byte
 *
 * A change is recorded before it is made, so that none can be made that nobody knows of: undoing one that was not made
 * finds nothing to undo.
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

struct setup {
	struct invocation *invocation;     /* config, cache_dir and socket_path are filled */
	bool assume_yes, dry_run;
	bool can_ask;                      /* stdin is a terminal */
	char *config_path;                 /* of swatch.conf */
	char *claude[SETUP_CLAUDE_MAX];    /* Claude's directories: where a settings.json is, or is to be */
	size_t claude_count;
	struct setup_record record;
	struct setup_change replaced;      /* what setup_begin() took the place of */
	size_t begun;                      /* where in the record it put the change */
	struct page page;
	bool expects_daemon;               /* one was started, or is there already */
	bool failed;
	size_t changes;                    /* that were shown */
	size_t declined;
	int interrupted;                   /* the signal that this process got meanwhile; 0: none */
};

/* ---- the steps, in their order ---- */

void setup_claude(struct setup *setup);
void setup_ccusage(struct setup *setup);
/* Without a systemd that answers, this is setup_autostart(). */
void setup_service(struct setup *setup);
void setup_autostart(struct setup *setup);
void setup_statusline(struct setup *setup);

void setup_undo(struct setup *setup);

/* ---- talking: setup_talk.c ---- */

/* A row, and its items, a line each. They are printed when something is asked or done. */
void setup_row(struct setup *setup, const char *label);
void setup_item(struct setup *setup, enum page_style style, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* What was said so far is printed. */
void setup_flush(struct setup *setup);

/*
 * Asks whether what was said is to be done. False also when nothing is to be done at all (--dry-run, nobody to ask).
 * `default_yes`: what an empty answer means.
 */
bool setup_agree(struct setup *setup, bool default_yes);

/* How it went: items, printed at once. setup_fail() makes the exit status 1. */
void setup_done(struct setup *setup, const char *format, ...) __attribute__((format(printf, 2, 3)));
void setup_fail(struct setup *setup, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* ---- recording: setup_talk.c ---- */

/*
 * Records a change, which becomes the record's, in the place of one of the same thing. False after setup_fail(): it must
 * not be made then.
 */
bool setup_begin(struct setup *setup, struct setup_change *change);

/* The change that was begun last was made; or it was not, and the record is as it was. */
void setup_end(struct setup *setup, bool made);

/* Makes the directories that are missing above `path`, each of them recorded. False after setup_fail(). */
bool setup_make_parents(struct setup *setup, const char *path);

/* ---- shared by the steps ---- */

/*
 * Sets a key of swatch.conf (setup_config.c): recorded, and the new file is read as swatchd reads it before it is put in
 * place. Then a running daemon is told. False after setup_fail().
 */
bool setup_set_config(struct setup *setup, const char *section, const char *key, const char *const *words);

/*
 * Whether swatch.conf has the key, and whether the setting is the one that is recorded as ours. False after setup_fail():
 * the file cannot be read.
 */
bool setup_look_config(struct setup *setup, const char *section, const char *key, bool *has, bool *ours);

/* A running daemon reads its config again. */
void setup_tell_daemon(const struct setup *setup);

#define SETUP_VERSION_SIZE 64

/*
 * The pid of the daemon that listens, or at least has the lock; 0: there is none. `version` (SETUP_VERSION_SIZE bytes)
 * may be NULL.
 */
pid_t setup_find_daemon(const struct setup *setup, char *version);

/* Ends a daemon and waits until it let go of the lock. False after some seconds. */
bool setup_end_daemon(const struct setup *setup, pid_t pid);

/* Waits for a daemon that was started. Returns its pid, 0 when none listens after 15 seconds. */
pid_t setup_await_daemon(const struct setup *setup);

/* A path as people write it: the home directory is "~". Good until the next call but three. */
const char *setup_path(const char *path);

/* ---- setup_unit.c ---- */

/* The unit file as it is shipped, with this swatchd; or what it needs besides. False when memory ran out. */
bool setup_unit_write(const char *daemon_path, struct buf *out);

/*
 * What the service has to know besides its unit: the environment of now, and a cache directory that is not where the
 * unit has it. Nothing when there is nothing to know.
 */
void setup_unit_write_extra(const char *cache_dir, struct buf *out);

/* True when a file says that swatch setup wrote it. */
bool setup_unit_is_ours(const char *text);

#endif
