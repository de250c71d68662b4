/*
 * person_file: reads a person's file whole, and replaces it whole or not at all.
 *
 * For: `swatch setup`. It follows symbolic links, so that a link into somebody's dotfiles stays one; for a
 * link that leads nowhere, it makes the file there. It takes only regular, writable files of this user.
 *
 * Calling sequence: AUTO_PERSON_FILE file = { 0 }; person_file_read(); then person_file_replace() or
 * person_file_remove(), which refuse when somebody has changed the file since. Claude Code may write it at
 * any moment: so the new file and the old one change places in one step, and the old one is looked at then.
 */
#ifndef SWATCH_SWATCH_SETUP_PERSON_FILE_H
#define SWATCH_SWATCH_SETUP_PERSON_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/buf.h"

struct person_file {
	char *target;        /* where it really is */
	bool is_link;
	bool exists;         /* false: `text` is empty */
	mode_t mode;         /* of a new one: 0600 */
	nlink_t names;       /* hard links; a new file takes the place of this name only */
	bool changed;        /* replace or remove failed, since somebody changed the file: read it again */
	struct buf text;
};

/* A local file that is released when its block ends. */
#define AUTO_PERSON_FILE __attribute__((cleanup(person_file_release))) struct person_file

/* Reads up to `max_bytes`. A missing file is empty. Returns false with a message without the path. */
bool person_file_read(const char *path, size_t max_bytes, struct person_file *file, struct buf *error);

/*
 * Returns false with a message when the file was changed since it was read, or cannot be replaced: it is
 * read-only, its file system or its folder is, it is immutable, or something is mounted on it.
 */
bool person_file_may_write(struct person_file *file, struct buf *error);

/* Looks at the new file before it takes the place of the old one; false with a message refuses it. */
typedef bool person_file_check(void *ctx, const char *path, struct buf *error);

/*
 * Puts `data` in the file's place: writes a temp file with its mode in its directory, to the disk, and
 * renames it. `check` may be NULL. Returns false with a message: the file is as it was, or as whoever wrote
 * it meanwhile left it.
 */
bool person_file_replace(struct person_file *file, const char *data, size_t len, person_file_check *check,
			 void *ctx, struct buf *error);

/* Removes the file. Returns false with a message. */
bool person_file_remove(struct person_file *file, struct buf *error);

/*
 * Writes the text that was read to PATH.swatch-backup, or to PATH.swatch-backup.2 and so on, since it
 * overwrites no older backup; an older one with the same text will do. Returns the backup's path, which the
 * caller frees; NULL with a message. *made: it is new.
 */
char *person_file_back_up(const struct person_file *file, const char *path, bool *made, struct buf *error);

void person_file_release(struct person_file *file);

#endif
