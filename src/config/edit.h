/*
 * edit: sets one key of a swatch.conf in its text, takes that back, and leaves every other byte as it is.
 *
 * For: `swatch setup`. Pure: text in, text out; base/ini.h has the grammar.
 *
 * config_edit_set() describes what it did in a struct config_change. With that, config_edit_undo() gives the text as it
 * was, byte for byte, or, when the rest was edited since, the text without that change.
 */
#ifndef SWATCH_CONFIG_EDIT_H
#define SWATCH_CONFIG_EDIT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

struct config_change {
	char *section, *key;
	char *lines;      /* the setting's lines as they were written, without the last newline */
	char *previous;   /* those that it replaced; NULL: the key was not set */
	char *added;      /* all that was put in where the key was not set, with the section's line where that was missing too */
};

/*
 * Finds the last setting of `key` in [section]: its line and those that go on with it, without the last newline.
 * Returns false when the key is not set.
 */
bool config_edit_find(const char *text, size_t len, const char *section, const char *key, size_t *at, size_t *setting_len);

/*
 * Appends the text with the key set. `words` are the value's words (NULL-ended); those that do not fit on the line go
 * on in indented lines. Fills `change`. Returns false with a message: nothing was appended, and `change` is empty.
 */
bool config_edit_set(const char *text, size_t len, const char *section, const char *key, const char *const *words,
		   struct config_change *change, struct buf *out, struct buf *error);

enum config_undo {
	CONFIG_EDIT_UNDONE,
	CONFIG_EDIT_GONE,        /* the key is not there any more */
	CONFIG_EDIT_CHANGED,     /* it says something else now */
	CONFIG_EDIT_NO_MEMORY
};

/* Appends the text with the change taken back. Any other answer than CONFIG_EDIT_UNDONE: nothing was appended. */
enum config_undo config_edit_undo(const char *text, size_t len, const struct config_change *change, struct buf *out);

void config_change_release(struct config_change *change);

#endif
