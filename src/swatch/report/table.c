#include "swatch/report/table.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "ipc/client.h"
#include "json/get.h"
#include "price/names.h"
#include "swatch/report/cells.h"
#include "swatch/cli/names.h"
#include "swatch/report/table_blocks.h"

/* The least widths of columns that shrink in a narrow terminal. */
#define MODELS_LEAST 13
#define PROJECT_LEAST 16

/* The columns of daily, weekly and monthly. */
enum { PERIOD, PERIOD_INPUT, PERIOD_OUTPUT, PERIOD_WRITE, PERIOD_READ, PERIOD_TOTAL, PERIOD_COST,
       PERIOD_MODELS, PERIOD_COLUMNS };
/* Those of sessions. */
enum { SESSION, SESSION_PROJECT, SESSION_LAST, SESSION_INPUT, SESSION_OUTPUT, SESSION_WRITE,
       SESSION_READ, SESSION_TOTAL, SESSION_COST, SESSION_MODELS, SESSION_COLUMNS };

static const struct table_column session_columns[] = {
	[SESSION] = { .title = "SESSION", .cut = TABLE_CUT_END, .least = 8 },
	[SESSION_PROJECT] = { .title = "PROJECT", .cut = TABLE_CUT_START, .least = PROJECT_LEAST, .drop = 3 },
	[SESSION_LAST] = { .title = "LAST ACTIVITY", .brief_title = "LAST", .drop = 4 },
	[SESSION_INPUT] = { .title = "INPUT", .is_number = true, .drop = 6 },
	[SESSION_OUTPUT] = { .title = "OUTPUT", .is_number = true, .drop = 6 },
	[SESSION_WRITE] = { .title = "CACHE WRITE", .brief_title = "CACHE W", .is_number = true, .drop = 7 },
	[SESSION_READ] = { .title = "CACHE READ", .brief_title = "CACHE R", .is_number = true, .drop = 7 },
	[SESSION_TOTAL] = { .title = "TOKENS", .is_number = true },
	[SESSION_COST] = { .title = "COST", .is_number = true, .style = STYLE_GOOD },
	[SESSION_MODELS] = { .title = "MODELS", .cut = TABLE_CUT_LIST, .least = MODELS_LEAST, .drop = 5,
			     .style = STYLE_QUIET },
};

/* The name of a report's first column, and its key in a row. */
struct kind_words {
	const char *title;
	const char *key;
};

static const struct kind_words *words_of(enum report_kind kind)
{
	static const struct kind_words words[] = {
		[REPORT_DAILY] = { "DATE", "date" },
		[REPORT_WEEKLY] = { "WEEK OF", "week" },
		[REPORT_MONTHLY] = { "MONTH", "month" },
		[REPORT_SESSIONS] = { "SESSION", "sessionId" },
	};
	return &words[kind];
}

/* ---- rows ---- */

/* Where a report's numbers go. */
struct number_columns {
	size_t input, output, write, read, total, cost;
};

static const struct number_columns *numbers_of(enum report_kind kind)
{
	static const struct number_columns period = { PERIOD_INPUT, PERIOD_OUTPUT, PERIOD_WRITE,
						      PERIOD_READ,  PERIOD_TOTAL,  PERIOD_COST };
	static const struct number_columns session = { SESSION_INPUT, SESSION_OUTPUT, SESSION_WRITE,
						       SESSION_READ,  SESSION_TOTAL,  SESSION_COST };
	return kind == REPORT_SESSIONS ? &session : &period;
}

/* Fills the cells of a row, the totals, or (with `cost_key` "cost") a model of a breakdown. */
static void put_numbers(struct table *table, enum report_kind kind, struct json_object *row,
			const char *cost_key)
{
	const struct number_columns *columns = numbers_of(kind);
	int64_t input = json_get_int(row, "inputTokens", 0), output = json_get_int(row, "outputTokens", 0);
	int64_t write = json_get_int(row, "cacheCreationTokens", 0);
	int64_t read = json_get_int(row, "cacheReadTokens", 0);
	report_put_count(table, columns->input, input);
	report_put_count(table, columns->output, output);
	report_put_count(table, columns->write, write);
	report_put_count(table, columns->read, read);
	report_put_count(table, columns->total, input + output + write + read);
	report_put_usd(table, columns->cost, json_get_double(row, cost_key, 0));
}

