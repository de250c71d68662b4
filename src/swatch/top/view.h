/*
 * top/view: the pages of the live screen, and what the keys do on them.
 *
 * For: main.c. Pure: a model in, cells out. view.c has the frame of the pages, the keys and help; gauges.c
 * block, burn rate and limits; table.c the sessions; detail.c one of them.
 */
#ifndef SWATCH_SWATCH_TOP_VIEW_H
#define SWATCH_SWATCH_TOP_VIEW_H

#include "swatch/top/canvas.h"
#include "swatch/top/model.h"

enum top_page { TOP_PAGE_MAIN, TOP_PAGE_DETAIL, TOP_PAGE_HELP };

/* Any other key is its character. */
enum top_key {
	TOP_KEY_NONE = 0, TOP_KEY_UP = 0x110000, TOP_KEY_DOWN, TOP_KEY_LEFT, TOP_KEY_RIGHT, TOP_KEY_PAGE_UP,
	TOP_KEY_PAGE_DOWN, TOP_KEY_HOME, TOP_KEY_END, TOP_KEY_ENTER, TOP_KEY_BACK, TOP_KEY_REDRAW,
	TOP_KEY_OTHER
};

struct top_view {
	enum top_page page, page_before_help;
	char selected[CACHE_SESSION_ID_MAX + 1];   /* a session's id, or "" */
	size_t first;            /* the first session that is listed */
	size_t scroll;           /* of the detail page and help */
	char trouble[256];       /* why no daemon answers; "": one is connected */
	char remedy[512];        /* what to do about it, or "" */
	/* Set by the last drawing, for the keys: */
	size_t rows_listed, rows_of_page, rows_seen;
};

/* Does what a key means. Returns false when that is to quit. */
bool top_view_key(struct top_view *view, struct top_model *model, unsigned key);

/* Draws the open page. Call top_model_judge() before. */
void top_view_draw(struct top_view *view, const struct top_model *model, struct top_canvas *canvas);

/* ---- the parts ---- */

/* Where the labels end, and how wide the bars are on a page of so many columns. */
#define TOP_LABEL_COLUMNS 12
size_t top_gauge_width(size_t columns);

/* Draws the first `count` rows of gauges from `row` on. */
void top_gauges_draw(const struct top_model *model, struct top_canvas *canvas, size_t row, size_t count);

/* Draws the table into `count` rows, and keeps the selected session in sight. */
void top_table_draw(struct top_view *view, const struct top_model *model, struct top_canvas *canvas,
		    size_t row, size_t count);

/* Draws the page of a session on a high canvas. Returns the rows used. */
size_t top_detail_draw(const struct top_model *model, const struct top_session *session,
		       struct top_canvas *canvas);

/* The style of a percentage that should stay below 100. */
enum top_style top_percent_style(double percent, double note_from, double bad_from);

#endif
