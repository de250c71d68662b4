/* The table of sessions. */
#include "swatch/top/view.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "swatch/top/figures.h"
#include "swatch/ui/human.h"

#define NAME_LEAST 10
#define NAME_MOST 40
#define CONTEXT_BAR 8
#define ID_SHOWN 8

/* The statusline's thresholds. */
#define CONTEXT_NOTE_PERCENT 60
#define CONTEXT_BAD_PERCENT 80

enum column { NAME, BRANCH, MODEL, CONTEXT, COST, RATE, TOKENS, AGENTS, LAST, COLUMNS };

/* How wide each is, and how wide the page must be to show it. The name takes the rest. */
static const struct {
	const char *title;
	size_t width, from;
	bool right;
	enum top_sort sort;      /* TOP_SORTS: not for sorting */
} columns[COLUMNS] = {
	[NAME] = { "SESSION", NAME_LEAST, 0, false, TOP_BY_NAME },
	[BRANCH] = { "BRANCH", 18, 108, false, TOP_SORTS },
	[MODEL] = { "MODEL", 10, 52, false, TOP_BY_MODEL },
	[CONTEXT] = { "CONTEXT", CONTEXT_BAR + 5, 66, false, TOP_BY_CONTEXT },
	[COST] = { "COST", 9, 26, true, TOP_BY_COST },
	[RATE] = { "$/H", 9, 92, true, TOP_BY_RATE },
	[TOKENS] = { "TOKENS", 6, 74, true, TOP_BY_TOKENS },
	[AGENTS] = { "AGENTS", 6, 80, true, TOP_BY_AGENTS },
	[LAST] = { "LAST", 5, 34, true, TOP_BY_ACTIVITY },
};

/* A narrow page shows only the number of the context. */
#define CONTEXT_NARROW_FROM 42
#define CONTEXT_NARROW 7

struct layout {
	size_t at[COLUMNS], width[COLUMNS];   /* width 0: not shown */
};

static void lay_out(size_t page, struct layout *layout)
{
	size_t taken = 3 + 1;    /* the state on the left, a margin on the right */
	for (size_t i = 0; i < COLUMNS; i++) {
		layout->width[i] = page >= columns[i].from ? columns[i].width : 0;
		if (i == CONTEXT && layout->width[i] == 0 && page >= CONTEXT_NARROW_FROM)
			layout->width[i] = CONTEXT_NARROW;
		if (i != NAME && layout->width[i] > 0)
			taken += layout->width[i] + 2;
	}
	size_t left = page > taken + NAME_LEAST ? page - taken : page > taken ? page - taken : 1;
	layout->width[NAME] = left < NAME_MOST ? left : NAME_MOST;
	size_t at = 3;
	for (size_t i = 0; i < COLUMNS; i++) {
		layout->at[i] = at;
		at += layout->width[i] > 0 ? layout->width[i] + 2 : 0;
	}
}

static void draw_titles(const struct top_model *model, struct top_canvas *canvas, size_t row,
			const struct layout *layout)
{
	top_canvas_fill(canvas, row, 0, canvas->columns, TOP_HEAD, ' ');
	for (size_t i = 0; i < COLUMNS; i++) {
		bool sorted = columns[i].sort == model->sort;
		/* Texts go up from A, numbers down from the highest. */
		bool goes_down = (columns[i].sort != TOP_BY_NAME && columns[i].sort != TOP_BY_MODEL)
				 != model->reversed;
		const char *arrow = !sorted ? "" : goes_down ? "\xE2\x96\xBC" : "\xE2\x96\xB2";
		size_t at = layout->at[i], width = layout->width[i];
		if (width == 0)
			continue;
		size_t took = columns[i].right
			? top_canvas_put_right(canvas, row, at, width, TOP_HEAD, columns[i].title)
			: top_canvas_put(canvas, row, at, width, TOP_HEAD, columns[i].title);
		top_canvas_put(canvas, row, columns[i].right ? at + width - took - 1 : at + took, 1, TOP_HEAD,
			       arrow);
	}
}

/* "now", "3m", "2h", "4d" */
static const char *age_text(int64_t since_ms, int64_t now_ms, char out[CLOCK_AGE_SIZE])
{
	if (since_ms == 0)
		snprintf(out, CLOCK_AGE_SIZE, "-");
	else if (now_ms - since_ms < CLOCK_MINUTE_MS)
		snprintf(out, CLOCK_AGE_SIZE, "now");
	else
		clock_format_age(now_ms - since_ms, out);
	return out;
}

/* "engine: permission prompt", or "engine waits"; over the columns of branch and model, too. */
static void draw_waiting_name(const struct top_session *session, struct top_canvas *canvas, size_t row,
			      size_t column, size_t width)
{
	char text[CACHE_SESSION_ID_MAX + 100];
	if (*session->waiting_for)
		snprintf(text, sizeof(text), ": %.80s", session->waiting_for);
	else
		snprintf(text, sizeof(text), " waits");
	size_t left = width > NAME_LEAST + 4 ? top_canvas_width(canvas, text) : 0;
	/* At least a part of the name, and as much of the reason as there is room for. */
	size_t name = left + NAME_LEAST < width ? width - left : width > NAME_LEAST ? NAME_LEAST : width;
	size_t took = top_canvas_put(canvas, row, column, name, TOP_NOTE, top_session_name(session));
	top_canvas_put(canvas, row, column + took, width - took, TOP_NOTE, text);
}

