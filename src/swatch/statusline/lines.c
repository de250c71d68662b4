#include "swatch/statusline/lines.h"

#include <stdlib.h>

#include "base/array.h"
#include "base/width.h"

#define ARROW "\xEE\x82\xB0"

void statusline_lines_begin(struct statusline_lines *lines, const struct statusline_look *look,
			    struct buf *out)
{
	*lines = (struct statusline_lines){ .look = look, .out = out, .shown = statusline_style_none };
}

/* ---- what a line has ---- */

/* The piece that new text belongs to. Returns NULL when memory ran out. */
static struct statusline_piece *present_piece(struct statusline_lines *lines)
{
	if (lines->piece_count > 0 && !lines->separator_waits)
		return &lines->pieces[lines->piece_count - 1];
	if (!array_reserve(&lines->pieces, &lines->pieces_cap, lines->piece_count + 1,
			   sizeof(*lines->pieces)))
		return NULL;
	lines->pieces[lines->piece_count] = (struct statusline_piece){ .before = lines->separator };
	lines->separator_waits = false;
	return &lines->pieces[lines->piece_count++];
}

void statusline_lines_add(struct statusline_lines *lines, const struct statusline_style *style,
			  const char *text, size_t len)
{
	if (len == 0 || lines->text.len + len > STATUSLINE_OUTPUT_MAX_BYTES)
		return;
	struct statusline_piece *piece = present_piece(lines);
	if (!piece || !array_reserve(&lines->texts, &lines->texts_cap, lines->text_count + 1,
				     sizeof(*lines->texts))) {
		lines->failed = true;
		return;
	}
	lines->texts[lines->text_count++] = (struct statusline_text){ *style, lines->text.len, len,
								      lines->piece_count - 1 };
	buf_append(&lines->text, text, len);
	piece->texts++;
	piece->is_warning = piece->is_warning || lines->warnings > 0;
}

void statusline_lines_begin_warning(struct statusline_lines *lines)
{
	lines->warnings++;
}

void statusline_lines_end_warning(struct statusline_lines *lines)
{
	lines->warnings--;
}

void statusline_lines_separate(struct statusline_lines *lines, const struct statusline_separator *separator)
{
	if (lines->separator_waits && (!separator->is_default || lines->separator.is_default))
		return;
	lines->separator = *separator;
	lines->separator_waits = true;
}

/* ---- the line as the terminal gets it ---- */

static void show_style(struct statusline_lines *lines, const struct statusline_style *style)
{
	if (!lines->look->colour || statusline_style_equals(style, &lines->shown))
		return;
	statusline_style_write(style, &lines->line);
	lines->shown = *style;
}

/* `next` is the background that the arrow leads to. */
static void show_separator(struct statusline_lines *lines, const struct statusline_separator *separator,
			   int32_t next)
{
	if (!separator->is_arrow) {
		show_style(lines, &separator->style);
		buf_append(&lines->line, separator->text, separator->len);
		return;
	}
	struct statusline_style style = statusline_style_none;
	style.foreground = lines->shown.background;
	style.background = next;
	show_style(lines, &style);
	buf_append_str(&lines->line, ARROW);
}

/*
 * Finds the next piece that is shown, from `at` on, and the separator before it, of all that meet there.
 * Returns the number of pieces when there is none: then it is the separator that waits at the line's end.
 */
static size_t next_shown(const struct statusline_lines *lines, size_t at,
			 const struct statusline_separator **separator)
{
	*separator = NULL;
	for (; at <= lines->piece_count; at++) {
		bool is_end = at == lines->piece_count;
		const struct statusline_separator *here = &lines->separator;
		if (!is_end)
			here = &lines->pieces[at].before;
		else if (!lines->separator_waits)
			break;
		if (!*separator || (here->is_default && !(*separator)->is_default))
			*separator = here;
		if (is_end || lines->pieces[at].shown)
			break;
	}
	return at;
}

static size_t separator_columns(const struct statusline_separator *separator)
{
	return separator->is_arrow ? 1 : width_of(separator->text, separator->len);
}

/* How wide the pieces that are shown are, with their separators. */
static size_t columns_shown(const struct statusline_lines *lines)
{
	const struct statusline_separator *separator;
	size_t columns = 0;
	bool is_first = true;
	for (size_t at = 0;; at++) {
		at = next_shown(lines, at, &separator);
		bool is_end = at == lines->piece_count;
		if (separator && !is_first && (!is_end || separator->is_arrow))
			columns += separator_columns(separator);
		if (is_end)
			return columns;
		columns += lines->pieces[at].columns;
		is_first = false;
	}
}

