#include "report/rows.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"

void report_init(struct report *report, enum report_kind kind)
{
	/* The sum of nothing, to which ccusage adds: it prints it as -0.0. */
	*report = (struct report){ .kind = kind, .cost_usd = -0. };
}

struct report_row *report_add_row(struct report *report)
{
	if (!array_reserve_many(&report->rows, &report->row_cap, report->row_count + 1,
				sizeof(*report->rows))) {
		report->failed = true;
		return NULL;
	}
	struct report_row *row = &report->rows[report->row_count++];
	*row = (struct report_row){ .period = "" };
	return row;
}

bool report_set_models(struct report *report, struct report_row *row, size_t count)
{
	row->models = count > 0 ? calloc(count, sizeof(*row->models)) : NULL;
	row->model_count = row->models ? count : 0;
	report->failed = report->failed || row->model_count != count;
	return row->model_count == count;
}

const struct report_model *report_model_at(const struct report_row *row, size_t place)
{
	for (size_t i = 0; i < row->model_count; i++)
		if (row->models[i].place == place)
			return &row->models[i];
	return NULL;
}

const char *report_text(struct report *report, const char *text, size_t len)
{
	if (!strmap_get_len(&report->texts, text, len)
	    && !strmap_put_len(&report->texts, text, len, report)) {
		report->failed = true;
		return "";
	}
	return strmap_key_len(&report->texts, text, len);
}

void report_add_unpriced(struct report *report, const char *model)
{
	size_t at = 0, count = report->unpriced_count;
	const char *name = report_text(report, model, strlen(model));
	while (at < count && strcmp(report->unpriced[at], name) < 0)
		at++;
	if (count == LEDGER_MODELS_MAX || (at < count && strcmp(report->unpriced[at], name) == 0))
		return;
	memmove(&report->unpriced[at + 1], &report->unpriced[at],
		(count - at) * sizeof(report->unpriced[0]));
	report->unpriced[at] = name;
	report->unpriced_count++;
}

void report_drop_blocks(struct report *report, int64_t since_ms)
{
	size_t kept = 0;
	for (size_t i = 0; i < report->row_count; i++) {
		struct report_row *row = &report->rows[i];
		if (row->block.is_active || row->block.start_ms >= since_ms)
			report->rows[kept++] = *row;
		else
			free(row->models);
	}
	report->row_count = kept;
}

void report_release(struct report *report)
{
	for (size_t i = 0; i < report->row_count; i++)
		free(report->rows[i].models);
	free(report->rows);
	strmap_release(&report->texts);
	report_init(report, report->kind);
}
