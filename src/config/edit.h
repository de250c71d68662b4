/*
 * conf_edit: sets one key of a swatch.conf in its text, takes that back, and leaves every other byte as it is.
 *
 * For: `swatch setup`. Pure: text in, text out; libinih's rules (config.h) for sections, comments and lines that go on.
 *
 * What conf_edit_set() did is told in a struct conf_change, with which conf_edit_undo() gives the text as it was, byte
 * for byte, or where the rest was edited since, the text without that change.
 */
#ifndef SWATCH_CONFIG_EDIT_H
#define SWATCH_CONFIG_EDIT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/* libinih's limit, see config_read_file(). */
#define CONF_EDIT_LINE_MAX_BYTES 197

struct conf_change {
	char *section, *key;
	char *lines;      /* the setting's lines as they were written, without the last newline */
	char *previous;   /* those that stood there before; NULL: none did */
	char *added;      /* all that was put in, where none did: with the section's line where that was missing, too */
};

/*
 * Where the last setting of `key` in [section] stands: its line, and those that go on with it, without the last newline.
 * False when there is none.
 */
bool conf_edit_find(const char *text, size_t len, const char *section, const char *key, size_t *at, size_t *setting_len);

/*
 * Appends the text with the key set. The value is given as its words (NULL-ended); more of them than fit on a line go on
 * in indented ones. `change` is filled. False with a message for people: nothing was appended, `change` is empty.
 */
bool conf_edit_set(const char *text, size_t len, const char *section, const char *key, const char *const *words,
		   struct conf_change *change, struct buf *out, struct buf *error);

enum conf_undo {
	CONF_UNDONE,
	CONF_GONE,        /* the key is not there any more */
	CONF_CHANGED,     /* it says something else now */
	CONF_NO_MEMORY
};

/* Appends the text with the change taken back; with any other answer than CONF_UNDONE nothing. */
enum conf_undo conf_edit_undo(const char *text, size_t len, const struct conf_change *change, struct buf *out);

void conf_change_release(struct conf_change *change);

#endif
