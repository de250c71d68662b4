#include "swatch/report/cells.h"

#include <string.h>

#include "price/names.h"
#include "swatch/ui/human.h"

static void append_item(struct buf *list, const char *item)
{
	buf_append_str(list, list->len > 0 ? ", " : "");
	buf_append_str(list, item);
}

/* Each name is one text of the report. */
static bool has_same_models(const struct report_row *a, const struct report_row *b)
{
	bool same = a->model_count == b->model_count;
	for (size_t i = 0; same && i < a->model_count; i++) {
		const struct report_model *ours = report_model_at(a, i), *theirs = report_model_at(b, i);
		same = ours && theirs && ours->name == theirs->name;
	}
	return same;
}

void report_put_models(struct table *table, size_t column, const struct report_row *row,
		       const struct report_row *above)
{
	if (above && has_same_models(row, above)) {
		table_cell_again(table, column);
		return;
	}
	AUTO_BUF whole = BUF_INIT, brief = BUF_INIT;
	const struct report_model *model;
	for (size_t i = 0; (model = report_model_at(row, i)); i++) {
		char short_name[REPORT_MODEL_SIZE];
		append_item(&whole, model->name);
		model_name_shorten(model->name, short_name, sizeof(short_name));
		append_item(&brief, short_name);
	}
	table_cell(table, column, buf_str(&whole), buf_str(&brief));
	table->failed = table->failed || whole.failed || brief.failed;
}

void report_put_count(struct table *table, size_t column, int64_t count)
{
	table_cell(table, column, human_count(count, HUMAN_TEXT), NULL);
}

void report_put_usd(struct table *table, size_t column, double usd)
{
	/* human_usd() shows more digits below a cent, which would not be aligned with the column. */
	double shown = usd < 0.005 ? 0. : usd < 0.01 ? 0.01 : usd;
	bool is_little = usd > 0 && usd < 0.005;
	table_cell(table, column, is_little ? "<$0.01" : human_usd(shown, HUMAN_TEXT), NULL);
}

void report_put_time(struct table *table, size_t column, int64_t at_ms, int64_t now_ms)
{
	char stamp[HUMAN_SIZE], now[HUMAN_SIZE];
	if (at_ms == 0) {
		table_cell(table, column, "?", NULL);
		return;
	}
	human_stamp(at_ms, stamp);
	human_stamp(now_ms, now);
	bool this_year = strlen(stamp) > 5 && strncmp(stamp, now, 5) == 0;
	table_cell(table, column, stamp, this_year ? stamp + 5 : NULL);
}
