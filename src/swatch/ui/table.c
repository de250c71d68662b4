#include "swatch/ui/table.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/array.h"
#include "base/printable.h"
#include "base/utf8.h"
#include "base/width.h"
#include "swatch/ui/terminal.h"

#define GAP "  "
#define GAP_COLUMNS 2

/* Which columns are shown, and how wide. */
struct layout {
	bool brief;
	bool shown[TABLE_COLUMNS_MAX];
	size_t widths[TABLE_COLUMNS_MAX];
};

/* A text on its way to the page. */
struct shown {
	const char *text;
	size_t len, width;
};

void table_device_find(struct table_device *device)
{
	device->width = terminal_columns(STDOUT_FILENO);
	if (device->width == 0)
		device->width = TABLE_PIPE_COLUMNS;
	device->colour = terminal_wants_colour(STDOUT_FILENO);
	device->utf8 = terminal_speaks_utf8();
}

/* ---- filling ---- */

void table_init(struct table *table, const struct table_column *columns, size_t column_count)
{
	memset(table, 0, sizeof(*table));
	table->columns = columns;
	table->column_count = column_count < TABLE_COLUMNS_MAX ? column_count : TABLE_COLUMNS_MAX;
}

static struct table_line *add_line(struct table *table)
{
	if (!array_reserve_many(&table->lines, &table->line_cap, table->line_count + 1,
				sizeof(*table->lines))) {
		table->failed = true;
		return NULL;
	}
	struct table_line *line = &table->lines[table->line_count++];
	memset(line, 0, sizeof(*line));
	return line;
}

void table_row(struct table *table, enum page_style style)
{
	struct table_line *line = add_line(table);
	if (line)
		line->style = style;
}

void table_rule(struct table *table)
{
	struct table_line *line = add_line(table);
	if (line)
		line->is_rule = true;
}

static struct table_text keep(struct table *table, const char *text)
{
	struct buf *texts = &table->texts;
	struct table_text kept = { .at = (uint32_t)texts->len };
	printable_clean(texts, text, strlen(text));
	kept.len = (uint32_t)(texts->len - kept.at);
	buf_append_char(texts, '\0');
	table->failed = table->failed || texts->failed || texts->len > UINT32_MAX;
	if (kept.len > 0 && !table->failed)
		kept.width = (uint32_t)width_of(texts->data + kept.at, kept.len);
	return kept;
}

void table_cell(struct table *table, size_t column, const char *text, const char *brief)
{
	if (table->failed || table->line_count == 0 || column >= table->column_count)
		return;
	struct table_cell *cell = &table->lines[table->line_count - 1].cells[column];
	cell->text = keep(table, text);
	cell->brief = brief ? keep(table, brief) : cell->text;
}

void table_cell_again(struct table *table, size_t column)
{
	if (table->failed || table->line_count < 2 || column >= table->column_count)
		return;
	struct table_line *line = &table->lines[table->line_count - 1];
	line->cells[column] = line[-1].cells[column];
}

void table_span(struct table *table, enum page_style style, const char *text)
{
	table_row(table, style);
	table_cell(table, 0, text, NULL);
	if (!table->failed)
		table->lines[table->line_count - 1].is_span = true;
}

void table_release(struct table *table)
{
	buf_release(&table->texts);
	free(table->lines);
	memset(table, 0, sizeof(*table));
}

/* ---- fitting ---- */

static const struct table_text *text_of(const struct table_cell *cell, bool brief)
{
	return brief ? &cell->brief : &cell->text;
}

static const char *title_of(const struct table_column *column, bool brief)
{
	return brief && column->brief_title ? column->brief_title : column->title;
}

static struct shown show(const char *text)
{
	size_t len = strlen(text);
	return (struct shown){ text, len, width_of(text, len) };
}

static struct shown show_kept(const struct table *table, const struct table_text *text)
{
	return (struct shown){ text->len > 0 ? table->texts.data + text->at : "", text->len, text->width };
}

static size_t natural_width(const struct table *table, size_t column, bool brief)
{
	size_t widest = show(title_of(&table->columns[column], brief)).width;
	for (size_t i = 0; i < table->line_count; i++) {
		if (table->lines[i].is_span)
			continue;
		size_t width = text_of(&table->lines[i].cells[column], brief)->width;
		widest = width > widest ? width : widest;
	}
	return widest;
}

static size_t least_width(const struct table_column *column, size_t natural)
{
	return column->cut != TABLE_CUT_NEVER && column->least < natural ? column->least : natural;
}

/* The width of a line with the columns' natural widths, or with their least ones. */
static size_t sum_widths(const struct table *table, const struct layout *layout, bool least)
{
	size_t sum = 0, shown = 0;
	for (size_t i = 0; i < table->column_count; i++) {
		if (!layout->shown[i])
			continue;
		shown++;
		sum += least ? least_width(&table->columns[i], layout->widths[i]) : layout->widths[i];
	}
	return sum + (shown > 1 ? (shown - 1) * GAP_COLUMNS : 0);
}

