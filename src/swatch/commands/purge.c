/* swatch purge: takes messages out of the ledger's file for good. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "ledger/record.h"
#include "ledger/store/purge.h"
#include "ledger/store/repair.h"
#include "swatch/cli/command.h"
#include "swatch/kept/file.h"
#include "swatch/kept/which.h"
#include "swatch/kept/writer.h"
#include "swatch/ui/human.h"
#include "swatch/ui/page.h"
#include "swatch/ui/terminal.h"

struct purge {
	struct store_purge what;
	char project[PATH_MAX];
	char session[CACHE_SESSION_ID_MAX + 1];
	bool yes, dry_run;
};

/* ---- what is meant ---- */

static int find(struct purge *purge, sqlite3 *db, const char *project, const char *session)
{
	if (project) {
		purge->what = (struct store_purge){ .by = STORE_PURGE_PROJECT, .name = purge->project };
		return kept_find_project(db, "purge", project, purge->project);
	}
	if (!session)
		return SWATCH_OK;
	purge->what = (struct store_purge){ .by = STORE_PURGE_SESSION, .name = purge->session };
	return kept_find_session(db, "purge", session, purge->session);
}

/* Reads the file without changing it: names, and what would go. Returns a SWATCH_... status. */
static int look(struct purge *purge, const char *project, const char *session, struct store_purged *out)
{
	struct kept_file file;
	int status = kept_file_need(&file);
	if (status == SWATCH_OK)
		status = find(purge, file.db, project, session);
	if (status == SWATCH_OK) {
		int result = store_purge_look(file.db, &purge->what, out);
		if (result != SQLITE_OK) {
			terminal_error("purge: cannot read %s: %s", file.path, sqlite3_errstr(result));
			status = SWATCH_FAILED;
		}
	}
	kept_file_release(&file);
	return status;
}

/* ---- the page ---- */

static void describe(const struct purge *purge, struct buf *out)
{
	char day[CLOCK_DATE_SIZE];
	if (purge->what.by == STORE_PURGE_PROJECT) {
		buf_printf(out, "project %s", purge->project);
	} else if (purge->what.by == STORE_PURGE_SESSION) {
		buf_printf(out, "session %s", purge->session);
	} else {
		clock_format_local_date(purge->what.before_ms, day);
		buf_printf(out, "all before %s", day);
	}
}

static bool say(const struct purge *purge, const struct store_purged *found, const char *verb)
{
	struct page page;
	AUTO_BUF what = BUF_INIT;
	char first[CLOCK_DATE_SIZE], last[CLOCK_DATE_SIZE];
	describe(purge, &what);
	clock_format_local_date(found->first_ms, first);
	clock_format_local_date(found->last_ms, last);
	page_init(&page, terminal_wants_colour(STDOUT_FILENO));
	page_line(&page, STYLE_STRONG, 0, "%s: %s%s: %s of %s (%s to %s), %s", buf_str(&what),
		  human_counted(found->messages, "message", HUMAN_TEXT), verb,
		  human_counted((int64_t)found->transcripts, "transcript", HUMAN_TEXT),
		  human_counted((int64_t)found->days, "day", HUMAN_TEXT), first, last,
		  human_usd((double)found->nano_usd * LEDGER_NANO_USD, HUMAN_TEXT));
	return page_print(&page);
}

static bool say_nothing(const struct purge *purge)
{
	struct page page;
	AUTO_BUF what = BUF_INIT;
	describe(purge, &what);
	page_init(&page, terminal_wants_colour(STDOUT_FILENO));
	page_line(&page, STYLE_PLAIN, 0, "%s: nothing is kept", buf_str(&what));
	return page_print(&page);
}

/* ---- doing it ---- */

