/*
 * person_file: a file that belongs to a person, read whole, and replaced whole or not at all.
 *
 * For: `swatch setup`. Symbolic links are followed, so that a link into somebody's dotfiles stays one; where it leads
 * nowhere, the file is made there. Only a regular file of this user that may be written is taken.
 *
 * Calling sequence: person_file_read(); person_file_replace() or person_file_remove(), which refuse when the file is no
 * longer what was read; person_file_release().
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
	bool exists;         /* false: nothing was there, `text` is empty */
	mode_t mode;         /* of a new one: 0600 */
	struct buf text;
};

/*
 * Reads up to `max_bytes`. Returns false with a message for people, without the path. What is not there is an empty file
 * that does not exist. `file` needs no preparation; person_file_release() in every case.
 */
bool person_file_read(const char *path, size_t max_bytes, struct person_file *file, struct buf *error);

/* False with a message when it may not be replaced: it is read-only, or no longer what was read. */
bool person_file_may_write(const struct person_file *file, struct buf *error);

/* Looks at the new file before it takes the place of the old one; false with a message refuses it. */
typedef bool person_file_check(void *ctx, const char *path, struct buf *error);

/*
 * Puts `data` in the file's place: a temp file in its directory, written to the disk, with its mode, and renamed.
 * `check` may be NULL. Returns false with a message: the file is as it was.
 */
bool person_file_replace(const struct person_file *file, const char *data, size_t len, person_file_check *check,
			 void *ctx, struct buf *error);

/* Removes it. False with a message. */
bool person_file_remove(const struct person_file *file, struct buf *error);

/*
 * Writes what was read to PATH.swatch-backup, or, because an older backup is never overwritten, PATH.swatch-backup.2 and
 * so on; a backup that says the same already is taken as it is. Returns its path, which the caller frees; NULL with a
 * message. *made: it was written now.
 */
char *person_file_back_up(const struct person_file *file, const char *path, bool *made, struct buf *error);

void person_file_release(struct person_file *file);

#endif
