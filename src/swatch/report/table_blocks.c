#include "swatch/report/table_blocks.h"

#include <math.h>

#include "price/price.h"
#include "swatch/report/cells.h"
#include "swatch/ui/human.h"
#include "swatch/ui/page.h"

#define MODELS_LEAST 13
/* ccusage's bounds for what burns fast, in input and output tokens a minute. */
#define MODERATE_TOKENS 2000.0
#define HIGH_TOKENS 5000.0

enum { BLOCK_START, BLOCK_LASTED, BLOCK_STATE, BLOCK_ENTRIES, BLOCK_INPUT, BLOCK_OUTPUT, BLOCK_WRITE,
       BLOCK_READ, BLOCK_TOTAL, BLOCK_COST, BLOCK_MODELS, BLOCK_COLUMNS };

static const struct table_column columns[] = {
	[BLOCK_START] = { .title = "START" },
	[BLOCK_LASTED] = { .title = "LASTED", .is_number = true, .drop = 1 },
	[BLOCK_STATE] = { .title = "STATE", .drop = 2 },
	[BLOCK_ENTRIES] = { .title = "MESSAGES", .is_number = true, .drop = 5 },
	[BLOCK_INPUT] = { .title = "INPUT", .is_number = true, .drop = 6 },
	[BLOCK_OUTPUT] = { .title = "OUTPUT", .is_number = true, .drop = 6 },
	[BLOCK_WRITE] = { .title = "CACHE WRITE", .brief_title = "CACHE W", .is_number = true, .drop = 7 },
	[BLOCK_READ] = { .title = "CACHE READ", .brief_title = "CACHE R", .is_number = true, .drop = 7 },
	[BLOCK_TOTAL] = { .title = "TOKENS", .is_number = true },
	[BLOCK_COST] = { .title = "COST", .is_number = true, .style = STYLE_GOOD },
	[BLOCK_MODELS] = { .title = "MODELS", .cut = TABLE_CUT_LIST, .least = MODELS_LEAST, .drop = 3,
			   .style = STYLE_QUIET },
};

/* Sums over the blocks shown; the report has none. */
struct block_sums {
	int64_t blocks, messages;
	struct price_tokens tokens;
	double usd;
};

static void put_sums(struct table *table, const struct block_sums *sums)
{
	report_put_count(table, BLOCK_ENTRIES, sums->messages);
	report_put_count(table, BLOCK_INPUT, sums->tokens.input);
	report_put_count(table, BLOCK_OUTPUT, sums->tokens.output);
	report_put_count(table, BLOCK_WRITE, price_tokens_created(&sums->tokens));
	report_put_count(table, BLOCK_READ, sums->tokens.cache_read);
	report_put_count(table, BLOCK_TOTAL, price_tokens_total(&sums->tokens));
	report_put_usd(table, BLOCK_COST, sums->usd);
}

/* A block lasts until its last message, the active one until now; a gap lasts until the next block. */
static void add_block(struct table *table, const struct report_row *row, const struct report_row *above,
		      int64_t now_ms, struct block_sums *sums)
{
	const struct report_block *block = &row->block;
	int64_t end_ms = block->is_active ? now_ms : block->is_gap ? block->end_ms : row->last_ms;
	table_row(table, block->is_gap ? STYLE_QUIET : block->is_active ? STYLE_STRONG : STYLE_PLAIN);
	report_put_time(table, BLOCK_START, block->start_ms, now_ms);
	table_cell(table, BLOCK_LASTED, human_span(end_ms - block->start_ms, HUMAN_TEXT), NULL);
	table_cell(table, BLOCK_STATE, block->is_gap ? "gap" : block->is_active ? "active" : "", NULL);
	if (block->is_gap)
		return;
	put_sums(table, &(struct block_sums){ 1, block->messages, row->tokens, row->cost_usd });
	sums->blocks++;
	sums->messages += block->messages;
	price_tokens_add(&sums->tokens, &row->tokens, 1);
	sums->usd += row->cost_usd;
	report_put_models(table, BLOCK_MODELS, row, above);
}

/* ---- the active block ---- */

static void explain_active(struct page *page, const struct report_block *block, int64_t now_ms)
{
	static const struct { const char *name; enum page_style style; } levels[] = {
		{ "normal", STYLE_GOOD }, { "moderate", STYLE_NOTE }, { "high", STYLE_BAD },
	};
	const struct projection *projection = &block->projection;
	double indicator = block->indicator_tokens_per_minute;
	page_blank_line(page);
	page_row(page, "block ends");
	page_item(page, STYLE_PLAIN, "at %s, in %s", human_clock(block->end_ms, now_ms, HUMAN_TEXT),
		  human_span(block->end_ms - now_ms, HUMAN_TEXT));
	page_row(page, "burn rate");
	if (isnan(block->usd_per_hour)) {
		page_item(page, STYLE_QUIET, "not known yet: everything happened at one moment");
		return;
	}
	page_item(page, STYLE_PLAIN, "%s an hour, %s tokens a minute",
		  human_usd(block->usd_per_hour, HUMAN_TEXT),
		  human_amount(block->tokens_per_minute, HUMAN_TEXT));
	page_break(page);
	int level = (indicator >= MODERATE_TOKENS) + (indicator >= HIGH_TOKENS);
	page_item(page, levels[level].style, "%s: %s tokens a minute without the cache's", levels[level].name,
		  human_amount(indicator, HUMAN_TEXT));
	if (isnan(projection->usd))
		return;
	page_row(page, "projection");
	page_item(page, STYLE_PLAIN, "%s and %s tokens at the block's end, at this rate",
		  human_usd(projection->usd, HUMAN_TEXT),
		  human_amount(projection->tokens, HUMAN_TEXT));
}

bool report_blocks_compose(int64_t now_ms, const struct report *report,
			   const struct table_device *device, struct buf *out)
{
	struct table table;
	struct page page;
	struct block_sums sums = { 0 };
	table_init(&table, columns, BLOCK_COLUMNS);
	page_init(&page, device->colour);
	for (size_t i = 0; i < report->row_count; i++) {
		const struct report_row *row = &report->rows[i];
		add_block(&table, row, i > 0 ? row - 1 : NULL, now_ms, &sums);
		if (row->block.is_active)
			explain_active(&page, &row->block, now_ms);
	}
	if (sums.blocks > 1) {
		table_rule(&table);
		table_row(&table, STYLE_STRONG);
		table_cell(&table, BLOCK_START, human_counted(sums.blocks, "block", HUMAN_TEXT),
			   NULL);
		put_sums(&table, &sums);
	}
	bool good = table_render(&table, device, out);
	table_append_left_out(&table, device, out);
	buf_append_str(out, page_text(&page));
	good = good && !page.out.failed && !out->failed;
	page_release(&page);
	table_release(&table);
	return good;
}