/* Wipes what does not count any more. An error message names what cannot be wiped. */
static void wipe(struct kept_writer *writer)
{
	int result = store_purge_wipe(writer->db);
	if (result != SQLITE_OK)
		terminal_error(
			"purge: it is deleted, but %s could not be written anew: %s; purge again to wipe "
			"what may be left of it",
			writer->path, sqlite3_errstr(result));
	result = store_replace_backups(writer->db, writer->path);
	if (result != SQLITE_OK)
		terminal_error(
			"purge: the backups beside %s may still have it: cannot replace them: %s; delete "
			"them",
			writer->path, sqlite3_errstr(result));
	AUTO_BUF damaged = BUF_INIT;
	buf_printf(&damaged, "%s.damaged", writer->path);
	if (access(buf_str(&damaged), F_OK) == 0)
		terminal_error("purge: %s may still have it; delete it if you do not need it any more",
			       buf_str(&damaged));
}

static int do_it(struct invocation *invocation, struct purge *purge)
{
	struct kept_writer writer;
	struct store_purged gone;
	int status = kept_writer_take(invocation, &writer, false);
	if (status == SWATCH_OK) {
		int result = store_purge_do(writer.db, &purge->what, clock_wall_ms(), &gone);
		if (result != SQLITE_OK) {
			terminal_error("purge: cannot write %s: %s; nothing was deleted", writer.path,
				       sqlite3_errstr(result));
			status = SWATCH_FAILED;
		} else {
			wipe(&writer);
		}
	}
	kept_writer_release(&writer);
	if (status == SWATCH_OK && !say(purge, &gone, " deleted"))
		status = SWATCH_FAILED;
	return status;
}

static int ask_and_do(struct invocation *invocation, struct purge *purge)
{
	if (purge->yes)
		return do_it(invocation, purge);
	return kept_writer_agree("purge", "Delete this for good, also from the backups?", "to delete it")
		       ? do_it(invocation, purge)
		       : SWATCH_FAILED;
}

static int run_purge(struct invocation *invocation, int argc, char **argv)
{
	struct purge purge = { .what = { .by = STORE_PURGE_BEFORE } };
	struct store_purged found;
	const char *project = NULL, *before = NULL, *session = NULL;
	int status;
	const struct command_target targets[] = { { 'p', NULL, &project },	 { 'b', NULL, &before },
						  { 's', NULL, &session },	 { 'y', &purge.yes, NULL },
						  { 'n', &purge.dry_run, NULL }, { 0 } };
	if (!command_read_options(invocation, argc, argv, targets, &status))
		return status;
	if ((project != NULL) + (before != NULL) + (session != NULL) != 1) {
		terminal_error("purge: give one of --project, --before and --session");
		return SWATCH_USAGE;
	}
	invocation_use_zone(invocation);
	if (before && !kept_parse_day("purge", "--before", before, &purge.what.before_ms))
		return SWATCH_USAGE;
	status = look(&purge, project, session, &found);
	if (status != SWATCH_OK)
		return status;
	if (found.messages == 0 && found.transcripts == 0)
		return say_nothing(&purge) ? SWATCH_OK : SWATCH_FAILED;
	/* With --yes the page comes afterwards, and has what was really deleted. */
	if (!purge.yes || purge.dry_run)
		status = say(&purge, &found, purge.dry_run ? " would be deleted" : "") ? SWATCH_OK
										       : SWATCH_FAILED;
	return status != SWATCH_OK || purge.dry_run ? status : ask_and_do(invocation, &purge);
}

static const struct command_option options[] = {
	{ "project", 'p', "NAME", "delete what was said in this project" },
	{ "before", 'b', "DATE", "delete everything before this day: YYYYMMDD, YYYY-MM-DD, 365d" },
	{ "session", 's', "ID", "delete what this session paid" },
	{ "dry-run", 'n', NULL, "only say what would be deleted" },
	{ "yes", 'y', NULL, "do not ask" },
	{ NULL, 0, NULL, NULL }
};

const struct command command_purge = {
	.name = "purge",
	.usage = "[--project NAME] [--before DATE] [--session ID] [--dry-run] [--yes]",
	.summary = "delete what is kept of a project, a session, or the past",
	.options = options,
	.flags = COMMAND_NEEDS_CACHE | COMMAND_ACTS,
	.run = run_purge,
};
