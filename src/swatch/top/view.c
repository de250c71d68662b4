#include "swatch/top/view.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "swatch/top/figures.h"
#include "swatch/ui/human.h"

/* The longest page of a session, or of help. */
#define SHEET_ROWS 80

/* ---- keys ---- */

static void select_place(struct top_view *view, const struct top_model *model, size_t place)
{
	const struct top_session *session = top_model_at(model, place);
	if (session)
		snprintf(view->selected, sizeof(view->selected), "%s", session->id);
}

/* Moves the selection; the first key only shows it. */
static void move_selection(struct top_view *view, const struct top_model *model, int64_t by)
{
	size_t place = *view->selected ? top_model_place(model, view->selected) : model->order_count;
	if (model->order_count == 0)
		return;
	if (place == model->order_count) {
		select_place(view, model, view->first);
		return;
	}
	int64_t wanted = (int64_t)place + by, last = (int64_t)model->order_count - 1;
	select_place(view, model, (size_t)(wanted < 0 ? 0 : wanted > last ? last : wanted));
}

static void sort_by_next(struct top_model *model, int step)
{
	model->sort = (enum top_sort)(((int)model->sort + step + TOP_SORTS) % TOP_SORTS);
	model->reversed = false;
}

static void open_detail(struct top_view *view, const struct top_model *model)
{
	if (!*view->selected || top_model_place(model, view->selected) == model->order_count)
		select_place(view, model, view->first);
	if (!*view->selected || model->order_count == 0)
		return;
	view->page = TOP_PAGE_DETAIL;
	view->scroll = 0;
}

static void key_on_main(struct top_view *view, struct top_model *model, unsigned key)
{
	int64_t page = view->rows_listed > 1 ? (int64_t)view->rows_listed - 1 : 1;
	switch (key) {
	case TOP_KEY_UP: case 'k':
		move_selection(view, model, -1);
		break;
	case TOP_KEY_DOWN: case 'j':
		move_selection(view, model, 1);
		break;
	case TOP_KEY_PAGE_UP:
		move_selection(view, model, -page);
		break;
	case TOP_KEY_PAGE_DOWN: case ' ':
		move_selection(view, model, page);
		break;
	case TOP_KEY_HOME: case 'g':
		select_place(view, model, 0);
		break;
	case TOP_KEY_END: case 'G':
		if (model->order_count > 0)
			select_place(view, model, model->order_count - 1);
		break;
	case TOP_KEY_ENTER: case TOP_KEY_RIGHT: case 'l':
		open_detail(view, model);
		break;
	case TOP_KEY_BACK:
		view->selected[0] = '\0';
		view->first = 0;
		break;
	case 's': case '>':
		sort_by_next(model, 1);
		break;
	case '<':
		sort_by_next(model, -1);
		break;
	case 'r':
		model->reversed = !model->reversed;
		break;
	case 'a':
		model->active_only = !model->active_only;
		view->first = 0;
		break;
	default:
		break;
	}
}

static void scroll_by(struct top_view *view, int64_t by)
{
	int64_t last =
		view->rows_of_page > view->rows_seen ? (int64_t)(view->rows_of_page - view->rows_seen) : 0;
	int64_t wanted = (int64_t)view->scroll + by;
	view->scroll = (size_t)(wanted < 0 ? 0 : wanted > last ? last : wanted);
}

static void key_on_sheet(struct top_view *view, const struct top_model *model, unsigned key)
{
	int64_t page = view->rows_seen > 1 ? (int64_t)view->rows_seen - 1 : 1;
	switch (key) {
	case TOP_KEY_UP: case 'k':
		scroll_by(view, -1);
		break;
	case TOP_KEY_DOWN: case 'j':
		scroll_by(view, 1);
		break;
	case TOP_KEY_PAGE_UP:
		scroll_by(view, -page);
		break;
	case TOP_KEY_PAGE_DOWN: case ' ':
		scroll_by(view, page);
		break;
	case TOP_KEY_BACK: case TOP_KEY_LEFT: case TOP_KEY_ENTER: case 'h':
		view->page = view->page == TOP_PAGE_HELP ? view->page_before_help : TOP_PAGE_MAIN;
		view->scroll = 0;
		break;
	case 'n': case 'p':
		if (view->page != TOP_PAGE_DETAIL)
			break;
		move_selection(view, model, key == 'n' ? 1 : -1);
		view->scroll = 0;
		break;
	default:
		break;
	}
}

