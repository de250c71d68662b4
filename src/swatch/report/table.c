#include "swatch/report/table.h"

#include <stdio.h>
#include <string.h>

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

/* The name of the first column. */
static const char *const titles[REPORT_KINDS] = {
	[REPORT_DAILY] = "DATE", [REPORT_WEEKLY] = "WEEK OF", [REPORT_MONTHLY] = "MONTH",
};

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

static void put_numbers(struct table *table, enum report_kind kind, const struct price_tokens *tokens,
			double cost_usd)
{
	const struct number_columns *columns = numbers_of(kind);
	report_put_count(table, columns->input, tokens->input);
	report_put_count(table, columns->output, tokens->output);
	report_put_count(table, columns->write, price_tokens_created(tokens));
	report_put_count(table, columns->read, tokens->cache_read);
	report_put_count(table, columns->total, price_tokens_total(tokens));
	report_put_usd(table, columns->cost, cost_usd);
}

static void add_breakdown(struct table *table, enum report_kind kind, const struct report_row *row)
{
	for (size_t i = 0; i < row->model_count; i++) {
		const struct report_model *model = &row->models[i];
		char short_name[REPORT_MODEL_SIZE], text[REPORT_MODEL_SIZE + 2], brief[REPORT_MODEL_SIZE + 2];
		model_name_shorten(model->name, short_name, sizeof(short_name));
		snprintf(text, sizeof(text), "  %.*s", REPORT_MODEL_SIZE - 1, model->name);
		snprintf(brief, sizeof(brief), "  %s", short_name);
		table_row(table, STYLE_QUIET);
		table_cell(table, 0, text, brief);
		put_numbers(table, kind, &model->tokens, model->cost_usd);
	}
}

/* People know a session by the beginning of its id. */
static void put_session(struct table *table, const struct report_row *row, int64_t now_ms)
{
	const char *id = row->session_id;
	char brief[9], hashed[NAMES_HASH_SHOWN];
	snprintf(brief, sizeof(brief), "%.8s", id);
	/* Only when it looks like a UUID: two other names may differ in their ends alone. */
	bool is_uuid = strlen(id) == 36 && id[8] == '-' && strspn(id, "0123456789abcdef-") == 36;
	table_cell(table, SESSION, id, is_uuid ? brief : NULL);
	table_cell(table, SESSION_PROJECT, names_show_project(row->project, hashed), NULL);
	report_put_time(table, SESSION_LAST, row->last_ms, now_ms);
}

static void add_row(struct table *table, const struct report_request *request, const struct report_row *row,
		    const struct report_row *above)
{
	enum report_kind kind = request->options.kind;
	table_row(table, STYLE_PLAIN);
	if (kind == REPORT_SESSIONS)
		put_session(table, row, request->options.now_ms);
	else
		table_cell(table, PERIOD, row->period, NULL);
	put_numbers(table, kind, &row->tokens, row->cost_usd);
	if (request->breakdown)
		add_breakdown(table, kind, row);
	else
		report_put_models(table, kind == REPORT_SESSIONS ? (size_t)SESSION_MODELS
								  : (size_t)PERIOD_MODELS, row, above);
}

bool report_table_compose(const struct report_request *request, const struct report *report,
			  const struct table_device *device, struct buf *out)
{
	enum report_kind kind = request->options.kind;
	if (kind == REPORT_BLOCKS)
		return report_blocks_compose(request->options.now_ms, report, device, out);
	const struct table_column period_columns[] = {
		[PERIOD] = { .title = titles[kind] },
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
	bool is_sessions = kind == REPORT_SESSIONS;
	/* A breakdown names the models in rows of their own; they are the last column of both. */
	size_t count = (is_sessions ? (size_t)SESSION_COLUMNS : (size_t)PERIOD_COLUMNS) - request->breakdown;
	table_init(&table, is_sessions ? session_columns : period_columns, count);
	for (size_t i = 0; i < report->row_count; i++)
		add_row(&table, request, &report->rows[i], i > 0 ? &report->rows[i - 1] : NULL);
	table_rule(&table);
	table_row(&table, STYLE_STRONG);
	table_cell(&table, 0, "total", NULL);
	put_numbers(&table, kind, &report->tokens, report->cost_usd);
	bool good = table_render(&table, device, out);
	table_append_left_out(&table, device, out);
	table_release(&table);
	return good;
}
