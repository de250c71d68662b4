#include "swatch/ui/page.h"

#include <string.h>

#include "base/paths.h"
#include "base/printable.h"
#include "base/width.h"
#include "swatch/ui/terminal.h"

#define SEPARATOR " \xC2\xB7 "
#define SEPARATOR_COLUMNS 3

static const char *const style_codes[] = {
	[STYLE_PLAIN] = "", [STYLE_STRONG] = "\033[1m", [STYLE_QUIET] = "\033[2m", [STYLE_GOOD] = "\033[32m",
	[STYLE_NOTE] = "\033[33m", [STYLE_BAD] = "\033[31;1m",
};

const char *page_style_code(enum page_style style)
{
	return style_codes[style];
}

void page_init(struct page *page, bool colour)
{
	memset(page, 0, sizeof(*page));
	page->colour = colour;
}

static void put_styled(struct page *page, enum page_style style, const char *text, size_t len)
{
	bool styled = page->colour && style != STYLE_PLAIN;
	if (styled)
		buf_append_str(&page->out, style_codes[style]);
	buf_append(&page->out, text, len);
	if (styled)
		buf_append_str(&page->out, PAGE_STYLE_END);
	page->column += width_of(text, len);
}

static void put_newline(struct page *page, size_t indent)
{
	buf_append_char(&page->out, '\n');
	for (size_t i = 0; i < indent; i++)
		buf_append_char(&page->out, ' ');
	page->column = indent;
}

/*
 * Takes as many whole words as fit in `room` columns, at least one. Returns their length without blanks at
 * the end.
 */
static size_t take_words(const char *text, size_t len, size_t room)
{
	size_t taken = 0;
	for (size_t end = 0; end <= len; end++) {
		if (end < len && text[end] != ' ')
			continue;
		if (taken > 0 && width_of(text, end) > room)
			break;
		taken = end;
	}
	return taken;
}

static void put_wrapped(struct page *page, enum page_style style, size_t indent, const char *text, size_t len)
{
	for (;;) {
		size_t room = page->column < PAGE_COLUMNS ? PAGE_COLUMNS - page->column : 0;
		size_t taken = take_words(text, len, room);
		put_styled(page, style, text, taken);
		while (taken < len && text[taken] == ' ')
			taken++;
		text += taken;
		len -= taken;
		if (len == 0)
			return;
		put_newline(page, indent);
	}
}

static void end_row(struct page *page)
{
	if (page->row_open)
		put_newline(page, 0);
	page->row_open = false;
}

/* Formats into `out`, cleaned for a terminal. */
__attribute__((format(printf, 3, 0)))
static void format_clean(struct page *page, struct buf *out, const char *format, va_list args)
{
	AUTO_BUF text = BUF_INIT;
	buf_vprintf(&text, format, args);
	printable_clean(out, buf_str(&text), text.len);
	page->out.failed = page->out.failed || text.failed || out->failed;
}

void page_line(struct page *page, enum page_style style, size_t indent, const char *format, ...)
{
	va_list args;
	AUTO_BUF text = BUF_INIT;
	va_start(args, format);
	format_clean(page, &text, format, args);
	va_end(args);
	end_row(page);
	put_wrapped(page, style, indent, buf_str(&text), text.len);
	put_newline(page, 0);
}

void page_blank_line(struct page *page)
{
	end_row(page);
	put_newline(page, 0);
}

void page_row(struct page *page, const char *label)
{
	end_row(page);
	put_styled(page, STYLE_STRONG, label, strlen(label));
	do {
		buf_append_char(&page->out, ' ');
		page->column++;
	} while (page->column < PAGE_LABEL_COLUMNS);
	page->row_open = true;
	page->row_has_item = false;
	page->break_wanted = false;
}

void page_item(struct page *page, enum page_style style, const char *format, ...)
{
	va_list args;
	AUTO_BUF text = BUF_INIT;
	va_start(args, format);
	format_clean(page, &text, format, args);
	va_end(args);
	size_t columns = SEPARATOR_COLUMNS + width_of(buf_str(&text), text.len);
	if (page->row_has_item && !page->break_wanted && page->column + columns <= PAGE_COLUMNS)
		put_styled(page, STYLE_QUIET, SEPARATOR, strlen(SEPARATOR));
	else if (page->row_has_item)
		put_newline(page, PAGE_LABEL_COLUMNS);
	put_wrapped(page, style, PAGE_LABEL_COLUMNS, buf_str(&text), text.len);
	page->row_has_item = true;
	page->break_wanted = false;
}

void page_path(struct page *page, enum page_style style, const char *path)
{
	AUTO_BUF text = BUF_INIT;
	paths_shorten(&text, path);
	page_item(page, style, "%s", buf_str(&text));
	page->out.failed = page->out.failed || text.failed;
}

void page_break(struct page *page)
{
	page->break_wanted = page->row_has_item;
}

const char *page_text(struct page *page)
{
	end_row(page);
	return buf_str(&page->out);
}

void page_release(struct page *page)
{
	buf_release(&page->out);
}

bool page_print(struct page *page)
{
	end_row(page);
	bool good = terminal_print(&page->out);
	page_release(page);
	return good;
}