static void add_breakdown(struct table *table, enum report_kind kind, struct json_object *row)
{
	struct json_object *models = NULL;
	if (!json_object_object_get_ex(row, "modelBreakdowns", &models)
	    || !json_object_is_type(models, json_type_array))
		return;
	for (size_t i = 0; i < json_object_array_length(models); i++) {
		struct json_object *model = json_object_array_get_idx(models, i);
		const char *name = json_get_string(model, "modelName");
		char short_name[REPORT_MODEL_SIZE], text[REPORT_MODEL_SIZE + 2], brief[REPORT_MODEL_SIZE + 2];
		model_name_shorten(name ? name : "?", short_name, sizeof(short_name));
		snprintf(text, sizeof(text), "  %.*s", REPORT_MODEL_SIZE - 1, name ? name : "?");
		snprintf(brief, sizeof(brief), "  %s", short_name);
		table_row(table, STYLE_QUIET);
		table_cell(table, 0, text, brief);
		put_numbers(table, kind, model, "cost");
	}
}

/* People know a session by the beginning of its id. */
static void put_session(struct table *table, struct json_object *row, int64_t now_ms)
{
	const char *id = json_get_string(row, "sessionId"), *project = json_get_string(row, "projectPath");
	char brief[9], hashed[NAMES_HASH_SHOWN];
	snprintf(brief, sizeof(brief), "%.8s", id ? id : "?");
	/* Only when it looks like a UUID: two other names may differ in their ends alone. */
	bool is_uuid = id && strlen(id) == 36 && id[8] == '-' && strspn(id, "0123456789abcdef-") == 36;
	table_cell(table, SESSION, id ? id : "?", is_uuid ? brief : NULL);
	table_cell(table, SESSION_PROJECT, project ? names_show_project(project, hashed) : "?", NULL);
	report_put_time(table, SESSION_LAST, json_get_string(row, "lastActivity"), now_ms);
}

static void add_row(struct table *table, const struct report_request *request, struct json_object *row)
{
	enum report_kind kind = request->options.kind;
	struct json_object *models = NULL;
	size_t models_column = kind == REPORT_SESSIONS ? (size_t)SESSION_MODELS : (size_t)PERIOD_MODELS;
	table_row(table, STYLE_PLAIN);
	if (kind == REPORT_SESSIONS) {
		put_session(table, row, request->options.now_ms);
	} else {
		const char *period = json_get_string(row, words_of(kind)->key);
		table_cell(table, PERIOD, period ? period : "?", NULL);
	}
	put_numbers(table, kind, row, "totalCost");
	if (request->breakdown)
		add_breakdown(table, kind, row);
	else if (json_object_object_get_ex(row, "modelsUsed", &models))
		report_put_models(table, models_column, models);
}

static void add_totals(struct table *table, enum report_kind kind, const char *totals)
{
	AUTO_JSON *sums = totals ? client_parse(totals, strlen(totals)) : NULL;
	table->failed = table->failed || (totals && !sums && errno == ENOMEM);
	if (sums) {
		table_rule(table);
		table_row(table, STYLE_STRONG);
		table_cell(table, 0, "total", NULL);
		put_numbers(table, kind, sums, "totalCost");
	}
}

bool report_table_compose(const struct report_request *request, const struct report_data *data,
			  const struct table_device *device, struct buf *out)
{
	enum report_kind kind = request->options.kind;
	if (kind == REPORT_BLOCKS)
		return report_blocks_compose(request->options.now_ms, data, device, out);
	const struct table_column period_columns[] = {
		[PERIOD] = { .title = words_of(kind)->title },
		[PERIOD_INPUT] = { .title = "INPUT", .is_number = true, .drop = 4 },
		[PERIOD_OUTPUT] = { .title = "OUTPUT", .is_number = true, .drop = 4 },
		[PERIOD_WRITE] = { .title = "CACHE WRITE", .brief_title = "CACHE W", .is_number = true,
				   .drop = 6 },
		[PERIOD_READ] = { .title = "CACHE READ", .brief_title = "CACHE R", .is_number = true,
				  .drop = 6 },
		[PERIOD_TOTAL] = { .title = "TOKENS", .is_number = true },
		[PERIOD_COST] = { .title = "COST", .is_number = true, .style = STYLE_GOOD },
		[PERIOD_MODELS] = { .title = "MODELS", .cut = TABLE_CUT_LIST, .least = MODELS_LEAST,
				    .drop = 5, .style = STYLE_QUIET },
	};
	struct table table;
	bool whole = true;  /* memory sufficed for every row */
	bool is_sessions = kind == REPORT_SESSIONS;
	/* A breakdown names the models in rows of their own; they are the last column of both. */
	size_t count = (is_sessions ? (size_t)SESSION_COLUMNS : (size_t)PERIOD_COLUMNS) - request->breakdown;
	table_init(&table, is_sessions ? session_columns : period_columns, count);
	for (size_t i = 0; i < data->rows.count; i++) {
		AUTO_JSON *row = client_parse(data->rows.texts[i], strlen(data->rows.texts[i]));
		whole = whole && (row || errno != ENOMEM);
		add_row(&table, request, row);
	}
	add_totals(&table, kind, data->totals);
	bool good = whole && table_render(&table, device, out);
	table_append_left_out(&table, device, out);
	table_release(&table);
	return good;
}
