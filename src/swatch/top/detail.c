/* The page of one session. */
#include "swatch/top/view.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "cache/read.h"
#include "swatch/top/figures.h"
#include "swatch/ui/human.h"

#define CONTEXT_NOTE_PERCENT 60
#define CONTEXT_BAD_PERCENT 80
#define MODELS_SHOWN 20
#define REASONS_SHOWN 6
#define ISSUES_SHOWN 4
#define PREVIEW_ROWS 3

/* A page that grows downwards. */
struct sheet {
	struct top_canvas *canvas;
	size_t row;
};

static size_t text_width(const struct sheet *sheet)
{
	size_t columns = sheet->canvas->columns;
	return columns > TOP_LABEL_COLUMNS + 1 ? columns - TOP_LABEL_COLUMNS - 1 : 1;
}

static void put_label(struct sheet *sheet, const char *label)
{
	top_canvas_put(sheet->canvas, sheet->row, 1, TOP_LABEL_COLUMNS - 2, TOP_STRONG, label);
}

/* Puts a row "label  value", or nothing without a value. */
static void put_row(struct sheet *sheet, const char *label, enum top_style style, const char *value)
{
	if (!value || !*value)
		return;
	put_label(sheet, label);
	top_canvas_put(sheet->canvas, sheet->row, TOP_LABEL_COLUMNS, text_width(sheet), style, value);
	sheet->row++;
}

static void put_path(struct sheet *sheet, const char *label, const char *path)
{
	if (!path || !*path)
		return;
	put_label(sheet, label);
	top_canvas_put_tail(sheet->canvas, sheet->row, TOP_LABEL_COLUMNS, text_width(sheet), TOP_PLAIN, path);
	sheet->row++;
}

static void put_where(struct sheet *sheet, const struct top_session *session)
{
	struct json_object *transcript = json_get_object(session->file, "transcript");
	put_path(sheet, "project", json_get_string(session->file, "projectPath"));
	put_row(sheet, "branch", TOP_PLAIN, session->branch);
	put_row(sheet, "session", TOP_PLAIN, session->id);
	if (json_get_bool(transcript, "exists", false))
		put_path(sheet, "transcript", json_get_string(session->file, "transcriptPath"));
	else
		put_row(sheet, "transcript", TOP_NOTE, "missing");
}

static void put_state(struct sheet *sheet, const struct top_session *session, int64_t now_ms)
{
	size_t count;
	struct json_object *health = json_get_object(session->file, "health");
	struct json_object *issues = json_get_array(health, "issues", &count);
	const char *status = json_get_string(health, "status");
	enum top_style style = !status || strcmp(status, "unknown") == 0 ? TOP_QUIET
			       : strcmp(status, "healthy") == 0 ? TOP_GOOD
			       : strcmp(status, "critical") == 0 ? TOP_BAD : TOP_NOTE;
	char text[160];
	snprintf(text, sizeof(text), "%s, %.40s", session->is_active ? "active" : "idle",
		 status ? status : "unknown");
	put_row(sheet, "state", style, text);
	if (session->waiting_for) {
		snprintf(text, sizeof(text), "waits for you%s%.80s%s%s", *session->waiting_for ? ": " : "",
			 session->waiting_for, session->waiting_since_ms > 0 ? ", for " : "",
			 session->waiting_since_ms > 0
				 ? human_span(now_ms - session->waiting_since_ms, HUMAN_TEXT) : "");
		put_row(sheet, "", TOP_NOTE, text);
	}
	for (size_t i = 0; i < count && i < ISSUES_SHOWN; i++)
		put_row(sheet, "", style, json_item_string(issues, i));
}

static void put_model(struct sheet *sheet, const struct top_session *session)
{
	const char *id = json_get_string(json_get_object(session->file, "model"), "id");
	char text[256];
	if (session->model && id && strcmp(id, session->model) != 0) {
		snprintf(text, sizeof(text), "%.60s (%.160s)", session->model, id);
		put_row(sheet, "model", TOP_PLAIN, text);
	} else {
		put_row(sheet, "model", TOP_PLAIN, session->model);
	}
}

