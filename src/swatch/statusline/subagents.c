#include "swatch/statusline/subagents.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/array.h"
#include "base/width.h"
#include "json/leaves.h"
#include "json/write.h"
#include "price/names.h"
#include "swatch/statusline/facts.h"
#include "swatch/statusline/fields.h"

/* Details go before the title becomes shorter than this. */
#define TITLE_MIN_COLUMNS 16
#define SEPARATOR " \xC2\xB7 "
#define SEPARATOR_COLUMNS 3
/* What comes after the title: model, tokens, time. */
#define DETAILS 3

struct panel {
	double columns;          /* NaN: unknown */
	struct slice tasks;
};

struct task {
	struct walk_item id;
	char name[FACT_TEXT_SIZE], type[FACT_TEXT_SIZE], status[FACT_TEXT_SIZE], model[FACT_TEXT_SIZE];
	char description[FACT_LIST_SIZE], label[FACT_LIST_SIZE];
	double tokens;
	int64_t started_ms;
};

/* A row: its title and what follows it. */
struct row {
	const char *title;
	const char *state, *state_code;
	char details[DETAILS][FIELD_VALUE_SIZE];   /* the least important first; "": unknown */
};

/* ---- reading ---- */

static void take_panel_leaf(void *ctx, const char *path, const struct walk_item *item)
{
	struct panel *panel = ctx;
	if (strcmp(path, "tasks") == 0 && item->kind == WALK_ARRAY)
		panel->tasks = item->text;
	else if (strcmp(path, "columns") == 0)
		(void)json_leaf_number(item, &panel->columns);
}

static void take_task_leaf(void *ctx, const char *path, const struct walk_item *item)
{
	struct task *task = ctx;
#define TEXT(member) { #member, task->member, sizeof(task->member) }
	const struct { const char *path; char *out; size_t size; } texts[] = {
		TEXT(name), TEXT(type), TEXT(status), TEXT(model), TEXT(description), TEXT(label),
	};
	if (strcmp(path, "id") == 0)
		task->id = *item;
	else if (strcmp(path, "tokenCount") == 0)
		(void)json_leaf_number(item, &task->tokens);
	else if (strcmp(path, "startTime") == 0)
		(void)json_leaf_time(item, &task->started_ms);
	for (size_t i = 0; i < ARRAY_COUNT(texts); i++)
		if (strcmp(path, texts[i].path) == 0)
			(void)json_leaf_text(item, texts[i].out, texts[i].size);
}

/* Claude Code itself shows shells and the like best. */
static bool is_agent(const struct task *task)
{
	bool has_id = (task->id.kind == WALK_STRING || task->id.kind == WALK_NUMBER) && task->id.text.len > 0
		      && task->id.text.len <= SUBAGENT_ID_MAX_BYTES;
	return has_id && (task->type[0] == '\0' || strstr(task->type, "agent"));
}

/* ---- a row ---- */

static bool is_over(const char *status)
{
	static const char *const words[] = { "completed", "done", "failed", "error", "killed", "cancelled",
					     "stopped" };
	for (size_t i = 0; i < ARRAY_COUNT(words); i++)
		if (strcmp(status, words[i]) == 0)
			return true;
	return false;
}

static void set_state(const struct task *task, struct row *row)
{
	row->state = task->status;
	row->state_code = "\033[2m";
	if (task->status[0] == '\0' || strcmp(task->status, "running") == 0)
		row->state = "";
	else if (strcmp(task->status, "completed") == 0 || strcmp(task->status, "done") == 0)
		row->state_code = "\033[32m";
	else if (strcmp(task->status, "failed") == 0 || strcmp(task->status, "error") == 0)
		row->state_code = "\033[31m";
}

