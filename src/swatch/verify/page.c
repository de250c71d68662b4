/* The result for people. */
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/paths.h"
#include "swatch/ui/human.h"
#include "swatch/ui/page.h"
#include "swatch/ui/terminal.h"
#include "swatch/verify/figures.h"
#include "swatch/verify/verify.h"
#include "transcript/scan.h"

/* The page shows this many and counts the rest. */
#define ROWS_SHOWN 10
#define ENTRIES_SHOWN 5
/* The longest name of a difference, and two blanks. */
#define NAME_COLUMNS 20

size_t verify_unexplained(const struct verify *verify)
{
	size_t count = 0;
	for (int kind = 0; kind < REPORT_KINDS; kind++)
		count += verify->reports[kind].unexplained + (verify->reports[kind].problem.len > 0);
	return count;
}

#define STAMP_SIZE 32
/* The local date and time of a record, "2026-11-23 14:02:07". */
static void write_stamp(int64_t at_ms, char out[STAMP_SIZE])
{
	(void)clock_format_local(at_ms, CLOCK_DATE_TIME_SECONDS, out, STAMP_SIZE);
}

/* ---- the rows that differ ---- */

static void show_entry(struct page *page, const struct verify *verify, const struct compare_entry *entry)
{
	const struct reference_record *r = entry->record;
	const struct reference_file *file = reference_file_at(verify->reference, r->file);
	char label[32], stamp[STAMP_SIZE], model[PRICE_MODEL_MAX * 4 + 1];
	struct slice name = reference_model(verify->reference, r);
	AUTO_BUF path = BUF_INIT;
	snprintf(label, sizeof(label), "    %s", difference_name(entry->reason));
	write_stamp(r->time_ms, stamp);
	scan_unescape(name, model, sizeof(model), PRICE_MODEL_MAX);
	page_row(page, label);
	page_item(page, STYLE_PLAIN, "%s", stamp);
	page_item(page, STYLE_PLAIN, "%s", name.data ? model : "no model");
	page_item(page, STYLE_PLAIN, "%s tokens", human_count(price_tokens_total(&r->tokens), HUMAN_TEXT));
	if (!entry->theirs)
		page_item(page, STYLE_PLAIN, "$%.6f, swatch alone", entry->our_usd);
	else if (!entry->ours)
		page_item(page, STYLE_PLAIN, "$%.6f, ccusage alone", entry->their_usd);
	else if (entry->reason == DIFFERENCE_OTHER_SESSION)
		page_item(page, STYLE_PLAIN, "$%.6f, in ccusage's session %s of %s", entry->their_usd,
			  file->session, file->project);
	else
		page_item(page, STYLE_PLAIN, "$%.6f here, $%.6f there", entry->our_usd, entry->their_usd);
	paths_shorten(&path, file->path);
	page_break(page);
	page_item(page, STYLE_QUIET, "%s:%u", buf_str(&path), r->line);
}

static void show_side(struct page *page, const char *who, const struct verify_report *report,
		      struct json_object *row)
{
	if (row)
		page_line(page, STYLE_PLAIN, 2, "  %s  $%.6f, %s tokens", who, verify_row_usd(report, row),
			  human_count(verify_row_tokens(row), HUMAN_TEXT));
	else
		page_line(page, STYLE_PLAIN, 2, "  %s  no such row", who);
}

static void show_row(struct page *page, const struct verify *verify, const struct verify_report *report,
		     const struct verify_row *row)
{
	bool is_bad = row->state == VERIFY_UNEXPLAINED;
	page_blank_line(page);
	page_line(page, is_bad ? STYLE_BAD : STYLE_STRONG, 2, "%s %s%s", report_kind_name(report->kind),
		  row->key, is_bad ? ": unexplained" : "");
	show_side(page, "swatch ", report, row->ours);
	show_side(page, "ccusage", report, row->theirs);
	if (row->difference.len > 0)
		page_line(page, STYLE_NOTE, 2, "  ccusage's row: %s", buf_str(&row->difference));
	for (size_t i = 0; i < row->entry_count && i < ENTRIES_SHOWN; i++)
		show_entry(page, verify, &report->entries.list[row->entries[i]]);
	if (row->entry_count > ENTRIES_SHOWN)
		page_line(page, STYLE_PLAIN, 2, "  and %s more; --json has all of them",
			  human_count((int64_t)(row->entry_count - ENTRIES_SHOWN), HUMAN_TEXT));
	else if (row->reason != DIFFERENCE_UNKNOWN)
		page_line(page, STYLE_PLAIN, 2, "  %s", difference_name(row->reason));
	else if (row->entry_count == 0 && row->state == VERIFY_EXPLAINED)
		page_line(page, STYLE_PLAIN, 2,
			  "  its bounds move with the entries that differ in other blocks");
}

static void show_rows(struct page *page, const struct verify *verify, const struct verify_report *report)
{
	size_t shown = 0;
	for (size_t i = 0; i < report->row_count; i++) {
		const struct verify_row *row = &report->rows[i];
		/* The limit does not hold for unexplained rows. */
		if (row->state == VERIFY_EQUAL || (row->state == VERIFY_EXPLAINED && shown >= ROWS_SHOWN))
			continue;
		show_row(page, verify, report, row);
		shown++;
	}
	int64_t more = (int64_t)(report->explained + report->unexplained - shown);
	if (more > 0) {
		page_blank_line(page);
		page_line(page, STYLE_PLAIN, 2, "%s: %s more, all explained; --json has all of them",
			  report_kind_name(report->kind), human_counted(more, "row", HUMAN_TEXT));
	}
}

