#include "swatch/report/summed.h"

#include <stdlib.h>

#include "base/array.h"
#include "base/clock.h"
#include "base/scope.h"
#include "ledger/store/database.h"
#include "ledger/store/folders.h"
#include "ledger/store/reprice.h"
#include "swatch/cli/prices.h"
#include "swatch/report/grown.h"
#include "swatch/report/summed_blocks.h"
#include "swatch/report/summing.h"

struct summed {
	struct summing summing;
	struct report_grown grown;
	struct summed_hits hits;
	struct summed_blocks blocks;
	enum report_kind kind;
	struct clock_day day; /* that was met last */
	bool is_split;	      /* some row of a day is of two days of this zone */
};

/* ---- rows ---- */

static bool is_one_day(struct summed *summed, const struct store_sums *sums)
{
	(void)clock_day_follow(&summed->day, sums->first_ms);
	return sums->last_ms < summed->day.end_ms;
}

static bool add_rolled(void *ctx, const struct store_rolled *rolled)
{
	struct summed *summed = ctx;
	summing_add_rolled(&summed->summing, rolled);
	return !summed->summing.failed;
}

static bool add_day(void *ctx, const struct store_rolled *rolled)
{
	struct summed *summed = ctx;
	summed->is_split = !is_one_day(summed, &rolled->sums);
	return !summed->is_split && add_rolled(ctx, rolled);
}

/* Whether its messages may belong to two rows of the report. */
static bool must_be_split(void *ctx, const struct store_sums *sums)
{
	struct summed *summed = ctx;
	if (sums->first_ms == sums->last_ms)
		return false;
	/* A block ends with a full hour, which still belongs to it. */
	if (summed->kind == REPORT_BLOCKS)
		return sums->first_ms % CLOCK_HOUR_MS == 0;
	/* Some zones are apart from others by less than an hour. */
	return sums->first_ms / CLOCK_MINUTE_MS != sums->last_ms / CLOCK_MINUTE_MS
	    && !is_one_day(summed, sums);
}

/* Whether sums by day may do. They are of whatever lies below any directory, and of all projects. */
static bool is_of_days(const struct summed *summed, const struct report_options *options)
{
	return options->kind != REPORT_SESSIONS && options->kind != REPORT_BLOCKS && !options->project[0]
	    && summed->summing.elsewhere == 0 && store_left_out_is_empty(summed->grown.left_out);
}

/* Adds the sums by day. Returns false, with none added, when they do not do. */
static bool read_days(struct summed *summed)
{
	struct summing *summing = &summed->summing;
	size_t beyond = summing->count;
	const struct store_rolled_reader reader = { .take = add_day, .ctx = summed };
	int result = store_rolled_read(summing->db, STORE_BY_DAY, NULL, &reader);
	summing->failed = summing->failed || (result != SQLITE_OK && !summed->is_split);
	summing->count = result == SQLITE_OK ? summing->count : beyond;
	return result == SQLITE_OK;
}

static bool read_hours(struct summed *summed)
{
	const struct store_rolled_reader reader = { add_rolled, must_be_split, summed };
	return !summed->summing.failed
	    && store_rolled_read(summed->summing.db, STORE_BY_HOUR, summed->grown.left_out, &reader)
		       == SQLITE_OK;
}

/* ---- as a source ---- */

static bool entry_at(void *ctx, size_t index, struct report_entry *out)
{
	const struct summed *summed = ctx;
	if (index >= summed->summing.count)
		return false;
	*out = summed->summing.entries[index];
	return true;
}

static int compare_time(const void *key, const void *item)
{
	const int64_t *time_ms = key;
	const struct report_entry *entry = item;
	/* The first one that is not before it is looked for: none is equal. */
	return entry->first_ms < *time_ms ? 1 : -1;
}

static size_t entries_before(void *ctx, int64_t time_ms)
{
	const struct summing *summing = &((const struct summed *)ctx)->summing;
	return array_search(&time_ms, summing->entries, summing->count, sizeof(*summing->entries),
			    compare_time, NULL);
}

static bool block_at(void *ctx, size_t index, struct ledger_block *out)
{
	const struct summed *summed = ctx;
	if (index >= summed->blocks.count)
		return false;
	*out = summed->blocks.list[index];
	return true;
}

static bool active_block(void *ctx, int64_t now_ms, struct ledger_block *out)
{
	const struct summed *summed = ctx;
	const struct ledger_block *active = summed_blocks_active(&summed->blocks, now_ms);
	if (active)
		*out = *active;
	return active != NULL;
}

