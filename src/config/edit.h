/*
 * edit: sets one key in the text of swatch.conf, takes that back, and leaves every other byte as it is.
 *
 * For: `swatch setup`. Pure: text in, text out; base/ini.h has the grammar.
 *
 * config_edit_set() describes what it did in a struct config_change. With that, config_edit_undo() restores
 * the old text, byte for byte, or, when somebody has edited the rest since, takes out only that change.
 */
#ifndef SWATCH_CONFIG_EDIT_H
#define SWATCH_CONFIG_EDIT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

struct config_change {
	char *section, *key;
	char *lines;      /* the setting's new lines, without the last newline */
	char *previous;   /* the lines that they replaced; NULL: the key was not set */
	char *added;      /* if so, all the text that came in, perhaps with the section's line */
};

/*
 * Finds the last setting of `key` in [section]: its line and those that continue it, without the last
 * newline. Returns false when the key is not set.
 */
bool config_edit_find(const char *text, size_t len, const char *section, const char *key, size_t *at,
		      size_t *setting_len);

/*
 * Appends the text with the key set, and fills `change`. `words` are the value's words (NULL-ended); those
 * that do not fit on the line go into indented lines. Returns false with a message, without text, and with an
 * empty `change`.
 */
bool config_edit_set(const char *text, size_t len, const char *section, const char *key,
		     const char *const *words, struct config_change *change, struct buf *out,
		     struct buf *error);

enum config_undo {
	CONFIG_EDIT_UNDONE,
	CONFIG_EDIT_GONE,        /* the key is no longer set */
	CONFIG_EDIT_CHANGED,     /* it has another value now */
	CONFIG_EDIT_NO_MEMORY
};

/*
 * Appends the text with the change taken back. Appends nothing when it returns anything but
 * CONFIG_EDIT_UNDONE.
 */
enum config_undo config_edit_undo(const char *text, size_t len, const struct config_change *change,
				  struct buf *out);

void config_change_release(struct config_change *change);

#endif