static void put_context(struct sheet *sheet, const struct top_session *session)
{
	struct json_object *context = json_get_object(session->file, "context");
	double used = top_number(context, "tokensUsed", TOP_TOKENS_MAX);
	double size = top_number(context, "windowSize", TOP_TOKENS_MAX);
	double percent = session->context_percent;
	char text[200];
	if (isnan(percent) || isnan(used) || isnan(size)) {
		put_row(sheet, "context", TOP_QUIET, "unknown");
		return;
	}
	enum top_style style = top_percent_style(percent, CONTEXT_NOTE_PERCENT, CONTEXT_BAD_PERCENT);
	size_t width = top_gauge_width(sheet->canvas->columns);
	put_label(sheet, "context");
	top_canvas_bar(sheet->canvas, sheet->row, TOP_LABEL_COLUMNS, width, style, percent);
	size_t at = TOP_LABEL_COLUMNS + (width > 0 ? width + 2 : 0);
	snprintf(text, sizeof(text), "%.1f%%", percent);
	at += top_canvas_put(sheet->canvas, sheet->row, at, text_width(sheet), style, text);
	snprintf(text, sizeof(text), " \xC2\xB7 %s of %s tokens", human_count((int64_t)used, HUMAN_TEXT),
		 human_count((int64_t)size, HUMAN_TEXT));
	top_canvas_put(sheet->canvas, sheet->row, at, text_width(sheet), TOP_PLAIN, text);
	sheet->row++;
}

/* Claude Code's own total, and the reasons for a difference. */
static void put_claude_cost(struct sheet *sheet, const struct top_session *session)
{
	size_t count;
	struct json_object *claude = json_get_object(session->file, "claudeCost");
	struct json_object *reasons = json_get_array(claude, "reasons", &count);
	double total = top_number(claude, "totalUSD", TOP_USD_MAX);
	double gap = json_get_double(claude, "gapUSD", NAN);
	char text[300];
	bool is_equal = isnan(gap) || fabs(gap) < 0.005;
	if (isnan(total))
		return;
	if (is_equal)
		snprintf(text, sizeof(text), "Claude Code says %s, too", human_usd(total, HUMAN_TEXT));
	else
		snprintf(text, sizeof(text), "Claude Code says %s, %s %s", human_usd(total, HUMAN_TEXT),
			 human_usd(fabs(gap), HUMAN_TEXT), gap > 0 ? "more" : "less");
	put_row(sheet, "", TOP_QUIET, text);
	for (size_t i = 0; !is_equal && i < count && i < REASONS_SHOWN; i++) {
		struct json_object *one = json_object_array_get_idx(reasons, i);
		const char *reason = json_get_string(one, "reason"), *model = json_get_string(one, "model");
		if (!reason)
			continue;
		snprintf(text, sizeof(text), "  %s %.60s%s%.80s",
			 human_usd(json_get_double(one, "costUSD", NAN), HUMAN_TEXT), reason,
			 model ? " " : "", model ? model : "");
		put_row(sheet, "", TOP_QUIET, text);
	}
}

static void put_cost(struct sheet *sheet, const struct top_session *session)
{
	char text[200];
	if (isnan(session->cost_usd)) {
		put_row(sheet, "cost", TOP_QUIET, "unknown");
		return;
	}
	int len = snprintf(text, sizeof(text), "%s", human_usd(session->cost_usd, HUMAN_TEXT));
	if (session->rate_usd > 0)
		snprintf(text + len, sizeof(text) - (size_t)len, " \xC2\xB7 %s/h in this block",
			 human_usd(session->rate_usd, HUMAN_TEXT));
	put_row(sheet, "cost", TOP_STRONG, text);
	put_claude_cost(sheet, session);
	if (session->subagents > 0) {
		double usd = top_number(json_get_object(session->file, "subagents"), "costUSD", TOP_USD_MAX);
		snprintf(text, sizeof(text), "%s%s%s",
			 human_counted((int64_t)session->subagents, "agent", HUMAN_TEXT),
			 isnan(usd) ? "" : ", of the cost ", isnan(usd) ? "" : human_usd(usd, HUMAN_TEXT));
		put_row(sheet, "subagents", TOP_PLAIN, text);
	}
}

