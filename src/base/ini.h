/*
 * ini: goes through the lines of swatch.conf in place: no copies, no allocation. It is the one reader of that grammar.
 *
 * For: config/file.c, which reads every setting; config/few.c, which reads the four that a statusline needs;
 * config/edit.c, which finds where a setting stands.
 *
 * The grammar, which swatch.conf(5) tells people:
 * - A line is empty, a comment (its first character other than a blank is # or ;), a [section], or key = value, where a
 *   colon may stand for the first "=". Blanks around a key and a value do not count.
 * - A line that begins with a blank and stands below a setting of its section goes on with that setting's value.
 * - A ; behind a blank begins a comment that runs to the line's end, also inside quotes. A # there does not.
 * - Whatever follows the ] of a section is passed over. A byte order mark at the very start is passed over.
 * - A line has INI_LINE_MAX_BYTES at most.
 */
#ifndef SWATCH_BASE_INI_H
#define SWATCH_BASE_INI_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"

/* Without the newline, but with a carriage return before it. */
#define INI_LINE_MAX_BYTES 197

enum ini_kind {
	INI_NOTHING,      /* an empty line or a comment */
	INI_SECTION,
	INI_SETTING,
	INI_MORE,         /* goes on with the value of the setting before it */
	INI_FAULT         /* none of these; it changes nothing for the lines after it */
};

struct ini_line {
	enum ini_kind kind;
	int number;                    /* the first is 1 */
	size_t start, end, next;       /* where it begins, where it ends without its newline, where the next one begins */
	bool too_long;                 /* the rest says what stands in it all the same */
	struct slice name;             /* of the section or the setting */
	struct slice value;            /* of the setting, or what an indented line adds to it */
};

/* Set text and len, and the rest to 0. To read on from the start of a line inside the text, set `at` as well. */
struct ini_reader {
	const char *text;
	size_t len;
	size_t at;
	int number;
	struct slice section;          /* in which the line is that was read last; data NULL: before the first */
	bool has_setting;              /* this section has had a setting: an indented line goes on with it */
};

/* Reads the next line. Returns false at the end of the text. */
bool ini_next(struct ini_reader *reader, struct ini_line *line);

/* Whether a character is one of the blanks that the grammar knows; a newline is none. */
bool ini_is_blank(char c);

#endif
