/*
 * ini: goes through the lines of swatch.conf in place, without copies or allocation. Nothing else reads that
 * grammar.
 *
 * For: config/file.c, which reads every setting; config/few.c, which reads the four that a statusline needs;
 * config/edit.c, which finds a setting's lines.
 *
 * The grammar, which swatch.conf(5) explains to people:
 * - A line is empty, a comment (its first character other than a blank is # or ;), a [section], or key =
 * value, where a colon may replace the "=". Blanks around a key and a value do not count.
 * - A line that begins with a blank, below a setting of its section, continues that setting's value.
 * - A ; after a blank begins a comment that runs to the line's end, also inside quotes. A # there does not.
 * - Text after the ] of a section does not count, nor does a byte order mark at the very start.
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
	INI_MORE,         /* continues the value of the setting before it */
	INI_FAULT         /* none of these; it does not affect the lines after it */
};

struct ini_line {
	enum ini_kind kind;
	int number;                    /* the first is 1 */
	size_t start, end, next;       /* its bounds without its newline, and the next line's start */
	bool too_long;                 /* the other members are right all the same */
	struct slice name;             /* of the section or the setting */
	struct slice value;            /* of the setting, or what an indented line adds to it */
};

/* Set text and len, and the rest to 0. To begin at a later line, set `at` to its start. */
struct ini_reader {
	const char *text;
	size_t len;
	size_t at;
	int number;
	struct slice section;          /* of the last line; data NULL: before the first section */
	bool has_setting;              /* this section has had a setting, which an indented line continues */
};

/* Reads the next line. Returns false at the end of the text. */
bool ini_next(struct ini_reader *reader, struct ini_line *line);

#endif
