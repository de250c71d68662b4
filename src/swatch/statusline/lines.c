#include "swatch/statusline/lines.h"

#include "base/width.h"

#define ARROW "\xEE\x82\xB0"

void statusline_lines_begin(struct statusline_lines *lines, const struct statusline_look *look,
			    struct buf *out)
{
	*lines = (struct statusline_lines){ .look = look, .out = out, .shown = statusline_style_none };
}

static void show_style(struct statusline_lines *lines, const struct statusline_style *style)
{
	if (!lines->look->colour || statusline_style_equals(style, &lines->shown))
		return;
	statusline_style_write(style, &lines->line);
	lines->shown = *style;
}

/* `next` is the background that the arrow leads to. */
static void show_arrow(struct statusline_lines *lines, int32_t next)
{
	struct statusline_style style = statusline_style_none;
	style.foreground = lines->shown.background;
	style.background = next;
	show_style(lines, &style);
	buf_append_str(&lines->line, ARROW);
}

static void show_separator(struct statusline_lines *lines, int32_t next)
{
	const struct statusline_separator *separator = &lines->separator;
	bool due = lines->separator_waits && lines->line_has_text;
	lines->separator_waits = false;
	if (!due)
		return;
	if (separator->is_arrow) {
		show_arrow(lines, next);
		return;
	}
	show_style(lines, &separator->style);
	buf_append(&lines->line, separator->text, separator->len);
}

void statusline_lines_add(struct statusline_lines *lines, const struct statusline_style *style,
			  const char *text, size_t len)
{
	if (len == 0 || lines->line.len + len > STATUSLINE_OUTPUT_MAX_BYTES)
		return;
	show_separator(lines, style->background);
	show_style(lines, style);
	buf_append(&lines->line, text, len);
	lines->line_has_text = true;
}

void statusline_lines_separate(struct statusline_lines *lines, const struct statusline_separator *separator)
{
	if (lines->separator_waits && (!separator->is_default || lines->separator.is_default))
		return;
	lines->separator = *separator;
	lines->separator_waits = true;
}

void statusline_lines_end(struct statusline_lines *lines)
{
	size_t columns = lines->look->columns;
	/* The last arrow leads to no background. */
	if (lines->separator_waits && lines->separator.is_arrow && lines->line_has_text)
		show_arrow(lines, STYLE_NO_COLOUR);
	lines->separator_waits = false;
	show_style(lines, &statusline_style_none);
	if (lines->line_has_text) {
		const char *line = buf_str(&lines->line);
		if (lines->out->len > 0)
			buf_append_char(lines->out, '\n');
		if (columns > 0 && width_of(line, lines->line.len) > columns)
			lines->was_cut = true;
		if (columns > 0)
			width_clip(lines->out, line, lines->line.len, columns);
		else
			buf_append(lines->out, line, lines->line.len);
	}
	buf_clear(&lines->line);
	lines->line_has_text = false;
}

bool statusline_lines_release(struct statusline_lines *lines)
{
	bool good = !lines->line.failed && !lines->out->failed;
	buf_release(&lines->line);
	return good;
}