/* Leaves out the columns with the highest `drop`. Returns false when all others have to stay. */
static bool drop_some(const struct table *table, struct layout *layout)
{
	unsigned highest = 0;
	for (size_t i = 0; i < table->column_count; i++)
		if (layout->shown[i] && table->columns[i].drop > highest)
			highest = table->columns[i].drop;
	for (size_t i = 0; i < table->column_count; i++)
		if (table->columns[i].drop == highest && highest > 0)
			layout->shown[i] = false;
	return highest > 0;
}

/* Cuts columns to their least widths, and gives the rest of the line back to them, from the left. */
static void share_width(const struct table *table, struct layout *layout, size_t width)
{
	size_t sum = sum_widths(table, layout, true);
	size_t slack = width > sum ? width - sum : 0;
	for (size_t i = 0; i < table->column_count; i++) {
		size_t natural = layout->widths[i];
		size_t least = least_width(&table->columns[i], natural);
		if (!layout->shown[i])
			continue;
		size_t extra = natural - least < slack ? natural - least : slack;
		layout->widths[i] = least + extra;
		slack -= extra;
	}
}

static void fit(const struct table *table, size_t width, struct layout *layout)
{
	for (int brief = 0; brief <= 1; brief++) {
		layout->brief = brief == 1;
		for (size_t i = 0; i < table->column_count; i++) {
			layout->shown[i] = true;
			layout->widths[i] = natural_width(table, i, layout->brief);
		}
		if (width == 0 || sum_widths(table, layout, false) <= width)
			return;
	}
	while (sum_widths(table, layout, true) > width)
		if (!drop_some(table, layout))
			break;
	share_width(table, layout, width);
}

/* ---- drawing ---- */

/* Appends `count` columns of `text` from column `from` on, with '?' for what the terminal cannot show. */
static void append_columns(struct buf *out, const char *text, size_t from, size_t count, bool utf8)
{
	size_t at = 0, left = strlen(text);
	if (utf8_plain_len(text, left) == left) {
		from = from < left ? from : left;
		buf_append(out, text + from, count < left - from ? count : left - from);
		return;
	}
	for (size_t len, columns; left > 0; text += len, left -= len, at += columns) {
		len = width_of_next(text, left, &columns);
		if (at < from || at + columns > from + count)
			continue;
		if (len > 1 && !utf8)
			buf_append_char(out, '?');
		else
			buf_append(out, text, len);
	}
}

/* Appends as many items as fit, and how many are left out: "a +2". Returns false when not even one fits. */
static bool append_list(struct buf *out, const char *text, size_t width, bool utf8)
{
	size_t best = 0, best_more = 0, items = 1;
	for (const char *c = strstr(text, ", "); c; c = strstr(c + 2, ", "))
		items++;
	size_t taken = 0;
	for (const char *c = strstr(text, ", "); c; c = strstr(c + 2, ", ")) {
		size_t more = items - ++taken;
		size_t columns = width_of(text, (size_t)(c - text));
		if (columns + (more > 9 ? 4 : 3) > width)
			break;
		best = columns;
		best_more = more;
	}
	if (best == 0)
		return false;
	append_columns(out, text, 0, best, utf8);
	buf_printf(out, " +%zu", best_more);
	return true;
}

/* Appends a text that is `columns` wide in fewer. */
static void append_cut(struct buf *out, const char *text, size_t columns, size_t width, enum table_cut cut,
		       bool utf8)
{
	const char *dots = utf8 ? "\xE2\x80\xA6" : "..";
	size_t dots_width = utf8 ? 1 : 2;
	size_t room = width > dots_width ? width - dots_width : 0;
	if (cut == TABLE_CUT_LIST && append_list(out, text, width, utf8))
		return;
	if (cut == TABLE_CUT_START) {
		buf_append_str(out, dots);
		append_columns(out, text, columns - room, room, utf8);
	} else {
		append_columns(out, text, 0, room, utf8);
		buf_append_str(out, dots);
	}
}

static void append_blanks(struct buf *out, size_t count)
{
	static const char blanks[] = "                ";
	for (size_t taken; count > 0; count -= taken) {
		taken = count < sizeof(blanks) - 1 ? count : sizeof(blanks) - 1;
		buf_append(out, blanks, taken);
	}
}

/* What is shown of a text in a cell that it does not fit, or where the terminal lacks characters. */
static void append_other(struct buf *out, const struct table_column *column, const struct shown *shown,
			 size_t width, bool utf8)
{
	if (shown->width <= width)
		append_columns(out, shown->text, 0, shown->width, utf8);
	else
		append_cut(out, shown->text, shown->width, width, column->cut, utf8);
}