bool top_view_key(struct top_view *view, struct top_model *model, unsigned key)
{
	if (key == 'q' || key == 'Q')
		return false;
	if (key == '?' && view->page != TOP_PAGE_HELP) {
		view->page_before_help = view->page;
		view->page = TOP_PAGE_HELP;
		view->scroll = 0;
	} else if (view->page == TOP_PAGE_MAIN) {
		key_on_main(view, model, key);
	} else {
		key_on_sheet(view, model, key == '?' ? TOP_KEY_BACK : key);
	}
	return true;
}

/* ---- the frame ---- */

/* "swatch top  today $34.56, 12.3M tokens         3 of 12 active, fresh" */
static void draw_title(const struct top_model *model, struct top_canvas *canvas)
{
	const struct figures *figures = &model->figures;
	char left[160], right[160];
	const char *state = !figures->known ? "no figures" : figures->is_fresh ? "fresh" : "stale";
	enum top_style style = figures->known && figures->is_fresh ? TOP_GOOD : TOP_NOTE;
	size_t columns = canvas->columns, state_width = top_canvas_width(canvas, state);
	size_t at = 1 + top_canvas_put(canvas, 0, 1, columns, TOP_STRONG, "swatch top");
	size_t right_at = columns > state_width + 1 ? columns - state_width - 1 : 0;
	if (figures->known) {
		char date[16];
		clock_format_local_date(figures->fetched_ms, date);
		int len = snprintf(left, sizeof(left), "%s %s", figures->is_of_today ? "today" : date,
				   human_usd(figures->today_usd, HUMAN_TEXT));
		at += 2;
		if (at + (size_t)len < right_at)
			at += top_canvas_put(canvas, 0, at, columns, TOP_STRONG, left);
		snprintf(left, sizeof(left), ", %s tokens",
			 top_short_count(model->today_tokens, TOP_SHORT_TEXT));
		if (!isnan(model->today_tokens) && at + strlen(left) < right_at)
			at += top_canvas_put(canvas, 0, at, columns, TOP_QUIET, left);
	}
	if (right_at > at)
		top_canvas_put(canvas, 0, right_at, state_width, style, state);
	int waits = model->waiting_count > 0
			    ? snprintf(right, sizeof(right), "%zu waiting, ", model->waiting_count) : 0;
	snprintf(right + waits, sizeof(right) - (size_t)waits, "%zu of %s active", model->active_count,
		 human_counted((int64_t)model->session_count, "session", HUMAN_TEXT));
	size_t width = strlen(right);
	if (right_at > at + width + 4)
		top_canvas_put(canvas, 0, right_at - width - 2, width, TOP_QUIET, right);
	if (*figures->source && right_at > at + width + strlen(figures->source) + 6)
		top_canvas_put_right(canvas, 0, at, right_at - width - 4 - at, TOP_QUIET, figures->source);
}

struct notes {
	struct {
		enum top_style style;
		char text[600];
	} all[5];
	size_t count;
};

static void add_note(struct notes *notes, enum top_style style, const char *text)
{
	if (notes->count == sizeof(notes->all) / sizeof(notes->all[0]))
		return;
	notes->all[notes->count].style = style;
	snprintf(notes->all[notes->count++].text, sizeof(notes->all[0].text), "%s", text);
}