/* ---- the whole ---- */

/* Whether a message that the file has without a price would get one now: then swatchd gives it one. */
static bool lacks_prices(const struct invocation *invocation, sqlite3 *db)
{
	struct prices prices = { NULL, NULL };
	bool lacks = store_reprice_has_unpriced(db)
		  && (command_load_prices(invocation, &prices) != SWATCH_OK
		      || store_reprice_is_due(db, prices.book));
	prices_release(&prices);
	return lacks;
}

/*
 * Reads names, sums, and what transcripts say beyond them. `found`: NULL when they say no more. Returns
 * false when the file cannot answer.
 */
static bool load_all(struct summed *summed, const struct invocation *invocation,
		     const struct report_request *request, struct store_roots *roots,
		     struct history_found *found, struct buf *error)
{
	struct summing *summing = &summed->summing;
	const struct report_options *options = &request->options;
	if (!summing_open(summing, roots))
		return false;
	summing_find_homes(summing);
	/* While the transcripts are being found. */
	bool has_days = is_of_days(summed, options) && read_days(summed);
	if (found) {
		if (!history_found_wait(found)
		    || !report_grown_add(&summed->grown, invocation, request, found, roots, summing, error))
			return false;
		if (summed->grown.ledger)
			has_days = is_of_days(summed, options) && read_days(summed);
	}
	return has_days || read_hours(summed);
}

static bool load(struct summed *summed, const struct invocation *invocation,
		 const struct report_request *request, bool is_whole, struct buf *error)
{
	struct data_dirs dirs;
	struct store_roots roots = { .count = 0 };
	struct history_found found;
	struct summing *summing = &summed->summing;
	if (data_dirs_find(&dirs, invocation->config.watch_paths) != 0)
		return false;
	store_roots_find(&roots, &dirs);
	/* One view of it, however long swatchd writes meanwhile; it begins with the first question. */
	bool good = sqlite3_exec(summing->db, "BEGIN", NULL, NULL, NULL) == SQLITE_OK
		 && (is_whole || !lacks_prices(invocation, summing->db));
	bool finds = good && !is_whole;
	if (finds)
		history_found_start(&found, &dirs, request->threads == 1);
	good = good && load_all(summed, invocation, request, &roots, finds ? &found : NULL, error);
	if (finds)
		history_found_release(&found);
	if (good && request->options.kind == REPORT_BLOCKS) {
		summed_hits_read(&summed->hits, summing, summed->grown.ledger);
		good = !summed->hits.failed && summed_blocks_make(&summed->blocks, summing, &summed->hits);
	}
	store_archive_close(SCOPE_KEEP(summed->grown.archive));
	store_roots_release(&roots);
	data_dirs_release(&dirs);
	return good && !summing->failed;
}

static void release(struct summed *summed)
{
	report_grown_release(&summed->grown);
	summed_hits_release(&summed->hits);
	summed_blocks_release(&summed->blocks);
	summing_release(&summed->summing);
	store_database_close(summed->summing.db);
	free(summed);
}

/* What stands for the project in the file, if its folder is gone. Returns false when nobody can tell. */
static bool find_hidden(sqlite3 *db, struct report_options *options)
{
	struct store_folders folders;
	if (!options->project[0])
		return true;
	bool good = store_folders_open(db, &folders) == SQLITE_OK;
	_Static_assert(REPORT_HIDDEN_SIZE >= STORE_FOLDERS_SIZE, "it has to fit");
	(void)store_folders_hash(&folders, options->project, options->hidden);
	store_folders_release(&folders);
	return good;
}

bool report_from_sums(const struct invocation *invocation, const struct report_request *request,
		      bool is_whole, struct report *report, struct report_imported *imported)
{
	AUTO_FREE char *path = store_default_path();
	AUTO_BUF error = BUF_INIT;
	struct summed *summed = calloc(1, sizeof(*summed));
	if (!summed)
		return false;
	summed->kind = request->options.kind;
	struct report_options options = request->options;
	bool can = path && !request->live_only && invocation->config.ledger_enabled
		&& store_database_open_read_only(path, &summed->summing.db, &error) == STORE_OPENED
		&& load(summed, invocation, request, is_whole, &error)
		&& find_hidden(summed->summing.db, &options);
	const struct report_source source = { entry_at, entries_before, block_at, active_block, summed };
	if (can) {
		report_imported_read(imported, request, summed->summing.db);
		can = report_make_of(&source, &options, report, &error) == 0;
		if (!can)
			report_release(report);
	}
	release(summed);
	return can;
}
