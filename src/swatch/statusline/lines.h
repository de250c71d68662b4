/*
 * statusline/lines: the lines that a format makes: their text, their styles, and the separators between
 * texts.
 *
 * For: format.c, which reads the format.
 *
 * Calling sequence: statusline_lines_begin(); any number of _add(), _separate() and _end(), the last one
 * _end(); statusline_lines_release().
 */
#ifndef SWATCH_SWATCH_STATUSLINE_LINES_H
#define SWATCH_SWATCH_STATUSLINE_LINES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "swatch/statusline/style.h"

/* A longer line is a mistake, and loses its end. */
#define STATUSLINE_OUTPUT_MAX_BYTES 65536

struct statusline_look {
	bool colour;
	size_t columns;   /* cut every line to this; 0: do not cut */
};

struct statusline_separator {
	bool is_default;                 /* {|}, which wins over others that it meets */
	bool is_arrow;
	const char *text;                /* the format's; not an arrow's */
	size_t len;
	struct statusline_style style;   /* the one in force at its place in the format */
};

struct statusline_lines {
	const struct statusline_look *look;
	struct buf *out;                 /* the finished lines */
	struct buf line;                 /* the present one */
	struct statusline_style shown;   /* the terminal's style at its end */
	struct statusline_separator separator;
	bool separator_waits;            /* for text after it */
	bool line_has_text;
	bool was_cut;                    /* a line was wider than the terminal */
};

/* `look` and `out` have to stay until the release. */
void statusline_lines_begin(struct statusline_lines *lines, const struct statusline_look *look,
			    struct buf *out);

/* Adds text in a style, after the separator that waits. */
void statusline_lines_add(struct statusline_lines *lines, const struct statusline_style *style,
			  const char *text, size_t len);

/* Has a separator wait; of several that meet, the first default one counts, or else the first. */
void statusline_lines_separate(struct statusline_lines *lines, const struct statusline_separator *separator);

/* Ends the line and cuts it to the terminal's width; drops a line without text. */
void statusline_lines_end(struct statusline_lines *lines);

/* Frees the present line. Returns false when memory had run out. */
bool statusline_lines_release(struct statusline_lines *lines);

#endif
