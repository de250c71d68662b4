/*
 * statusline/lines: the lines that a format makes: their text, their styles, and the separators between texts.
 *
 * For: format.c, which reads the format.
 *
 * Calling sequence: statusline_lines_begin(); any number of _add(), _separate() and _end(), the last one _end();
 * statusline_lines_release().
 */
#ifndef SWATCH_SWATCH_STATUSLINE_LINES_H
#define SWATCH_SWATCH_STATUSLINE_LINES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "swatch/statusline/style.h"

/* A line of more bytes is a mistake; more of it is not shown. */
#define STATUSLINE_OUTPUT_MAX_BYTES 65536


struct statusline_look {
	bool colour;
	size_t columns;   /* every line is cut to this; 0: as long as it is */
};

struct statusline_separator {
	bool is_default;                 /* {|}, which goes before others that it meets */
	bool is_arrow;
	const char *text;                /* the format's; not an arrow's */
	size_t len;
	struct statusline_style style;   /* where it stands in the format */
};

struct statusline_lines {
	const struct statusline_look *look;
	struct buf *out;                 /* the lines that are done */
	struct buf line;                 /* the one that is not */
	struct statusline_style shown;   /* what the terminal has at its end */
	struct statusline_separator separator;
	bool separator_waits;            /* for text behind it */
	bool line_has_text;
	bool was_cut;                    /* a line was wider than the terminal */
};

/* `look` and `out` have to stay until the release. */
void statusline_lines_begin(struct statusline_lines *lines, const struct statusline_look *look, struct buf *out);

/* Adds text in a style; the separator that waits comes before it. */
void statusline_lines_add(struct statusline_lines *lines, const struct statusline_style *style, const char *text,
			  size_t len);

/* Has a separator wait; of several that meet, the first default one counts, and without one the first. */
void statusline_lines_separate(struct statusline_lines *lines, const struct statusline_separator *separator);

/* Ends the line: it is cut to the terminal's width; a line without text is left out. */
void statusline_lines_end(struct statusline_lines *lines);

/* Frees what was gathered. Returns false when memory had run out. */
bool statusline_lines_release(struct statusline_lines *lines);

#endif
