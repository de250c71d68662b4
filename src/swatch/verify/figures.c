/* The figures of a row, as a report's JSON has them. */
#include "swatch/verify/figures.h"

#include <math.h>

#include "json/get.h"

#define USD_TOLERANCE 1e-9

static int64_t count_of(struct json_object *row, const char *member, const char *other)
{
	struct json_object *counts = json_get_object(row, "tokenCounts");
	return counts ? json_get_int(counts, other, 0) : json_get_int(row, member, 0);
}

double verify_row_usd(const struct verify_report *report, struct json_object *row)
{
	return row ? json_get_double(row, report->kind == REPORT_BLOCKS ? "costUSD" : "totalCost", 0.) : 0.;
}

int64_t verify_row_tokens(struct json_object *row)
{
	return row ? json_get_int(row, "totalTokens", 0) : 0;
}

struct row_figures row_figures_of(const struct verify_report *report, struct json_object *row)
{
	if (!row)
		return (struct row_figures){ 0 };
	return (struct row_figures){
		.input = count_of(row, "inputTokens", "inputTokens"),
		.output = count_of(row, "outputTokens", "outputTokens"),
		.creation = count_of(row, "cacheCreationTokens", "cacheCreationInputTokens"),
		.read = count_of(row, "cacheReadTokens", "cacheReadInputTokens"),
		.usd = verify_row_usd(report, row),
	};
}

void row_figures_add(struct row_figures *figures, const struct price_tokens *t, int sign, double usd)
{
	figures->input += sign * t->input;
	figures->output += sign * t->output;
	figures->creation += sign * (t->cache_creation_5m + t->cache_creation_1h);
	figures->read += sign * t->cache_read;
	figures->usd += sign * usd;
	figures->size_usd = fmax(figures->size_usd, fabs(usd));
}

bool row_figures_equal(const struct row_figures *a, const struct row_figures *b)
{
	double size_usd = fmax(fmax(a->size_usd, b->size_usd), fmax(fabs(a->usd), fabs(b->usd)));
	return a->input == b->input && a->output == b->output && a->creation == b->creation
	    && a->read == b->read && fabs(a->usd - b->usd) <= USD_TOLERANCE * fmax(1., size_usd);
}