/* ---- the reasons ---- */

static void show_reasons(struct page *page, const struct verify *verify)
{
	bool used[DIFFERENCES] = { false }, any = false;
	for (int kind = 0; kind < REPORT_KINDS; kind++) {
		const struct verify_report *report = &verify->reports[kind];
		for (size_t i = 0; i < report->row_count; i++) {
			const struct verify_row *row = &report->rows[i];
			used[row->reason] = true;
			for (size_t k = 0; row->state != VERIFY_EQUAL && k < row->entry_count; k++)
				used[report->entries.list[row->entries[k]].reason] = true;
		}
	}
	for (enum difference reason = 0; reason < DIFFERENCE_UNKNOWN; reason++) {
		if (!used[reason])
			continue;
		if (!any)
			page_blank_line(page);
		any = true;
		page_line(page, STYLE_PLAIN, NAME_COLUMNS, "%-*s%s", NAME_COLUMNS, difference_name(reason),
			  difference_text(reason));
	}
}

/* ---- the whole ---- */

static void show_report_line(struct page *page, const struct verify *verify,
			     const struct verify_report *report)
{
	size_t differ = report->explained + report->unexplained;
	const char *rows = human_counted((int64_t)report->row_count, "row", HUMAN_TEXT);
	page_row(page, report_kind_name(report->kind));
	if (report->problem.len > 0) {
		page_item(page, STYLE_BAD, "not compared: %s", buf_str(&report->problem));
	} else if (!report->is_compared) {
		page_item(page, STYLE_QUIET, "not compared");
	} else if (differ == 0) {
		page_item(page, STYLE_GOOD, "%s, equal", rows);
	} else {
		page_item(page, report->unexplained > 0 ? STYLE_BAD : STYLE_NOTE, "%zu of %s %s", differ,
			  rows, differ == 1 ? "differs" : "differ");
		if (verify->version.is_older)
			return;
		if (report->unexplained == 0)
			page_item(page, STYLE_PLAIN, differ == 1 ? "explained" : "all explained");
		else
			page_item(page, STYLE_BAD, "%zu unexplained", report->unexplained);
	}
}

/* A model that only ccusage has a price for is the one difference that the reader can resolve. */
static void show_unpriced(struct page *page, const struct verify *verify)
{
	AUTO_BUF names = BUF_INIT;
	struct ledger_model model;
	for (size_t i = 0; ledger_model_at(verify->ledger, i, &model); i++)
		if (model.unpriced)
			buf_printf(&names, "%s%s", names.len > 0 ? ", " : "", model.name);
	if (names.len > 0)
		page_line(page, STYLE_NOTE, 0,
			  "swatch knows no price for %s, and ccusage may have one: pricing.json "
			  "can give it, see swatch-pricing(1).", buf_str(&names));
}

static void show_verdict(struct page *page, const struct verify *verify)
{
	size_t unexplained = verify_unexplained(verify);
	page_blank_line(page);
	if (verify->version.is_older) {
		page_line(
			page, STYLE_BAD, 0,
			"This is not a verification: that needs ccusage " CCUSAGE_REFERENCE_VERSION
			". An older ccusage keeps the first one of a message's "
			"lines, not the largest, so that its figures are lower; it also knows fewer models.");
		return;
	}
	if (unexplained == 0)
		page_line(page, STYLE_GOOD, 0, "Every figure is equal or explained.");
	else
		page_line(page, STYLE_BAD, 0, "%s %s unexplained.",
			  human_counted((int64_t)unexplained, "difference", HUMAN_TEXT),
			  unexplained == 1 ? "is" : "are");
	show_unpriced(page, verify);
	if (unexplained == 0)
		return;
	if (verify->was_written)
		page_line(page, STYLE_NOTE, 0,
			  "Sessions wrote meanwhile, so the reports are not of the same moment: "
			  "run it again when the sessions are quiet.");
	if (!verify->version.is_reference)
		page_line(page, STYLE_NOTE, 0,
			  "The reference is ccusage " CCUSAGE_REFERENCE_VERSION ": another "
			  "version counts in another way.");
}

bool verify_print_page(const struct verify *verify)
{
	struct page page;
	page_init(&page, terminal_wants_colour(STDOUT_FILENO));
	page_line(&page, STYLE_PLAIN, 0, "swatch " PACKAGE_VERSION " beside ccusage %s (%s): %s, %s",
		  *verify->version.text ? verify->version.text : "of no known version", verify->command_path,
		  human_counted((int64_t)verify->transcripts, "transcript", HUMAN_TEXT),
		  human_counted((int64_t)ledger_count(verify->ledger), "message", HUMAN_TEXT));
	for (int kind = 0; kind < REPORT_KINDS; kind++)
		show_report_line(&page, verify, &verify->reports[kind]);
	for (int kind = 0; kind < REPORT_KINDS && !verify->version.is_older; kind++)
		show_rows(&page, verify, &verify->reports[kind]);
	show_reasons(&page, verify);
	show_verdict(&page, verify);
	return page_print(&page);
}