static void draw_name(const struct top_session *session, struct top_canvas *canvas, size_t row, size_t column,
		      size_t width)
{
	char id[ID_SHOWN + 1];
	size_t shown = width >= NAME_LEAST + ID_SHOWN + 1 ? ID_SHOWN : width >= NAME_LEAST + 5 ? 4 : 0;
	if (!session->shares_name || shown == 0) {
		top_canvas_put(canvas, row, column, width, TOP_PLAIN, top_session_name(session));
		return;
	}
	snprintf(id, sizeof(id), "%.*s", (int)shown, session->id);
	size_t took =
		top_canvas_put(canvas, row, column, width - shown - 1, TOP_PLAIN, top_session_name(session));
	top_canvas_put(canvas, row, column + took + 1, shown, TOP_QUIET, id);
}

static void draw_context(const struct top_session *session, struct top_canvas *canvas, size_t row,
			 size_t column, size_t width)
{
	char text[16];
	enum top_style style = top_percent_style(session->context_percent, CONTEXT_NOTE_PERCENT,
						 CONTEXT_BAD_PERCENT);
	/* The context of an idle session does not matter. */
	if (!session->is_active)
		style = TOP_QUIET;
	if (isnan(session->context_percent)) {
		top_canvas_put_right(canvas, row, column, width, TOP_QUIET, "-");
		return;
	}
	if (width > CONTEXT_BAR)
		top_canvas_bar(canvas, row, column, CONTEXT_BAR, style, session->context_percent);
	snprintf(text, sizeof(text), "%.0f%%", fmin(session->context_percent, 999));
	top_canvas_put_right(canvas, row, column, width, style, text);
}

static void put_number(struct top_canvas *canvas, size_t row, const struct layout *layout, enum column column,
		       enum top_style style, const char *text)
{
	top_canvas_put_right(canvas, row, layout->at[column], layout->width[column], style, text);
}

static void draw_session(const struct top_model *model, const struct top_session *session,
			 struct top_canvas *canvas, size_t row, const struct layout *layout)
{
	char age[CLOCK_AGE_SIZE];
	enum top_style style = session->is_active ? TOP_PLAIN : TOP_QUIET;
	if (session->waiting_for)
		top_canvas_put(canvas, row, 1, 1, TOP_NOTE, "?");
	else
		top_canvas_put(canvas, row, 1, 1, session->is_active ? TOP_GOOD : TOP_QUIET,
			       session->is_active ? "\xE2\x97\x8F" : "\xE2\x97\x8B");
	if (session->waiting_for) {
		draw_waiting_name(session, canvas, row, layout->at[NAME],
				  layout->at[CONTEXT] - layout->at[NAME] - 2);
	} else {
		draw_name(session, canvas, row, layout->at[NAME], layout->width[NAME]);
		top_canvas_put(canvas, row, layout->at[BRANCH], layout->width[BRANCH], TOP_QUIET,
			       session->branch ? session->branch : "-");
		top_canvas_put(canvas, row, layout->at[MODEL], layout->width[MODEL], style,
			       session->model ? session->model : "-");
	}
	if (layout->width[CONTEXT] > 0)
		draw_context(session, canvas, row, layout->at[CONTEXT], layout->width[CONTEXT]);
	put_number(canvas, row, layout, COST, style,
		   isnan(session->cost_usd) ? "-" : human_usd(session->cost_usd, HUMAN_TEXT));
	put_number(canvas, row, layout, RATE, style,
		   session->rate_usd > 0 ? human_usd(session->rate_usd, HUMAN_TEXT) : "-");
	put_number(canvas, row, layout, TOKENS, style, top_short_count(session->tokens, TOP_SHORT_TEXT));
	put_number(canvas, row, layout, AGENTS, style,
		   session->subagents > 0 ? top_short_count(session->subagents, TOP_SHORT_TEXT) : "-");
	int64_t since_ms = session->waiting_since_ms > 0 ? session->waiting_since_ms : session->last_ms;
	put_number(canvas, row, layout, LAST, session->waiting_since_ms > 0 ? TOP_NOTE : style,
		   age_text(since_ms, model->now_ms, age));
}

/* Scrolls so that the selected session is among the `rows` that are shown. Returns its place. */
static size_t keep_in_sight(struct top_view *view, const struct top_model *model, size_t rows)
{
	size_t place = *view->selected ? top_model_place(model, view->selected) : model->order_count;
	size_t last_first = model->order_count > rows ? model->order_count - rows : 0;
	if (place < model->order_count && place < view->first)
		view->first = place;
	if (place < model->order_count && rows > 0 && place >= view->first + rows)
		view->first = place - rows + 1;
	if (view->first > last_first)
		view->first = last_first;
	return place;
}

static void draw_none(const struct top_model *model, struct top_canvas *canvas, size_t row)
{
	top_canvas_put(canvas, row, 3, canvas->columns, TOP_QUIET,
		       model->session_count == 0 ? "no session is known yet"
						 : "no session is active; a shows all of them");
}

void top_table_draw(struct top_view *view, const struct top_model *model, struct top_canvas *canvas,
		    size_t row, size_t count)
{
	struct layout layout;
	view->rows_listed = 0;
	if (count == 0)
		return;
	lay_out(canvas->columns, &layout);
	if (count > 1) {
		draw_titles(model, canvas, row, &layout);
		row++;
		count--;
	}
	view->rows_listed = count;
	size_t selected = keep_in_sight(view, model, count);
	if (model->order_count == 0)
		draw_none(model, canvas, row);
	for (size_t i = 0; i < count; i++) {
		const struct top_session *session = top_model_at(model, view->first + i);
		if (!session)
			break;
		draw_session(model, session, canvas, row + i, &layout);
		if (view->first + i == selected)
			top_canvas_mark_row(canvas, row + i);
	}
}
