/* swatch history: one page of what swatchd has kept, and what of it is nowhere else. */
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "json/write.h"
#include "ledger/record.h"
#include "ledger/store/projects.h"
#include "ledger/store/repair.h"
#include "swatch/cli/command.h"
#include "swatch/kept/file.h"
#include "swatch/ui/human.h"
#include "swatch/ui/page.h"
#include "swatch/ui/terminal.h"

/* All that is shown. */
struct kept {
	const char *path;
	bool enabled;                /* [ledger] enabled */
	bool exists;
	int64_t bytes;
	struct store_census census;
	struct store_facts_counts facts;
	struct store_backup backups[STORE_BACKUPS];
	size_t backup_count;
	enum ledger_projects projects, wanted; /* as the file has them, and [ledger] projects */
};

static double usd(int64_t nano_usd)
{
	return (double)nano_usd * LEDGER_NANO_USD;
}

static void find_backups(struct kept *kept)
{
	for (unsigned i = 1; i <= STORE_BACKUPS; i++)
		if (store_find_backup(kept->path, i, &kept->backups[kept->backup_count]))
			kept->backup_count++;
}

/* ---- for people ---- */

static void show_figures(struct page *page, const struct kept *kept)
{
	const struct store_census *census = &kept->census;
	char since[CLOCK_DATE_SIZE];
	clock_format_local_date(census->first_ms, since);
	page_row(page, "kept");
	page_item(page, STYLE_STRONG, "%s", human_counted(census->messages, "message", HUMAN_TEXT));
	if (census->messages == 0)
		return;
	page_item(page, STYLE_STRONG, "since %s", since);
	page_item(page, STYLE_PLAIN, "%s with messages",
		  human_counted((int64_t)census->days, "day", HUMAN_TEXT));
	page_item(page, STYLE_PLAIN, "%s", human_counted((int64_t)census->sessions, "session", HUMAN_TEXT));
	page_item(page, STYLE_PLAIN, "%s", human_counted((int64_t)census->projects, "project", HUMAN_TEXT));
	page_row(page, "cost");
	page_item(page, STYLE_STRONG, "%s", human_usd(usd(census->nano_usd), HUMAN_TEXT));
	if (census->unpriced > 0)
		page_item(page, STYLE_NOTE, "%s without a price, which %s as 0",
			  human_counted(census->unpriced, "message", HUMAN_TEXT),
			  census->unpriced == 1 ? "counts" : "count");
	page_row(page, "only here");
	if (census->gone_messages == 0) {
		page_item(page, STYLE_PLAIN, "nothing: all transcripts are still on disk");
		return;
	}
	page_item(page, STYLE_STRONG, "%s", human_counted(census->gone_messages, "message", HUMAN_TEXT));
	page_item(page, STYLE_STRONG, "%s", human_usd(usd(census->gone_nano_usd), HUMAN_TEXT));
	page_item(page, STYLE_PLAIN, "%s deleted or rewritten",
		  human_counted((int64_t)census->gone_transcripts, "transcript", HUMAN_TEXT));
}

/* Only what is not as everybody expects. */
static void show_projects(struct page *page, const struct kept *kept)
{
	static const char *const said[] = { "by name", "by keyed hashes of their names", "not kept" };
	if (kept->projects == LEDGER_PROJECTS_PATH && kept->wanted == LEDGER_PROJECTS_PATH)
		return;
	page_row(page, "projects");
	page_item(page, STYLE_PLAIN, "%s", said[kept->projects]);
	if (kept->projects != kept->wanted)
		page_item(page, STYLE_NOTE, "when swatchd writes again: %s ([ledger] projects = %s)",
			  said[kept->wanted], store_projects_name(kept->wanted));
}

static void show_facts(struct page *page, const struct kept *kept)
{
	const struct store_facts_counts *facts = &kept->facts;
	show_projects(page, kept);
	page_row(page, "limits");
	page_item(page, STYLE_PLAIN, "%s", human_counted(facts->readings, "reading", HUMAN_TEXT));
	page_item(page, STYLE_PLAIN, "%s that one was reached",
		  human_counted(facts->hits, "time", HUMAN_TEXT));
	page_row(page, "also");
	page_item(page, STYLE_PLAIN, "what Claude Code said of %s",
		  human_counted(facts->told, "session", HUMAN_TEXT));
	page_item(page, STYLE_PLAIN, "%s", human_counted(facts->alerts, "alert", HUMAN_TEXT));
	page_item(page, STYLE_PLAIN, "%s", human_counted(facts->profiles, "profile", HUMAN_TEXT));
	page_item(page, STYLE_PLAIN, "%s", human_counted(facts->branches, "Git branch name", HUMAN_TEXT));
}

static void show_backups(struct page *page, const struct kept *kept)
{
	page_row(page, "backups");
	for (size_t i = 0; i < kept->backup_count; i++) {
		const struct store_backup *backup = &kept->backups[i];
		char day[CLOCK_DATE_SIZE];
		clock_format_local_date(backup->made_ms, day);
		page_item(page, STYLE_PLAIN, "%s (%s)", day, human_bytes(backup->bytes, HUMAN_TEXT));
	}
	if (kept->backup_count == 0)
		page_item(page, STYLE_PLAIN, "none yet; swatchd makes one every week");
}