static void put_cache(struct sheet *sheet, const struct top_session *session, int64_t now_ms)
{
	struct json_object *cache = json_get_object(session->file, "promptCache");
	const char *warmth = json_get_string(json_get_object(session->file, "transcript"), "cacheWarmth");
	int64_t left_ms = top_time(cache, "expiresAt") - now_ms;
	double cold_usd = top_number(cache, "coldCostUSD", TOP_USD_MAX);
	char price[40] = "", text[160] = "warm";
	if (!isnan(cold_usd))
		snprintf(price, sizeof(price), " for %s", human_usd(cold_usd, HUMAN_TEXT));
	if (warmth && strcmp(warmth, "warm") == 0) {
		if (left_ms > 0)
			snprintf(text, sizeof(text), "warm for %s; then it has to be written again%s",
				 human_span(left_ms, HUMAN_TEXT), price);
		put_row(sheet, "cache", TOP_GOOD, text);
	} else if (warmth && strcmp(warmth, "cold") == 0) {
		snprintf(text, sizeof(text), "cold: the next message writes the prompt cache again%s", price);
		put_row(sheet, "cache", TOP_NOTE, text);
	}
}

/* ---- models and their tokens ---- */

static const struct {
	const char *title, *key;
	size_t width, from;
} counts[] = {
	{ "INPUT", "input", 11, 52 }, { "OUTPUT", "output", 11, 64 }, { "WRITTEN", "cacheCreation", 13, 40 },
	{ "READ", "cacheRead", 15, 30 },
};

static void put_counts(struct sheet *sheet, struct json_object *tokens, enum top_style style, size_t at)
{
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		if (sheet->canvas->columns < counts[i].from)
			continue;
		double count = top_number(tokens, counts[i].key, TOP_TOKENS_MAX);
		const char *text = isnan(count) ? "-" : human_count((int64_t)count, HUMAN_TEXT);
		top_canvas_put_right(sheet->canvas, sheet->row, at, counts[i].width, style,
				     tokens ? text : counts[i].title);
		at += counts[i].width;
	}
}

static void put_tokens(struct sheet *sheet, const struct top_session *session)
{
	size_t columns = sheet->canvas->columns, name = 1, counted = 0, models_count;
	struct json_object *models = json_get_array(session->file, "models", &models_count);
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		counted += columns >= counts[i].from ? counts[i].width : 0;
	size_t name_width = columns > counted + 12 ? columns - counted - 12 : 1;
	name_width = name_width > 40 ? 40 : name_width;
	size_t cost = name + name_width + 1, numbers = cost + 9;
	top_canvas_fill(sheet->canvas, sheet->row, 0, columns, TOP_HEAD, ' ');
	top_canvas_put(sheet->canvas, sheet->row, name, name_width, TOP_HEAD, "TOKENS BY MODEL");
	top_canvas_put_right(sheet->canvas, sheet->row, cost, 9, TOP_HEAD, "COST");
	put_counts(sheet, NULL, TOP_HEAD, numbers);
	sheet->row++;
	for (size_t i = 0; i < models_count && i < MODELS_SHOWN; i++) {
		struct json_object *model = json_object_array_get_idx(models, i);
		const char *text = json_get_string(model, "model");
		double usd = top_number(model, "costUSD", TOP_USD_MAX);
		bool unpriced = json_get_bool(model, "unpriced", false);
		if (!json_object_is_type(model, json_type_object))
			continue;
		top_canvas_put(sheet->canvas, sheet->row, name, name_width, TOP_PLAIN, text ? text : "?");
		top_canvas_put_right(sheet->canvas, sheet->row, cost, 9, unpriced ? TOP_NOTE : TOP_PLAIN,
				     unpriced ? "no price" : isnan(usd) ? "-" : human_usd(usd, HUMAN_TEXT));
		put_counts(sheet, model, TOP_PLAIN, numbers);
		sheet->row++;
	}
}