/* Appends one cell, padded to its width, unless it is the last of its line. */
static void append_cell(struct buf *out, const struct table_column *column, const struct shown *whole,
			size_t width, bool last, bool utf8)
{
	AUTO_BUF other = BUF_INIT;
	struct shown shown = *whole;
	/* ASCII is as wide as it is long. */
	if (shown.width > width || (!utf8 && shown.width != shown.len)) {
		append_other(&other, column, whole, width, utf8);
		shown = (struct shown){ buf_str(&other), other.len, width_of(buf_str(&other), other.len) };
	}
	size_t blanks = shown.width < width ? width - shown.width : 0;
	if (column->is_number)
		append_blanks(out, blanks);
	buf_append(out, shown.text, shown.len);
	if (!column->is_number && !last)
		append_blanks(out, blanks);
	out->failed = out->failed || other.failed;
}

static void append_style(struct buf *out, const struct table_device *device, enum page_style style)
{
	if (device->colour && style != STYLE_PLAIN)
		buf_append_str(out, page_style_code(style));
}

static void append_style_end(struct buf *out, const struct table_device *device, enum page_style style)
{
	if (device->colour && style != STYLE_PLAIN)
		buf_append_str(out, PAGE_STYLE_END);
}

/* Cut to the width of the device only. */
static void draw_span(const struct table *table, const struct table_line *line,
		      const struct table_device *device, struct buf *out)
{
	static const struct table_column column = { .cut = TABLE_CUT_END };
	const struct shown shown = show_kept(table, &line->cells[0].text);
	append_style(out, device, line->style);
	append_cell(out, &column, &shown,
		    device->width > 0 && device->width < shown.width ? device->width : shown.width, true,
		    device->utf8);
	append_style_end(out, device, line->style);
	buf_append_char(out, '\n');
}

static void draw_line(const struct table *table, const struct layout *layout,
		      const struct table_device *device, const struct shown shown[TABLE_COLUMNS_MAX],
		      enum page_style row_style, struct buf *out)
{
	size_t count = table->column_count;
	/* A column without text at the end would leave blanks there. */
	while (count > 1 && (!layout->shown[count - 1] || shown[count - 1].len == 0))
		count--;
	bool first = true;
	for (size_t i = 0; i < count; i++) {
		if (!layout->shown[i])
			continue;
		enum page_style style = shown[i].len == 0 ? STYLE_PLAIN
					: row_style == STYLE_PLAIN ? table->columns[i].style : row_style;
		if (!first)
			buf_append_str(out, GAP);
		first = false;
		append_style(out, device, style);
		append_cell(out, &table->columns[i], &shown[i], layout->widths[i], i + 1 == count,
			    device->utf8);
		append_style_end(out, device, style);
	}
	buf_append_char(out, '\n');
}

static void draw_rule(const struct table *table, const struct layout *layout,
		      const struct table_device *device, struct buf *out)
{
	size_t width = sum_widths(table, layout, false);
	append_style(out, device, STYLE_QUIET);
	for (size_t i = 0; i < width; i++)
		buf_append_str(out, device->utf8 ? "\xE2\x94\x80" : "-");
	append_style_end(out, device, STYLE_QUIET);
	buf_append_char(out, '\n');
}

void table_append_left_out(const struct table *table, const struct table_device *device, struct buf *out)
{
	struct layout layout = { 0 };
	size_t count = 0;
	AUTO_BUF text = BUF_INIT;
	fit(table, device->width, &layout);
	for (size_t i = 0; i < table->column_count; i++)
		if (!layout.shown[i])
			buf_printf(&text, "%s%s", count++ ? ", " : "no room for ", table->columns[i].title);
	if (count == 0)
		return;
	buf_append_str(&text, " (COLUMNS=200 makes some)");
	append_style(out, device, STYLE_QUIET);
	size_t columns = width_of(buf_str(&text), text.len);
	if (device->width == 0 || columns <= device->width)
		append_columns(out, buf_str(&text), 0, columns, device->utf8);
	else
		append_cut(out, buf_str(&text), columns, device->width, TABLE_CUT_END, device->utf8);
	append_style_end(out, device, STYLE_QUIET);
	buf_append_char(out, '\n');
}

bool table_render(const struct table *table, const struct table_device *device, struct buf *out)
{
	struct layout layout = { 0 };
	struct shown shown[TABLE_COLUMNS_MAX] = { { .text = NULL } };
	if (table->failed)
		return false;
	fit(table, device->width, &layout);
	for (size_t i = 0; i < table->column_count; i++)
		shown[i] = show(title_of(&table->columns[i], layout.brief));
	draw_line(table, &layout, device, shown, STYLE_STRONG, out);
	draw_rule(table, &layout, device, out);
	for (size_t line = 0; line < table->line_count; line++) {
		if (table->lines[line].is_rule) {
			draw_rule(table, &layout, device, out);
			continue;
		}
		if (table->lines[line].is_span) {
			draw_span(table, &table->lines[line], device, out);
			continue;
		}
		for (size_t i = 0; i < table->column_count; i++)
			shown[i] = show_kept(table, text_of(&table->lines[line].cells[i], layout.brief));
		draw_line(table, &layout, device, shown, table->lines[line].style, out);
	}
	return !out->failed;
}
