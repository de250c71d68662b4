/*
 * ui/page: a command's page for people: lines, and rows "label  item · item · item", wrapped at 80 columns.
 * Text is cleaned for the terminal on its way in.
 *
 * For: status, refresh, expire, doctor, setup.
 *
 * Calling sequence: page_init(); page_line(), or page_row() and its page_item()s, any number of each;
 * page_print(); page_release(). Lines break at blanks only; a longer word stays whole and sticks out.
 */
#ifndef SWATCH_SWATCH_UI_PAGE_H
#define SWATCH_SWATCH_UI_PAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

#define PAGE_COLUMNS 80
#define PAGE_LABEL_COLUMNS 12

enum page_style { STYLE_PLAIN, STYLE_STRONG, STYLE_QUIET, STYLE_GOOD, STYLE_NOTE, STYLE_BAD };

/* The escape sequences that begin and end a style. */
#define PAGE_STYLE_END "\033[0m"
const char *page_style_code(enum page_style style);

struct page {
	struct buf out;
	bool colour;
	bool row_open;
	bool row_has_item;
	bool break_wanted;
	size_t column;
};

void page_init(struct page *page, bool colour);

/* A line of its own, wrapped, with all but the first line indented. Ends an open row. */
void page_line(struct page *page, enum page_style style, size_t indent, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

void page_blank_line(struct page *page);

/* Starts a row. */
void page_row(struct page *page, const char *label);

/* An item of the open row. */
void page_item(struct page *page, enum page_style style, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* A path as an item, with "~" for the home directory. */
void page_path(struct page *page, enum page_style style, const char *path);

/* The next item of the open row starts on a new line. */
void page_break(struct page *page);

/* Ends an open row, prints the page to stdout, and releases it. Returns false when memory ran out. */
bool page_print(struct page *page);

/* Ends an open row; the page as text, for tests. */
const char *page_text(struct page *page);

void page_release(struct page *page);

#endif
