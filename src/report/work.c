#include "report/work.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/scope.h"
#include "ledger/store/folders.h"

/* ---- the order of transcripts ---- */

struct ranked {
	const char *path;
	uint32_t file;
};

static int compare_paths(const void *a, const void *b)
{
	return strcmp(((const struct ranked *)a)->path, ((const struct ranked *)b)->path);
}

/* An entry of the ledger, as a source gives it. */
static bool entry_of_ledger(void *ctx, size_t index, struct report_entry *out)
{
	const struct report_work *work = ctx;
	struct ledger_entry_view view;
	if (!ledger_entry_at(work->ledger, index, &view))
		return false;
	*out = (struct report_entry){
		.first_ms = view.time_ms,
		.last_ms = view.time_ms,
		.messages = 1,
		.unpriced_messages = view.unpriced,
		.tokens = view.tokens,
		.cost_usd = view.cost_usd,
		.model = view.model,
		.model_name = view.model_name,
		.model_silent = view.model_silent,
		.unpriced = view.unpriced,
		.rank = work->ranks[view.first_file],
		.offset = view.first_offset,
		.session = view.session,
		.session_id = view.session_id,
		.home = view.home,
		.home_root_len = view.home_root_len,
	};
	return true;
}

static size_t entries_of_ledger_before(void *ctx, int64_t time_ms)
{
	const struct report_work *work = ctx;
	return ledger_entries_before(work->ledger, time_ms);
}

static bool block_of_ledger(void *ctx, size_t index, struct ledger_block *out)
{
	const struct report_work *work = ctx;
	return ledger_block_at(work->ledger, index, out);
}

static bool active_block_of_ledger(void *ctx, int64_t now_ms, struct ledger_block *out)
{
	const struct report_work *work = ctx;
	return ledger_active_block(work->ledger, now_ms, out);
}

bool report_work_init(struct report_work *work, struct ledger *ledger, const struct report_options *options,
		      struct report *out)
{
	size_t count = ledger_file_count(ledger), root_len;
	AUTO_FREE struct ranked *ranked = calloc(count + 1, sizeof(*ranked));
	*work = (struct report_work){
		.ledger = ledger,
		.source = { entry_of_ledger, entries_of_ledger_before, block_of_ledger,
			    active_block_of_ledger, work },
		.options = options,
		.out = out,
		.ranks = calloc(count + 1, sizeof(*work->ranks)),
	};
	/*
	 * Asked first: memory that comes back before the second question would hide that it was missing for
	 * this one.
	 */
	out->failed = options->kind == REPORT_BLOCKS && !ledger_has_all_blocks(ledger);
	if (!ranked || !work->ranks)
		return false;
	for (size_t i = 0; i < count; i++)
		ranked[i] = (struct ranked){ ledger_path(ledger, (unsigned)i, &root_len), (uint32_t)i };
	qsort(ranked, count, sizeof(*ranked), compare_paths);
	for (size_t i = 0; i < count; i++)
		work->ranks[ranked[i].file] = (uint32_t)i;
	return true;
}

void report_work_init_source(struct report_work *work, const struct report_source *source,
			     const struct report_options *options, struct report *out)
{
	*work = (struct report_work){ .source = *source, .options = options, .out = out };
}

void report_work_release(struct report_work *work)
{
	free(work->ranks);
	work->ranks = NULL;
}

struct report_place report_place_of(const struct report_work *work, const struct report_entry *entry)
{
	bool of_days = work->options->kind == REPORT_WEEKLY || work->options->kind == REPORT_MONTHLY;
	return (struct report_place){ of_days ? work->day.start_ms : 0, entry->rank, entry->offset };
}

int report_place_compare(struct report_place a, struct report_place b)
{
	if (a.day_ms != b.day_ms)
		return a.day_ms < b.day_ms ? -1 : 1;
	if (a.rank != b.rank)
		return a.rank < b.rank ? -1 : 1;
	return (a.offset > b.offset) - (a.offset < b.offset);
}

/* ---- which entries ---- */

struct slice report_project_of(const struct report_work *work, const char *relative)
{
	struct slice folder = store_folders_of(relative);
	if (work->options->no_projects || store_folders_is_hidden(folder, '~'))
		folder.len = 0;
	return folder;
}

/* `project` may be the beginning of a hash. */
static bool is_project(const struct report_options *options, struct slice folder)
{
	size_t len = strlen(options->project);
	return slice_equals(folder, options->project)
	    || (options->hidden[0] && slice_equals(folder, options->hidden))
	    || (options->project[0] == '#' && len > 8 && folder.len >= len
		&& strncmp(folder.data, options->project, len) == 0);
}

/* Compares "20261123" with "2026-11-23". */
static int compare_day(const char digits[9], const char *day)
{
	char plain[16];
	size_t len = 0;
	for (const char *c = day; *c && len < sizeof(plain) - 1; c++)
		if (*c != '-')
			plain[len++] = *c;
	plain[len] = '\0';
	return strcmp(digits, plain);
}

bool report_wants_entry(struct report_work *work, const struct report_entry *entry)
{
	const struct report_options *options = work->options;
	/* Entries come in order of time. */
	(void)clock_day_follow(&work->day, entry->first_ms);
	if (options->since[0] && compare_day(options->since, work->day.date) > 0)
		return false;
	if (options->until[0] && compare_day(options->until, work->day.date) < 0)
		return false;
	return !options->project[0]
	    || is_project(options, report_project_of(work, entry->home + entry->home_root_len));
}