static bool print_page(const struct kept *kept)
{
	struct page page;
	page_init(&page, terminal_wants_colour(STDOUT_FILENO));
	if (kept->exists) {
		page_row(&page, "file");
		page_path(&page, STYLE_PLAIN, kept->path);
		page_item(&page, STYLE_PLAIN, "%s", human_bytes(kept->bytes, HUMAN_TEXT));
		show_figures(&page, kept);
		show_facts(&page, kept);
		show_backups(&page, kept);
		if (!kept->enabled)
			page_line(&page, STYLE_NOTE, 0, "nothing new is kept, and reports do not read the "
							"file: [ledger] enabled = no");
		return page_print(&page);
	}
	page_line(&page, STYLE_STRONG, 0, "nothing is kept yet: %s does not exist", kept->path);
	if (kept->enabled)
		page_line(&page, STYLE_PLAIN, 0,
			  "swatchd makes it when it runs. From then on it keeps what each message cost, so "
			  "that it still counts when Claude Code has deleted the transcript.");
	else
		page_line(&page, STYLE_PLAIN, 0,
			  "[ledger] enabled = no in the config: swatchd does not make it. What Claude Code "
			  "deletes is lost.");
	return page_print(&page);
}

/* ---- for programs ---- */

static void put_day(struct jsonw *w, const char *key, int64_t at_ms)
{
	char day[CLOCK_DATE_SIZE] = "";
	if (at_ms > 0)
		clock_format_local_date(at_ms, day);
	jsonw_put_string(w, key, *day ? day : NULL);
}

static void put_census(struct jsonw *w, const struct store_census *census)
{
	put_day(w, "since", census->first_ms);
	put_day(w, "until", census->last_ms);
	jsonw_put_int(w, "messages", census->messages);
	jsonw_put_int(w, "unpricedMessages", census->unpriced);
	jsonw_put_int(w, "days", (int64_t)census->days);
	jsonw_put_int(w, "sessions", (int64_t)census->sessions);
	jsonw_put_int(w, "projects", (int64_t)census->projects);
	jsonw_put_int(w, "transcripts", (int64_t)census->transcripts);
	jsonw_put_amount(w, "totalCost", usd(census->nano_usd));
	jsonw_key_object(w, "onlyHere");
	jsonw_put_int(w, "messages", census->gone_messages);
	jsonw_put_int(w, "transcripts", (int64_t)census->gone_transcripts);
	jsonw_put_amount(w, "totalCost", usd(census->gone_nano_usd));
	jsonw_end_object(w);
}

static void put_facts(struct jsonw *w, const struct store_facts_counts *facts)
{
	jsonw_put_int(w, "limitReadings", facts->readings);
	jsonw_put_int(w, "limitsReached", facts->hits);
	jsonw_put_int(w, "toldSessions", facts->told);
	jsonw_put_int(w, "alerts", facts->alerts);
	jsonw_put_int(w, "profiles", facts->profiles);
	jsonw_put_int(w, "branches", facts->branches);
}

static bool print_json(const struct kept *kept)
{
	AUTO_BUF out = BUF_INIT;
	struct jsonw w;
	jsonw_init(&w, &out);
	jsonw_begin_object(&w);
	jsonw_put_string(&w, "path", kept->path);
	jsonw_put_bool(&w, "enabled", kept->enabled);
	jsonw_put_bool(&w, "exists", kept->exists);
	if (kept->exists) {
		jsonw_put_int(&w, "bytes", kept->bytes);
		put_census(&w, &kept->census);
		put_facts(&w, &kept->facts);
		jsonw_put_string(&w, "projectNames", store_projects_name(kept->projects));
	}
	jsonw_key_array(&w, "backups");
	for (size_t i = 0; i < kept->backup_count; i++) {
		const struct store_backup *backup = &kept->backups[i];
		jsonw_begin_object(&w);
		jsonw_put_string(&w, "path", backup->path);
		put_day(&w, "date", backup->made_ms);
		jsonw_put_int(&w, "bytes", backup->bytes);
		jsonw_end_object(&w);
	}
	jsonw_end_array(&w);
	jsonw_end_object(&w);
	return terminal_print_json(&out);
}

/* ---- the command ---- */

/* Fills in what is kept. Returns false with the reason. */
static bool look(const struct kept_file *file, struct kept *kept, struct buf *error)
{
	kept->path = file->path;
	find_backups(kept);
	if (!kept->exists)
		return true;
	(void)store_projects_look(file->db, &kept->projects);
	kept->bytes = kept_file_bytes(file->path);
	return kept_file_count(file, &kept->census, error)
	       && kept_file_count_facts(file, &kept->facts, error);
}

static int run_history(struct invocation *invocation, int argc, char **argv)
{
	struct kept kept = { .enabled = invocation->config.ledger_enabled != 0,
			     .wanted = (enum ledger_projects)invocation->config.ledger_projects };
	struct kept_file file;
	AUTO_BUF error = BUF_INIT;
	bool as_json = false;
	int status;
	const struct command_target targets[] = { { 'j', &as_json, NULL }, { 0 } };
	if (!command_read_options(invocation, argc, argv, targets, &status))
		return status;
	invocation_use_zone(invocation);
	enum store_opened opened = kept_file_open(&file, &error);
	kept.exists = opened == STORE_OPENED;
	status = SWATCH_FAILED;
	if ((opened != STORE_OPENED && opened != STORE_MISSING) || !look(&file, &kept, &error))
		terminal_error("%s", buf_message(&error));
	else if (as_json ? print_json(&kept) : print_page(&kept))
		status = SWATCH_OK;
	for (size_t i = 0; i < kept.backup_count; i++)
		free(kept.backups[i].path);
	kept_file_release(&file);
	return status;
}

static const struct command_option options[] = {
	{ "json", 'j', NULL, "print JSON, for programs" },
	{ NULL, 0, NULL, NULL }
};

const struct command command_history = {
	.name = "history",
	.usage = "[--json]",
	.summary = "what is kept of all transcripts, also of deleted ones",
	.options = options,
	.flags = COMMAND_NEEDS_CACHE,
	.run = run_history,
};
