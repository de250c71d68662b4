/* swatch reprice: gives what is kept the prices in force. */
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "ledger/record.h"
#include "ledger/store/reprice.h"
#include "swatch/cli/command.h"
#include "swatch/cli/prices.h"
#include "swatch/kept/file.h"
#include "swatch/kept/which.h"
#include "swatch/kept/writer.h"
#include "swatch/ui/human.h"
#include "swatch/ui/page.h"
#include "swatch/ui/terminal.h"

struct reprice {
	struct store_repricing what;
	const char *since; /* as it was given */
	bool yes, dry_run;
};

/* ---- the page ---- */

static double usd(int64_t nano_usd)
{
	return (double)nano_usd * LEDGER_NANO_USD;
}

static void say_model(struct page *page, const struct store_repriced_model *model)
{
	page_line(page, STYLE_PLAIN, 2, "%s%s: %s of %s: %s before, %s after",
		  model->name[0] ? model->name : "(no name)", model->fast ? "-fast" : "",
		  human_count(model->changed, HUMAN_TEXT),
		  human_counted(model->messages, "message", HUMAN_TEXT),
		  human_usd(usd(model->before_nano_usd), HUMAN_TEXT),
		  human_usd(usd(model->after_nano_usd), HUMAN_TEXT));
}

static bool say(const struct store_repriced *found, const char *verb)
{
	struct page page;
	page_init(&page, terminal_wants_colour(STDOUT_FILENO));
	for (size_t i = 0; i < found->count; i++)
		if (found->models[i].changed > 0)
			say_model(&page, &found->models[i]);
	if (found->changed == 0)
		page_line(&page, STYLE_PLAIN, 0, "%s: all of them cost what the prices in force say",
			  human_counted(found->messages, "message", HUMAN_TEXT));
	else
		page_line(&page, STYLE_STRONG, 0, "%s %s: %s before, %s after",
			  human_counted(found->changed, "message", HUMAN_TEXT), verb,
			  human_usd(usd(found->before_nano_usd), HUMAN_TEXT),
			  human_usd(usd(found->after_nano_usd), HUMAN_TEXT));
	return page_print(&page);
}

/* ---- doing it ---- */

static int look(const struct reprice *reprice, int64_t *changed)
{
	struct store_repriced found = { 0 };
	struct kept_file file;
	int status = kept_file_need(&file);
	if (status == SWATCH_OK) {
		int result = store_reprice_look(file.db, &reprice->what, &found);
		if (result != SQLITE_OK) {
			terminal_error("reprice: cannot read %s: %s", file.path, sqlite3_errstr(result));
			status = SWATCH_FAILED;
		}
	}
	*changed = found.changed;
	/* With --yes the page comes afterwards, and has what really changed. */
	bool says = !reprice->yes || reprice->dry_run || found.changed == 0;
	if (status == SWATCH_OK && says && !say(&found, reprice->dry_run ? "would change" : "change"))
		status = SWATCH_FAILED;
	store_reprice_release(&found);
	kept_file_release(&file);
	return status;
}

static int do_it(const struct invocation *invocation, const struct reprice *reprice)
{
	struct store_repriced done = { 0 };
	struct kept_writer writer;
	int status = kept_writer_take(invocation, &writer, false);
	if (status == SWATCH_OK) {
		int result = store_reprice_do(writer.db, &reprice->what, &done);
		if (result != SQLITE_OK) {
			terminal_error("reprice: cannot write %s: %s; nothing was changed", writer.path,
				       sqlite3_errstr(result));
			status = SWATCH_FAILED;
		}
	}
	kept_writer_release(&writer);
	if (status == SWATCH_OK && !say(&done, "changed"))
		status = SWATCH_FAILED;
	store_reprice_release(&done);
	return status;
}

static int run_with_prices(const struct invocation *invocation, const struct reprice *reprice)
{
	int64_t changed;
	int status = look(reprice, &changed);
	if (status != SWATCH_OK || changed == 0 || reprice->dry_run)
		return status;
	if (reprice->yes)
		return do_it(invocation, reprice);
	return kept_writer_agree("reprice", "Change these costs for good?", "to change the costs")
		       ? do_it(invocation, reprice)
		       : SWATCH_FAILED;
}

static int run_reprice(struct invocation *invocation, int argc, char **argv)
{
	struct reprice reprice = { .since = NULL };
	struct prices prices;
	int status;
	const struct command_target targets[] = { { 's', NULL, &reprice.since },
						  { 'y', &reprice.yes, NULL },
						  { 'n', &reprice.dry_run, NULL },
						  { 0 } };
	if (!command_read_options(invocation, argc, argv, targets, &status))
		return status;
	if (!reprice.since) {
		terminal_error("reprice: say from which day on, such as: swatch reprice --since 2026-11-01");
		return SWATCH_USAGE;
	}
	invocation_use_zone(invocation);
	if (!kept_parse_day("reprice", "--since", reprice.since, &reprice.what.since_ms))
		return SWATCH_USAGE;
	status = command_load_prices(invocation, &prices);
	if (status == SWATCH_OK) {
		reprice.what.book = prices.book;
		reprice.what.extras = invocation->config.billing_extras != 0;
		status = run_with_prices(invocation, &reprice);
	}
	prices_release(&prices);
	return status;
}

static const struct command_option options[] = {
	{ "since", 's', "DATE", "leave out everything before this day: YYYYMMDD, YYYY-MM-DD, today, 7d" },
	{ "dry-run", 'n', NULL, "only say what would change" },
	{ "yes", 'y', NULL, "do not ask" },
	{ NULL, 0, NULL, NULL }
};

const struct command command_reprice = {
	.name = "reprice",
	.usage = "--since DATE [--dry-run] [--yes]",
	.summary = "give what is kept the prices in force",
	.options = options,
	.flags = COMMAND_NEEDS_CACHE | COMMAND_ACTS,
	.run = run_reprice,
};