static void fill_row(const struct task *task, int64_t now_ms, struct row *row)
{
	memset(row, 0, sizeof(*row));
	row->title = task->description[0] ? task->description : task->label[0] ? task->label : task->name;
	set_state(task, row);
	model_name_shorten(task->model, row->details[0], FIELD_VALUE_SIZE);
	if (isfinite(task->tokens) && task->tokens >= 1000.)
		snprintf(row->details[1], FIELD_VALUE_SIZE, "%.1fk tokens", task->tokens / 1000.);
	else if (isfinite(task->tokens) && task->tokens >= 1.)
		snprintf(row->details[1], FIELD_VALUE_SIZE, "%.0f tokens", task->tokens);
	/* Claude Code does not say when an agent ended. */
	if (task->started_ms > 0 && task->started_ms <= now_ms && !is_over(task->status))
		statusline_span_text((double)(now_ms - task->started_ms), row->details[2]);
}

static size_t columns_of(const char *text)
{
	size_t columns = width_of(text, strlen(text));
	return columns > 0 ? columns + SEPARATOR_COLUMNS : 0;
}

/* Drops details until the title has enough columns. Returns how many it may have; 0: any number. */
static size_t fit_row(struct row *row, double columns)
{
	if (!isfinite(columns) || columns < 1. || columns > 10000.)
		return 0;
	size_t title = width_of(row->title, strlen(row->title));
	size_t wanted = title < TITLE_MIN_COLUMNS ? title : TITLE_MIN_COLUMNS;
	for (size_t gone = 0;; gone++) {
		size_t others = columns_of(row->state);
		for (size_t i = 0; i < DETAILS; i++)
			others += columns_of(row->details[i]);
		if (others + wanted <= (size_t)columns || gone == DETAILS)
			return others < (size_t)columns ? (size_t)columns - others : 1;
		row->details[gone][0] = '\0';
	}
}

static void append_part(struct buf *out, const char *text, const char *code, bool colour)
{
	if (text[0] == '\0')
		return;
	if (out->len > 0)
		buf_append_str(out, colour ? "\033[2m" SEPARATOR "\033[0m" : SEPARATOR);
	buf_printf(out, "%s%s%s", colour ? code : "", text, colour ? "\033[0m" : "");
}

static void write_row(const struct task *task, const struct row *row, size_t title_columns, bool colour,
		      struct buf *out)
{
	AUTO_BUF content = BUF_INIT;
	struct jsonw w;
	if (title_columns > 0)
		width_clip(&content, row->title, strlen(row->title), title_columns);
	else
		buf_append_str(&content, row->title);
	append_part(&content, row->state, row->state_code, colour);
	for (size_t i = 0; i < DETAILS; i++)
		append_part(&content, row->details[i], "\033[2m", colour);
	/* Claude Code would hide an empty row. */
	if (content.len > 0 && !content.failed) {
		/* The id goes back as it came: the walk found that it is JSON. */
		const char *quote = task->id.kind == WALK_STRING ? "\"" : "";
		struct slice id = task->id.text;
		buf_printf(out, "{\"id\":%s%.*s%s,\"content\":", quote, (int)id.len, id.data, quote);
		jsonw_init(&w, out);
		jsonw_string_len(&w, content.data, content.len);
		buf_append_str(out, "}\n");
	}
	out->failed = out->failed || content.failed;
}

void statusline_subagents_write(const char *text, size_t len, int64_t now_ms, bool colour, struct buf *out)
{
	struct panel panel = { .columns = NAN };
	struct walk walk;
	struct walk_item item;
	size_t count = 0;
	bool first = true;
	if (!json_leaves_walk(text, len, take_panel_leaf, &panel) || !panel.tasks.data)
		return;
	walk_init(&walk, panel.tasks.data, panel.tasks.len);
	if (!walk_enter(&walk, '['))
		return;
	while (count < SUBAGENTS_MAX && walk_next_item(&walk, &first) && walk_value(&walk, &item)) {
		struct task task = { .tokens = NAN };
		struct row row;
		if (item.kind != WALK_OBJECT)
			continue;
		(void)json_leaves_walk(item.text.data, item.text.len, take_task_leaf, &task);
		if (!is_agent(&task))
			continue;
		fill_row(&task, now_ms, &row);
		write_row(&task, &row, fit_row(&row, panel.columns), colour, out);
		count++;
	}
}
