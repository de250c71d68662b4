/*
 * record: keeps in setup.json what `swatch setup` has done, so that --undo can take back precisely that.
 *
 * For: setup.h's parts. The file is $XDG_STATE_HOME/swatch/setup.json, 0600, replaced atomically on every
 * change. Its strings have '%' and every byte that is not printable ASCII as %XX, since a path may hold any
 * byte.
 */
#ifndef SWATCH_SWATCH_SETUP_RECORD_H
#define SWATCH_SWATCH_SETUP_RECORD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

enum setup_kind {
	SETUP_NOTHING,
	SETUP_STATUSLINE, /* path; value: ours in the file; previous: the old one; backup; created */
	SETUP_CONFIG,	  /* path, section, key; value: our lines; previous, added (config/edit.h); created */
	SETUP_FILE,	  /* path; value: its whole text */
	SETUP_DIRECTORY,  /* path: of the new directory */
	SETUP_SERVICE,	  /* path: "swatchd.service"; was_enabled, was_active */
	SETUP_DAEMON	  /* path: of the program that setup started */
};

struct setup_change {
	enum setup_kind kind;
	char *path;
	char *section, *key;
	char *value, *previous, *added, *backup;   /* NULL: none */
	bool created;
	bool was_enabled, was_active;
};

struct setup_record {
	char *path;
	struct setup_change *changes;
	size_t count, cap;
};

/*
 * Reads the record; a missing file is an empty one. Returns false with a message: then do nothing that would
 * have to be recorded. Call setup_record_release() in either case.
 */
bool setup_record_load(struct setup_record *record, struct buf *error);

/* Returns the change of that kind to that thing, or NULL. `section` and `key` matter to SETUP_CONFIG only. */
struct setup_change *setup_record_find(const struct setup_record *record, enum setup_kind kind,
				       const char *path, const char *section, const char *key);

/* The same for the thing that `change` changes. */
struct setup_change *setup_record_find_same(const struct setup_record *record,
					    const struct setup_change *change);

/*
 * Adds a change, or replaces a change of the same thing, which goes to `old`. The record then owns its texts.
 * Returns false when memory ran out.
 */
bool setup_record_put(struct setup_record *record, struct setup_change *change, struct setup_change *old);

/* Takes a change out and frees it. */
void setup_record_drop(struct setup_record *record, size_t index);

/* Writes the record, or removes an empty one. Returns false with a message. */
bool setup_record_save(const struct setup_record *record, struct buf *error);

/*
 * Calls `make` for every directory above an absolute path, the outermost first, until it returns false.
 * Returns false then, or when memory ran out.
 */
bool setup_each_parent(const char *path, bool (*make)(void *ctx, const char *directory), void *ctx);

void setup_record_release(struct setup_record *record);
void setup_change_release(struct setup_change *change);

#endif