/* What a person has to know before trusting the figures. */
static void find_notes(const struct top_view *view, const struct top_model *model, struct notes *notes)
{
	char text[600];
	if (*view->trouble && model->figures.fetched_ms > 0)
		snprintf(text, sizeof(text), "%s; the figures are from %s", view->trouble,
			 human_clock(model->figures.fetched_ms, model->now_ms, HUMAN_TEXT));
	else
		snprintf(text, sizeof(text), "%s", view->trouble);
	if (*view->trouble)
		add_note(notes, TOP_BAD, text);
	if (*view->trouble && *view->remedy) {
		snprintf(text, sizeof(text), "start it with: %s", view->remedy);
		add_note(notes, TOP_PLAIN, text);
	}
	if (model->is_unwritten)
		add_note(notes, TOP_BAD,
			 "swatchd cannot write its files (is the disk full?): these figures are old");
	if (model->newer_schema)
		add_note(notes, TOP_NOTE, CACHE_BILLING_FILE " was written by a newer swatchd");
	if (model->figures.is_limited) {
		int64_t resets_ms = model->figures.limit_resets_ms;
		if (resets_ms > 0)
			snprintf(text, sizeof(text), "the %s was hit; it resets at %s (in %s)",
				 model->figures.limit_title,
				 human_clock(resets_ms, model->now_ms, HUMAN_TEXT),
				 human_span(resets_ms - model->now_ms, HUMAN_TEXT));
		else
			snprintf(text, sizeof(text), "the %s was hit; when it resets is not known",
				 model->figures.limit_title);
		add_note(notes, TOP_BAD, text);
	}
	if (*model->unpriced) {
		snprintf(text, sizeof(text), "costs are too low: no price for %s", model->unpriced);
		add_note(notes, TOP_NOTE, text);
	}
	if (model->too_many || model->failed)
		add_note(notes, TOP_NOTE, model->failed ? "out of memory: something is missing"
							: "there are more sessions than are shown here");
}

static size_t draw_notes(const struct notes *notes, struct top_canvas *canvas, size_t row, size_t count)
{
	size_t i = 0;
	for (; i < notes->count && i < count; i++)
		top_canvas_put(canvas, row + i, 1, canvas->columns - 1, notes->all[i].style,
			       notes->all[i].text);
	return i;
}

static void draw_footer(const struct top_view *view, const struct top_model *model, struct top_canvas *canvas)
{
	char text[200];
	if (view->page == TOP_PAGE_MAIN)
		snprintf(text, sizeof(text), "q quit  ? help  enter detail  s sort: %s  r reverse  a %s",
			 top_sort_name(model->sort), model->active_only ? "all" : "active only");
	else if (view->page == TOP_PAGE_DETAIL)
		snprintf(text, sizeof(text), "q quit  ? help  esc back  n next  p previous%s",
			 view->rows_of_page > view->rows_seen ? "  \xE2\x86\x91\xE2\x86\x93 scroll" : "");
	else
		snprintf(text, sizeof(text), "q quit  esc back%s",
			 view->rows_of_page > view->rows_seen ? "  \xE2\x86\x91\xE2\x86\x93 scroll" : "");
	top_canvas_put(canvas, canvas->rows - 1, 1, canvas->columns - 1, TOP_QUIET, text);
}

/* ---- the main page ---- */

static void draw_events(const struct top_view *view, const struct top_model *model, struct top_canvas *canvas,
			size_t row, size_t count)
{
	top_canvas_fill(canvas, row, 1, canvas->columns - 2, TOP_QUIET, 0x2500);
	top_canvas_put(canvas, row, 3, canvas->columns - 4, TOP_QUIET, " events ");
	count--;
	if (model->event_count == 0)
		top_canvas_put(canvas, row + 1, 1, canvas->columns - 2, TOP_QUIET,
			       *view->trouble ? "none without a daemon" : "none yet");
	size_t first = model->event_count > count ? model->event_count - count : 0;
	for (size_t i = 0; i < count && first + i < model->event_count; i++)
		top_canvas_put(canvas, row + 1 + i, 1, canvas->columns - 2, TOP_QUIET,
			       model->events[first + i]);
}

/* How many rows each part of the main page gets. */
struct shares {
	size_t notes, gauges, table, events;
	bool airy;               /* blank rows between the parts */
};

static struct shares share_rows(size_t rows, size_t notes, size_t limits)
{
	struct shares shares = { 0 };
	size_t left = rows > 1 ? rows - 1 : 0;      /* the title */
	left -= left > 2;                           /* the keys */
	shares.airy = rows >= 22;
	shares.notes = rows >= 16 ? notes : rows >= 6 && notes > 0 ? 1 : 0;
	shares.gauges = rows < 5 ? 0 : rows < 9 ? 1 : rows < 12 ? 2 : rows < 20 ? 3 : rows < 24 ? 5
			: rows < 30 ? 6 : 2 + limits;
	if (shares.gauges > 2 + limits)
		shares.gauges = 2 + limits;
	shares.events = rows >= 40 ? 8 : rows >= 30 ? 6 : rows >= 22 ? 4 : rows >= 18 ? 3 : 0;
	size_t taken = shares.notes + shares.gauges + shares.events + (shares.airy ? 2 : 0);
	shares.table = left > taken ? left - taken : 0;
	return shares;
}

