/*
 * statusline/lines: the lines that a format makes: their text, their styles, and the separators between
 * texts.
 *
 * For: format.c, which reads the format.
 *
 * What stands between two separators is a piece: mostly a label and its value. From a line that is too wide,
 * whole pieces go, so that no label stays without its value: the last ones first, and warnings after all
 * others. Of a piece that is a single text, the beginning stays where there is room for LINES_CLIP_MIN.
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
/* In less room, the beginning of a text tells nobody anything. */
#define LINES_CLIP_MIN ((size_t)10)

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

/* A text in one style. */
struct statusline_text {
	struct statusline_style style;
	size_t start, len;               /* in struct statusline_lines.text */
	size_t piece;                    /* its place in struct statusline_lines.pieces */
};

/* What stands between two separators. */
struct statusline_piece {
	struct statusline_separator before;   /* not of the first one */
	size_t columns, texts;           /* its width, and of how many texts it consists */
	bool is_warning;
	bool shown;
};

struct statusline_lines {
	const struct statusline_look *look;
	struct buf *out;                 /* the finished lines */
	struct buf text;                 /* of the present line, without codes and separators */
	struct statusline_text *texts;
	size_t text_count, texts_cap;
	struct statusline_piece *pieces;
	size_t piece_count, pieces_cap;
	struct buf line;                 /* the present line, as the terminal gets it */
	struct statusline_style shown;   /* the terminal's style at its end */
	struct statusline_separator separator;
	bool separator_waits;            /* for text after it */
	bool was_cut;                    /* a line was wider than the terminal */
	bool failed;                     /* memory ran out */
	unsigned warnings;               /* how many warnings the text that comes is part of */
};

/* `look` and `out` have to stay until the release. */
void statusline_lines_begin(struct statusline_lines *lines, const struct statusline_look *look,
			    struct buf *out);

/* Adds text in a style, after the separator that waits. */
void statusline_lines_add(struct statusline_lines *lines, const struct statusline_style *style,
			  const char *text, size_t len);

/* What is added between these two is a warning, and its piece goes last. They may nest. */
void statusline_lines_begin_warning(struct statusline_lines *lines);
void statusline_lines_end_warning(struct statusline_lines *lines);

/* Has a separator wait; of several that meet, the first default one counts, or else the first. */
void statusline_lines_separate(struct statusline_lines *lines, const struct statusline_separator *separator);

/* Ends the line and makes it fit the terminal's width; drops a line without text. */
void statusline_lines_end(struct statusline_lines *lines);

/* Frees what the lines were made of. Returns false when memory had run out. */
bool statusline_lines_release(struct statusline_lines *lines);

#endif
