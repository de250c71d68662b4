/* The block and its burn rate, and the server's limits, each with a bar. */
#include "swatch/top/view.h"

#include <math.h>
#include <stdio.h>

#include "base/clock.h"
#include "swatch/ui/human.h"

#define BAR_LEAST 10
#define BAR_MOST 60
/* The widest text beside a bar. */
#define TEXT_COLUMNS 40

/* The statusline's thresholds. */
#define LIMIT_NOTE_PERCENT 70
#define LIMIT_BAD_PERCENT 90

/* A place in a row, which moves on with each item. */
struct pen {
	struct top_canvas *canvas;
	size_t row, column;
	bool began;
};

static void put_item(struct pen *pen, enum top_style style, const char *text)
{
	size_t left = pen->column < pen->canvas->columns ? pen->canvas->columns - pen->column : 0;
	/* Leave an item out rather than cut it, except the first. */
	size_t takes = top_canvas_width(pen->canvas, text) + (pen->began ? 3 : 0);
	if (takes > left && pen->began) {
		pen->column = pen->canvas->columns;
		return;
	}
	if (pen->began)
		pen->column += top_canvas_put(pen->canvas, pen->row, pen->column, 3, TOP_QUIET, " \xC2\xB7 ");
	pen->column += top_canvas_put(pen->canvas, pen->row, pen->column, left, style, text);
	pen->began = true;
}

enum top_style top_percent_style(double percent, double note_from, double bad_from)
{
	return percent >= bad_from ? TOP_BAD : percent >= note_from ? TOP_NOTE : TOP_GOOD;
}

size_t top_gauge_width(size_t columns)
{
	if (columns < TOP_LABEL_COLUMNS + BAR_LEAST + TEXT_COLUMNS / 2)
		return 0;
	if (columns < TOP_LABEL_COLUMNS + BAR_LEAST + TEXT_COLUMNS)
		return BAR_LEAST;
	size_t width = columns - TOP_LABEL_COLUMNS - TEXT_COLUMNS;
	return width < BAR_MOST ? width : BAR_MOST;
}

/* Puts the label of a row. Returns the place of the text beside the bar. */
static struct pen begin_row(struct top_canvas *canvas, size_t row, const char *label)
{
	size_t bar = top_gauge_width(canvas->columns);
	top_canvas_put(canvas, row, 1, TOP_LABEL_COLUMNS - 2, TOP_STRONG, label);
	return (struct pen){ canvas, row, TOP_LABEL_COLUMNS + (bar > 0 ? bar + 2 : 0), false };
}

/* ---- the block ---- */

static void draw_block(const struct top_model *model, struct top_canvas *canvas, size_t row)
{
	struct pen pen = begin_row(canvas, row, "block");
	char text[160];
	if (!model->block_runs) {
		pen.column = TOP_LABEL_COLUMNS;
		put_item(&pen, TOP_QUIET, model->figures.known ? "none is active" : "unknown");
		return;
	}
	double length_ms = (double)(model->block_end_ms - model->block_start_ms);
	double passed_ms = (double)(model->now_ms - model->block_start_ms);
	top_canvas_bar(canvas, row, TOP_LABEL_COLUMNS, top_gauge_width(canvas->columns), TOP_ACCENT,
		       passed_ms * 100 / length_ms);
	put_item(&pen, TOP_STRONG, human_usd(model->block_usd, HUMAN_TEXT));
	snprintf(text, sizeof(text), "%s left", human_span(model->block_end_ms - model->now_ms, HUMAN_TEXT));
	put_item(&pen, TOP_PLAIN, text);
	snprintf(text, sizeof(text), "to %s", human_clock(model->block_end_ms, model->now_ms, HUMAN_TEXT));
	put_item(&pen, TOP_QUIET, text);
	if (!isnan(model->block_tokens)) {
		snprintf(text, sizeof(text), "%s tokens",
			 human_count((int64_t)model->block_tokens, HUMAN_TEXT));
		put_item(&pen, TOP_QUIET, text);
	}
}

/* Draws the burn rate over time, under the block's bar. Returns the highest, or NaN. */
static double draw_sparkline(const struct top_model *model, struct top_canvas *canvas, size_t row,
			     size_t width)
{
	double rates[BAR_MOST];
	double highest = top_model_burn(model, rates, width);
	for (size_t i = 0; i < width && !isnan(highest); i++) {
		size_t column = TOP_LABEL_COLUMNS + i;
		if (isnan(rates[i]))
			continue;
		if (rates[i] <= 0) {
			top_canvas_fill(canvas, row, column, 1, TOP_QUIET, 0xB7);
			continue;
		}
		uint32_t height = (uint32_t)ceil(rates[i] / highest * 8);
		height = height > 8 ? 8 : height < 1 ? 1 : height;
		top_canvas_fill(canvas, row, column, 1, TOP_ACCENT, 0x2580 + height);
	}
	return highest;
}