static void draw_main(struct top_view *view, const struct top_model *model, struct top_canvas *canvas)
{
	struct notes notes = { 0 };
	find_notes(view, model, &notes);
	struct shares shares =
		share_rows(canvas->rows, notes.count, model->limit_count > 0 ? model->limit_count : 1);
	size_t row = 1;
	row += draw_notes(&notes, canvas, row, shares.notes);
	row += shares.airy;
	top_gauges_draw(model, canvas, row, shares.gauges);
	row += shares.gauges + shares.airy;
	top_table_draw(view, model, canvas, row, shares.table);
	row += shares.table;
	if (shares.events > 1)
		draw_events(view, model, canvas, row, shares.events);
}

/* ---- pages that scroll ---- */

static size_t draw_help(struct top_canvas *canvas)
{
	static const char *const lines[][2] = {
		{ "up down", "select a session; also k j, page up and down, g G" },
		{ "enter", "that session's page; n and p there show the next and the previous one" },
		{ "esc", "back; on the list: select none" },
		{ "s > <", "sort by the next column, or by the previous one" },
		{ "r", "reverse the order" },
		{ "a", "active sessions only, or all" },
		{ "q", "quit" },
		{ "", "" },
		{ "block", "the server's five hours, else ccusage's block: time, and cost" },
		{ "burn rate", "below the block's bar: dollars an hour at each time; beside it" },
		{ "", "the block's rate now, and what it will cost at that rate" },
		{ "limits", "the server's limits, as a statusline reported them; above x1.0 you" },
		{ "", "use one up before it resets" },
		{ "\xE2\x97\x8F \xE2\x97\x8B ?", "an active session, an idle one, one that waits for you;" },
		{ "", "those that wait come first, with for what, and since when" },
		{ "CONTEXT", "how full the context window is" },
		{ "COST", "of the whole session, its subagents included" },
		{ "$/H", "its burn rate in this block (on wide screens)" },
		{ "LAST", "the time since its last activity" },
		{ "", "" },
		{ "", "more: man swatch-top" },
	};
	size_t count = sizeof(lines) / sizeof(lines[0]);
	for (size_t i = 0; i < count; i++) {
		top_canvas_put(canvas, i, 1, TOP_LABEL_COLUMNS - 2, TOP_STRONG, lines[i][0]);
		top_canvas_put(canvas, i, TOP_LABEL_COLUMNS, canvas->columns, TOP_PLAIN, lines[i][1]);
	}
	return count;
}

/* Draws the visible part of a page that may be higher than the screen. */
static void draw_sheet(struct top_view *view, const struct top_model *model,
		       const struct top_session *session, struct top_canvas *canvas)
{
	struct top_canvas sheet;
	size_t first = canvas->rows > 6 ? 2 : 1;
	view->rows_seen = canvas->rows > first + 1 ? canvas->rows - first - 1 : 1;
	if (!top_canvas_init(&sheet, SHEET_ROWS, canvas->columns, canvas->utf8))
		return;
	view->rows_of_page = session ? top_detail_draw(model, session, &sheet) : draw_help(&sheet);
	scroll_by(view, 0);
	top_canvas_copy(canvas, first, &sheet, view->scroll, view->rows_seen);
	top_canvas_release(&sheet);
}

void top_view_draw(struct top_view *view, const struct top_model *model, struct top_canvas *canvas)
{
	const struct top_session *session = NULL;
	if (canvas->rows == 0 || canvas->columns < 4)
		return;
	if (view->page == TOP_PAGE_DETAIL) {
		session = top_model_find(model, view->selected);
		if (!session)
			view->page = TOP_PAGE_MAIN;
	}
	if (view->page == TOP_PAGE_MAIN) {
		draw_title(model, canvas);
		draw_main(view, model, canvas);
	} else {
		top_canvas_put(canvas, 0, 1, canvas->columns - 2, TOP_STRONG,
			       session ? top_session_name(session) : "swatch top: keys and words");
		draw_sheet(view, model, session, canvas);
	}
	if (canvas->rows > 3)
		draw_footer(view, model, canvas);
}
