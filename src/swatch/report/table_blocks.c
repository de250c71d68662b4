#include "swatch/report/table_blocks.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "ipc/client.h"
#include "json/get.h"
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
	size_t blocks;
	int64_t entries, total;
	struct price_tokens tokens;  /* all cache writes in cache_creation_5m */
	double usd;
};

/* A time of a row; 0 when it is missing. */
static int64_t time_of(struct json_object *row, const char *key)
{
	const char *text = json_get_string(row, key);
	int64_t at_ms = 0;
	if (text)
		(void)clock_parse_rfc3339(text, strlen(text), &at_ms);
	return at_ms;
}

static void put_sums(struct table *table, const struct block_sums *sums)
{
	report_put_count(table, BLOCK_ENTRIES, sums->entries);
	report_put_count(table, BLOCK_INPUT, sums->tokens.input);
	report_put_count(table, BLOCK_OUTPUT, sums->tokens.output);
	report_put_count(table, BLOCK_WRITE, sums->tokens.cache_creation_5m);
	report_put_count(table, BLOCK_READ, sums->tokens.cache_read);
	report_put_count(table, BLOCK_TOTAL, sums->total);
	report_put_usd(table, BLOCK_COST, sums->usd);
}

static void add_to(struct block_sums *sums, const struct block_sums *block)
{
	sums->blocks += block->blocks;
	sums->entries += block->entries;
	price_tokens_add(&sums->tokens, &block->tokens, 1);
	sums->total += block->total;
	sums->usd += block->usd;
}

static void read_sums(struct json_object *row, struct block_sums *out)
{
	struct json_object *counts = json_get_object(row, "tokenCounts");
	*out = (struct block_sums){
		.blocks = 1,
		.entries = json_get_int(row, "entries", 0),
		.tokens.input = json_get_int(counts, "inputTokens", 0),
		.tokens.output = json_get_int(counts, "outputTokens", 0),
		.tokens.cache_creation_5m = json_get_int(counts, "cacheCreationInputTokens", 0),
		.tokens.cache_read = json_get_int(counts, "cacheReadInputTokens", 0),
		.total = json_get_int(row, "totalTokens", 0),
		.usd = json_get_double(row, "costUSD", 0),
	};
}

/* A block lasts until its last message, the active one until now; a gap lasts until the next block. */
static void add_block(struct table *table, struct json_object *row, int64_t now_ms, struct block_sums *sums)
{
	struct json_object *models = NULL;
	bool is_gap = json_get_bool(row, "isGap", false), is_active = json_get_bool(row, "isActive", false);
	int64_t start_ms = time_of(row, "startTime");
	int64_t end_ms = time_of(row, is_gap ? "endTime" : "actualEndTime");
	table_row(table, is_gap ? STYLE_QUIET : is_active ? STYLE_STRONG : STYLE_PLAIN);
	report_put_time(table, BLOCK_START, json_get_string(row, "startTime"), now_ms);
	table_cell(table, BLOCK_LASTED, human_span((is_active ? now_ms : end_ms) - start_ms, HUMAN_TEXT),
		   NULL);
	table_cell(table, BLOCK_STATE, is_gap ? "gap" : is_active ? "active" : "", NULL);
	if (is_gap)
		return;
	struct block_sums block;
	read_sums(row, &block);
	put_sums(table, &block);
	add_to(sums, &block);
	if (json_object_object_get_ex(row, "models", &models))
		report_put_models(table, BLOCK_MODELS, models);
}

/* ---- the active block ---- */

static void explain_active(struct page *page, struct json_object *row, int64_t now_ms)
{
	static const struct { const char *name; enum page_style style; } levels[] = {
		{ "normal", STYLE_GOOD }, { "moderate", STYLE_NOTE }, { "high", STYLE_BAD },
	};
	struct json_object *burn = json_get_object(row, "burnRate");
	struct json_object *projection = json_get_object(row, "projection");
	int64_t end_ms = time_of(row, "endTime");
	page_blank_line(page);
	page_row(page, "block ends");
	page_item(page, STYLE_PLAIN, "at %s, in %s", human_clock(end_ms, now_ms, HUMAN_TEXT),
		  human_span(end_ms - now_ms, HUMAN_TEXT));
	page_row(page, "burn rate");
	if (!burn) {
		page_item(page, STYLE_QUIET, "not known yet: everything happened at one moment");
		return;
	}
	double indicator = json_get_double(burn, "tokensPerMinuteForIndicator", 0);
	page_item(page, STYLE_PLAIN, "%s an hour, %s tokens a minute",
		  human_usd(json_get_double(burn, "costPerHour", 0), HUMAN_TEXT),
		  human_amount(json_get_double(burn, "tokensPerMinute", 0), HUMAN_TEXT));
	page_break(page);
	int level = (indicator >= MODERATE_TOKENS) + (indicator >= HIGH_TOKENS);
	page_item(page, levels[level].style, "%s: %s tokens a minute without the cache's", levels[level].name,
		  human_amount(indicator, HUMAN_TEXT));
	if (!projection)
		return;
	page_row(page, "projection");
	page_item(page, STYLE_PLAIN, "%s and %s tokens at the block's end, at this rate",
		  human_usd(json_get_double(projection, "totalCost", 0), HUMAN_TEXT),
		  human_count(json_get_int(projection, "totalTokens", 0), HUMAN_TEXT));
}

bool report_blocks_compose(int64_t now_ms, const struct report_data *data, const struct table_device *device,
			   struct buf *out)
{
	struct table table;
	struct page page;
	struct block_sums sums = { 0 };
	bool whole = true;  /* memory sufficed for every row */
	table_init(&table, columns, BLOCK_COLUMNS);
	page_init(&page, device->colour);
	for (size_t i = 0; i < data->rows.count; i++) {
		AUTO_JSON *row = client_parse(data->rows.texts[i], strlen(data->rows.texts[i]));
		whole = whole && (row || errno != ENOMEM);
		add_block(&table, row, now_ms, &sums);
		if (json_get_bool(row, "isActive", false))
			explain_active(&page, row, now_ms);
	}
	if (sums.blocks > 1) {
		table_rule(&table);
		table_row(&table, STYLE_STRONG);
		table_cell(&table, BLOCK_START, human_counted((int64_t)sums.blocks, "block", HUMAN_TEXT),
			   NULL);
		put_sums(&table, &sums);
	}
	bool good = table_render(&table, device, out);
	table_append_left_out(&table, device, out);
	buf_append_str(out, page_text(&page));
	good = good && whole && !page.out.failed && !out->failed;
	page_release(&page);
	table_release(&table);
	return good;
}