static void draw_burn(const struct top_model *model, struct top_canvas *canvas, size_t row)
{
	struct pen pen = begin_row(canvas, row, "burn rate");
	double peak = draw_sparkline(model, canvas, row, top_gauge_width(canvas->columns));
	char text[160];
	if (!model->figures.has_burn_rate) {
		if (isnan(peak))
			pen.column = TOP_LABEL_COLUMNS;
		put_item(&pen, TOP_QUIET, "none yet");
		return;
	}
	snprintf(text, sizeof(text), "%s/h", human_usd(model->figures.burn_rate_usd, HUMAN_TEXT));
	put_item(&pen, TOP_STRONG, text);
	snprintf(text, sizeof(text), "%s at its end", human_usd(model->projected_usd, HUMAN_TEXT));
	put_item(&pen, TOP_PLAIN, text);
	if (!isnan(peak)) {
		snprintf(text, sizeof(text), "peak %s/h", human_usd(peak, HUMAN_TEXT));
		put_item(&pen, TOP_QUIET, text);
	}
}

/* ---- limits ---- */

static void draw_limit(const struct top_model *model, const struct top_limit *limit,
		       struct top_canvas *canvas, size_t row)
{
	struct pen pen = begin_row(canvas, row, limit->label);
	enum top_style style = top_percent_style(limit->percent, LIMIT_NOTE_PERCENT, LIMIT_BAD_PERCENT);
	char text[160];
	top_canvas_bar(canvas, row, TOP_LABEL_COLUMNS, top_gauge_width(canvas->columns), style,
		       limit->percent);
	if (limit->was_hit)
		snprintf(text, sizeof(text), " hit");
	else
		snprintf(text, sizeof(text), "%3.0f%%", limit->percent);
	put_item(&pen, style, text);
	if (limit->resets_ms <= 0) {
		put_item(&pen, TOP_PLAIN, "reset not known");
		return;
	}
	snprintf(text, sizeof(text), "resets %s", human_clock(limit->resets_ms, model->now_ms, HUMAN_TEXT));
	put_item(&pen, TOP_PLAIN, text);
	/* Above 1, it runs out before it resets. */
	if (!isnan(limit->pace)) {
		snprintf(text, sizeof(text), "pace x%.1f", limit->pace);
		put_item(&pen, limit->pace >= 1.05 ? TOP_NOTE : TOP_QUIET, text);
	}
	snprintf(text, sizeof(text), "in %s", human_span(limit->resets_ms - model->now_ms, HUMAN_TEXT));
	put_item(&pen, TOP_QUIET, text);
	if (!isnan(limit->used_usd) && !isnan(limit->limit_usd))
		snprintf(text, sizeof(text), "%s of %s", human_usd(limit->used_usd, HUMAN_TEXT),
			 human_usd(limit->limit_usd, HUMAN_TEXT));
	else if (!isnan(limit->spent_usd))
		snprintf(text, sizeof(text), "%s in it", human_usd(limit->spent_usd, HUMAN_TEXT));
	else
		return;
	put_item(&pen, TOP_QUIET, text);
}

static void draw_limits(const struct top_model *model, struct top_canvas *canvas, size_t row, size_t count)
{
	if (count == 0)
		return;
	for (size_t i = 0; i < model->limit_count && i < count; i++)
		draw_limit(model, &model->limits[i], canvas, row + i);
	if (model->limit_count > 0)
		return;
	struct pen pen = begin_row(canvas, row, "limits");
	pen.column = TOP_LABEL_COLUMNS;
	put_item(&pen, TOP_QUIET, "unknown: Claude Code reports them only to swatch statusline");
}

void top_gauges_draw(const struct top_model *model, struct top_canvas *canvas, size_t row, size_t count)
{
	/* The block says nothing about the limits of an account that has no 5-hour limit: there it comes
	 * last. */
	size_t limits = model->figures.is_weekly ? model->limit_count : 0;
	limits = limits < count ? limits : count;
	draw_limits(model, canvas, row, limits);
	row += limits;
	count -= limits;
	if (count > 0)
		draw_block(model, canvas, row);
	if (count > 1)
		draw_burn(model, canvas, row + 1);
	if (count > 2 && limits == 0)
		draw_limits(model, canvas, row + 2, count - 2);
}