/* ---- when ---- */

static void put_moment(struct sheet *sheet, const char *label, int64_t at_ms, int64_t now_ms,
		       const char *more)
{
	char text[200];
	if (at_ms <= 0)
		return;
	snprintf(text, sizeof(text), "%s, %s%s", human_clock(at_ms, now_ms, HUMAN_TEXT),
		 now_ms - at_ms < CLOCK_MINUTE_MS ? "just now" : human_ago(at_ms, now_ms, HUMAN_TEXT), more);
	put_row(sheet, label, TOP_PLAIN, text);
}

/* Puts text in several rows, broken where a row is full. */
static void put_wrapped(struct sheet *sheet, const char *text, size_t rows)
{
	struct top_canvas line;
	size_t width = text_width(sheet);
	/* Put it on one long line first, since columns are not bytes. */
	const struct top_cell blank = { .code = ' ' };
	if (!top_canvas_init(&line, 1, width * rows, sheet->canvas->utf8))
		return;
	size_t took = top_canvas_put(&line, 0, 0, width * rows, TOP_QUIET, text);
	for (size_t row = 0; row < rows && row * width < took; row++, sheet->row++) {
		for (size_t i = 0; i < width; i++) {
			struct top_cell *to =
				top_canvas_cell(sheet->canvas, sheet->row, TOP_LABEL_COLUMNS + i);
			const struct top_cell *from = top_canvas_cell(&line, 0, row * width + i);
			const struct top_cell *next = top_canvas_cell(&line, 0, row * width + i + 1);
			/* Both halves of a wide character that does not fit the row become blanks. */
			bool ends_inside = i + 1 == width && next && next->code == 0;
			bool split = from && (ends_inside || (i == 0 && from->code == 0));
			if (to && from)
				*to = split ? blank : *from;
		}
	}
	top_canvas_release(&line);
}

static void put_times(struct sheet *sheet, const struct top_model *model, const struct top_session *session)
{
	struct json_object *transcript = json_get_object(session->file, "transcript");
	const char *preview = json_get_string(transcript, "lastMessagePreview");
	double messages = top_number(transcript, "messageCount", TOP_TOKENS_MAX);
	char more[80] = "";
	if (!isnan(messages))
		snprintf(more, sizeof(more), " \xC2\xB7 %s",
			 human_counted((int64_t)messages, "message", HUMAN_TEXT));
	int64_t began_ms = top_time(transcript, "firstMessageTime");
	put_moment(sheet, began_ms > 0 ? "began" : "first seen",
		   began_ms > 0 ? began_ms : top_time(session->file, "firstSeen"), model->now_ms, "");
	put_moment(sheet, "last", session->last_ms, model->now_ms, more);
	if (preview && *preview)
		put_wrapped(sheet, preview, PREVIEW_ROWS);
}

size_t top_detail_draw(const struct top_model *model, const struct top_session *session,
		       struct top_canvas *canvas)
{
	struct sheet sheet = { canvas, 0 };
	put_where(&sheet, session);
	put_model(&sheet, session);
	put_state(&sheet, session, model->now_ms);
	put_times(&sheet, model, session);
	sheet.row++;
	put_context(&sheet, session);
	put_cost(&sheet, session);
	put_cache(&sheet, session, model->now_ms);
	sheet.row++;
	put_tokens(&sheet, session);
	return sheet.row < canvas->rows ? sheet.row : canvas->rows;
}