static void measure(struct statusline_lines *lines)
{
	for (size_t i = 0; i < lines->piece_count; i++) {
		lines->pieces[i].shown = true;
		lines->pieces[i].columns = 0;
	}
	for (size_t i = 0; i < lines->text_count; i++) {
		const struct statusline_text *text = &lines->texts[i];
		lines->pieces[text->piece].columns +=
			width_of(buf_str(&lines->text) + text->start, text->len);
	}
}

/* Shows more pieces of one kind, in their order, while they fit. */
static void show_fitting(struct statusline_lines *lines, bool warnings)
{
	for (size_t i = 0; i < lines->piece_count; i++) {
		struct statusline_piece *piece = &lines->pieces[i];
		if (piece->is_warning != warnings)
			continue;
		piece->shown = true;
		if (columns_shown(lines) > lines->look->columns) {
			piece->shown = false;
			return;
		}
	}
}

/* The first piece that is left out: of the warnings, if there is one; NULL: none is. */
static struct statusline_piece *first_hidden(struct statusline_lines *lines)
{
	struct statusline_piece *first = NULL;
	for (size_t i = 0; i < lines->piece_count; i++) {
		struct statusline_piece *piece = &lines->pieces[i];
		if (!piece->shown && (!first || (piece->is_warning && !first->is_warning)))
			first = piece;
	}
	return first;
}

/* Gives the beginning of a piece what is left of the room. Where nothing else is shown, it has to. */
static void show_beginning(struct statusline_lines *lines, struct statusline_piece *piece)
{
	size_t columns = lines->look->columns, whole = piece->columns;
	bool is_alone = columns_shown(lines) == 0;
	piece->shown = true;
	size_t taken = columns_shown(lines) - whole;
	if (!is_alone && (piece->texts > 1 || taken + LINES_CLIP_MIN > columns))
		piece->shown = false;
	else
		piece->columns = taken < columns ? columns - taken : 1;
}

/* Leaves pieces out until the rest fits. */
static void fit(struct statusline_lines *lines)
{
	measure(lines);
	if (lines->look->columns == 0 || columns_shown(lines) <= lines->look->columns)
		return;
	lines->was_cut = true;
	for (size_t i = 0; i < lines->piece_count; i++)
		lines->pieces[i].shown = false;
	show_fitting(lines, true);
	struct statusline_piece *hidden = first_hidden(lines);
	/* A warning that takes more than all the room takes all of it. */
	if (columns_shown(lines) > 0 || !hidden || !hidden->is_warning) {
		show_fitting(lines, false);
		hidden = first_hidden(lines);
	}
	if (hidden)
		show_beginning(lines, hidden);
}

static void show_piece(struct statusline_lines *lines, size_t number, size_t *text)
{
	const struct statusline_piece *piece = &lines->pieces[number];
	size_t left = piece->columns;
	while (*text < lines->text_count && lines->texts[*text].piece < number)
		++*text;
	for (; *text < lines->text_count && lines->texts[*text].piece == number; ++*text) {
		const struct statusline_text *here = &lines->texts[*text];
		const char *start = buf_str(&lines->text) + here->start;
		size_t columns = width_of(start, here->len);
		if (left == 0 && columns > 0)
			break;
		show_style(lines, &here->style);
		width_clip(&lines->line, start, here->len, left);
		left -= columns < left ? columns : left;
	}
}

static void show_line(struct statusline_lines *lines)
{
	const struct statusline_separator *separator;
	size_t text = 0;
	buf_clear(&lines->line);
	for (size_t at = 0;; at++) {
		at = next_shown(lines, at, &separator);
		if (at == lines->piece_count)
			break;
		while (text < lines->text_count && lines->texts[text].piece < at)
			text++;
		if (separator && lines->line.len > 0)
			show_separator(lines, separator, lines->texts[text].style.background);
		show_piece(lines, at, &text);
	}
	/* The last arrow leads to no background. */
	if (separator && separator->is_arrow)
		show_separator(lines, separator, STYLE_NO_COLOUR);
	show_style(lines, &statusline_style_none);
}

void statusline_lines_end(struct statusline_lines *lines)
{
	if (lines->piece_count > 0) {
		fit(lines);
		show_line(lines);
		if (lines->out->len > 0)
			buf_append_char(lines->out, '\n');
		/* Where there is no room for an arrow, either. */
		if (lines->look->columns > 0)
			width_clip(lines->out, buf_str(&lines->line), lines->line.len, lines->look->columns);
		else
			buf_append(lines->out, buf_str(&lines->line), lines->line.len);
	}
	lines->separator_waits = false;
	lines->piece_count = lines->text_count = 0;
	buf_clear(&lines->text);
}

bool statusline_lines_release(struct statusline_lines *lines)
{
	bool good = !lines->failed && !lines->line.failed && !lines->text.failed && !lines->out->failed;
	buf_release(&lines->line);
	buf_release(&lines->text);
	free(lines->texts);
	free(lines->pieces);
	return good;
}
